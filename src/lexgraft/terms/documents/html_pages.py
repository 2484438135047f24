"""Blocks of HTML pages that people read, in one language."""

import re
from collections import Counter
from html.parser import HTMLParser
from typing import NamedTuple

from lexgraft.errors import LexgraftError
from lexgraft.terms.documents import TextSegment
from lexgraft.terms.documents.bilingual_xml import may_be
from lexgraft.terms.text.language_tags import known_language

_SILENT = frozenset({"script", "style", "code", "pre", "kbd", "samp", "var", "template", "svg"})
_GLUED = frozenset({"del", "s", "strike", "rt", "rp"})  # left out, nothing in their place
_BLOCKS = frozenset(
    [
        "p",
        "div",
        "li",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "td",
        "th",
        "dt",
        "dd",
        "caption",
        "figcaption",
        "blockquote",
        "section",
        "article",
        "header",
        "footer",
        "main",
        "nav",
        "aside",
        "ul",
        "ol",
        "dl",
        "table",
        "tr",
        "body",
        "title",
        "option",
        "label",
        "button",
        "summary",
        "legend",
    ]
)
_EMPTY = frozenset(
    [
        "br",
        "img",
        "hr",
        "input",
        "meta",
        "link",
        "col",
        "source",
        "track",
        "wbr",
        "area",
        "base",
        "embed",
        "param",
    ]
)
_ENDED_BY = {  # elements whose end need not be written: by which others they are ended
    "p": _BLOCKS,
    "li": {"li"},
    "dt": {"dt", "dd"},
    "dd": {"dt", "dd"},
    "td": {"td", "th", "tr"},
    "th": {"td", "th", "tr"},
    "tr": {"tr"},
    "option": {"option"},
    "rt": {"rt", "rp"},
    "rp": {"rt", "rp"},
}
_NESTS = frozenset({"ul", "ol", "dl", "table", "select", "ruby"})  # within these others may begin
_DEEPEST = 200  # elements looked through for such an end
_SAID = ("alt", "title", "placeholder", "aria-label", "label")
_DESCRIBED = frozenset({"description", "keywords", "og:title", "og:description"})
_LINE, _LINES = "\x0b", re.compile("\x0b\\s*\x0b\\s*")
_SPACES = re.compile(r"\s+")
_OPENING = re.compile(r"<(?:!--|script\b|style\b|[a-z/!?])", re.IGNORECASE)
_MOST_LOOKED_THROUGH = 1_000_000_000  # characters, for the ends of tags that have none: seconds


class PageBlocks(NamedTuple):
    """The blocks of a page in a language, and how many blocks have something in each other."""

    segments: list[TextSegment]
    in_others: dict[str, int]


def html_blocks(text: str, language: str = "") -> PageBlocks:
    """Return the blocks of a page that people read; code and `translate="no"` are left out.

    So is what its `lang` says to be in another language than this, where one is given.

    Raises:
        LexgraftError: very many tags are never closed.
    """
    number = _unclosed_tags(text)
    if number * len(text) > _MOST_LOOKED_THROUGH:
        raise LexgraftError(
            f"{number:,} of its tags are never closed", cure="mend the page, or save it as text"
        )
    page = _Page(language)
    page.feed(text)
    page.close()
    page.end_block()
    blocks = {tag: len(numbers) for tag, numbers in page.in_others.items()}
    return PageBlocks(page.segments, blocks)


def _unclosed_tags(text: str) -> int:
    """Return how many tags and comments do not end before the next one begins.

    For each of them the parser looks through the rest of the page.
    """
    openings = [(match.start(), match[0].lower()) for match in _OPENING.finditer(text)]
    ends = {">": -1, "-->": -1, "</": -1}  # where the last one was offset; behind the text: nowhere
    number = spared = 0  # up to where a comment, a script or a style reaches

    def end_of(mark: str, start: int) -> int:
        if ends[mark] < start:
            offset = text.find(mark, start)
            ends[mark] = offset if offset >= 0 else len(text) + 1
        return ends[mark]

    for (start, kind), (following, _) in zip(
        openings, [*openings[1:], (len(text), "")], strict=False
    ):
        if start < spared:
            continue
        if kind == "<!--":
            unclosed = end_of("-->", start) > len(text)
            number += unclosed
            spared = start if unclosed else end_of("-->", start)
        else:
            number += end_of(">", start) > following
            spared = end_of("</", start) if kind in {"<script", "<style"} else start
    return number


def _one_space(run: re.Match[str]) -> str:
    """Return a line end where there is one in a run of white space: it parts no Japanese word."""
    return "\n" if "\n" in run[0] or _LINE in run[0] else " "


class _Element(NamedTuple):
    """An element that is open: what holds for the text in it."""

    tag: str
    is_silent: bool
    language: str


class _Page(HTMLParser):
    """Gathers the text of blocks."""

    def __init__(self, language: str) -> None:
        super().__init__(convert_charrefs=True)
        self.segments: list[TextSegment] = []
        self.in_others: dict[str, set[int]] = {}  # language → the blocks with something in it
        self._language = language
        self._around = [_Element("", is_silent=False, language="")]
        self._open: Counter[str] = Counter()
        self._text: list[str] = []
        self._blocks = self._line = 0
        self._id = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        self._end_omitted(tag)
        around = self._around[-1]
        if tag in _BLOCKS and not around.is_silent:
            self.end_block()
            self._id = attributes.get("id", "")
        is_left_out = (
            tag in _SILENT
            or tag in _GLUED
            or attributes.get("translate") == "no"
            or "hidden" in attributes
        )
        named = known_language(attributes.get("lang") or attributes.get("xml:lang") or "")
        element = _Element(tag, around.is_silent or is_left_out, named or around.language)
        if is_left_out and not around.is_silent and tag not in _GLUED:
            self._text.append(" ")
        if tag == "br" and not element.is_silent:
            self._text.append(_LINE)
        self._say_attributes(element, attributes)
        if tag not in _EMPTY:
            self._around.append(element)
            self._open[tag] += 1

    def handle_endtag(self, tag: str) -> None:
        if tag in _EMPTY:
            return
        if tag in _BLOCKS and not self._around[-1].is_silent:
            self.end_block()
        if self._open[tag]:
            while self._pop() != tag:
                pass
            if tag in _BLOCKS and not self._around[-1].is_silent:
                self.end_block()

    def handle_data(self, data: str) -> None:
        if self._is_read(self._around[-1], data):
            written = data.lstrip()
            if written and not self._line:
                self._line = self.getpos()[0] + data.count("\n", 0, len(data) - len(written))
            self._text.append(data)
        elif not self._around[-1].is_silent:
            self._text.append(" ")

    def end_block(self) -> None:
        """Finish the text of a block; empty lines within it part it."""
        for lines in _LINES.split("".join(self._text)):
            if text := _SPACES.sub(_one_space, lines).strip():
                key = f"#{self._id}" if self._id else f"line {self._line}"
                self.segments.append(TextSegment(key, text))
        self._text, self._id, self._line = [], "", 0
        self._blocks += 1

    def _is_read(self, element: _Element, text: str) -> bool:
        """Tell that a text in an element is to be read; what is in another language is counted."""
        if element.is_silent:
            return False
        is_read = may_be(element.language, self._language)
        if not is_read and text.strip():
            self.in_others.setdefault(element.language, set()).add(self._blocks)
        return is_read

    def _say_attributes(self, element: _Element, attributes: dict[str, str]) -> None:
        """Add what an element's attributes say to readers as segments of their own."""
        values = {name: attributes.get(name, "") for name in _SAID}
        if element.tag == "meta" and _DESCRIBED & {
            attributes.get("name"),
            attributes.get("property"),
        }:
            values["content"] = attributes.get("content", "")
        if element.tag == "input" and attributes.get("type") in {"submit", "button", "reset"}:
            values["value"] = attributes.get("value", "")
        for name, value in values.items():
            if value.strip() and self._is_read(element, value):
                self.segments.append(TextSegment(f"line {self.getpos()[0]} @{name}", value))

    def _end_omitted(self, tag: str) -> None:
        """End the elements, the end of which need not be written, that this one ends."""
        ended = 0
        for depth, element in enumerate(reversed(self._around[-_DEEPEST:]), 1):
            ended = depth if tag in _ENDED_BY.get(element.tag, ()) else ended
            if element.tag in _NESTS:
                break
        for _ in range(ended):
            self._pop()

    def _pop(self) -> str:
        if len(self._around) == 1:
            return ""
        tag = self._around.pop().tag
        self._open[tag] -= 1
        return tag
