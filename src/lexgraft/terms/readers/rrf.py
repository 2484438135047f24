"""UMLS RRF: MRCONSO with the definitions and semantic types beside it, as one stream by CUI."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from msgspec import Struct

from lexgraft.errors import LexgraftError
from lexgraft.records import Concept, Term
from lexgraft.terms.readers.column_scan import FilePiece, Flags, Numbers, pieces, skip_rows
from lexgraft.terms.readers.file_start import FileStart
from lexgraft.terms.readers.import_log import ImportLog
from lexgraft.terms.readers.import_options import ImportOptions
from lexgraft.terms.readers.reader_registry import ConceptAtLine, reader
from lexgraft.terms.text.language_tags import language_tag

LICENCE = "UMLS Metathesaurus Licence"
_CONSO, _DEF, _STY = "MRCONSO.RRF", "MRDEF.RRF", "MRSTY.RRF"
_WIDTHS = {_CONSO: 18, _DEF: 8, _STY: 6}  # columns before the pipe that ends every line
_AUI, _SAB, _CODE, _STR = 7, 11, 13, 14  # columns of MRCONSO: atom, source, its code, text
_CUI = re.compile(r"C\d{7}\|")
_CUI_BYTES, _C = 8, ord("C")


class _CuiGroup(NamedTuple):
    """The rows of one concept that are used, column by column."""

    cui: int
    line: int
    languages: list[str]
    best: list[bool]  # the preferred form
    texts: list[str]
    codes: list[bytes]  # with their sources, empty where there is none
    atoms: list[bytes]

    def extend(self, group: "_CuiGroup") -> None:
        """Add the rows of the same concept that follow."""
        self.languages.extend(group.languages)
        self.best.extend(group.best)
        self.texts.extend(group.texts)
        self.codes.extend(group.codes)
        self.atoms.extend(group.atoms)


class _SideFile(Struct):
    """A file beside MRCONSO, read along with it."""

    rows: Iterator[list[bytes]]
    ahead: list[bytes] | None = None

    def of(self, cui: bytes) -> list[list[bytes]]:
        """Return the rows of one concept, passing over those before it."""
        rows: list[list[bytes]] = []
        row = self.ahead or next(self.rows, None)
        while row is not None and row[0] <= cui:
            if row[0] == cui:
                rows.append(row)
            row = next(self.rows, None)
        self.ahead = row
        return rows


def _recognise(start: FileStart) -> str:
    if any(Path(name).name == _CONSO for name in start.names):
        return f"a folder with {_CONSO}"
    line = start.line
    if _CUI.match(line) and line.endswith("|") and line.count("|") == _WIDTHS[_CONSO]:
        return "18 columns that end with a pipe, the first a CUI: MRCONSO"
    return ""


@reader("UMLS RRF", _recognise, unique=True)
def read_rrf(path: Path, options: ImportOptions, tally: ImportLog) -> Iterator[ConceptAtLine]:
    """Yield one concept per CUI, in the order of the file, which is that of the CUIs.

    Terms are the rows that are not suppressed, the preferred form first (TS = P, STT = PF,
    ISPREF = Y); the field is the first semantic type; other sources' codes are kept as the same
    meaning. A definition has the language of the term it belongs to.

    Raises:
        LexgraftError: the rows of a concept do not stand together.
    """
    conso = next(path.rglob(_CONSO)) if path.is_dir() else path
    definitions = _SideFile(_rows_of_side_file(conso.with_name(_DEF)))
    types = _SideFile(_rows_of_side_file(conso.with_name(_STY)))
    for group in _groups(conso, options, tally):
        tally.kept += len(group.texts)
        cui = b"C%07d" % group.cui
        kinds = [row[3].decode() for row in types.of(cui)]
        codes = dict.fromkeys(group.codes)
        codes.pop(b"", None)
        yield (
            group.line,
            Concept(
                id=f"UMLS:{cui.decode()}",
                terms=_terms(group),
                definitions=_definitions(definitions.of(cui), group, options),
                field=kinds[0] if kinds else "",
                same_as=tuple([code.decode() for code in codes]),
                source="UMLS",
                licence=LICENCE,
            ),
        )


def _groups(path: Path, options: ImportOptions, tally: ImportLog) -> Iterator[_CuiGroup]:
    """Yield the rows of each concept, also of one that lies in two pieces of the file."""
    last: _CuiGroup | None = None
    for group in _groups_by_piece(path, options, tally):
        if last is not None and last.cui == group.cui:
            last.extend(group)
            continue
        if last is not None:
            yield last
        last = group
    if last is not None:
        yield last


def _groups_by_piece(path: Path, options: ImportOptions, tally: ImportLog) -> Iterator[_CuiGroup]:
    """Yield the rows that are used, in the order of their CUIs; count the others.

    Raises:
        LexgraftError: the rows of a concept do not stand together.
    """
    tags: dict[int, str] = {}
    last = 0
    for piece in pieces(path, b"|", _WIDTHS[_CONSO] + 1, options.progress, header=False):
        tally.read += piece.read
        cui = piece.numbers(0, skipped=1)
        usable = (
            (cui >= 0) & (piece.lengths(0) == _CUI_BYTES) & (piece.signs[piece.starts(0)] == _C)
        )
        _refuse(piece, usable, tally)
        _check_order(cui[usable], piece.lines[usable], last, path)
        last = max(last, int(cui[usable].max(initial=0)))
        language = piece.codes(1)
        for code, row in zip(*_first_rows(language), strict=True):
            tags.setdefault(code, language_tag(piece.text(row, 1)))
        accepted_codes = [code for code, tag in tags.items() if options.wants(tag)]
        visible, accepted = piece.equals(16, b"N"), np.isin(language, accepted_codes)
        skip_rows(tally, piece.lines[usable & ~visible], "suppressed")
        skip_rows(
            tally,
            piece.lines[usable & visible & ~accepted],
            "another language than those asked for",
        )
        yield from _by_concept(
            piece, usable & visible & accepted, cui, [tags[code] for code in language.tolist()]
        )


def _by_concept(
    piece: FilePiece, used: Flags, cuis: Numbers, languages: Sequence[str]
) -> Iterator[_CuiGroup]:
    """Yield some rows of a piece by concept."""
    cuis, rows = cuis[used], np.flatnonzero(used).tolist()
    best = piece.equals(2, b"P") & piece.equals(4, b"PF") & piece.equals(6, b"Y")
    data, edges = piece.data, piece.edges[used]

    def cells(column: int) -> list[bytes]:
        pairs = edges[:, column : column + 2].tolist()
        return [data[before + 1 : end] for before, end in pairs]

    atoms = cells(_AUI)
    texts = [text.decode(errors="replace") for text in cells(_STR)]
    codes = [
        b"" if code == b"NOCODE" else source + b":" + code
        for source, code in zip(cells(_SAB), cells(_CODE), strict=True)
    ]
    tags, good = [languages[row] for row in rows], best[used].tolist()
    first = np.flatnonzero(np.diff(cuis, prepend=-1))
    limits = [*first.tolist(), len(rows)]
    heads = zip(cuis[first].tolist(), piece.lines[used][first].tolist(), strict=True)
    for (cui, line), low, high in zip(heads, limits, limits[1:], strict=False):
        span = slice(low, high)
        yield _CuiGroup(cui, line, tags[span], good[span], texts[span], codes[span], atoms[span])


def _refuse(piece: FilePiece, usable: Flags, tally: ImportLog) -> None:
    """Refuse the rows that have not the columns, or no CUI in the first."""
    odd = [(line, row[:80].decode(errors="replace")) for line, row in piece.odd]
    odd += [(int(piece.lines[row]), piece.text(row, 0)) for row in np.flatnonzero(~usable).tolist()]
    for line, text in sorted(odd):
        tally.refuse_row(line, "not the 18 columns of MRCONSO", text)


def _check_order(cui: Numbers, lines: Numbers, last: int, path: Path) -> None:
    before = np.concatenate(([last], cui[:-1]))
    for row in np.flatnonzero(cui < before)[:1].tolist():
        raise LexgraftError(
            f"C{cui[row]:07d} stands behind C{before[row]:07d}",
            where=f"{path}:{lines[row]}",
            cure="sort the file by its first column (sort -t'|' -k1,1 -s)",
        )


def _first_rows(codes: Numbers) -> tuple[list[int], list[int]]:
    """Return the different codes, and the row where each stands first."""
    different, first = np.unique(codes, return_index=True)
    return different.tolist(), first.tolist()


def _terms(group: _CuiGroup) -> tuple[Term, ...]:
    """Return a concept's terms by language, of each the preferred form first, no text twice."""
    by_language: dict[str, dict[str, None]] = {}
    rows = list(zip(group.best, group.languages, group.texts, strict=True))
    for preferred in (True, False):
        for best, language, text in rows:
            if best is preferred:
                by_language.setdefault(language, {})[text] = None
    return tuple(
        [
            Term(text, language, "unknown", "admitted" if index else "preferred")
            for language, texts in by_language.items()
            for index, text in enumerate(texts)
        ]
    )


def _definitions(
    rows: list[list[bytes]], group: _CuiGroup, options: ImportOptions
) -> dict[str, str]:
    """Return the first definition of each language."""
    if not rows:
        return {}
    languages = dict(zip(group.atoms, group.languages, strict=True))
    definitions: dict[str, str] = {}
    for row in rows:
        if row[6] == b"N" and row[1] in languages:
            definitions.setdefault(languages[row[1]], row[5].decode(errors="replace"))
    return {tag: text for tag, text in definitions.items() if options.wants(tag)}


def _rows_of_side_file(path: Path) -> Iterator[list[bytes]]:
    """Yield the rows of a file beside MRCONSO; none where it is missing."""
    if path.is_file():
        width = _WIDTHS[path.name] + 1
        with path.open("rb") as file:
            for line in file:
                row = line.split(b"|")
                if len(row) == width:
                    yield row
