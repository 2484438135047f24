"""Term bases read in one call: the concepts, and what became of every row."""

from collections.abc import Iterable
from pathlib import Path
from typing import TypedDict, Unpack

from lexgraft.errors import LexgraftError, nearest, path_of
from lexgraft.records import Concept, Progress
from lexgraft.terms.readers.import_options import ImportOptions
from lexgraft.terms.readers.import_terms import FileImport, TermImport


class ImportKeywords(TypedDict, total=False):
    """The options of `read_terms`: the fields of `ImportOptions`, which holds their defaults."""

    languages: tuple[str, ...]
    called: tuple[str, ...]
    columns: dict[str, str]
    separators: tuple[str, ...]
    header_rows: tuple[int, ...]
    no_header: bool
    sheets: tuple[str, ...]
    encoding: str
    status: dict[str, str]
    cells: dict[str, str]
    language: str
    reliability: int
    source: str
    version: str
    licence: str
    progress: Progress


class TermList(list[Concept]):
    """The concepts of some files, in file order; `files` says what was read, row by row."""

    def __init__(self, concepts: Iterable[Concept], files: list[FileImport]) -> None:
        super().__init__(concepts)
        self.files = files


def read_terms(
    *files: Path | str, strict: bool = False, **options: Unpack[ImportKeywords]
) -> TermList:
    r"""Return the concepts of term bases of any format that a reader knows.

    A file is recognised by its content. Rows that cannot be used are left out and counted, with
    reasons and line numbers, in `files` of what is returned.

    Args:
        *files: term bases: files or folders, of one format or of several.
        strict: raise for rows that cannot be used instead of leaving them out.
        **options: languages: take only these, e.g. ("en", "ja"), none: all; called: tags under
            which terms are wanted, others stay; columns: a table's header, or number → what the
            column holds, e.g. {"訳": "term en", "Remarks": "ignore"}; separators: between several
            terms of one cell; header_rows: the lines of a table's header; no_header: it has none;
            sheets: of a workbook; encoding: of text; status: as a file writes it → approved,
            admitted, forbidden or pending; cells: a kind of odd cell → what is done with it, see
            `cell_rules.CHOICES`; language: of texts that name none ("en"); reliability: the least
            code of IATE terms (0 to 4); source, version, licence: what the concepts are said to
            come from; progress: a callback.

    Returns:
        A list of Concept, with `files`: per file its format, why it was taken for it, and the
        tally of its rows (read = kept + left out + refused).

    Raises:
        LexgraftError: a file that is missing, empty, broken, of no known format or without a
            concept; a table that is not clear (`UnclearTableError`, with what can be answered); if
            strict, rows that cannot be used.

    Example:
        >>> import lexgraft, pathlib, tempfile
        >>> file = pathlib.Path(tempfile.mkdtemp()) / "terms.csv"
        >>> _ = file.write_text("id,term en,term ja\n1,heart,心臓\n", encoding="utf-8")
        >>> terms = lexgraft.read_terms(file)
        >>> terms[0].names("ja"), terms.files[0].format
        (('心臓',), 'table')
    """
    if not files:
        raise LexgraftError("no term base", cure="name one file or more")
    unknown = sorted(options.keys() - set(ImportOptions.__struct_fields__))
    if unknown:
        cure = nearest(unknown[0], ImportOptions.__struct_fields__)
        raise LexgraftError(f"read_terms has no option `{unknown[0]}`", cure=cure)
    paths = [path_of(file, "read_terms") for file in files]
    reading = TermImport(paths, ImportOptions(**options), strict=strict)
    return TermList(reading, reading.readings)
