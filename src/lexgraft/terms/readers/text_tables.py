"""Raw rows of text tables: encoding, separator and quoting found out, every cell kept as text."""

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from lexgraft.errors import LexgraftError
from lexgraft.terms.readers.column_headers import PLAIN_CODES
from lexgraft.terms.readers.file_start import lines_of, unpacked
from lexgraft.terms.readers.header_words import languages_of_word, role_of
from lexgraft.terms.readers.text_encoding import DecodedText, decode
from lexgraft.terms.text.language_data import commonly_named
from lexgraft.terms.text.language_tags import language_of_name, tag_of_code

Cells = tuple[int, list[str]]
"""A row's line number and its cells."""

_SEPARATORS = ("\t", ";", ",", "|")
_LOOKED_AT = 50  # lines by which the separator is chosen
_WORD = re.compile(r"[^\W\d_]+")
_WORDS_OF_HEADER, _LONG_CODE = 4, 3  # words; letters
_QUOTED = re.compile(r'"(?:[^"]|"")*"')


def decoded_file(path: Path, encoding: str = "") -> DecodedText:
    """Return a text file's content in the encoding that is named, or that is found.

    Raises:
        LexgraftError: it is in none that is known, or not in the one that is named.
    """
    with unpacked(path) as file:
        return decode(file.read(), str(path), encoding, languages_of_headers)


def read_text(path: Path, encoding: str = "") -> str:
    """Return a text file's content.

    Raises:
        LexgraftError: it is in no encoding that is known, or could be in several.
    """
    decoded = decoded_file(path, encoding)
    if decoded.rivals:
        raise LexgraftError(
            f"the encoding is not clear: {', '.join((decoded.encoding, *decoded.rivals))}",
            where=str(path),
            cure=f"save it as UTF-8, or say which: `terms import --encoding {decoded.encoding}`",
        )
    return decoded.text


def text_rows(path: Path, encoding: str = "") -> Iterator[Cells]:
    """Yield the rows of a CSV or TSV file that say something.

    Raises:
        LexgraftError: an encoding that is not clear; a broken row, named by its line.
    """
    yield from split_rows(read_text(path, encoding), str(path))


def languages_of_headers(cells: Sequence[str]) -> list[str]:
    """Return, of cells that are words of a header, the languages they name or are in, else roles.

    A word of several languages, or of English, says its role alone; a rare code says nothing, for
    it may be a term.
    """
    names: list[str] = []
    for cell in cells:
        if tag := _language_in_header(cell):
            names.append(tag)
        elif word := role_of(cell):
            languages = languages_of_word(cell)
            says_role = len(languages) > 1 or "en" in languages
            names.append(f"role {word.role}" if says_role else word.language)  # `id` is a tag too
    return names


def _language_in_header(cell: str) -> str:
    """Return the language that a cell names, or one of its few words: `Terme (FR)`."""
    if tag := _language_named(cell):
        return tag
    words = _WORD.findall(cell)
    first, *others = words if 1 < len(words) <= _WORDS_OF_HEADER else [""]
    is_header = role_of(first) or (others and role_of(others[-1]))
    return next((tag for word in words if (tag := _language_named(word))), "") if is_header else ""


def _language_named(word: str) -> str:
    name = commonly_named(word) if word.isascii() else language_of_name(word)
    tag = tag_of_code(word)
    is_usual = tag.partition("-")[0] in PLAIN_CODES and (word.isupper() or len(word) != _LONG_CODE)
    return name or (tag if is_usual else "")


def split_rows(text: str, where: str, separator: str = "") -> Iterator[Cells]:
    """Yield the rows of a text that say something.

    In tab-separated text a `"` is a character, unless every cell with one is quoted as RFC 4180
    asks; other text follows it.

    Raises:
        LexgraftError: a broken row, named by its line.
    """
    mark = separator or separator_of(text)
    plain = mark == "\t" and not _is_quoted(text)
    reader = csv.reader(
        io.StringIO(text, newline=""),
        delimiter=mark,
        quoting=csv.QUOTE_NONE if plain else csv.QUOTE_MINIMAL,
        strict=True,
    )
    start = 1
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield start, cells
            start = reader.line_num + 1
    except csv.Error as error:
        raise LexgraftError(f"broken row: {error}", where=f"{where}:{start}") from error


def separator_of(text: str) -> str:
    """Return what separates the cells of most lines: tabs where any line has one.

    A tab that strayed into some cells is none: the first line has not one, most lines have none,
    and most have one number of another mark.
    """
    lines = [_QUOTED.sub("", line) for line in _first_lines(text)]
    counts = {mark: Counter(line.count(mark) for line in lines) for mark in _SEPARATORS}
    mark = max((";", ",", "|"), key=lambda mark: _lines_alike(counts[mark]))
    with_tabs = sum("\t" in line for line in lines)
    if not with_tabs:
        return mark
    alike, number = _lines_alike(counts[mark])
    first = next((line for line in lines if not line.startswith("#")), "\t")
    strayed = "\t" not in first and first.count(mark) == number and 2 * alike > len(lines)
    return mark if strayed and 4 * with_tabs <= 3 * len(lines) else "\t"


def _lines_alike(counts: Counter[int]) -> tuple[int, int]:
    """Return how many lines have one number of a separator, not none, and which number."""
    return max(((lines, number) for number, lines in counts.items() if number), default=(0, 0))


def _first_lines(text: str) -> list[str]:
    lines = (line for line in io.StringIO(text[: 1 << 18]) if line.strip())
    return [line for line, _ in zip(lines, range(_LOOKED_AT), strict=False)]


def _is_quoted(text: str) -> bool:
    """Tell tab-separated text in which quotation marks enclose whole cells and nothing else."""
    cells = [cell for line in lines_of(text) for cell in line.split("\t") if '"' in cell]
    return bool(cells) and all(_QUOTED.fullmatch(cell) for cell in cells)
