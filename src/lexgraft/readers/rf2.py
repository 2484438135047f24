"""SNOMED CT RF2: the descriptions of a Snapshot folder, joined without holding their texts."""

import os
import re
from array import array
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Bool, Int64
from msgspec import Struct
from msgspec.structs import replace

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
_IS_A = b"116680003"
_PREFERRED = b"900000000000548007"
_DIALECTS = {"en-us": b"900000000000509007", "en-gb": b"900000000000508004"}
_TAG = re.compile(r"\(([^()]+)\)\s*$")
_WIDTH, _REFSET_WIDTH, _RELATIONSHIP_WIDTH, _CONCEPT_WIDTH = 9, 7, 10, 5
_FILE_SHIFT = 48  # an offset and the number of its file in one integer
_BLOCK = 4096  # rows that are numbers of Python at a time
_PREFERRED_IN_AMERICA, _PREFERRED_SOMEWHERE, _ACCEPTABLE, _NAME = range(4)  # the best first
_KINDS = {b"900000000000003001": _NAME, b"900000000000013009": _ACCEPTABLE}

Numbers = Int64[np.ndarray, "_"]
Flags = Bool[np.ndarray, "_"]

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
    """Where the terms that are used stand: parallel columns, small for millions of them."""

    concept: Ids
    description: Ids
    place: Ids  # file number and offset
    length: Ids
    line: Ids
    kind: bytearray  # full name or synonym, later how good a synonym
    language: bytearray  # number in `languages`
    languages: list[str]


class _Joined(Struct):
    """What other files of a release say of its concepts."""

    active: Ids  # in order; none where there is no concept file
    parents: dict[int, tuple[str, ...]]
    definitions: dict[int, dict[str, str]]


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
    rows = _described(release, asked, tally)
    order = _ranked(rows, _acceptability(release, asked), tally)
    joined = _Joined(_active(release), _parents(release), _definitions(release, asked))
    opened = [os.open(file, os.O_RDONLY) for file in release.of("Description")]
    try:
        for group in _groups(rows.concept, order):
            line = rows.line[group[0]]
            if joined.active and not _has(joined.active, rows.concept[group[0]]):
                tally.leave("of an inactive concept", line, len(group))
                continue
            concept = _concept(rows, group, [_text(opened, rows, one) for one in group], joined)
            if concept.terms:
                tally.kept += len(group)
                yield line, replace(concept, source_version=release.date)
            else:
                tally.leave("of a concept without a usable synonym", line, len(group))
    finally:
        for handle in opened:
            os.close(handle)


def _concept(rows: _Rows, group: list[int], texts: list[str], joined: _Joined) -> Concept:
    """Return the concept of some descriptions, the best of them first."""
    number = rows.concept[group[0]]
    terms: list[Term] = []
    tag = ""
    for one, text in zip(group, texts, strict=True):
        kind = rows.kind[one]
        if kind == _NAME:
            match = _TAG.search(text)
            tag = tag or (match[1] if match else "")
        else:
            status = "admitted" if kind == _ACCEPTABLE else "preferred"
            terms.append(Term(text, rows.languages[rows.language[one]], status=status))
    above = joined.parents.get(number, ())
    return Concept(
        id=f"SNOMEDCT:{number}",
        terms=settled(terms),
        definitions=joined.definitions.get(number, {}),
        field=tag,
        type=above[0] if above else "",
        broader=above,
        source="SNOMED CT",
        licence=LICENCE,
    )


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


def _acceptability(release: _Release, asked: Asked) -> tuple[Numbers, Numbers, Numbers | None]:
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


def _described(release: _Release, asked: Asked, tally: Tally) -> _Rows:
    """Return where the active descriptions of the languages asked for stand."""
    columns = (array("q"), array("q"), array("q"), array("i"), array("i"))
    rows = _Rows(*columns, bytearray(), bytearray(), [])
    for number, path in enumerate(release.of("Description")):
        with path.open("rb") as file:
            header = file.readline()
            if not header.startswith(_HEADER.encode()):
                raise UserError("not the columns of an RF2 description file", where=str(path))
            offset = (number << _FILE_SHIFT) + len(header)
            for line_number, line in enumerate(file, 2):
                tally.read += 1
                cells = line.split(b"\t")
                if len(cells) != _WIDTH or not (cells[0].isdigit() and cells[4].isdigit()):
                    start = line[:80].decode(errors="replace")
                    tally.refuse(line_number, "not the 9 columns of a description", start)
                elif cells[2] != b"1":
                    tally.leave("inactive", line_number)
                else:
                    end = offset + len(line) - len(cells[8]) - 1
                    _note(rows, cells, end, line_number, asked, tally)
                offset += len(line)
    return rows


def _note(rows: _Rows, cells: list[bytes], end: int, line: int, asked: Asked, tally: Tally) -> None:
    """Note where the term of an active row ends, unless its language or kind is not taken."""
    language = _language(cells[5])
    if cells[6] not in _KINDS:
        tally.leave("neither a synonym nor a full name", line)
    elif not asked.wants(language):
        tally.leave("another language than those asked for", line)
    else:
        if language not in rows.languages:
            rows.languages.append(language)
        rows.concept.append(int(cells[4]))
        rows.description.append(int(cells[0]))
        rows.place.append(end - len(cells[7]))
        rows.length.append(len(cells[7]))
        rows.line.append(line)
        rows.kind.append(_KINDS[cells[6]])
        rows.language.append(rows.languages.index(language))


@cache
def _language(code: bytes) -> str:
    return language_tag(code.decode(errors="replace"))


def _ranked(
    rows: _Rows, accepted: tuple[Numbers, Numbers, Numbers | None], tally: Tally
) -> Numbers:
    """Return the rows in the order of their concepts, the best first; set how good each is."""
    american, preferred, all_accepted = accepted
    kinds = np.frombuffer(rows.kind, dtype=np.uint8)
    numbers = np.frombuffer(rows.description, dtype=np.int64)
    synonym = kinds == _ACCEPTABLE
    kinds[synonym & _among(numbers, preferred)] = _PREFERRED_SOMEWHERE
    kinds[synonym & _among(numbers, american)] = _PREFERRED_IN_AMERICA
    order = np.lexsort((kinds, np.frombuffer(rows.concept, dtype=np.int64)))
    if all_accepted is not None:
        taken = ~synonym | _among(numbers, all_accepted)
        for place in np.flatnonzero(~taken).tolist():
            tally.leave("not in the language refset of the dialect asked for", rows.line[place])
        order = order[taken[order]]
    return order


def _groups(concepts: Ids, order: Numbers) -> Iterator[list[int]]:
    """Yield the rows of each concept."""
    group: list[int] = []
    for start in range(0, len(order), _BLOCK):
        for one in order[start : start + _BLOCK].tolist():
            if group and concepts[group[0]] != concepts[one]:
                yield group
                group = []
            group.append(one)
    if group:
        yield group


def _text(opened: Sequence[int], rows: _Rows, one: int) -> str:
    """Return the term of one description."""
    place = rows.place[one]
    offset = place & ((1 << _FILE_SHIFT) - 1)
    return os.pread(opened[place >> _FILE_SHIFT], rows.length[one], offset).decode(errors="replace")


def _active(release: _Release) -> Ids:
    """Return the numbers of the active concepts; none where there is no concept file."""
    found = array("q")
    for path in release.of("Concept"):
        found.extend(int(cells[0]) for cells in _cells(path, _CONCEPT_WIDTH))
    return array("q", _sorted(found).tobytes())


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


def _sorted(numbers: Ids) -> Numbers:
    """Return the numbers in order, each once."""
    return np.unique(np.frombuffer(numbers, dtype=np.int64))


def _among(numbers: Numbers, known: Numbers) -> Flags:
    """Tell which numbers are known; the known ones are in order."""
    if not len(known):
        return np.zeros(len(numbers), dtype=np.bool_)
    places = np.searchsorted(known, numbers)
    places[places == len(known)] = 0
    return known[places] == numbers


def _has(numbers: Ids, one: int) -> bool:
    place = bisect_left(numbers, one)
    return place < len(numbers) and numbers[place] == one
