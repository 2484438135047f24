"""Paragraphs of documents in one language: DOCX, HTML, Markdown and plain text."""

import re
import zipfile
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from tempfile import NamedTemporaryFile
from xml.etree.ElementTree import Element

from lexgraft.errors import LexgraftError
from lexgraft.terms.documents import TextSegment
from lexgraft.terms.readers.file_start import lines_of
from lexgraft.terms.readers.xml_stream import local_name, outermost_elements

_LARGEST = 1 << 28  # bytes of a document's text when unpacked
_WORD_PART = "word/document.xml"
_SILENT = frozenset({"script", "style", "code", "pre", "kbd", "samp", "var", "template", "svg"})
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
        "br",
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
_OPENING = re.compile(r"<(?:!--|script\b|style\b|[a-z/!?])", re.IGNORECASE)
_MOST_LOOKED_THROUGH = 1_000_000_000  # characters, for the ends of tags that have none: seconds
_FENCE = re.compile(r"\s{0,3}(```+|~~~+)")
_HEADING = re.compile(r" {0,3}#{1,6}\s")
_MARKS = re.compile(r"^\s{0,3}(?:#{1,6}\s+|>\s?|[-*+]\s+|\d{1,9}[.)]\s+|\|)")
_TARGETS = re.compile(r"(?<=\])\([^()\s]*(?:\s+\"[^\"]*\")?\)|\{[#.][^{}]*\}")


def is_word_document(path: Path) -> bool:
    """Tell a DOCX file from other archives."""
    return zipfile.is_zipfile(path) and _WORD_PART in zipfile.ZipFile(path).namelist()


def docx_paragraphs(path: Path) -> Iterator[TextSegment]:
    """Yield the paragraphs of a Word document; what was struck out of it is no text.

    Raises:
        LexgraftError: damaged, or far too large when unpacked.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            size = archive.getinfo(_WORD_PART).file_size
            if size > _LARGEST:
                raise LexgraftError(
                    f"`{_WORD_PART}` unpacks to {size >> 20} MB",
                    where=str(path),
                    cure="split the document",
                )
            with NamedTemporaryFile(suffix=".xml") as file, archive.open(_WORD_PART) as part:
                while piece := part.read(1 << 20):
                    file.write(piece)
                file.flush()
                yield from _word_paragraphs(Path(file.name), f"{path}: {_WORD_PART}")
    except (zipfile.BadZipFile, KeyError, NotImplementedError, RuntimeError, OSError) as error:
        raise LexgraftError(f"a damaged document: {error}", where=str(path)) from error


def _word_paragraphs(file: Path, where: str) -> Iterator[TextSegment]:
    """Yield the paragraphs of the unpacked text of a Word document, which is called `where`."""
    try:
        for number, (_, element) in enumerate(outermost_elements(file, "p"), 1):
            if text := "".join(_runs(element)).strip():
                yield TextSegment(f"paragraph {number}", text)
    except LexgraftError as error:
        named = error.where.replace(str(file), where)
        raise LexgraftError(error.what, where=named, cure=error.cure) from error


def _runs(element: Element) -> Iterator[str]:
    for child in element:
        name = local_name(child)
        if name == "t":
            yield child.text or ""
        elif name in {"tab", "br", "cr"}:
            yield " "
        elif name not in {"del", "moveFrom", "instrText", "Fallback"}:
            yield from _runs(child)


def html_blocks(text: str) -> Iterator[TextSegment]:
    """Yield the blocks of a page that people read; code and `translate="no"` are left out.

    Raises:
        LexgraftError: very many tags are never closed.
    """
    number = _unclosed_tags(text)
    if number * len(text) > _MOST_LOOKED_THROUGH:
        raise LexgraftError(
            f"{number:,} of its tags are never closed", cure="mend the page, or save it as text"
        )
    page = _Page()
    page.feed(text)
    page.close()
    page.end_block()
    yield from page.segments


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


class _Page(HTMLParser):
    """Gathers the text of blocks."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.segments: list[TextSegment] = []
        self._text: list[str] = []
        self._silent: list[str] = []  # the element that is left out, and those of its name in it
        self._id = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        if self._silent:
            self._silent += [tag] if tag == self._silent[0] else []
            return
        if (tag in _SILENT or attributes.get("translate") == "no") and tag not in _EMPTY:
            self._silent.append(tag)
            self._text.append(" ")
            return
        if tag in _BLOCKS:
            self.end_block()
            self._id = attributes.get("id") or ""
        for name in ("alt", "title", "placeholder"):
            if value := attributes.get(name):
                self.segments.append(TextSegment(f"line {self.getpos()[0]} @{name}", value))

    def handle_endtag(self, tag: str) -> None:
        if self._silent:
            self._silent = self._silent[:-1] if tag == self._silent[0] else self._silent
        elif tag in _BLOCKS:
            self.end_block()

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self._text.append(data)

    def end_block(self) -> None:
        """Finish the text of a block."""
        if text := " ".join("".join(self._text).split()):
            line = self.getpos()[0]
            self.segments.append(TextSegment(f"#{self._id}" if self._id else f"line {line}", text))
        self._text, self._id = [], ""


def markdown_blocks(text: str) -> Iterator[TextSegment]:
    """Yield the paragraphs of a Markdown text; fenced code and targets of links are left out."""
    lines: list[str] = []
    first, fence = 1, ""
    for number, line in enumerate(lines_of(text), 1):
        mark = _FENCE.match(line)
        if mark and (not fence or mark[1].startswith(fence)):
            yield from _block(lines, first)
            lines, fence = [], "" if fence else mark[1]
            continue
        if fence or (not lines and line.startswith(("    ", "\t"))):
            continue
        begins = _MARKS.match(line)
        if begins or not line.strip():
            yield from _block(lines, first)
            lines = []
        if line.strip():
            first = first if lines else number
            lines.append(_TARGETS.sub("", _MARKS.sub("", line)))
        if _HEADING.match(line):
            yield from _block(lines, first)
            lines = []
    yield from _block(lines, first)


def _block(lines: list[str], first: int) -> Iterator[TextSegment]:
    if text := "\n".join(lines).strip():
        yield TextSegment(f"line {first}", text)


def text_paragraphs(text: str) -> Iterator[TextSegment]:
    """Yield the lines of a text that say something."""
    for number, line in enumerate(lines_of(text), 1):
        if line.strip():
            yield TextSegment(f"line {number}", line.strip())
