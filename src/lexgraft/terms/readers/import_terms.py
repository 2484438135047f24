"""Term bases on their way in: recognised, read row by row, screened, and joined by id."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from lexgraft.errors import LexgraftError
from lexgraft.files.plugins import load_installed
from lexgraft.records import Concept
from lexgraft.terms.readers.file_start import start_of
from lexgraft.terms.readers.import_log import ImportLog
from lexgraft.terms.readers.import_options import ImportOptions
from lexgraft.terms.readers.reader_registry import FORMATS, ConceptAtLine, Format
from lexgraft.terms.readers.refused_characters import with_clean_texts
from lexgraft.terms.readers.status_labels import ranked_terms


class FileImport(Struct):
    """One file: the format it was taken for and why, and what became of its rows."""

    path: str
    format: str
    why: str
    tally: ImportLog
    concepts: int = 0


class TermImport:
    """The concepts of some files, to be iterated once; `readings` then says what was read."""

    def __init__(
        self, paths: Sequence[Path], options: ImportOptions | None = None, *, strict: bool = False
    ) -> None:
        self.options = options or ImportOptions()
        chosen = [(path, *recognise(path)) for path in paths]
        self.readings = [
            FileImport(str(path), form.name, why, ImportLog(str(path), strict=strict))
            for path, form, why in chosen
        ]
        self._forms = [form for _, form, _ in chosen]
        self._origin: dict[str, int] = {}  # id → line and file in one number: there are many

    def __iter__(self) -> Iterator[Concept]:
        """Yield the concepts file by file, those of additions that no file has at the end.

        Raises:
            LexgraftError: a file that is broken or has no concepts; if strict, a faulty row.
        """
        additions = self._additions()
        for form, reading in zip(self._forms, self.readings, strict=True):
            if not form.adds:
                for concept in self._of(form, reading):
                    added = additions.pop(concept.id, None)
                    yield _with_additions(concept, added) if added else concept
        yield from additions.values()

    def _additions(self) -> dict[str, Concept]:
        """Return what files such as translations add, by concept."""
        additions: dict[str, Concept] = {}
        for form, reading in zip(self._forms, self.readings, strict=True):
            for concept in self._of(form, reading) if form.adds else ():
                earlier = additions.get(concept.id)
                additions[concept.id] = _with_additions(earlier, concept) if earlier else concept
        return additions

    def _of(self, form: Format, reading: FileImport) -> Iterator[Concept]:
        """Yield one file's concepts, checked and counted."""
        tally = reading.tally
        for line, concept in _decoded(form.read(Path(reading.path), self.options, tally), reading):
            usable = self._checked(line, concept, form, reading)
            if usable is not None:
                reading.concepts += 1
                yield usable
        if not reading.concepts:
            raise LexgraftError(
                f"no concepts in the term base, read as {form.name} ({reading.why})"
                f"{_reasons(tally)}",
                where=reading.path,
                cure="check the file, and the languages asked for",
            )

    def _checked(
        self, line: int, concept: Concept, form: Format, reading: FileImport
    ) -> Concept | None:
        """Return a concept that can be used, after counting what is wrong with it."""
        tally = reading.tally
        if not concept.id.strip():
            tally.refuse_row(line, "a concept without an id", cure="give every concept an id")
            return None
        if not concept.terms:
            tally.refuse_row(line, "a concept without a term", concept.id)
            return None
        if not form.adds and not (form.unique and len(self.readings) == 1):
            number = len(self.readings)
            origin = line * number + self.readings.index(reading)
            first = self._origin.setdefault(concept.id, origin)
            if first != origin:
                where = f"{self.readings[first % number].path}:{first // number}"
                cure = "keep one of them, or give one another id"
                what = f"concept `{concept.id}` occurs twice, first in {where}"
                tally.refuse_row(line, what, cure=cure)
                return None
        return with_clean_texts(line, concept, self.options, tally)


def _decoded(concepts: Iterator[ConceptAtLine], reading: FileImport) -> Iterator[ConceptAtLine]:
    """Yield what a reader yields; text in another encoding than its format's is told.

    Raises:
        LexgraftError: the file is no text in that encoding.
    """
    try:
        yield from concepts
    except UnicodeError as error:
        raise LexgraftError(
            f"read as {reading.format}, and not in its encoding: {error}",
            where=reading.path,
            cure="save it as UTF-8",
        ) from error


def read_concepts(paths: Sequence[Path], options: ImportOptions | None = None) -> list[Concept]:
    """Return the concepts of all files, file by file, in file order.

    Raises:
        LexgraftError: a file that is missing, empty, broken or of an unknown form; the first row
            that cannot be used; an id that occurs twice.
    """
    return list(TermImport(paths, options, strict=True))


def recognise(path: Path) -> tuple[Format, str]:
    """Return the format of a file or folder, and why it is taken for it.

    Readers of installed packages are asked after those of this one, which claim nothing doubtful.

    Raises:
        LexgraftError: it is missing, empty, or of no known format.
    """
    start = start_of(path)
    load_installed("lexgraft.readers")
    for form in sorted(FORMATS, key=lambda form: form.fallback):
        if why := form.recognise(start):
            return form, why
    if start.root.fault:
        raise LexgraftError(
            f"broken XML: {start.root.fault}", where=str(path), cure="save it as UTF-8"
        )
    names = ", ".join(sorted(form.name for form in FORMATS))
    raise LexgraftError("no known term base", where=str(path), cure=f"give one of: {names}")


def _with_additions(concept: Concept, added: Concept) -> Concept:
    """Return a concept with another's terms, definitions and origin added to its own."""
    return replace(
        concept,
        terms=ranked_terms((*concept.terms, *added.terms)),
        definitions={**added.definitions, **concept.definitions},
        source=_joined_origins(concept.source, added.source),
        source_version=_joined_origins(concept.source_version, added.source_version),
        licence=_joined_origins(concept.licence, added.licence),
    )


def _joined_origins(*texts: str) -> str:
    origins = [origin for text in texts for origin in text.split(" + ") if origin]
    return " + ".join(dict.fromkeys(origins))


def _reasons(tally: ImportLog) -> str:
    """Return the commonest reasons why rows were not kept."""
    counts = {reason: passed.count for reason, passed in (tally.left_out | tally.texts).items()}
    for refusal in tally.refused:
        counts[refusal.reason] = counts.get(refusal.reason, 0) + 1
    commonest = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))[:3]
    return "".join(f"; {count} × {reason}" for reason, count in commonest)
