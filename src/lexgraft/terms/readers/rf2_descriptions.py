"""The descriptions of an RF2 release, gathered by concept without holding all their texts."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryFile

import numpy as np
from msgspec import Struct

from lexgraft.errors import LexgraftError
from lexgraft.records import Progress
from lexgraft.terms.readers.column_scan import (
    FilePiece,
    Flags,
    Numbers,
    line_count,
    pieces,
    skip_rows,
)
from lexgraft.terms.readers.import_log import ImportLog
from lexgraft.terms.readers.import_options import ImportOptions
from lexgraft.terms.text.language_tags import language_tag

HEADER = "id\teffectiveTime\tactive\tmoduleId\tconceptId\tlanguageCode\ttypeId\tterm\tcase"
WIDTH = 9
PREFERRED_IN_AMERICA, PREFERRED_SOMEWHERE, ACCEPTABLE, NAME = range(4)  # kinds, the best first
_KIND_BITS, _KIND = 2, 3  # and their mask
_FULL_NAME = b"900000000000003001"
_LONGEST = 0xFFFF  # bytes of a term
_LINE, _LANGUAGE = 32, 16  # shifts of the line and the language's number above a term's length
_OTHER_DIALECT = "not in the language refset of the dialect asked for"
_EVERY = 64  # of so many concepts one is looked at to find ranges of about equal size
_TOGETHER = 1 << 16  # descriptions that are held with their texts, about


class DescriptionRows:
    """The descriptions that are used, put aside on disk by ranges of concept numbers."""

    def __init__(self, bounds: Numbers) -> None:
        """Open a pair of files for each range between two bounds, which are in order."""
        self.languages: list[str] = []  # by their numbers
        self._bounds = bounds
        with ExitStack() as opened:
            self._files = [
                (opened.enter_context(TemporaryFile()), opened.enter_context(TemporaryFile()))
                for _ in range(len(bounds) + 1)
            ]
            self.close = opened.pop_all().close

    def add(
        self, piece: FilePiece, used: Flags, concepts: Numbers, kind: Numbers, language: Numbers
    ) -> None:
        """Put some rows of a piece aside: concept, how good the term is, line, language, term."""
        concepts = concepts[used]
        ranges = np.searchsorted(self._bounds, concepts, side="right")
        order = np.argsort(ranges, kind="stable")
        length = piece.lengths(7)[used]
        packed = piece.lines[used] << _LINE | language[used] << _LANGUAGE | length
        table = np.column_stack((concepts << _KIND_BITS | kind[used], packed))[order]
        first, length = piece.starts(7)[used][order], length[order]
        ends = np.cumsum(length)
        letters = piece.signs[np.arange(length.sum()) + np.repeat(first - ends + length, length)]
        limits = np.searchsorted(ranges[order], np.arange(len(self._files) + 1)).tolist()
        ends = np.concatenate(([0], ends)).tolist()
        for (rows, texts), low, high in zip(self._files, limits, limits[1:], strict=False):
            if low < high:
                rows.write(table[low:high].tobytes())
                texts.write(letters[ends[low] : ends[high]].tobytes())

    def groups(self, progress: Progress) -> Iterator["ConceptDescriptions"]:
        """Yield the descriptions of some concepts at a time, in the order of their numbers."""
        for done, (rows, texts) in enumerate(self._files):
            progress("joining the descriptions", done, len(self._files))
            rows.seek(0)
            texts.seek(0)
            table = np.frombuffer(rows.read(), np.int64).reshape(-1, 2)
            if len(table):
                yield _grouped(table[:, 0], table[:, 1], texts.read())


class AcceptedDescriptions(Struct):
    """What the language refsets say: descriptions in order."""

    american: Numbers  # preferred in American English
    preferred: Numbers  # preferred in any other
    dialect: Numbers | None  # accepted in the dialect asked for; None: nothing is left out


class ConceptDescriptions(Struct):
    """Some concepts, in order, and their descriptions, each concept's best first."""

    concepts: Numbers
    starts: Numbers  # of their descriptions
    kinds: Numbers
    languages: Numbers  # their numbers
    lines: Numbers
    texts: list[str]


def read_descriptions(
    files: Sequence[Path],
    concepts: Numbers,
    accepted: AcceptedDescriptions,
    options: ImportOptions,
    tally: ImportLog,
) -> DescriptionRows:
    """Return the active descriptions of the languages asked for; the concepts are in order.

    Raises:
        LexgraftError: a file with another header.
    """
    lines = sum(map(line_count, files))
    rows = DescriptionRows(
        _bounds(concepts if len(concepts) else _sample(files), lines // _TOGETHER)
    )
    with ExitStack() as failing:
        failing.callback(rows.close)
        for path in files:
            _read_file(path, rows, accepted, options, tally)
        failing.pop_all()
    return rows


def _read_file(
    path: Path,
    rows: DescriptionRows,
    accepted: AcceptedDescriptions,
    options: ImportOptions,
    tally: ImportLog,
) -> None:
    """Take the active descriptions of one file."""
    numbers: dict[int, int] = {}
    with path.open("rb") as opened:
        if not opened.readline().startswith(HEADER.encode()):
            raise LexgraftError("not the columns of an RF2 description file", where=str(path))
    for piece in pieces(path, b"\t", WIDTH, options.progress, header=True):
        tally.read += piece.read
        ids, concepts = piece.numbers(0), piece.numbers(4)
        usable = _usable(piece, (ids < 0) | (concepts < 0), tally)
        language = _languages(piece, numbers, rows.languages, options)
        other_language = usable & (language < 0)
        skip_rows(tally, piece.lines[other_language], "another language than those asked for")
        kind = _kinds(ids, piece.equals(6, _FULL_NAME), accepted)
        used = usable & ~other_language
        if accepted.dialect is not None:
            accepts = (kind == NAME) | is_among(ids, accepted.dialect)
            skip_rows(tally, piece.lines[used & ~accepts], _OTHER_DIALECT)
            used &= accepts
        rows.add(piece, used, concepts, kind, language)


def _sample(files: Sequence[Path]) -> Numbers:
    """Return some concepts of description files, in order."""
    samples = [
        piece.numbers(4)[::_EVERY]
        for path in files
        for piece in pieces(path, b"\t", WIDTH, header=True)
    ]
    return np.sort(np.concatenate([np.zeros(0, np.int64), *samples]))


def _bounds(concepts: Numbers, count: int) -> Numbers:
    """Return that many numbers that cut concepts in order into about equal parts."""
    positions = np.arange(1, count + 1) * len(concepts) // (count + 1)
    return concepts[positions] if len(concepts) else concepts


def _usable(piece: FilePiece, wrong: Flags, tally: ImportLog) -> Flags:
    """Tell which rows are active descriptions; count the others."""
    wrong |= piece.lengths(7) > _LONGEST
    odd = [(line, row[:80].decode(errors="replace")) for line, row in piece.odd]
    for row in np.flatnonzero(wrong):
        start = piece.data[piece.edges[row, 0] + 1 :][:80].partition(b"\n")[0]
        odd.append((int(piece.lines[row]), start.decode(errors="replace")))
    for line, text in sorted(odd):
        tally.refuse_row(line, "not the 9 columns of a description", text)
    active = piece.equals(2, b"1")
    skip_rows(tally, piece.lines[~wrong & ~active], "inactive")
    return ~wrong & active


def _languages(
    piece: FilePiece, numbers: dict[int, int], languages: list[str], options: ImportOptions
) -> Numbers:
    """Return the number of each row's language, -1 for one that is not asked for."""
    codes, first, inverse = np.unique(piece.codes(5), return_index=True, return_inverse=True)
    for code, row in zip(codes.tolist(), first.tolist(), strict=True):
        if code not in numbers:
            numbers[code] = _number(piece.text(row, 5), languages, options)
    language_numbers = np.array([numbers[code] for code in codes.tolist()], np.int64)
    return language_numbers[inverse]


def _number(code: str, languages: list[str], options: ImportOptions) -> int:
    """Return the number of a language, -1 for one that is not asked for."""
    language = language_tag(code)
    if not options.wants(language):
        return -1
    if language not in languages:
        languages.append(language)
    return languages.index(language)


def _kinds(ids: Numbers, full: Flags, accepted: AcceptedDescriptions) -> Numbers:
    """Return how good the terms of some descriptions are."""
    kind = np.full(len(ids), ACCEPTABLE)
    kind[is_among(ids, accepted.preferred)] = PREFERRED_SOMEWHERE
    kind[is_among(ids, accepted.american)] = PREFERRED_IN_AMERICA
    kind[full] = NAME
    return kind


def _grouped(keys: Numbers, packed: Numbers, texts: bytes) -> ConceptDescriptions:
    """Return the descriptions of one range in the order of their concepts."""
    order = np.argsort(keys, kind="stable")
    ends = np.cumsum(packed & _LONGEST)
    starts = ends - (packed & _LONGEST)
    keys, packed = keys[order], packed[order]
    concepts = keys >> _KIND_BITS
    first = np.flatnonzero(np.diff(concepts, prepend=-1))
    spans = zip(starts[order].tolist(), ends[order].tolist(), strict=True)
    return ConceptDescriptions(
        concepts[first],
        first,
        keys & _KIND,
        packed >> _LANGUAGE & _LONGEST,
        packed >> _LINE,
        [texts[start:end].decode(errors="replace") for start, end in spans],
    )


def is_among(numbers: Numbers, members: Numbers) -> Flags:
    """Tell which numbers are among the members, which are in order."""
    if not len(members):
        return np.zeros(len(numbers), dtype=np.bool_)
    positions = np.searchsorted(members, numbers)
    positions[positions == len(members)] = 0
    return members[positions] == numbers
