"""`openteller ocr`: read pictures of ID cards, and measure how well it is done."""

from enum import Enum
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from openteller.console import stop

EXAMPLES = (
    "Example:  openteller ocr front.jpg back.jpg\n\n          openteller ocr --json *.jpg\n\n"
    "          openteller ocr front.jpg --annotate seen.png\n\n"
    "          openteller ocr --camera /dev/video0\n\n          openteller ocr bench pictures/"
)


class Engine(Enum):
    """What reads the text."""

    OWN = "own"
    OPENVINO = "openvino"
    PADDLEOCR = "paddleocr"
    PADDLEPADDLE = "paddlepaddle"


class _FilesOrCommand(TyperGroup):
    """`openteller ocr FILE...` is `openteller ocr read FILE...`, and --camera the command `camera`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if "--camera" in args:
            args = ["camera", *(each for each in args if each != "--camera")]
        elif args and args[0] not in {*self.commands, "--help"}:
            args = ["read", *args]
        return super().parse_args(ctx, args)


app = typer.Typer(
    cls=_FilesOrCommand, no_args_is_help=True, help="Read ID cards from pictures; nothing is kept.", epilog=EXAMPLES
)


_EngineOption = Annotated[
    Engine,
    typer.Option(
        help="What reads the text. openvino: our own network run by OpenVINO. PaddleOCR is slower and sure of less."
    ),
]
_WeightsOption = Annotated[
    Path | None, typer.Option(metavar="FILE.xml", help="Other weights for OpenVINO (docs/ocr/accuracy.md).")
]


@app.command()
def read(  # noqa: PLR0917  (each is an option)
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Pictures: JPEG, PNG, WebP or BMP.")],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line, for programs.")] = False,
    annotate: Annotated[
        Path | None, typer.Option(metavar="OUT.png", help="Draw what was found into a copy of the picture.")
    ] = None,
    engine: _EngineOption = Engine.OWN,
    weights: _WeightsOption = None,
    document: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="What may be in the pictures; resident_id if not said, all for all known."),
    ] = None,
    layouts: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Layouts of more documents (docs/ocr/layouts.md).")
    ] = None,
) -> None:
    """Read the ID card in each picture; the word `read` may be left out. Exits with 1 where one could not be read."""
    if annotate is not None and (len(files) > 1 or annotate.suffix.lower() != ".png"):
        stop("--annotate takes one picture, and the name of a .png file to write")
    if engine not in {Engine.OWN, Engine.OPENVINO} and (document or layouts):
        stop("--document and --layouts are for the suite's own network")
    _check(engine, weights)
    from openteller.ocr_files import Wanted, engine_of, read_files  # noqa: PLC0415  (with it come the networks)

    with engine_of(engine.value, Wanted(tuple(document or ()), layouts), weights) as reader:
        all_read = read_files(reader, files, annotate, as_json=as_json)
    raise typer.Exit(0 if all_read else 1)


@app.command(epilog="Pictures and labels.json to try it with:  python -m ocr.synth pictures/ --count 20")
def bench(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Pictures, and labels.json with what stands on them.")],
    as_json: Annotated[bool, typer.Option("--json", help="The figures as one JSON object.")] = False,
    engine: _EngineOption = Engine.OWN,
    weights: _WeightsOption = None,
) -> None:
    """Measure accuracy, doubt, time and memory on pictures whose truth is known."""
    _check(engine, weights)
    from openteller.ocr_files import Wanted, engine_of, measure  # noqa: PLC0415

    with engine_of(engine.value, Wanted(), weights) as reader:
        measure(reader, folder, as_json=as_json)


def _check(engine: Engine, weights: Path | None) -> None:
    if weights is None:
        return
    if engine is not Engine.OPENVINO:
        stop("--weights are for --engine openvino")
    if not weights.is_file():
        stop(f"{weights}: there is no such file")


class _Sides(Enum):
    FRONT = "front"
    BACK = "back"
    BOTH = "both"


@app.command(epilog="Example:  openteller ocr --camera /dev/video0 --side front")
def camera(
    source: Annotated[str, typer.Argument(help="/dev/video0, http://HOST/PATH (MJPEG), or a video file.")],
    side: Annotated[_Sides, typer.Option(help="What is to be laid under it; both: one after the other.")] = _Sides.BOTH,
    seconds: Annotated[float, typer.Option(min=1, help="How long to wait while nothing changes.")] = 60.0,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a side; hints go to stderr.")] = False,
) -> None:
    """Read a card that is laid under a camera, with live hints; also written as `openteller ocr --camera SOURCE`."""
    from kiosk_core.id_document import DocumentSide  # noqa: PLC0415
    from openteller.ocr_camera import capture_sides  # noqa: PLC0415

    sides = tuple(DocumentSide) if side is _Sides.BOTH else (DocumentSide(side.value),)
    capture_sides(source, sides, seconds, as_json=as_json)
