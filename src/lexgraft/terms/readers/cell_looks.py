"""What the cells of a column look like, whatever its header says: prose, terms, flags, choices."""

import re
from collections.abc import Collection, Sequence

from lexgraft.terms.readers.status_labels import is_flag, says_forbidden, status_of
from lexgraft.terms.text.language_data import folded

_LONG = 60  # characters of a cell that is rather a sentence
_MOST_VALUES, _SURELY_FEW = 12, 4  # values of a column that says one of several
_LONGEST_VALUE, _WORDS = 30, 4  # characters and words of one
_LONGEST_NUMBER = 1  # digits that may stand for a status
_FEW_ROWS = 2  # of which half a column tells nothing
_LONGEST_WORD = 20  # letters of a single word that may say what a row is
_ADDRESS_OR_DATE = re.compile(r"@|://|\d{4}|\d[./:-]\d")


def is_prose(cells: Sequence[str]) -> bool:
    """Tell cells most of which are sentences."""
    long = sum(len(cell) > _LONG or cell.endswith(("。", ". ")) for cell in cells)
    return 2 * long > len(cells)


def is_no_term(cell: str) -> bool:
    """Tell numbers, yes and no, and statuses, which no column of terms is made of."""
    return is_flag(cell) or status_of(cell) is not None or not any(map(str.isalpha, cell))


def may_be_terms(cells: Sequence[str], rows: int) -> bool:
    """Tell cells that are terms by their looks: in most rows, hardly one twice, no sentences."""
    many = 2 * len(cells) > rows and 5 * len({*cells}) > 4 * len(cells)
    return many and not is_prose(cells) and not any(map(is_no_term, cells))


def are_flags(cells: Collection[str]) -> bool:
    """Tell cells that all say yes or no."""
    return all(map(is_flag, cells))


def are_choices(cells: Sequence[str], rows: int) -> bool:
    """Tell cells each of which says one of a few things: a status, a category.

    They are short and come again, or single signs, or single words that stand in few of the rows.
    """
    values = {folded(cell) for cell in cells}
    if not cells or len(values) > _MOST_VALUES or not all(map(_is_value, cells)):
        return False
    again = len(values) < len(cells) and (
        len(values) <= _SURELY_FEW or 2 * len(values) <= len(cells)
    )
    signs = all(len(cell) == 1 and not cell.isdecimal() for cell in cells)
    words = all(cell.isalpha() and len(cell) <= _LONGEST_WORD for cell in cells)
    return again or signs or (words and 2 * len(cells) <= rows > _FEW_ROWS)


def are_codes(cells: Sequence[str]) -> bool:
    """Tell cells that are numbers or codes, each another."""
    codes = all(any(map(str.isdigit, cell)) or not any(map(str.isalpha, cell)) for cell in cells)
    return bool(cells) and codes and len({*cells}) == len(cells)


def forbids(cell: str) -> bool:
    """Tell a cell that is the word of a status for what must not be used; signs are none."""
    return status_of(cell) == "forbidden" and any(map(str.isalpha, cell))


def warns(cell: str) -> bool:
    """Tell a cell that forbids, or a short remark that begins or ends with such words."""
    return forbids(cell) or (len(cell) <= _LONG and says_forbidden(cell))


def _is_value(cell: str) -> bool:
    is_short = len(cell) <= _LONGEST_VALUE and len(cell.split()) <= _WORDS
    digits = sum(map(str.isdigit, cell))
    is_number = digits == len(cell) and digits > _LONGEST_NUMBER
    return is_short and not is_number and "\n" not in cell and not _ADDRESS_OR_DATE.search(cell)
