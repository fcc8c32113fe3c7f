"""How captures of films end, beside single pictures of the same films: python -m benchmarks.ocr_films --count 30."""

import argparse
from collections.abc import Mapping
from dataclasses import dataclass, field

from kiosk_core.id_document import CapturedSide, DocumentSide
from ocr.capture import Capture
from ocr.hints import side_of
from ocr.id_card import IdCard, Unreadable
from ocr.reader import Reader
from ocr.recogniser import OnnxRecogniser
from ocr.synth.samples import TODAY, Set
from ocr.synth.videos import PER_SECOND, film


@dataclass
class Count:
    """How many sides were read, were right as a whole, and the fields of which it was sure and wrong, or asked."""

    sides: int = 0
    right: int = 0
    fields: int = 0
    sure_and_wrong: int = 0
    asked: int = 0

    def add(self, truth: Mapping[str, str], read: Mapping[str, tuple[str, bool]]) -> None:
        """Count a side: the text of each field, and whether it is sure."""
        said = {name: read.get(name, ("", False)) for name in truth}
        self.sides += 1
        self.right += all(said[name][0] == text for name, text in truth.items())
        self.fields += len(truth)
        self.sure_and_wrong += sum(sure and text != truth[name] for name, (text, sure) in said.items())
        self.asked += sum(not sure for _, sure in said.values())

    def __str__(self) -> str:
        share = f"{self.right:3} of {self.sides:3} sides right"
        return f"{share}, sure and wrong {self.sure_and_wrong} of {self.fields} fields, asked back {self.asked}"


@dataclass
class Films:
    """What came of some films."""

    captured: Count = field(default_factory=Count)
    first: Count = field(default_factory=Count)
    all_pictures: Count = field(default_factory=Count)
    pictures: list[int] = field(default_factory=list)

    def run(self, purpose: Set, number: int, reader: Reader) -> None:
        """Show a film to a capture until that ends, and count."""
        shown = film(purpose, number)
        wanted, truth = DocumentSide(shown.side), shown.face.fields
        capture, seen = Capture(wanted, 0.0, TODAY), 0
        for count, pixels in enumerate(shown.frames()):
            read = reader.read(pixels, TODAY)
            if isinstance(read, IdCard) and side_of(read) is wanted:
                seen += 1
                texts = _texts(read)
                self.all_pictures.add(truth, texts)
                if seen == 1:
                    self.first.add(truth, texts)
            told = capture.see(pixels, read, count / PER_SECOND)
            if isinstance(told, CapturedSide):
                self.captured.add(truth, {each.name: (each.text, each.sure) for each in told.fields})
                self.pictures.append(seen)
                told.wipe()
                return
        capture.wipe()
        self.captured.add(truth, {})


def _texts(read: IdCard | Unreadable) -> dict[str, tuple[str, bool]]:
    return {name: (each.text, each.sure) for name, each in read.fields.items()} if isinstance(read, IdCard) else {}


def main() -> None:
    """Run them and print the figures."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.ocr_films", description=__doc__)
    parser.add_argument("--set", default=Set.DEV.value, choices=[Set.DEV.value, Set.TRAIN.value])
    parser.add_argument("--count", type=int, default=30)
    given = parser.parse_args()
    reader, films = Reader(OnnxRecogniser()), Films()
    for number in range(given.count):
        films.run(Set(given.set), number, reader)
    pictures = sorted(films.pictures) or [0]
    print(f"captured:               {films.captured}")
    print(f"the first with the side: {films.first}")
    print(f"any picture by itself:   {films.all_pictures}")
    print(f"pictures of the side until the end: median {pictures[len(pictures) // 2]}, at most {pictures[-1]}")


if __name__ == "__main__":
    main()
