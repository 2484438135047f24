"""The sealed concepts: opened once, for one result; who opened them is on record beside them."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from msgspec import Struct, structs

from lexgraft.errors import LexgraftError
from lexgraft.files.checked_files import files_like, read_checked, write_checked

FILE = "opened.jsonl"
ITEMS = "items-sealed.jsonl"


class SealedOpening(Struct, frozen=True, forbid_unknown_fields=True):
    """One look at sealed concepts."""

    name: str  # of the result that was judged
    result: str  # digest of its weights
    references: tuple[str, ...]  # digests of the models asked beside it
    concepts: tuple[str, ...]
    gates: str = ""  # digest of the thresholds it was judged by
    opened: str = ""  # ISO 8601


def openings(folder: Path) -> list[SealedOpening]:
    """Return every opening of the sealed concepts of a test set's folder, the first one first.

    Raises:
        LexgraftError: the record of them was cut, changed or taken away.
    """
    cure = "bring the file back, or seal concepts that were never asked: opened ones stay opened"
    return [
        row
        for file in files_like(folder, FILE)
        for row in read_checked(file, SealedOpening, cure, foreign=True)
    ]


def open_sealed(folder: Path, opening: SealedOpening) -> SealedOpening:
    """Return the opening on record for this result, written now if these concepts are untouched.

    The same result may be asked them again, or some of them: a killed run carries on.

    Raises:
        LexgraftError: some of these concepts were opened before, for another result.
    """
    earlier = openings(folder)
    for record in earlier:
        same = (record.result, record.references) == (opening.result, opening.references)
        if same and set(opening.concepts) <= set(record.concepts):
            return record
        spent = set(record.concepts) & set(opening.concepts)
        if spent:
            raise LexgraftError(
                f"{len(spent)} of these sealed concepts were opened on {record.opened[:10]} "
                f"for `{record.name}`: they can confirm nothing any more",
                where=str(folder / FILE),
                cure="confirm another result on concepts that were never asked",
            )
    opened = structs.replace(opening, opened=datetime.now(UTC).isoformat(timespec="seconds"))
    write_checked(folder / FILE, [*earlier, opened])
    return opened


def askable_sealed(
    folder: Path, result: str, references: Sequence[str], concepts: Sequence[str]
) -> tuple[str, ...]:
    """Return which of the sealed concepts a result may be asked, in their order.

    Those that it was asked before, though more are sealed now; else those that no result was asked.
    Where none is left these are all of them, and `open_sealed` says for whom they were opened.
    """
    earlier = openings(folder)
    for record in earlier:
        if (record.result, record.references) == (result, tuple(references)):
            return tuple(concept for concept in concepts if concept in record.concepts)
    spent = {concept for record in earlier for concept in record.concepts}
    return tuple(concept for concept in concepts if concept not in spent) or tuple(concepts)


def opened_for(folder: Path) -> Sequence[str]:
    """Return the digests of all models that sealed concepts were opened for.

    Raises:
        LexgraftError: they were never opened.
    """
    records = openings(folder)
    if not records:
        raise LexgraftError(
            "the sealed concepts were never opened",
            where=str(folder),
            cure="`lexgraft adopt PROJECT --open-sealed` opens them, once",
        )
    return [digest for record in records for digest in (record.result, *record.references)]
