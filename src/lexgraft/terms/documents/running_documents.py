"""Paragraphs of texts in one language: HTML, Markdown and plain text."""

import re
from collections import Counter
from collections.abc import Iterator
from html.parser import HTMLParser

from lexgraft.errors import LexgraftError
from lexgraft.terms.documents import TextSegment
from lexgraft.terms.readers.file_start import lines_of

_SILENT = frozenset({"script", "style", "code", "pre", "kbd", "samp", "var", "template", "svg"})
_STRUCK = frozenset({"del", "s", "strike"})
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
_ENDED_BY = {  # elements whose end need not be written: by which others they are ended
    "p": _BLOCKS - {"br"},
    "li": {"li"},
    "dt": {"dt", "dd"},
    "dd": {"dt", "dd"},
    "td": {"td", "th", "tr"},
    "th": {"td", "th", "tr"},
    "tr": {"tr"},
    "option": {"option"},
}
_NESTS = ("ul", "ol", "dl", "table", "select")
_OPENING = re.compile(r"<(?:!--|script\b|style\b|[a-z/!?])", re.IGNORECASE)
_MOST_LOOKED_THROUGH = 1_000_000_000  # characters, for the ends of tags that have none: seconds
_FENCE = re.compile(r"\s{0,3}(```+|~~~+)")
_QUOTE = re.compile(r" {0,3}> ?")
_HEADING = re.compile(r" {0,3}#{1,6}\s")
_MARKS = re.compile(r"^\s{0,3}(?:#{1,6}\s+|>\s?|[-*+]\s+|\d{1,9}[.)]\s+|\|)")
_INLINE = re.compile(  # code · what is struck out · text between stars · between underscores
    r"(?P<code>`[^`]*`)"
    r"|(~~?)(?=[^\s~])[^`~]*(?<=[^\s~])\2(?!~)"
    r"|(?<![\\*])(\*{1,3})(?=[^\s*])(?P<starred>[^*`]*[^*`\s\\])\3(?!\*)"
    r"|(?<![\\\w])(_{1,3})(?=[^\W_])(?P<lined>[^_`]*[^_`\s\\])\5(?!\w)"
)
_TARGETS = re.compile(r"(?<=\])\([^()\s]*(?:\s+\"[^\"]*\")?\)|\{[#.][^{}]*\}")


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
        self._silent = ""  # the element that is left out
        self._open: Counter[str] = Counter()  # it, and those in it
        self._id = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        is_within = any(self._open[nest] for nest in _NESTS)
        if self._silent and (is_within or tag not in _ENDED_BY.get(self._silent, ())):
            self._open[tag] += tag not in _EMPTY
            return
        self._silent = ""
        is_struck, is_silent = tag in _STRUCK, attributes.get("translate") == "no"
        if (tag in _SILENT or is_struck or is_silent) and tag not in _EMPTY:
            self._silent, self._open = tag, Counter([tag])
            self._text.append("" if is_struck else " ")
            return
        if tag in _BLOCKS:
            self.end_block()
            self._id = attributes.get("id") or ""
        for name in ("alt", "title", "placeholder"):
            if value := attributes.get(name):
                self.segments.append(TextSegment(f"line {self.getpos()[0]} @{name}", value))

    def handle_endtag(self, tag: str) -> None:
        if self._silent and self._open[tag]:
            self._open[tag] -= 1
            self._silent = self._silent if self._open[self._silent] else ""
            return
        if self._silent in _ENDED_BY and tag in _BLOCKS:  # of an element around it
            self._silent = ""
        if not self._silent and tag in _BLOCKS:
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
    """Yield the paragraphs of a Markdown text, without code blocks, link targets, struck text."""
    lines: list[str] = []
    first, fence, is_quoted = 1, "", False
    for number, written in enumerate(lines_of(text), 1):
        quote = _QUOTE.match(written)
        line = written[quote.end() :] if quote and is_quoted else written
        is_quoted = quote is not None
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
    if text := _INLINE.sub(_without_marks, "\n".join(lines)).strip():
        yield TextSegment(f"line {first}", text)


def _without_marks(match: re.Match[str]) -> str:
    """Return what emphasis encloses, code as it is: marks would part the words of a term."""
    return match["code"] or match["starred"] or match["lined"] or ""


def text_paragraphs(text: str) -> Iterator[TextSegment]:
    """Yield the lines of a text that say something."""
    for number, line in enumerate(lines_of(text), 1):
        if line.strip():
            yield TextSegment(f"line {number}", line.strip())
