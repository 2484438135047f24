"""MEDIS: the Japanese standard disease master (basic table), by the position of its columns."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from unicodedata import normalize

from msgspec import Struct

from lexgraft.errors import LexgraftError
from lexgraft.records import Concept, Term
from lexgraft.terms.readers.column_headers import READING
from lexgraft.terms.readers.file_start import FileStart, start_of
from lexgraft.terms.readers.import_log import ImportLog
from lexgraft.terms.readers.import_options import ImportOptions
from lexgraft.terms.readers.reader_registry import ConceptAtLine, reader
from lexgraft.terms.readers.status_labels import ranked_terms
from lexgraft.terms.readers.text_tables import split_rows, text_rows

# change, control number, name, kana, adoption, exchange code, ICD-10; later ones as they come
_CHANGE, _NUMBER, _NAME, _KANA, _EXCHANGE, _ICD = 0, 1, 2, 3, 5, 6
_LEAST = 7
_CONTROL = re.compile(r"\d{8}")
_KANA_ONLY = re.compile(r"[\u30a1-\u30ff\d A-Za-z.,\-()]+")
_CODE = re.compile(r"[A-Z0-9]{4}")
_GONE = frozenset({"1", "9"})  # 抹消, 廃止


class _DiseaseDraft(Struct):
    """A disease while its rows are read: its own may come after one that moved to it."""

    line: int
    terms: list[Term] = []
    classes: tuple[str, ...] = ()


def _recognise(start: FileStart) -> str:
    if start.names or not start.text or start.root.name:
        return ""
    try:
        _, cells = next(split_rows(start.line, "", ","), (0, []))
    except LexgraftError:
        return ""
    return "a control number, a name, its kana and an exchange code by position" * _fits(cells)


def _fits(cells: Sequence[str]) -> bool:
    """Tell whether a row has the master's first columns."""
    return (
        len(cells) >= _LEAST
        and bool(_CONTROL.fullmatch(cells[_NUMBER]))
        and bool(_KANA_ONLY.fullmatch(normalize("NFKC", cells[_KANA])))
        and bool(_CODE.fullmatch(cells[_EXCHANGE]))
    )


@reader("MEDIS", _recognise, unique=True)
def read_medis(path: Path, options: ImportOptions, tally: ImportLog) -> Iterator[ConceptAtLine]:
    """Yield one concept per disease in use, in the order of the file; its class is its ICD-10 code.

    The file has no header: the first seven columns are read by position, and a control number in
    a later one is where a retired name moved to (移行先): the name is then admitted there. Check
    both against the readme of the release at hand.
    """
    drafts: dict[str, _DiseaseDraft] = {}
    for line, cells in text_rows(path, options.encoding or start_of(path).encoding):
        tally.read += 1
        if not _fits(cells):
            tally.refuse_row(line, "not the columns of the basic table", " ".join(cells))
            continue
        control_number, successor = cells[_NUMBER], _successor(cells)
        if successor or cells[_CHANGE] not in _GONE:
            tally.kept += 1
            draft = drafts.setdefault(successor or control_number, _DiseaseDraft(line))
            draft.terms += _terms(cells, is_moved=bool(successor))
            if not successor:
                draft.line, draft.classes = line, (f"ICD10:{cells[_ICD]}",) * bool(cells[_ICD])
        else:
            tally.skip_row(line, "retired, without a successor")
    for number, draft in drafts.items():
        yield (
            draft.line,
            Concept(
                id=f"MEDIS:{number}",
                terms=ranked_terms(draft.terms),
                field="medicine",
                type=draft.classes[0] if draft.classes else "",
                broader=draft.classes,
                source="MEDIS standard disease master",
            ),
        )


def _successor(cells: Sequence[str]) -> str:
    """Return the control number that a row's disease moved to, if any."""
    later = (cell for cell in cells[_LEAST:] if _CONTROL.fullmatch(cell))
    return next((cell for cell in later if cell[:1] == cells[_NUMBER][:1] != cell[1:2]), "")


def _terms(cells: Sequence[str], *, is_moved: bool) -> list[Term]:
    """Return a row's name and its kana."""
    name = Term(cells[_NAME].strip(), "ja", "noun", "admitted" if is_moved else "preferred")
    kana = normalize("NFKC", cells[_KANA]).strip()
    return [name, Term(kana, READING, "noun", "admitted")]
