"""Rows of a table that are no entries: letters of an index, titles over all columns, footers."""

import json
import re
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from itertools import pairwise
from unicodedata import normalize

from msgspec import Struct

from lexgraft.terms.readers.text_tables import Cells
from lexgraft.terms.text.language_data import scripts_in, scripts_of_language

LETTER = "a letter between entries, no term (--cells heading=take)"
TITLE = "a title over all columns, no term (--cells heading=take)"
SECTION = "a heading in one cell between entries, no term (--cells heading=take)"
FOOTER = "a footer, no term (--cells footer=take)"

_LETTER = re.compile(r"[\[(]?(\w)[\])]?\.?(?:\s*[-–—~〜～]\s*(\w))?")
_OF_INDEX = re.compile("[ぁ-んァ-ンㄱ-ㅎ]|[ぁ-んァ-ンㄱ-ㅎ가-힣]\\s*(?:行|の部)")
_MARKED = re.compile(r"(?:©|\(c\)\s|copyright\s*(?:©|\(c\)|\d)|※|\*+\s)", re.IGNORECASE)
_NUMBER = re.compile(r"[\d.,\s]+[件語]?")
_LONGEST = 120  # characters of a footer that is looked at


class RowsApart(Struct, frozen=True):
    """Tells the rows of one table that are no entries."""

    merged: frozenset[int] = frozenset()  # lines with a cell that is merged over columns
    indexed: bool = False  # letters that stand alone in their rows head parts of this table
    taken: frozenset[str] = frozenset()  # kinds that are entries all the same
    languages: dict[int, str] = {}  # position of a column of terms → its language
    are_single: bool = False  # every row of one cell heads a part

    def reason(self, line: int, cells: Sequence[str], below: Sequence[str]) -> str:
        """Return why a row is no entry, by itself and the row below it; nothing where it is one."""
        kind = self._kind(line, _filled(cells), below) or (
            SECTION if self._heads(cells, below) else ""
        )
        return "" if kind in self.taken else kind

    def part_headings(self, rows: Sequence[Cells]) -> list[str]:
        """Return the texts of rows that begin a part of the table, each with entries below it.

        Nothing unless the first row is one and no other row is of one cell: rows that lack a
        translation stand anywhere.
        """
        single = [at for at, (_, cells) in enumerate(rows) if self._is_single(cells)]
        begins = [at for at in single if at + 1 < len(rows) and _is_entry(rows[at + 1][1])]
        is_divided = len(single) > 1 and single == begins and single[0] == 0
        return [_filled(rows[at][1])[0] for at in single] if is_divided else []

    def _heads(self, cells: Sequence[str], below: Sequence[str]) -> bool:
        """Tell a row of one cell that heads a part: by its words, or as no term of its column."""
        if not self._is_single(cells) or not _is_entry(below):
            return False
        (text,) = _filled(cells)
        position = next(at for at, cell in enumerate(cells) if cell.strip())
        scripts, language = scripts_in(text), self.languages.get(position, "")
        is_foreign = not scripts & {"Latn", *scripts_of_language(language)} and bool(scripts)
        is_known = _folded(text) in _words()["section"]
        return self.are_single or is_known or (bool(language) and is_foreign)

    def _is_single(self, cells: Sequence[str]) -> bool:
        """Tell a row whose only cell stands in the first column of terms, or before it."""
        filled = [at for at, cell in enumerate(cells) if cell.strip()]
        return len(filled) == 1 and bool(self.languages) and filled[0] <= min(self.languages)

    def _kind(self, line: int, filled: Sequence[str], below: Sequence[str]) -> str:
        if not filled or len(filled[0]) > _LONGEST:
            return ""
        if any(text != filled[0] for text in filled):
            is_total = len(filled) == 2 and _NUMBER.fullmatch(filled[1])
            return FOOTER if is_total and _folded(filled[0]) in _words()["total"] else ""
        first, alone = normalize("NFKC", filled[0]), len(filled) == 1
        is_merged = line in self.merged and not alone
        heads = alone or is_merged or self.indexed
        if heads and (_OF_INDEX.fullmatch(first) or _initial(first, below)):
            return LETTER
        if (alone or is_merged) and _is_footer(first):
            return FOOTER
        return TITLE if is_merged else ""


def apart_of(
    rows: Sequence[Cells],
    merged: frozenset[int],
    choices: Mapping[str, str],
    languages: dict[int, str],
) -> RowsApart:
    """Return how the rows of a table are told that are no entries.

    Args:
        rows: the first of them.
        merged: lines with a cell that is merged over columns.
        choices: what is done with each kind of odd cell.
        languages: position of a column of terms → its language, "" where it is not known.
    """
    kinds = {"heading": (LETTER, TITLE, SECTION), "footer": (FOOTER,)}
    taken = [kind for name in kinds if choices[name] == "take" for kind in kinds[name]]
    are_single = choices["heading"] == "single"
    return RowsApart(merged, _is_indexed(rows, merged), frozenset(taken), languages, are_single)


def _is_indexed(rows: Sequence[Cells], merged: frozenset[int]) -> bool:
    """Return whether two letters or more head parts of a table, alone in their rows.

    A letter in every column may be an entry of its own, such as a symbol: it proves nothing.
    """
    found: set[str] = set()
    for (line, cells), (_, below) in pairwise(rows):
        filled = [text for cell in cells if (text := cell.strip())]
        if len(filled) == 1 or (line in merged and len(set(filled)) == 1):
            first = normalize("NFKC", filled[0])
            found |= {first} if _initial(first, below) else set()
    return len(found) > 1


def _initial(text: str, below: Sequence[str]) -> bool:
    """Return whether this is the letter, or the letters, with one of which the row below begins."""
    match = _LETTER.fullmatch(text)
    if match is None or match[1].isdecimal():
        return False
    first, last = _plain(match[1]), _plain(match[2] or match[1])
    begins = {_plain(cell.strip()[:1]) for cell in below if cell.strip()}
    return any(first <= letter <= last for letter in begins)


def _plain(letter: str) -> str:
    return normalize("NFD", letter.casefold())[:1]


def _filled(cells: Sequence[str]) -> list[str]:
    return [text for cell in cells if (text := cell.strip())]


def _is_entry(cells: Sequence[str]) -> bool:
    return len(_filled(cells)) > 1


def _is_footer(text: str) -> bool:
    return bool(_MARKED.match(text) or _footer().match(_folded(text)))


def _folded(text: str) -> str:
    return " ".join(normalize("NFKC", text).casefold().split())


@cache
def _footer() -> re.Pattern[str]:
    """Return what begins like a footer: a word, then a colon, numbers or a month and a year."""
    words = sorted([*_words()["total"], *_words()["footer"]], key=len, reverse=True)
    tail = r"\s*:.*|\s*\d[\d\s./,年月日件語版-]*|\s+\w+\.?\s+\d{4}"
    return re.compile(rf"(?:{'|'.join(map(re.escape, words))})(?:{tail})$")


@cache
def _words() -> dict[str, list[str]]:
    text = files("lexgraft.terms.readers").joinpath("footers.json").read_text(encoding="utf-8")
    data: dict[str, list[str]] = json.loads(text)
    return data
