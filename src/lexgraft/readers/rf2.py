"""SNOMED CT RF2: the descriptions of a Snapshot folder, joined without holding their texts."""

import os
import re
from array import array
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from msgspec import Struct

from lexgraft.errors import UserError
from lexgraft.readers.intake import Asked, Placed, Start, Tally, reader
from lexgraft.readers.labels import settled
from lexgraft.readers.languages import language_tag
from lexgraft.records import Concept, Term

LICENCE = "SNOMED CT Affiliate Licence"
_NAMES = re.compile(
    r"x?(sct2|der2)_(?P<kind>Description|TextDefinition|Concept|Relationship|cRefset_Language)"
    r"_?Snapshot.*_(?P<date>\d{8})\.txt"
)
_HEADER = "id\teffectiveTime\tactive\tmoduleId\tconceptId\tlanguageCode\ttypeId\tterm\tcase"
_FULL_NAME, _SYNONYM, _IS_A = b"900000000000003001", b"900000000000013009", b"116680003"
_PREFERRED = b"900000000000548007"
_DIALECTS = {"en-us": b"900000000000509007", "en-gb": b"900000000000508004"}
_TAG = re.compile(r"\(([^()]+)\)\s*$")
_WIDTH, _REFSET_WIDTH, _RELATIONSHIP_WIDTH = 9, 7, 10
_FILE_SHIFT = 48  # an offset and the number of its file in one integer

if TYPE_CHECKING:
    Ids = array[int]
else:
    Ids = array  # takes a parameter from Python 3.12 on only


class _Release(Struct):
    """The files of a release by kind, and its date."""

    files: dict[str, list[Path]]
    date: str

    def of(self, kind: str) -> list[Path]:
        return self.files.get(kind, [])


class _Rows(Struct):
    """Where the descriptions that are used stand: parallel columns, small for millions of them."""

    concept: Ids
    place: Ids  # file number and offset
    length: Ids
    line: Ids
    rank: bytearray  # 0 to 2: preferred in American English, preferred, acceptable; 3: full name


def _recognise(start: Start) -> str:
    if start.line.startswith(_HEADER):
        return "the columns of an RF2 description file"
    found = [name for name in start.names if _NAMES.fullmatch(Path(name).name)]
    if any("_Description_" in name for name in found):
        return "a folder with sct2_Description_Snapshot files"
    return ""


@reader("SNOMED CT RF2", _recognise, unique=True)
def read_rf2(path: Path, asked: Asked, tally: Tally) -> Iterator[Placed]:
    """Yield one concept per active concept, in the order of their numbers.

    Active synonyms are terms, the preferred one of the language refsets first; the field is the
    semantic tag of the fully specified name. `en-GB` or `en-US` among the languages asked for
    takes only what that dialect's refset accepts. Literal quotation marks are text.

    Raises:
        UserError: a description file with another header.
    """
    release = _release(path)
    ranks = _acceptability(release, asked)
    files = release.of("Description")
    rows = _described(files, ranks, asked, tally)
    active = _active(release)
    parents = _parents(release)
    definitions = _definitions(release, asked)
    opened = [os.open(file, os.O_RDONLY) for file in files]
    try:
        for group in _groups(rows):
            line = rows.line[group[0]]
            key = rows.concept[group[0]]
            if len(active) and not _has(active, key):
                tally.leave("of an inactive concept", line, len(group))
                continue
            texts = [_row(opened, rows, one) for one in group]
            terms = _terms(texts, [rows.rank[one] for one in group])
            if not terms:
                tally.leave("of a concept without a usable synonym", line, len(group))
                continue
            tally.kept += len(group)
            above = parents.get(key, ())
            concept = Concept(
                id=f"SNOMEDCT:{key}",
                terms=terms,
                definitions=definitions.get(key, {}),
                field=_semantic_tag(texts, [rows.rank[one] for one in group]),
                type=above[0] if above else "",
                broader=above,
                source="SNOMED CT",
                source_version=release.date,
                licence=LICENCE,
            )
            yield line, concept
    finally:
        for handle in opened:
            os.close(handle)


def _release(path: Path) -> _Release:
    """Return the Snapshot files of a folder by kind, or the one file."""
    if path.is_file():
        return _Release({"Description": [path]}, "")
    files: dict[str, list[Path]] = {}
    dates: list[str] = []
    for file in sorted(path.rglob("*.txt")):
        if match := _NAMES.fullmatch(file.name):
            files.setdefault(match["kind"], []).append(file)
            dates.append(match["date"])
    return _Release(files, max(dates))


def _cells(path: Path, width: int) -> Iterator[list[bytes]]:
    """Yield the active rows of a file of that many columns."""
    with path.open("rb") as file:
        for line in file:
            cells = line.rstrip(b"\r\n").split(b"\t")
            if len(cells) == width and cells[2] == b"1":
                yield cells


def _acceptability(release: _Release, asked: Asked) -> tuple[Ids, Ids, Ids | None]:
    """Return the descriptions preferred in American English, in any refset, and all asked for.

    The last is None where no dialect was asked for: then no refset leaves anything out.
    """
    wanted = {_DIALECTS[tag.casefold()] for tag in asked.languages if tag.casefold() in _DIALECTS}
    american, preferred, accepted = (array("q") for _ in range(3))
    for path in release.of("cRefset_Language"):
        for cells in _cells(path, _REFSET_WIDTH):
            if wanted and cells[4] in _DIALECTS.values() and cells[4] not in wanted:
                continue
            number = int(cells[5])
            if wanted:
                accepted.append(number)
            if cells[6] == _PREFERRED:
                (american if cells[4] == _DIALECTS["en-us"] else preferred).append(number)
    return _sorted(american), _sorted(preferred), _sorted(accepted) if wanted else None


def _described(
    files: Sequence[Path], ranks: tuple[Ids, Ids, Ids | None], asked: Asked, tally: Tally
) -> _Rows:
    """Return where the active descriptions of the languages asked for stand."""
    rows = _Rows(array("q"), array("q"), array("i"), array("i"), bytearray())
    for number, path in enumerate(files):
        with path.open("rb") as file:
            header = file.readline()
            if not header.startswith(_HEADER.encode()):
                raise UserError("not the columns of an RF2 description file", where=str(path))
            _scan(file, len(header), number, rows, ranks, asked, tally)
    return rows


def _scan(
    lines: Iterator[bytes],
    offset: int,
    number: int,
    rows: _Rows,
    ranks: tuple[Ids, Ids, Ids | None],
    asked: Asked,
    tally: Tally,
) -> None:
    """Note where the rows of one file stand that are used, and count the others."""
    wanted: dict[bytes, bool] = {}
    offset += number << _FILE_SHIFT
    for line_number, line in enumerate(lines, 2):
        here, offset = offset, offset + len(line)
        cells = line.split(b"\t")
        tally.read += 1
        reason = ""
        if len(cells) != _WIDTH or not cells[4].isdigit() or not cells[0].isdigit():
            start = line[:80].decode(errors="replace")
            tally.refuse(line_number, "not the 9 columns of a description", start)
            continue
        if cells[2] != b"1":
            reason = "inactive"
        elif (code := cells[5]) not in wanted:
            wanted[code] = asked.wants(language_tag(code.decode()))
        if not reason and not wanted[cells[5]]:
            reason = "another language than those asked for"
        rank = 3 if cells[6] == _FULL_NAME else _rank(int(cells[0]), ranks)
        if not reason and (rank > 3 or cells[6] not in {_FULL_NAME, _SYNONYM}):  # noqa: PLR2004
            reason = "not in the language refset of the dialect asked for"
        if reason:
            tally.leave(reason, line_number)
            continue
        rows.concept.append(int(cells[4]))
        rows.place.append(here)
        rows.length.append(len(line))
        rows.line.append(line_number)
        rows.rank.append(rank)


def _rank(description: int, ranks: tuple[Ids, Ids, Ids | None]) -> int:
    american, preferred, accepted = ranks
    if accepted is not None and not _has(accepted, description):
        return 4
    if _has(american, description):
        return 0
    return 1 if _has(preferred, description) else 2


def _groups(rows: _Rows) -> Iterator[list[int]]:
    """Yield the rows of each concept, in the order of concepts, the best first."""
    if not rows.concept:
        return
    concepts = np.frombuffer(rows.concept, dtype=np.int64)
    order = np.argsort(concepts, kind="stable")
    ends = np.flatnonzero(np.diff(concepts[order])) + 1
    start = 0
    for end in [*ends.tolist(), len(order)]:
        group = order[start:end].tolist()
        group.sort(key=rows.rank.__getitem__)
        yield group
        start = end


def _row(opened: Sequence[int], rows: _Rows, one: int) -> tuple[str, str]:
    """Return (language, text) of one description."""
    place = rows.place[one]
    handle, offset = opened[place >> _FILE_SHIFT], place & ((1 << _FILE_SHIFT) - 1)
    cells = os.pread(handle, rows.length[one], offset).split(b"\t")
    return language_tag(cells[5].decode()), cells[7].decode(errors="replace")


def _terms(texts: Sequence[tuple[str, str]], ranks: Sequence[int]) -> tuple[Term, ...]:
    return settled(
        Term(text, language, status="preferred" if rank < 2 else "admitted")  # noqa: PLR2004
        for (language, text), rank in zip(texts, ranks, strict=True)
        if rank < 3  # noqa: PLR2004
    )


def _semantic_tag(texts: Sequence[tuple[str, str]], ranks: Sequence[int]) -> str:
    """Return what stands in the last brackets of the fully specified name."""
    for (_, text), rank in zip(texts, ranks, strict=True):
        if rank == 3 and (match := _TAG.search(text)):  # noqa: PLR2004
            return match[1]
    return ""


def _active(release: _Release) -> Ids:
    """Return the numbers of the active concepts; none where there is no concept file."""
    found = array("q")
    for path in release.of("Concept"):
        found.extend(int(cells[0]) for cells in _cells(path, 5))
    return _sorted(found)


def _parents(release: _Release) -> dict[int, tuple[str, ...]]:
    """Return the ids of the concepts above each concept (`is a`)."""
    above: dict[int, tuple[str, ...]] = {}
    for path in release.of("Relationship"):
        for cells in _cells(path, _RELATIONSHIP_WIDTH):
            if cells[7] == _IS_A:
                child = int(cells[4])
                above[child] = (*above.get(child, ()), f"SNOMEDCT:{int(cells[5])}")
    return above


def _definitions(release: _Release, asked: Asked) -> dict[int, dict[str, str]]:
    """Return the text definitions of each concept by language."""
    found: dict[int, dict[str, str]] = {}
    for path in release.of("TextDefinition"):
        for cells in _cells(path, _WIDTH):
            language = language_tag(cells[5].decode())
            if asked.wants(language):
                text = cells[7].decode(errors="replace")
                found.setdefault(int(cells[4]), {}).setdefault(language, text)
    return found


def _sorted(numbers: Ids) -> Ids:
    """Return the numbers in order, each once."""
    return array("q", np.unique(np.frombuffer(numbers, dtype=np.int64)).tobytes())


def _has(numbers: Ids, one: int) -> bool:
    place = bisect_left(numbers, one)
    return place < len(numbers) and numbers[place] == one
