"""Which encoding a text file is in: a mark or strict UTF-8 is sure, all else is weighed, or asked.

An encoding without a mark decodes nearly anything. What tells them apart is whether the scripts
that come out can follow each other, whether the characters are common ones, and whether headers
become words.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence

from msgspec import Struct

from lexgraft.errors import LexgraftError
from lexgraft.terms.readers.encoding_plausibility import plausibility

UNMARKED = (
    "cp932",
    "euc_jp",
    "gb18030",
    "big5hkscs",
    "cp949",
    "cp1252",
    "cp1250",
    "iso8859_2",
    "cp1251",
    "cp1253",
    "cp1254",
    "cp1257",
    "koi8_r",
    "cp866",
    "cp1255",
    "cp1256",
    "cp874",
    "cp1258",
    "iso8859_15",
    "iso8859_5",
    "iso8859_6",
    "iso8859_7",
    "koi8_u",
    "cp850",
    "cp852",
    "cp857",
    "cp737",
    "mac_roman",
    "mac_latin2",
    "mac_cyrillic",
)
"""Encodings without a mark, in the order in which a draw is shown."""

SAY_WHICH = (
    "name its encoding (`terms import --encoding`, in a project `terms.tables.encoding`), "
    "or save it as UTF-8"
)
_MARKS = (
    (b"\xef\xbb\xbf", "utf-8-sig"),
    (b"\xff\xfe\x00\x00", "utf-32"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)
_SAMPLE = 1 << 18  # bytes in which escape sequences are looked for
_WEIGHED = 1 << 15  # bytes of lines that are weighed
_LEAD = 0.12  # of the best over the next that says something else
_HEADER_LINES = 12
_BYTES = re.compile(rb"[A-Za-z\x80-\xff]+")
_SINGLE_BYTES = frozenset(UNMARKED) - {"cp932", "euc_jp", "gb18030", "big5hkscs", "cp949"}
_CELL = re.compile(r"[,;\t\r\n\"]+")


class DecodedText(Struct, frozen=True):
    """A file's text, the encoding it was read in, and why that one."""

    text: str
    encoding: str
    reason: str
    rivals: tuple[str, ...] = ()  # as good, but with another text: nobody can tell


def decode(
    data: bytes,
    where: str,
    encoding: str = "",
    header_languages: Callable[[Sequence[str]], Sequence[str]] = lambda _cells: (),
) -> DecodedText:
    """Return a file's text in the encoding that is named, or that is found.

    `header_languages` returns, of cells, the languages named by those that are words of a header.

    Raises:
        LexgraftError: an encoding that is named but not known or not the file's, with the line and
            byte; a file that is in no known encoding.
    """
    if encoding:
        return DecodedText(_as_named(data, where, encoding), encoding, "as you say")
    for mark, name in _MARKS:
        if data.startswith(mark):
            return DecodedText(_as_named(data, where, name), name, "its mark says so")
    if wide := _unmarked_utf_16(data):
        return DecodedText(_as_named(data, where, wide), wide, "every other byte is zero")
    if b"\x1b$" in data[:_SAMPLE]:
        text = _as_named(data, where, "iso2022_jp_2")
        return DecodedText(text, "iso2022_jp_2", "its escape sequences say so")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        return _weighed(data, where, error, header_languages)
    return DecodedText(text, "utf-8", "all of it is valid" if not text.isascii() else "ASCII alone")


def _as_named(data: bytes, where: str, encoding: str) -> str:
    try:
        return _as_written(data, encoding)
    except LookupError as error:
        raise LexgraftError(
            f"no encoding is called `{encoding}`",
            cure=f"write utf-8, utf-16, {', '.join(UNMARKED)} or another name that Python knows",
        ) from error
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise LexgraftError(
            f"no {encoding} text: byte {error.start} is 0x{data[error.start]:02X}",
            where=f"{where}:{line}",
            cure=SAY_WHICH,
        ) from error


def _as_written(data: bytes, encoding: str) -> str:
    """Return a decoded text, Vietnamese letters in one piece: its code page has them in two."""
    text = data.decode(encoding)
    return unicodedata.normalize("NFC", text) if encoding == "cp1258" else text


def _unmarked_utf_16(data: bytes) -> str:
    """Return the byte order of text in which every other byte is zero, or nothing."""
    sample = data[:4096]
    if len(sample) < 4 or sample.count(0) * 4 < len(sample):
        return ""
    return "utf-16-le" if sample[1::2].count(0) > sample[::2].count(0) else "utf-16-be"


def _weighed(
    data: bytes,
    where: str,
    fault: UnicodeDecodeError,
    header_languages: Callable[[Sequence[str]], Sequence[str]],
) -> DecodedText:
    """Return the most plausible of the encodings without a mark, with those that are as good."""
    texts = {name: text for name in UNMARKED if (text := _decoded(data, name)) is not None}
    sample = _telling_lines(data)
    headers = {name: _headers_of(texts[name], header_languages) for name in texts}
    scores = {name: plausibility(_as_written(sample, name), name, *headers[name]) for name in texts}
    ranked = sorted(scores, key=lambda name: (-scores[name], UNMARKED.index(name)))
    if not ranked or scores[ranked[0]] < 0.5:
        line = data.count(b"\n", 0, fault.start) + 1
        raise LexgraftError(
            f"neither UTF-8 (byte {fault.start} is 0x{data[fault.start]:02X}) nor a known encoding",
            where=f"{where}:{line}",
            cure=SAY_WHICH,
        )
    near = [name for name in ranked if scores[name] > scores[ranked[0]] - _LEAD]
    best, *rivals = _by_their_differences(sample, near, headers)
    reason = f"no UTF-8 (byte {fault.start}); its characters and headers make sense so"
    others = tuple(name for name in rivals if texts[name] != texts[best])
    return DecodedText(texts[best], best, reason, others)


def _telling_lines(data: bytes) -> bytes:
    """Return the first lines, and of those below them such as are not ASCII alone."""
    lines = data.split(b"\n")
    chosen, size = lines[:_HEADER_LINES], 0
    for line in lines[_HEADER_LINES:]:
        if size > _WEIGHED:
            break
        if not line.isascii():
            chosen.append(line)
            size += len(line)
    return b"\n".join(chosen)


def _by_their_differences(
    data: bytes, near: Sequence[str], headers: Mapping[str, tuple[Sequence[str], int]]
) -> list[str]:
    """Return the best of some encodings and those that are as good, by the words that differ.

    Where two encodings have nearly all in common, the rest decides: `½illet` or `œillet`.
    """
    best, rivals = near[0], list[str]()
    words = {*_BYTES.findall(data)} if len(near) > 1 else set[bytes]()
    for name in near[1:]:
        pairs = [
            pair
            for word in words
            if {best, name} <= _SINGLE_BYTES
            and len({*(pair := (_words_in(word, best), _words_in(word, name)))}) > 1
        ]
        first, second = (
            (
                plausibility("\n".join(sorted(column)), encoding, *headers[encoding])
                for column, encoding in zip(zip(*pairs, strict=True), (best, name), strict=True)
            )
            if pairs
            else (0.0, 0.0)
        )
        if second > first + _LEAD:
            best, rivals = name, []
        elif first <= second + _LEAD:
            rivals.append(name)
    return [best, *rivals]


def _words_in(word: bytes, encoding: str) -> str:
    return unicodedata.normalize("NFC", word.decode(encoding, errors="replace"))


def _headers_of(
    text: str, header_languages: Callable[[Sequence[str]], Sequence[str]]
) -> tuple[Sequence[str], int]:
    """Return the languages that the first lines name, and how many cells beyond ASCII are words."""
    cells = [
        cell.strip() for line in text.splitlines()[:_HEADER_LINES] for cell in _CELL.split(line)
    ]
    beyond = [cell for cell in cells if not unicodedata.normalize("NFKC", cell).isascii()]
    return header_languages(cells), len(header_languages(beyond)) if beyond else 0


def _decoded(data: bytes, encoding: str) -> str | None:
    try:
        text = _as_written(data, encoding)
    except UnicodeDecodeError:
        return None
    odd = any(
        unicodedata.category(character) in {"Cn", "Co"} or "\x7f" <= character <= "\x9f"
        for character in set(text)
    )
    return None if odd else text
