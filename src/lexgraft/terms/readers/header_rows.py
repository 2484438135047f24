"""Where the header of a table stands: below titles, in one row or two, or nowhere."""

from collections.abc import Mapping, Sequence

from msgspec import Struct

from lexgraft.terms.readers.column_headers import (
    IN_A_LANGUAGE,
    ColumnMeaning,
    meanings_of,
)
from lexgraft.terms.readers.header_words import role_of
from lexgraft.terms.readers.text_tables import Cells
from lexgraft.terms.text.language_tags import known_language, language_of_name

LOOKED_AT = 500  # rows in which a header is looked for
_LEAST_KNOWN = 0.5  # of the filled cells of a header, to be one for certain


class Header(Struct, frozen=True):
    """The header of a table: its rows, its cells as read, and their meanings."""

    rows: tuple[int, ...]  # indices
    cells: tuple[str, ...]
    columns: tuple[ColumnMeaning, ...]
    certain: bool = True  # most of its cells are words of headers


def find_header(rows: Sequence[Cells], given: Mapping[str, ColumnMeaning]) -> Header | None:
    """Return the header: the first row most of whose cells are known, else the first with a term.

    A row that holds a header named by the user is the header. A second row below belongs to it
    where all its cells are words of headers and it says more (用語 | 定義 under 日本語).
    """
    wide = any(_filled(cells) > 1 for _, cells in rows)
    doubtful: Header | None = None
    for index, (_, cells) in enumerate(rows[:LOOKED_AT]):
        if given and {cell.strip() for cell in cells} & given.keys():
            return _with_second(rows, index)
        if wide and _filled(cells) < 2:
            continue
        if _names_languages_of_rows(rows, index):
            continue
        header = _with_second(rows, index)
        if not any(column.role == "term" and not column.doubt for column in header.columns):
            continue
        if header.certain:
            return header
        doubtful = doubtful or header
    return doubtful


def _names_languages_of_rows(rows: Sequence[Cells], index: int) -> bool:
    """Tell a row of data that names its languages: the next to it does so in the same places."""
    cells = rows[index][1]
    for _, other in (*rows[max(index - 1, 0) : index], *rows[index + 1 : index + 2]):
        pairs = [pair for pair in zip(cells, other, strict=False) if known_language(pair[0])]
        known = len(pairs) > 1 and all(known_language(two) for _, two in pairs)
        if known and cells != other and any(one == two for one, two in pairs):
            return True
    return False


def names_languages(cells: Sequence[str]) -> bool:
    """Tell a row all of whose cells are names of languages, or words for columns beside two.

    Terms that are names of languages name one and the same: German | Deutsch.
    """
    words = [cell.strip() for cell in cells if cell.strip()]
    names = [language_of_name(word) for word in words]
    known = all(name or role_of(word) for name, word in zip(names, words, strict=True))
    return known and len({*names} - {""}) > 1


def header_at(rows: Sequence[Cells], lines: Sequence[int]) -> Header | None:
    """Return the header in the lines that the user names, None where there is no such line."""
    indices = [index for index, (line, _) in enumerate(rows) if line in lines]
    if len(indices) != len(lines):
        return None
    cells = _combined([rows[index][1] for index in indices])
    return Header(tuple(indices), tuple(cells), tuple(meanings_of(cells)))


def _with_second(rows: Sequence[Cells], index: int) -> Header:
    cells = rows[index][1]
    columns = meanings_of(cells)
    one = Header((index,), tuple(cells), tuple(columns), _is_certain(cells, columns))
    if index + 1 >= len(rows) or rows[index + 1][0] == rows[index][0]:
        return one
    below = rows[index + 1][1]
    words = [cell.strip() for cell in below if cell.strip()]
    if len(words) < 2 or not all(role_of(word) or known_language(word) for word in words):
        return one
    both = _combined([cells, below])
    meanings = meanings_of(both)
    if not _says_more(meanings, columns):
        return one
    return Header((index, index + 1), tuple(both), tuple(meanings))


def _says_more(two: Sequence[ColumnMeaning], one: Sequence[ColumnMeaning]) -> bool:
    """Tell whether two rows give more columns a meaning of their own than the first alone."""
    return len(_meanings(two)) > len(_meanings(one))


def _meanings(columns: Sequence[ColumnMeaning]) -> set[str]:
    return {
        column.name for column in columns if column.role and (column.language or not _needs(column))
    }


def _needs(column: ColumnMeaning) -> bool:
    return column.role in IN_A_LANGUAGE and column.role == "term"


def _combined(rows: Sequence[Sequence[str]]) -> list[str]:
    """Return the cells of several header rows as one row; what stands above several is repeated."""
    width = max(len(row) for row in rows)
    columns: list[list[str]] = [[] for _ in range(width)]
    for depth, row in enumerate(rows):
        last = ""
        for position in range(width):
            cell = row[position].strip() if position < len(row) else ""
            below = any(
                position < len(lower) and lower[position].strip() for lower in rows[depth + 1 :]
            )
            last = cell or (last if below else "")
            if last and last not in columns[position]:
                columns[position].append(last)
    return [" ".join(parts) for parts in columns]


def _filled(cells: Sequence[str]) -> int:
    return sum(bool(cell.strip()) for cell in cells)


def _is_certain(cells: Sequence[str], columns: Sequence[ColumnMeaning]) -> bool:
    """Tell a row most of whose cells are words of headers, no language of terms named twice."""
    known = sum(bool(column.role) and not column.doubt for column in columns)
    terms = [column.language for column in columns if column.role == "term" and column.language]
    return known >= _LEAST_KNOWN * _filled(cells) and len(terms) == len(set(terms))
