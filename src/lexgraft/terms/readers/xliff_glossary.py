"""XLIFF 2: the entries of its glossary module (`gls:glossEntry`)."""

from collections.abc import Iterator
from pathlib import Path

from lexgraft.errors import LexgraftError
from lexgraft.records import Concept, Term
from lexgraft.terms.readers.file_start import FileStart, start_of
from lexgraft.terms.readers.import_log import ImportLog
from lexgraft.terms.readers.import_options import ImportOptions
from lexgraft.terms.readers.line_names import LineNames
from lexgraft.terms.readers.reader_registry import ConceptAtLine, reader
from lexgraft.terms.readers.status_labels import ranked_terms
from lexgraft.terms.readers.xml_stream import local_name, outermost_elements, text_of
from lexgraft.terms.text.language_tags import language_tag


def _recognise(start: FileStart) -> str:
    return "the root element is <xliff>: its glossary" if start.root.name == "xliff" else ""


@reader("XLIFF glossary", _recognise, local_ids=True)
def read_xliff_glossary(
    path: Path, options: ImportOptions, tally: ImportLog
) -> Iterator[ConceptAtLine]:
    """Yield one concept per glossary entry: a term, its translations, the first preferred.

    Raises:
        LexgraftError: the file has no glossary, as those of XLIFF 1.2.
    """
    attributes = start_of(path).root.attributes
    source, target = (language_tag(attributes.get(name, "")) for name in ("srcLang", "trgLang"))
    if not source or not _has_glossary(path):
        version = attributes.get("version", "")
        raise LexgraftError(
            f"XLIFF {version}".strip() + " with translated segments and no glossary",
            where=str(path),
            cure=f"check it against a term base: lexgraft glossary check TERMS {path.name}; "
            "terms are read from the glossary module of XLIFF 2, TBX, TMX or a table",
        )
    names = LineNames(path.stem)
    for line, entry in outermost_elements(path, "glossEntry", progress=options.progress):
        tally.read += 1
        name = names.at(line)
        terms: list[Term] = []
        definitions: dict[str, str] = {}
        for child in entry:
            text, kind = text_of(child), local_name(child)
            if text and kind == "term":
                terms.append(Term(text, source))
            elif text and kind == "translation" and target:
                terms.append(Term(text, target))
            elif text and kind == "definition" and definitions.setdefault(source, text) != text:
                tally.warn(line, "a second definition, not taken")
        if not terms:
            tally.skip_row(line, "an entry without a term")
            continue
        tally.kept += 1
        key = entry.get("id") or name
        concept = Concept(key, ranked_terms(terms), definitions, source=path.name)
        yield line, concept


def _has_glossary(path: Path) -> bool:
    return next(outermost_elements(path, "glossEntry"), None) is not None
