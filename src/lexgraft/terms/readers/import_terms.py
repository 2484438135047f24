"""Term bases on their way in: recognised, read row by row, screened, and joined by id."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from lexgraft.errors import LexgraftError, nearest
from lexgraft.files.plugins import load_installed
from lexgraft.records import Concept
from lexgraft.terms.readers.file_start import start_of
from lexgraft.terms.readers.import_log import ImportLog
from lexgraft.terms.readers.import_options import ImportOptions
from lexgraft.terms.readers.not_tables import refusal_of
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
        """Recognise the files; `strict`: what is refused is an error once all is read."""
        self.options = options or ImportOptions()
        _refuse_twice(paths)
        chosen = [(path, *recognise(path)) for path in paths]
        self.readings = [
            FileImport(str(path), form.name, why, ImportLog(str(path)))
            for path, form, why in chosen
        ]
        self._forms = [form for _, form, _ in chosen]
        self._origin: dict[str, int] = {}  # id → line and file in one number: there are many
        self._strict = strict
        self.place = ""  # file, sheet and line of the concept that was yielded last

    def __iter__(self) -> Iterator[Concept]:
        """Yield the concepts file by file, those of additions that no file has at the end.

        Raises:
            LexgraftError: a file that is broken or has no concepts; a column that is named and in
                no file; if strict, what was refused.
        """
        additions = self._additions()
        for form, reading in zip(self._forms, self.readings, strict=True):
            if not form.adds:
                for concept in self._of(form, reading):
                    added = additions.pop(concept.id, None)
                    yield _with_additions(concept, added) if added else concept
        yield from additions.values()
        self._refuse_what_no_table_has()
        for reading in self.readings if self._strict else ():
            reading.tally.raise_refused()

    @property
    def are_tables(self) -> bool:
        """Whether all files are tables, whose columns name their languages."""
        return all(form.fallback or form.name == "workbook" for form in self._forms)

    def _refuse_what_no_table_has(self) -> None:
        """Raise for a sheet or a column that the user names and no table has."""
        tables = [table for reading in self.readings for table in reading.tally.tables]
        if self.options.sheets and not any(table.sheet for table in tables):
            raise LexgraftError(
                "sheets are named, but no file is a workbook", cure="leave them out"
            )
        headers = [column.header for table in tables for column in table.columns]
        numbers = {str(column.number) for table in tables for column in table.columns}
        for name in self.options.columns if tables else ():
            if name.strip() not in {*headers, *numbers}:
                cure = nearest(name, [header for header in headers if header])
                raise LexgraftError(f"no table has a column `{name}`", where="columns", cure=cure)

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
        rows = _decoded(form.read(Path(reading.path), self.options, tally), reading)
        for line, concept in self._with_own_ids(rows, reading) if form.local_ids else rows:
            usable = self._checked(line, concept, form, reading)
            if usable is not None:
                reading.concepts += 1
                tally.note_statuses(usable)
                sheet = f"{tally.sheet}:" if tally.sheet else ""
                self.place = f"{reading.path}:{sheet}{line}"
                yield usable
        if not reading.concepts:
            if self._strict:
                tally.raise_refused()
            raise LexgraftError(
                f"no concepts in the term base, read as {form.name} ({reading.why})"
                f"{_reasons(tally)}",
                where=reading.path,
                cure=next(
                    (row.cure for row in tally.refused if row.cure),
                    "check the file, and the languages asked for",
                ),
            )

    def _with_own_ids(
        self, rows: Iterator[ConceptAtLine], reading: FileImport
    ) -> Iterator[ConceptAtLine]:
        """Yield concepts under ids that no file before has, led by the file's name where need be.

        Tables count their rows as they like: `1` of one file is not `1` of another.
        """
        if len(self.readings) == 1:
            yield from rows
            return
        concepts = list(rows)
        if any(concept.id in self._origin for _, concept in concepts):
            line = next(line for line, concept in concepts if concept.id in self._origin)
            name = _own_name(Path(reading.path), [Path(other.path) for other in self.readings])
            warning = f"its ids are other concepts' in files before it: they are led by `{name}:`"
            reading.tally.warn(line, warning)
            concepts = [
                (line, replace(concept, id=f"{name}:{concept.id}")) for line, concept in concepts
            ]
        yield from concepts

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
            first = self._origin.get(concept.id)
            if first is None:
                self._origin[concept.id] = origin
            else:
                where = f"{self.readings[first % number].path}:{first // number}"
                cure = "keep one of them, or give one another id"
                what = f"concept `{concept.id}` occurs twice, first in {where}"
                tally.refuse_row(line, what, cure=cure, concept=concept.id)
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


def read_concepts(
    paths: Sequence[Path],
    options: ImportOptions | None = None,
    *,
    leave_out_refused: bool = False,
) -> list[Concept]:
    """Return the concepts of all files, file by file, in file order.

    Raises:
        LexgraftError: a file that is missing, empty, broken, not clear or of an unknown form; rows
            that cannot be used, with ids and lines, unless they are to be left out.
    """
    return list(TermImport(paths, options, strict=not leave_out_refused))


def recognise(path: Path) -> tuple[Format, str]:
    """Return the format of a file or folder, and why it is taken for it.

    Readers of installed packages are asked after those of this one, which claim nothing doubtful;
    of what this one refuses by name (PDF, JSON-LD, …) they alone are asked.

    Raises:
        LexgraftError: it is missing, empty, or of no known format.
    """
    start = start_of(path)
    load_installed("lexgraft.readers")
    refusal = refusal_of(start)
    for form in sorted(FORMATS, key=lambda form: form.fallback):
        if (form.is_foreign or not refusal) and (why := form.recognise(start)):
            return form, why
    if refusal:
        raise refusal
    if start.root.fault:
        raise LexgraftError(
            f"broken XML: {start.root.fault}", where=str(path), cure="save it as UTF-8"
        )
    names = ", ".join(sorted(form.name for form in FORMATS))
    root = f": XML that begins with <{start.root.name}>" if start.root.name else ""
    raise LexgraftError(f"no known term base{root}", where=str(path), cure=f"give one of: {names}")


def _own_name(path: Path, others: Sequence[Path]) -> str:
    """Return the name of a file without its ending, with its folder where others are called so."""
    alike = sum(other.stem == path.stem for other in others) > 1
    return f"{path.absolute().parent.name}/{path.stem}" if alike else path.stem


def _refuse_twice(paths: Sequence[Path]) -> None:
    """Raise for a file that is named twice, whatever links lead to it.

    Raises:
        LexgraftError: such a file.
    """
    seen: set[object] = set()
    for path in paths:
        status = path.stat() if path.exists() else None
        identity = (status.st_dev, status.st_ino) if status else path
        if identity in seen:
            raise LexgraftError(
                "the term base is given twice",
                where=str(path),
                cure="name it once: its concepts would count as twice as many",
            )
        seen.add(identity)


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
