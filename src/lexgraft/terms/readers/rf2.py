"""SNOMED CT RF2: the descriptions of a Snapshot folder, joined without holding their texts."""

import re
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

import numpy as np
from msgspec import Struct

from lexgraft.records import Concept, Term
from lexgraft.terms.readers.column_scan import FilePiece, Flags, Numbers, ScannedColumn, pieces
from lexgraft.terms.readers.file_start import FileStart
from lexgraft.terms.readers.import_log import ImportLog
from lexgraft.terms.readers.import_options import ImportOptions
from lexgraft.terms.readers.reader_registry import ConceptAtLine, reader
from lexgraft.terms.readers.rf2_descriptions import (
    HEADER,
    NAME,
    WIDTH,
    AcceptedDescriptions,
    ConceptDescriptions,
    is_among,
    read_descriptions,
)
from lexgraft.terms.readers.status_labels import ranked_terms
from lexgraft.terms.text.language_tags import language_tag

LICENCE = "SNOMED CT Affiliate Licence"
_NAMES = re.compile(
    r"x?(sct2|der2)_(?P<kind>Description|TextDefinition|Concept|Relationship|cRefset_Language)"
    r"_?Snapshot.*_(?P<date>\d{8})\.txt"
)
_IS_A = b"116680003"
_PREFERRED = b"900000000000548007"
_DIALECTS = {"en-us": b"900000000000509007", "en-gb": b"900000000000508004"}
_REFSET_WIDTH, _RELATIONSHIP_WIDTH, _CONCEPT_WIDTH = 7, 10, 5


class _Release(Struct):
    """The files of a release by kind, and its date."""

    files: dict[str, list[Path]]
    date: str

    def of(self, kind: str) -> list[Path]:
        return self.files.get(kind, [])


class _Joined(Struct):
    """What other files of a release say of its concepts, numbers in order."""

    active: Numbers  # none where there is no concept file
    children: Numbers
    parents: Numbers  # of the child at the same place
    definitions: dict[int, dict[str, str]]


def _recognise(start: FileStart) -> str:
    if start.line.startswith(HEADER):
        return "the columns of an RF2 description file"
    matches = [name for name in start.names if _NAMES.fullmatch(Path(name).name)]
    if any("_Description_" in name for name in matches):
        return "a folder with sct2_Description_Snapshot files"
    return ""


@reader("SNOMED CT RF2", _recognise, unique=True)
def read_rf2(path: Path, options: ImportOptions, tally: ImportLog) -> Iterator[ConceptAtLine]:
    """Yield one concept per active concept, in the order of their numbers.

    Active synonyms are terms, the preferred one of the language refsets first; the field is the
    semantic tag of the fully specified name. `en-GB` or `en-US` among the languages asked for
    takes only what that dialect's refset accepts. Literal quotation marks are text.

    Raises:
        LexgraftError: a description file with another header.
    """
    release = _release(path)
    files, active = release.of("Description"), _active_concepts(release)
    rows = read_descriptions(files, active, _acceptability(release, options), options, tally)
    with closing(rows):
        joined = _Joined(active, *_parents(release), _definitions(release, options))
        for group in rows.groups(options.progress):
            yield from _concepts(group, rows.languages, joined, release.date, tally)
            del group  # its texts, before the next ones are read


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


def _active_rows(path: Path, width: int) -> Iterator[tuple[FilePiece, Flags]]:
    """Yield a file piece by piece with its active rows."""
    for piece in pieces(path, b"\t", width, header=True):
        yield piece, piece.equals(2, b"1")


def _acceptability(release: _Release, options: ImportOptions) -> AcceptedDescriptions:
    """Return what the language refsets say of the descriptions."""
    dialects = {
        _DIALECTS[tag.casefold()] for tag in options.languages if tag.casefold() in _DIALECTS
    }
    other_dialects = [
        dialect for dialect in _DIALECTS.values() if dialects and dialect not in dialects
    ]
    files = release.of("cRefset_Language")
    american, preferred, accepted = (ScannedColumn(files) for _ in range(3))
    for path in files:
        for piece, active in _active_rows(path, _REFSET_WIDTH):
            in_others = [piece.equals(4, dialect) for dialect in other_dialects]
            counted = active & ~np.any(in_others, axis=0)
            description, is_preferred = piece.numbers(5), piece.equals(6, _PREFERRED)
            is_american = piece.equals(4, _DIALECTS["en-us"])
            if dialects:
                accepted.add(description[counted])
            american.add(description[counted & is_preferred & is_american])
            preferred.add(description[counted & is_preferred & ~is_american])
    return AcceptedDescriptions(
        american=np.sort(american.numbers()),
        preferred=np.sort(preferred.numbers()),
        dialect=np.sort(accepted.numbers()) if dialects and files else None,
    )


def _concepts(
    group: ConceptDescriptions,
    languages: Sequence[str],
    joined: _Joined,
    version: str,
    tally: ImportLog,
) -> Iterator[ConceptAtLine]:
    """Yield the active concepts that have a term; count the descriptions of the others."""
    lines, language_numbers = group.lines[group.starts].tolist(), group.languages.tolist()
    sizes = np.add.reduceat(group.kinds < NAME, group.starts, dtype=np.int64).tolist()
    ends = [*group.starts[1:].tolist(), len(group.texts)]
    alive = is_among(group.concepts, joined.active) | (len(joined.active) == 0)
    above = _parents_of(group.concepts, joined)
    rows = zip(
        group.concepts.tolist(),
        lines,
        group.starts.tolist(),
        sizes,
        ends,
        alive.tolist(),
        above,
        strict=True,
    )
    for number, line, start, size, end, active, parents in rows:
        if not active:
            tally.skip_row(line, "of an inactive concept", end - start)
        elif not size:
            tally.skip_row(line, "of a concept without a usable synonym", end - start)
        else:
            tally.kept += end - start
            texts = group.texts[start : start + size]
            yield (
                line,
                Concept(
                    id=f"SNOMEDCT:{number}",
                    terms=_terms(texts, language_numbers[start : start + size], languages),
                    definitions=joined.definitions.get(number, {}),
                    field=_semantic_tag(group.texts[start + size : end]),
                    type=parents[0] if parents else "",
                    broader=parents,
                    source="SNOMED CT",
                    source_version=version,
                    licence=LICENCE,
                ),
            )


def _semantic_tag(names: Sequence[str]) -> str:
    """Return the semantic tag: what the last brackets of a fully specified name hold."""
    for name in names:
        opened, _, tag = name.rstrip().rpartition("(")
        if opened and tag.endswith(")") and (inner := tag[:-1]) and ")" not in inner:
            return inner
    return ""


def _terms(
    texts: Sequence[str], language_numbers: Sequence[int], languages: Sequence[str]
) -> tuple[Term, ...]:
    """Return the terms of one concept, of each language the first preferred."""
    if len(languages) > 1 or len(set(texts)) < len(texts):
        return ranked_terms(
            Term(text, languages[number], "unknown", "admitted" if index else "preferred")
            for index, (text, number) in enumerate(zip(texts, language_numbers, strict=True))
        )
    language = languages[0]
    synonyms = [Term(text, language, "unknown", "admitted") for text in texts[1:]]
    return (Term(texts[0], language, "unknown", "preferred"), *synonyms)


def _active_concepts(release: _Release) -> Numbers:
    """Return the numbers of the active concepts; none where there is no concept file."""
    files = release.of("Concept")
    concepts = ScannedColumn(files)
    for path in files:
        for piece, active in _active_rows(path, _CONCEPT_WIDTH):
            concepts.add(piece.numbers(0)[active])
    return np.sort(concepts.numbers())


def _parents(release: _Release) -> tuple[Numbers, Numbers]:
    """Return the concepts that have one above them (`is a`), in order, and that one."""
    files = release.of("Relationship")
    children, parents = ScannedColumn(files), ScannedColumn(files)
    for path in files:
        for piece, active in _active_rows(path, _RELATIONSHIP_WIDTH):
            is_parent = active & piece.equals(7, _IS_A)
            children.add(piece.numbers(4)[is_parent])
            parents.add(piece.numbers(5)[is_parent])
    order = np.argsort(children.numbers(), kind="stable")
    return children.numbers()[order], parents.numbers()[order]


def _parents_of(concepts: Numbers, joined: _Joined) -> list[tuple[str, ...]]:
    """Return the ids of the concepts above each; the concepts are in order."""
    low = np.searchsorted(joined.children, concepts, "left")
    high = np.searchsorted(joined.children, concepts, "right")
    first = int(low[0])
    above = [f"SNOMEDCT:{number}" for number in joined.parents[first : high[-1]].tolist()]
    ends = zip((low - first).tolist(), (high - first).tolist(), strict=True)
    return [tuple(above[start:end]) for start, end in ends]


def _definitions(release: _Release, options: ImportOptions) -> dict[int, dict[str, str]]:
    """Return the text definitions of each concept by language."""
    definitions: dict[int, dict[str, str]] = {}
    for path in release.of("TextDefinition"):
        for piece, active in _active_rows(path, WIDTH):
            concepts = piece.numbers(4)
            for row in np.flatnonzero(active).tolist():
                language = language_tag(piece.text(row, 5))
                if options.wants(language):
                    definitions.setdefault(int(concepts[row]), {}).setdefault(
                        language, piece.text(row, 7)
                    )
    return definitions
