"""Paragraphs of texts in one language: Markdown and plain text."""

import re
from collections.abc import Iterable, Iterator, Sequence

from lexgraft.terms.documents import TextSegment
from lexgraft.terms.documents.line_breaks import unbroken
from lexgraft.terms.readers.file_start import lines_of

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
_FOOTNOTE = re.compile(r"\[\^[^\[\]]{1,80}\]:?")
_LINK = re.compile(  # the text of a link · its target, as it is, in angles or by a name
    r"!?\[((?:[^\[\]]|\[[^\[\]]*\])*)\]"
    r"(?:\((?:<[^<>]*>|(?:[^()\s]|\([^()\s]*\))*)(?:\s+(?:\"[^\"]*\"|'[^']*'))?\)|\[[^\[\]]*\])"
)
_ATTRIBUTES = re.compile(r"\{[#.:][^{}]*\}")
_TARGET_LINE = re.compile(r" {0,3}\[[^\[\]^][^\[\]]*\]:\s*\S")
_SAID = re.compile(r"(?:title|subtitle|description|summary|abstract|caption)\s*:\s*(\S.*)")


def markdown_blocks(text: str) -> Iterator[TextSegment]:
    """Yield the paragraphs of a Markdown text, without code blocks, link targets, struck text."""
    written_lines = lines_of(text)
    start = _front_matter(written_lines)
    yield from _said_in_front(written_lines[:start])
    lines: list[str] = []
    first, fence, is_quoted = 1, "", False
    for number, written in enumerate(written_lines[start:], start + 1):
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
        if not lines and _TARGET_LINE.match(line):
            continue
        begins = _MARKS.match(line)
        if begins or not line.strip():
            yield from _block(lines, first)
            lines = []
        if line.strip():
            first = first if lines else number
            lines.append(_MARKS.sub("", line))
        if _HEADING.match(line):
            yield from _block(lines, first)
            lines = []
    yield from _block(lines, first)


def _front_matter(lines: Sequence[str]) -> int:
    """Return how many lines at the beginning are data of the page, between marks."""
    mark = lines[0].rstrip() if lines else ""
    if mark not in {"---", "+++"}:
        return 0
    ends = (number for number, line in enumerate(lines[1:], 2) if line.rstrip() in {mark, "..."})
    return next(ends, 0)


def _said_in_front(lines: Sequence[str]) -> Iterator[TextSegment]:
    """Yield what such data say to readers: titles and descriptions."""
    for number, line in enumerate(lines, 1):
        if title := _SAID.fullmatch(line.strip()):
            yield TextSegment(f"line {number}", title[1].strip("\"'"))


def _block(lines: list[str], first: int) -> Iterator[TextSegment]:
    written = _INLINE.sub(_without_marks, _without_links("\n".join(lines)))
    if text := _ATTRIBUTES.sub("", written).strip():
        yield TextSegment(f"line {first}", text)


def _without_links(text: str) -> str:
    """Return a text with what links say in their place; code is as it was."""
    pieces = re.split(r"(`[^`]*`)", text)
    pieces[::2] = (_FOOTNOTE.sub("", _LINK.sub(r"\1", piece)) for piece in pieces[::2])
    return "".join(pieces)


def _without_marks(match: re.Match[str]) -> str:
    """Return what emphasis encloses, code as it is: marks would part the words of a term."""
    return match["code"] or match["starred"] or match["lined"] or ""


def text_paragraphs(text: str) -> Iterator[TextSegment]:
    """Yield the lines of a text that say something; those that were broken at a width are one."""
    number = 1
    for lines in unbroken(lines_of(text)):
        if "".join(lines).strip():
            yield _of_lines(number, lines)
        number += len(lines)


def _of_lines(number: int, lines: Sequence[str]) -> TextSegment:
    """Return lines as a segment that is called by their numbers."""
    last = number + len(lines) - 1
    called = f"line {number}" if last == number else f"lines {number}-{last}"
    return TextSegment(called, "\n".join(lines).strip())


def text_blocks(segments: Iterable[TextSegment]) -> list[list[TextSegment]]:
    """Return the lines of `text_paragraphs`, together where no empty line is between them."""
    blocks: list[list[TextSegment]] = []
    following = 0  # the line behind the last one
    for segment in segments:
        number = int(segment.id.split()[1].split("-")[0])
        lines = segment.source.split("\n")
        if number != following:
            blocks.append([])
        blocks[-1] += [_of_lines(number + step, [line]) for step, line in enumerate(lines)]
        following = number + len(lines)
    return blocks


def one_segment(lines: Sequence[TextSegment]) -> TextSegment:
    """Return the lines of a block as a segment."""
    return _of_lines(int(lines[0].id.split()[1]), [line.source for line in lines])
