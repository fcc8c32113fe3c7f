"""The vectors that no source shows: a short list, each explained on the page of its device.

`pytest tests/wire/test_assumed_vectors.py -s` prints it.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = {"crt288k": "crt-288k", "crt310": "crt-310", "crt591": "crt-591", "pp791": "pp791", "sdt": "sdt"}
MOST = 15


def assumed() -> Iterator[tuple[str, str]]:
    """Yield codec and id of each vector whose id says "assumed"; ids are keys of tables, or those of parameters."""
    for path in sorted((ROOT / "tests" / "wire").glob("test_*.py")):
        if path.name == Path(__file__).name:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            texts: list[ast.expr | None] = []
            if isinstance(node, ast.Dict):
                texts = list(node.keys)
            elif isinstance(node, ast.keyword) and node.arg in {"id", "ids"}:
                texts = [node.value, *(node.value.elts if isinstance(node.value, ast.List | ast.Tuple) else [])]
            for text in texts:
                if isinstance(text, ast.Constant) and isinstance(text.value, str) and "assumed" in text.value:
                    yield path.stem.removeprefix("test_"), text.value


def test_the_list_is_short_and_every_entry_is_explained_on_its_page() -> None:
    found = list(assumed())
    for codec, name in found:
        print(f"{codec}: {name}")
    assert 0 < len(found) <= MOST
    for codec, name in found:
        page = (ROOT / "docs" / "devices" / f"{PAGES[codec]}.md").read_text(encoding="utf-8")
        _, _, section = page.partition("## Assumed vectors")
        assert f"`{name}`" in section.partition("\n## ")[0], f"{PAGES[codec]}.md does not explain {name!r}"


def test_no_page_explains_a_vector_that_is_no_longer_assumed() -> None:
    names = {name for _, name in assumed()}
    for page in (ROOT / "docs" / "devices").glob("*.md"):
        _, _, section = page.read_text(encoding="utf-8").partition("## Assumed vectors")
        listed = [line.split("`")[1] for line in section.partition("\n## ")[0].splitlines() if line.startswith("| `")]
        assert set(listed) <= names, page.name
