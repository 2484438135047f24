"""UMLS RRF: MRCONSO with the definitions and semantic types beside it, as one stream by CUI."""

import re
from collections.abc import Iterator
from pathlib import Path

from msgspec import Struct

from lexgraft.errors import UserError
from lexgraft.readers.intake import Asked, Placed, Start, Tally, reader
from lexgraft.readers.labels import settled
from lexgraft.readers.languages import language_tag
from lexgraft.records import Concept, Term

LICENCE = "UMLS Metathesaurus Licence"
_CONSO, _DEF, _STY = "MRCONSO.RRF", "MRDEF.RRF", "MRSTY.RRF"
_WIDTHS = {_CONSO: 18, _DEF: 8, _STY: 6}  # columns before the pipe that ends every line
_CUI = re.compile(r"C\d{7}\|")

Row = tuple[int, list[bytes]]
"""A line number and the line's columns."""


class _Side(Struct):
    """A file beside MRCONSO, read along with it."""

    rows: Iterator[list[bytes]]
    ahead: list[bytes] | None = None

    def of(self, cui: bytes) -> list[list[bytes]]:
        """Return the rows of one concept, passing over those before it."""
        found: list[list[bytes]] = []
        row = self.ahead or next(self.rows, None)
        while row is not None and row[0] <= cui:
            if row[0] == cui:
                found.append(row)
            row = next(self.rows, None)
        self.ahead = row
        return found


def _recognise(start: Start) -> str:
    if any(Path(name).name == _CONSO for name in start.names):
        return f"a folder with {_CONSO}"
    line = start.line
    if _CUI.match(line) and line.endswith("|") and line.count("|") == _WIDTHS[_CONSO]:
        return "18 columns that end with a pipe, the first a CUI: MRCONSO"
    return ""


@reader("UMLS RRF", _recognise, unique=True)
def read_rrf(path: Path, asked: Asked, tally: Tally) -> Iterator[Placed]:
    """Yield one concept per CUI, in the order of the file, which is that of the CUIs.

    Terms are the rows that are not suppressed, the preferred form first (TS = P, STT = PF,
    ISPREF = Y); the field is the first semantic type; other sources' codes are kept as the same
    meaning. A definition has the language of the term it belongs to.

    Raises:
        UserError: the rows of a concept do not stand together.
    """
    conso = next(path.rglob(_CONSO)) if path.is_dir() else path
    definitions = _Side(_beside(conso.with_name(_DEF)))
    types = _Side(_beside(conso.with_name(_STY)))
    for rows in _groups(conso, asked, tally):
        tally.kept += len(rows)
        cui = rows[0][1][0]
        kinds = [row[3].decode() for row in types.of(cui)]
        codes = dict.fromkeys(
            b"%s:%s" % (row[11], row[13]) for _, row in rows if row[13] != b"NOCODE"
        )
        yield (
            rows[0][0],
            Concept(
                id=f"UMLS:{cui.decode()}",
                terms=settled(sorted(map(_term, rows), key=_status)),
                definitions=_definitions(definitions.of(cui), rows, asked),
                field=kinds[0] if kinds else "",
                same_as=tuple(code.decode() for code in codes),
                source="UMLS",
                licence=LICENCE,
            ),
        )


def _groups(path: Path, asked: Asked, tally: Tally) -> Iterator[list[Row]]:
    """Yield the rows of each concept that are used; count the others."""
    wanted: dict[bytes, bool] = {}
    group: list[Row] = []
    for number, row in _rows(path, tally):
        if group and group[0][1][0] != row[0]:
            yield group
            group = []
        language = row[1]
        if language not in wanted:
            wanted[language] = asked.wants(language_tag(language.decode()))
        if row[16] != b"N":
            tally.leave("suppressed", number)
        elif wanted[language]:
            group.append((number, row))
        else:
            tally.leave("another language than those asked for", number)
    if group:
        yield group


def _rows(path: Path, tally: Tally) -> Iterator[Row]:
    """Yield the rows of MRCONSO that have its columns, in the order of their CUIs."""
    last = b""
    width = _WIDTHS[_CONSO] + 1
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            row = line.split(b"|")
            tally.read += 1
            if len(row) != width:
                start = line[:80].decode(errors="replace")
                tally.refuse(number, "not the 18 columns of MRCONSO", start)
                continue
            if row[0] < last:
                raise UserError(
                    f"{row[0].decode(errors='replace')} stands behind {last.decode()}",
                    where=f"{path}:{number}",
                    cure="sort the file by its first column (sort -t'|' -k1,1 -s)",
                )
            last = row[0]
            yield number, row


def _term(row: Row) -> Term:
    """Return one row's term."""
    cells = row[1]
    best = cells[2] == b"P" and cells[4] == b"PF" and cells[6] == b"Y"
    text = cells[14].decode(errors="replace")
    language = language_tag(cells[1].decode())
    return Term(text, language, status="preferred" if best else "admitted")


def _status(term: Term) -> bool:
    return term.status != "preferred"


def _definitions(found: list[list[bytes]], rows: list[Row], asked: Asked) -> dict[str, str]:
    """Return the first definition of each language."""
    languages = {row[7]: language_tag(row[1].decode()) for _, row in rows}
    definitions: dict[str, str] = {}
    for row in found:
        if row[6] == b"N" and row[1] in languages:
            definitions.setdefault(languages[row[1]], row[5].decode(errors="replace"))
    return {tag: text for tag, text in definitions.items() if asked.wants(tag)}


def _beside(path: Path) -> Iterator[list[bytes]]:
    """Yield the rows of a file beside MRCONSO; none where it is missing."""
    if path.is_file():
        width = _WIDTHS[path.name] + 1
        with path.open("rb") as file:
            for line in file:
                row = line.split(b"|")
                if len(row) == width:
                    yield row
