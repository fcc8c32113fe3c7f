"""A picture of what numbers of windows do: the share called within the target, a curve for each service and class.

SVG, written here: a plotting library would be the heaviest thing that the queue needs, for one picture. Qt, which is
there for the screens, makes a PNG of it.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import escape

from kiosk_core.errors import OpenTellerError
from queue_display.policy import Policy
from queue_display.tickets import Line
from queue_display.what_if import Outcome

_WIDTH, _HEIGHT = 1080, 540
_LEFT, _RIGHT, _TOP, _BOTTOM = 64, 640, 76, 470
_COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#000000", "#56b4e9", "#e69f00")
"""Okabe and Ito 2008, without the yellow: told apart by the colour-blind."""
_FONTS = "Noto Sans SC, Noto Sans, Helvetica, Arial, sans-serif"
_OUR_FONT = "Noto Sans SC"  # Qt takes one name only, and comes with it
_DASHES = ("", "6 4", "2 4")
_LABEL_PX = 18
_PNG_SCALE = 2


class PlotUnknown(OpenTellerError):
    """The file is neither .svg nor .png."""


def check_plot(path: Path) -> None:
    """Raise PlotUnknown where `write_plot` would."""
    if path.suffix.lower() not in {".svg", ".png"}:
        raise PlotUnknown(f"--plot {path}: must be a file .svg or .png")


def write_plot(path: Path, policy: Policy, outcomes: Sequence[Outcome], share: float) -> None:
    """Write the picture to `path`, .svg or .png.

    Raises:
        PlotUnknown: it is neither.
        OSError: it cannot be written.
    """
    check_plot(path)
    text = draw(policy, outcomes, share)
    if path.suffix.lower() == ".svg":
        path.write_text(text, encoding="utf-8")
    else:
        path.write_bytes(_png(text))


def draw(policy: Policy, outcomes: Sequence[Outcome], share: float) -> str:
    """Return the picture as SVG."""
    return "\n".join(_Drawing(policy, outcomes, share).elements()) + "\n"


@dataclass(frozen=True)
class _Drawing:
    policy: Policy
    outcomes: Sequence[Outcome]
    share: float

    def elements(self) -> Iterator[str]:
        yield (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" width="{_WIDTH}"'
            f' height="{_HEIGHT}" font-family="{_FONTS}" font-size="14">'
        )
        yield f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="white"/>'
        yield _text(_LEFT, 32, "Share of customers called within their target", size=20)
        yield _text(_LEFT, 54, self._verdict(), colour="#444444")
        yield from self._axes()
        yield from self._curves()
        yield "</svg>"

    def _verdict(self) -> str:
        enough = next((outcome.windows for outcome in self.outcomes if outcome.meets(self.share)), None)
        if enough is None:
            return f"None of these numbers of windows calls {self.share:.0%} of every service and class in time."
        return f"{enough} windows call {self.share:.0%} of every service and class in time."

    def _axes(self) -> Iterator[str]:
        for outcome in self.outcomes:
            x = self._x(outcome.windows)
            if outcome.meets(self.share):
                half = self._step() / 2
                left, right = max(_LEFT, x - half), min(_RIGHT, x + half)
                yield _box(left, _TOP, right - left, _BOTTOM - _TOP, "#e6f4ea")
            yield _text(x, _BOTTOM + 22, str(outcome.windows), anchor="middle")
        for tenth in range(0, 11, 2):
            y = _y(tenth / 10)
            yield _line(_LEFT, y, _RIGHT, y, "#dddddd")
            yield _text(_LEFT - 10, y + 5, f"{tenth * 10}%", anchor="end")
        yield _line(_LEFT, _y(self.share), _RIGHT, _y(self.share), "#444444", dash="8 5")
        yield _text((_LEFT + _RIGHT) / 2, _BOTTOM + 48, "open windows", anchor="middle")

    def _curves(self) -> Iterator[str]:
        lines = sorted({line for outcome in self.outcomes for line in outcome.lines})
        ends = {line: _y(self.outcomes[-1].lines[line].within_target) for line in lines}
        labels = _apart(ends)
        for place, line in enumerate(lines):
            colour = _COLOURS[place % len(_COLOURS)]
            dash = _DASHES[place // len(_COLOURS) % len(_DASHES)]
            points = [(self._x(each.windows), _y(each.lines[line].within_target)) for each in self.outcomes]
            path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
            yield f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2.5"{_dashed(dash)}/>'
            for x, y in points:
                yield f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="{colour}"/>'
            yield _line(_RIGHT + 4, ends[line], _RIGHT + 16, labels[line], colour)
            yield _text(_RIGHT + 20, labels[line] + 5, self._name(line), colour=colour)

    def _name(self, line: Line) -> str:
        service, customers = self.policy.service[line.service], self.policy.customer_class[line.customer_class]
        booked = ", booked" if line.appointment else ""
        customers_en = customers.title.en.partition(" (")[0]
        return f"{service.title.en}, {customers_en}{booked}: {self.policy.terms[line].target_s / 60:g} min"

    def _step(self) -> float:
        return (_RIGHT - _LEFT) / max(1, self.outcomes[-1].windows - self.outcomes[0].windows)

    def _x(self, windows: int) -> float:
        if len(self.outcomes) == 1:
            return (_LEFT + _RIGHT) / 2
        return _LEFT + (windows - self.outcomes[0].windows) * self._step()


def _y(share: float) -> float:
    return _BOTTOM - share * (_BOTTOM - _TOP)


def _apart(ends: Mapping[Line, float]) -> dict[Line, float]:
    """Return where labels stand: at the ends of their curves, but not upon each other."""
    places: dict[Line, float] = {}
    from_top = sorted(ends, key=lambda line: ends[line])
    least = float(_TOP)
    for line in from_top:
        places[line] = max(ends[line], least)
        least = places[line] + _LABEL_PX
    most = float(_BOTTOM)
    for line in reversed(from_top):
        places[line] = min(places[line], most)
        most = places[line] - _LABEL_PX
    return places


def _text(x: float, y: float, text: str, *, size: int = 14, anchor: str = "start", colour: str = "#111111") -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}" fill="{colour}">{escape(text)}</text>'
    )


def _line(x1: float, y1: float, x2: float, y2: float, colour: str, *, dash: str = "") -> str:
    return f'<path d="M{x1:.1f} {y1:.1f}L{x2:.1f} {y2:.1f}" stroke="{colour}"{_dashed(dash)}/>'


def _box(x: float, y: float, width: float, height: float, colour: str) -> str:
    return f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" fill="{colour}"/>'


def _dashed(dash: str) -> str:
    return f' stroke-dasharray="{dash}"' if dash else ""


def _png(svg: str) -> bytes:
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from PyQt6.QtCore import QBuffer, QByteArray, QIODevice  # noqa: PLC0415  (only a PNG needs Qt)
    from PyQt6.QtGui import QGuiApplication, QImage, QPainter  # noqa: PLC0415
    from PyQt6.QtSvg import QSvgRenderer  # noqa: PLC0415

    from screen_parts.fonts import load_fonts  # noqa: PLC0415

    _application = QGuiApplication.instance() or QGuiApplication([""])
    load_fonts()
    image = QImage(_WIDTH * _PNG_SCALE, _HEIGHT * _PNG_SCALE, QImage.Format.Format_RGB32)
    painter = QPainter(image)
    QSvgRenderer(QByteArray(svg.replace(_FONTS, _OUR_FONT).encode())).render(painter)
    painter.end()
    made = QBuffer()
    made.open(QIODevice.OpenModeFlag.WriteOnly)
    image.save(made, "PNG")
    return bytes(made.data().data())
