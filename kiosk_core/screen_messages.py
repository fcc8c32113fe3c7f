"""The lines between the core and whoever reaches it by its socket. Documented in docs/core-protocol.md."""

from dataclasses import dataclass, field
from typing import Annotated, Literal

from pydantic import Field

from kiosk_core.intents import Intent
from kiosk_core.pages import Page
from kiosk_core.staff_questions import StaffAnswer, StaffQuestion
from kiosk_core.technician_questions import TechnicianAnswer, TechnicianQuestion
from kiosk_core.texts import Language, LocalText, Words


@dataclass(frozen=True, kw_only=True)
class Hello:
    """First line from the core to every screen. `simulated` must be visible on the screen.

    `width_mm` is the width of the panel: sizes on the screen follow from it.
    """

    type: Literal["hello"] = "hello"
    terminal_no: str
    bank: LocalText
    simulated: bool
    languages: tuple[Language, ...]
    width_mm: float


@dataclass(frozen=True, kw_only=True)
class ShowPage:
    """Show this page. `language` is set when a session begins or ends, to put the screen back to the default."""

    type: Literal["page"] = "page"
    number: int
    page: Page
    language: Language | None = None


@dataclass(frozen=True, kw_only=True)
class Touched:
    """What the customer did on page `number`."""

    type: Literal["intent"] = "intent"
    number: int
    intent: Intent


@dataclass(frozen=True, kw_only=True)
class AskFrame:
    """What does the camera see, newer than picture `after`? The screen asks it while page `number` has a preview."""

    type: Literal["ask_frame"] = "ask_frame"
    number: int
    after: int = 0


@dataclass(frozen=True, kw_only=True)
class Frame:
    """The answer to AskFrame, for page `number`: a picture, or what is wrong, or (all empty) nothing new.

    `jpeg` is base64, at most 640 pixels wide; it is in no repr. `picture` is its number, to be asked behind.
    """

    type: Literal["frame"] = "frame"
    number: int
    picture: int = 0
    jpeg: str = field(default="", repr=False)
    problem: Words | None = None


@dataclass(frozen=True, kw_only=True)
class Refused:
    """The answer to a question that has none: why, and where no device has that name, those that are `known`."""

    type: Literal["refused"] = "refused"
    reason: str
    known: tuple[str, ...] = ()


Question = TechnicianQuestion | StaffQuestion | AskFrame
Answer = TechnicianAnswer | StaffAnswer | Frame | Refused

FromCore = Annotated[Hello | ShowPage | Answer, Field(discriminator="type")]
ToCore = Annotated[Touched | Question, Field(discriminator="type")]
