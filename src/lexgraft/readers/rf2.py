"""SNOMED CT RF2: the descriptions of a Snapshot folder, joined without holding their texts."""

import os
import re
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Bool, Int64
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
_IS_A = b"116680003"
_PREFERRED = b"900000000000548007"
_DIALECTS = {"en-us": b"900000000000509007", "en-gb": b"900000000000508004"}
_TAG = re.compile(r"\(([^()]+)\)\s*$")
_WIDTH, _REFSET_WIDTH, _RELATIONSHIP_WIDTH, _CONCEPT_WIDTH = 9, 7, 10, 5
_FILE_SHIFT = 48  # an offset and the number of its file in one integer
_OFFSET = (1 << _FILE_SHIFT) - 1
_BLOCK = 1 << 16  # numbers that are objects of Python at a time
_PREFERRED_IN_AMERICA, _PREFERRED_SOMEWHERE, _ACCEPTABLE, _NAME = range(4)  # the best first
_FULL_NAME = b"900000000000003001"

Found = tuple[int, int, str]
"""A description: its kind, the number of its language, its term."""
Numbers = Int64[np.ndarray, "_"]
Block = Int64[np.ndarray, "row 4"]
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
    place: Ids  # file number and offset
    rest: Ids  # line, language, kind and length in one number, see `_blocks`
    languages: list[str]  # by their numbers


class _Accepted(Struct):
    """What the language refsets say: descriptions in order."""

    american: Numbers  # preferred in American English
    preferred: Numbers  # preferred in any other
    dialect: Numbers | None  # accepted in the dialect asked for; None: nothing is left out


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
    rows = _described(release, _acceptability(release, asked), asked, tally)
    joined = _Joined(_active(release), _parents(release), _definitions(release, asked))
    for number, line, terms in _groups(rows, release.of("Description")):
        if joined.active and not _has(joined.active, number):
            tally.leave("of an inactive concept", line, len(terms))
            continue
        concept = _concept(number, terms, rows.languages, joined, release.date)
        if concept.terms:
            tally.kept += len(terms)
            yield line, concept
        else:
            tally.leave("of a concept without a usable synonym", line, len(terms))


def _concept(
    number: int, found: list[Found], languages: list[str], joined: _Joined, version: str
) -> Concept:
    """Return the concept of some descriptions, the best of them first."""
    terms: list[Term] = []
    tag = ""
    for kind, language, text in found:
        if kind < _NAME:
            status = "admitted" if terms else "preferred"
            terms.append(Term(text, languages[language], "unknown", status))
        elif not tag and (match := _TAG.search(text)):
            tag = match[1]
    above = joined.parents.get(number, ())
    plain = len(languages) == 1 and len({term.text for term in terms}) == len(terms)
    return Concept(
        id=f"SNOMEDCT:{number}",
        terms=tuple(terms) if plain else settled(terms),
        definitions=joined.definitions.get(number, {}),
        field=tag,
        type=above[0] if above else "",
        broader=above,
        source="SNOMED CT",
        source_version=version,
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
            cells = line.split(b"\t")  # the last with the end of the line
            if len(cells) == width and cells[2] == b"1":
                yield cells


def _acceptability(release: _Release, asked: Asked) -> _Accepted:
    """Return what the language refsets say of the descriptions."""
    wanted = {_DIALECTS[tag.casefold()] for tag in asked.languages if tag.casefold() in _DIALECTS}
    american, preferred, accepted = (array("q") for _ in range(3))
    for path in release.of("cRefset_Language"):
        for cells in _cells(path, _REFSET_WIDTH):
            if wanted and cells[4] in _DIALECTS.values() and cells[4] not in wanted:
                continue
            number = int(cells[5])
            if wanted:
                accepted.append(number)
            if cells[6].startswith(_PREFERRED):
                (american if cells[4] == _DIALECTS["en-us"] else preferred).append(number)
    dialect = _sorted(accepted) if wanted and release.of("cRefset_Language") else None
    return _Accepted(_sorted(american), _sorted(preferred), dialect)


def _described(release: _Release, accepted: _Accepted, asked: Asked, tally: Tally) -> _Rows:
    """Return where the active descriptions of the languages asked for stand."""
    rows = _Rows(array("q"), array("q"), array("q"), [])
    for number, path in enumerate(release.of("Description")):
        with path.open("rb") as file:
            header = file.readline()
            if not header.startswith(_HEADER.encode()):
                raise UserError("not the columns of an RF2 description file", where=str(path))
            start = (number << _FILE_SHIFT) + len(header)
            for block in _blocks(file, start, rows.languages, asked, tally):
                _keep(rows, np.array(block, dtype=np.int64).reshape(-1, 4), accepted, tally)
    return rows


def _blocks(
    lines: Iterable[bytes], place: int, languages: list[str], asked: Asked, tally: Tally
) -> Iterator[list[int]]:
    """Yield (concept, description, place of the term, rest) of active rows, flat, in blocks."""
    numbers: dict[bytes, int] = {}
    block: list[int] = []
    read = 0
    for line in lines:
        read += 1
        cells = line.split(b"\t")
        if len(cells) != _WIDTH or not cells[0].isdigit() or not cells[4].isdigit():
            start = line[:80].decode(errors="replace")
            tally.refuse(read + 1, "not the 9 columns of a description", start)
        elif cells[2] != b"1":
            tally.leave("inactive", read + 1)
        else:
            code, text = cells[5], cells[7]
            if code not in numbers:
                numbers[code] = _number(code, languages, asked)
            if (language := numbers[code]) < 0:
                tally.leave("another language than those asked for", read + 1)
            else:
                kind = _NAME if cells[6] == _FULL_NAME else _ACCEPTABLE
                rest = (((read + 1 << 8 | language) << 2 | kind) << 16) | len(text)
                end = place + len(line) - len(cells[8]) - 1
                block += (int(cells[4]), int(cells[0]), end - len(text), rest)
        place += len(line)
        if len(block) >= _BLOCK:
            yield block
            block = []
    tally.read += read
    yield block


def _number(code: bytes, languages: list[str], asked: Asked) -> int:
    """Return the number of a language, -1 for one that is not asked for."""
    language = language_tag(code.decode(errors="replace"))
    if not asked.wants(language):
        return -1
    if language not in languages:
        languages.append(language)
    return languages.index(language)


def _keep(rows: _Rows, block: Block, accepted: _Accepted, tally: Tally) -> None:
    """Add a block's rows with how good their terms are; leave out those a dialect does not take."""
    description, rest = block[:, 1], block[:, 3]
    kind = rest >> 16 & 3
    synonym = kind == _ACCEPTABLE
    better = np.zeros_like(kind)
    better[synonym & _among(description, accepted.preferred)] = _ACCEPTABLE - _PREFERRED_SOMEWHERE
    better[synonym & _among(description, accepted.american)] = _ACCEPTABLE - _PREFERRED_IN_AMERICA
    taken = np.ones(len(block), dtype=np.bool_)
    if accepted.dialect is not None:
        taken = ~synonym | _among(description, accepted.dialect)
        for line in (rest[~taken] >> 26).tolist():
            tally.leave("not in the language refset of the dialect asked for", line)
    for column, values in (
        (rows.concept, block[:, 0]),
        (rows.place, block[:, 2]),
        (rows.rest, rest - (better << 16)),
    ):
        column.frombytes(values[taken].tobytes())


def _groups(rows: _Rows, files: Sequence[Path]) -> Iterator[tuple[int, int, list[Found]]]:
    """Yield (concept, line, its descriptions with the best first), in the order of concepts."""
    concepts, places, rests = (
        np.frombuffer(column, dtype=np.int64) for column in (rows.concept, rows.place, rows.rest)
    )
    order = np.argsort(concepts * 4 + (rests >> 16 & 3), kind="stable").astype(np.int32)
    opened = [os.open(file, os.O_RDONLY) for file in files]
    last, first_line = -1, 0
    group: list[Found] = []
    try:
        for start in range(0, len(order), _BLOCK // 4):
            some = order[start : start + _BLOCK // 4]
            columns = (concepts[some].tolist(), places[some].tolist(), rests[some].tolist())
            for concept, place, rest in zip(*columns, strict=True):
                if concept != last:
                    if group:
                        yield last, first_line, group
                    last, first_line, group = concept, rest >> 26, []
                handle = opened[place >> _FILE_SHIFT]
                text = os.pread(handle, rest & 0xFFFF, place & _OFFSET).decode(errors="replace")
                group.append((rest >> 16 & 3, rest >> 18 & 0xFF, text))
        if group:
            yield last, first_line, group
    finally:
        for handle in opened:
            os.close(handle)


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
