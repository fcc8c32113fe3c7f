"""The files of the web pages: safe, complete in both languages, legible, and for old browsers too."""

import re
from pathlib import Path

import pytest

from kiosk_core.colours import COLOURS, MIN_CONTRAST, contrast
from queue_display.server.pages import PARTS, WEB, page

SCRIPTS = sorted(WEB.rglob("*.js"))
WORDS = sorted(path.name.removesuffix(".en.js") for path in (WEB / "words").glob("*.en.js"))
TEXT = re.compile(r'^  (\w+): "(.*)",$')


@pytest.mark.parametrize("path", [path for path in WEB.rglob("*") if path.suffix in {".html", ".js"}], ids=str)
def test_no_page_has_script_in_its_html_or_html_in_its_script(path: Path) -> None:
    forbidden = (
        r"<script>|<style|\sstyle=|\son\w+=|javascript:|innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\("
    )
    assert not re.search(forbidden, path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", [path for path in WEB.rglob("*") if path.suffix in {".html", ".js", ".css"}], ids=str)
def test_addresses_are_relative_so_that_a_proxy_may_put_the_pages_below_a_path(path: Path) -> None:
    assert not re.search(r"""["'`(]/(v1|pages|t|teller|manager|service-worker)\b""", path.read_text(encoding="utf-8"))


NEWER = {  # than Chrome 61 or Safari 11; what to write instead is in docs/queue/pages.md
    r"\?\.[\w\[(]": "optional chaining",
    r"\?\?": "nullish coalescing",
    r"catch \{": "catch without a binding",
    r"[{,] ?\.\.\.\w": "object spread",
    r"\.finally\(": "Promise.finally",
    r"for await": "asynchronous iteration",
    r"AbortController|AbortSignal": "AbortController",
    r"replaceChildren|\.flat\(|\.flatMap\(|\.at\(|fromEntries|replaceAll|structuredClone|randomUUID": "a method",
    r"\bimport\(|import\.meta": "dynamic import",
    r"^\s*#\w|this\.#|^\s*static \w+ =": "fields of a class",
    r"\b\d+n\b|\d_\d": "a literal",
    r"\|\|=|&&=|\*\*=": "an assignment",
}


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_scripts_use_nothing_newer_than_the_oldest_browser(path: Path) -> None:
    text = "\n".join(line.partition("//")[0] for line in path.read_text(encoding="utf-8").splitlines())
    found = {what for pattern, what in NEWER.items() if re.search(pattern, text, re.MULTILINE)}
    assert not found


@pytest.mark.parametrize("path", sorted(WEB.glob("*.css")), ids=lambda path: path.name)
def test_styles_use_nothing_newer_than_the_oldest_browser(path: Path) -> None:
    text = re.sub(r"/\*.*?\*/", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    text = text.replace(":focus:not(:focus-visible)", "")  # they skip the whole line, and nothing is missing
    newer = r"focus-visible|focus-within|:is\(|:where\(|:has\(|\b(clamp|min|max)\(|(?<!grid-)\bgap:|inset:|aspect-ratio"
    assert not re.search(newer, text)


def _palettes() -> dict[str, dict[str, str]]:
    text = (WEB / "base.css").read_text(encoding="utf-8")
    blocks = zip(("light", "dark"), re.findall(r":root \{(.*?)\}", text, re.DOTALL), strict=True)
    return {name: dict(re.findall(r"--([\w-]+): (#\w{6});", block)) for name, block in blocks}


def test_the_pages_have_the_kiosks_colours() -> None:
    named = {re.sub(r"[A-Z]", lambda letter: f"-{letter[0].lower()}", name): each for name, each in COLOURS.items()}
    assert _palettes()["light"] == named


@pytest.mark.parametrize("name", ["light", "dark"])
def test_text_has_a_contrast_of_seven_and_edges_of_three(name: str) -> None:
    palette = _palettes()[name]
    grounds = ("canvas", "surface", "sunken", "accent-soft")
    pairs = [(text, ground) for text in ("ink", "ink-soft") for ground in grounds]
    pairs += [("accent", ground) for ground in ("canvas", "surface", "accent-soft")]
    pairs += [("on-accent", "accent"), ("on-accent", "accent-pressed"), ("attention", "surface")]
    pairs += [(each, f"{each}-soft") for each in ("success", "attention")]
    for text, ground in pairs:
        assert contrast(palette[text], palette[ground]) >= MIN_CONTRAST, (name, text, ground)
    for ground in ("canvas", "surface"):
        assert contrast(palette["edge"], palette[ground]) >= 3, (name, ground)


def _texts(name: str, language: str) -> dict[str, str]:
    lines = (WEB / "words" / f"{name}.{language}.js").read_text(encoding="utf-8").splitlines()
    texts = [match.groups() for line in lines if (match := TEXT.match(line))]
    rest = [line for line in lines if line.strip() and not TEXT.match(line) and not line.startswith("//")]
    assert rest == ["export default {", "};"]
    assert len(dict(texts)) == len(texts), "a key comes twice"
    return dict(texts)


@pytest.mark.parametrize("name", WORDS)
def test_both_languages_say_the_same_with_the_same_values(name: str) -> None:
    zh, en = _texts(name, "zh"), _texts(name, "en")
    assert list(zh) == list(en)
    for key, text in zh.items():
        assert set(re.findall(r"{\w+}", text)) == set(re.findall(r"{\w+}", en[key])), key


@pytest.mark.parametrize("path", sorted(WEB.glob("*.html")), ids=lambda path: path.name)
def test_every_text_that_a_page_names_is_there(path: Path) -> None:
    known = _texts("common", "en") | _texts("staff", "en") | _texts(path.stem, "en")
    assert set(re.findall(r'data-say(?:-label)?="(\w+)"', page(path.name))) <= known.keys()


@pytest.mark.parametrize("path", sorted(WEB.glob("*.html")), ids=lambda path: path.name)
def test_a_page_is_whole_and_has_each_element_once(path: Path) -> None:
    text = page(path.name)
    assert "<!--" not in text
    assert text.index('<meta charset="utf-8">') < 1024  # where browsers look for it
    named = re.findall(r'\sid="([^"]+)"', text)
    assert sorted(named) == sorted(set(named))
    assert {"language", "old-browser"} <= set(named)


def test_what_two_pages_share_is_said_once() -> None:
    pages = [path.read_text(encoding="utf-8").split("\n") for path in sorted(WEB.glob("*.html"))]
    shared = [line.strip() for lines in pages for line in {*lines} if len(line.strip()) > 80]
    assert sorted(shared) == sorted(set(shared))
    used = {name for lines in pages for name in re.findall(r"<!-- part ([\w-]+) -->", "\n".join(lines))}
    assert used == {path.stem for path in PARTS.iterdir()}
