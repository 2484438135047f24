"""MultiTerm XML: concepts, languages and terms, described under names that each company chooses."""

from collections.abc import Iterator
from pathlib import Path
from xml.etree.ElementTree import Element

from lexgraft.records import Concept, Term
from lexgraft.terms.readers.file_start import FileStart
from lexgraft.terms.readers.header_words import role_of
from lexgraft.terms.readers.import_log import ImportLog
from lexgraft.terms.readers.import_options import ImportOptions
from lexgraft.terms.readers.line_names import LineNames
from lexgraft.terms.readers.reader_registry import ConceptAtLine, reader
from lexgraft.terms.readers.status_labels import named_status, part_of, ranked_terms
from lexgraft.terms.readers.xml_stream import local_name, outermost_elements, text_of
from lexgraft.terms.text.language_tags import known_language, language_tag

_USED = frozenset({"definition", "field", "status", "part_of_speech", "note"})


def _recognise(start: FileStart) -> str:
    return "the root element is <mtf>: MultiTerm XML" if start.root.name == "mtf" else ""


@reader("MultiTerm", _recognise)
def read_multiterm(path: Path, options: ImportOptions, tally: ImportLog) -> Iterator[ConceptAtLine]:
    """Yield one concept per `conceptGrp`, in file order.

    A description is used where its name is a header's word for a definition, subject field, status,
    part of speech or usage note; others are counted.
    """
    names = LineNames(path.stem)
    for line, group in outermost_elements(path, "conceptGrp", progress=options.progress):
        tally.read += 1
        name = names.at(line)
        number = next((text_of(child) for child in group if local_name(child) == "concept"), "")
        terms: list[Term] = []
        definitions: dict[str, str] = {}
        of_concept = _descriptions(group, line, tally)
        for section in group:
            if local_name(section) == "languageGrp":
                language = _language(section)
                described = _descriptions(section, line, tally)
                for term_group in section:
                    if local_name(term_group) == "termGrp":
                        of_term = _descriptions(term_group, line, tally)
                        described = {**of_term, **described}
                        terms += _terms(term_group, language, of_term, line, options, tally)
                if "definition" in described:
                    definitions[language] = described["definition"]
        if "definition" in of_concept:
            definitions.setdefault(options.language, of_concept["definition"])
        if not terms:
            tally.skip_row(line, "an entry without a term")
            continue
        tally.kept += 1
        field = of_concept.get("field", "")
        yield (
            line,
            Concept(number or name, ranked_terms(terms), definitions, field, source=path.name),
        )


def _language(section: Element) -> str:
    """Return the language of a section: by its name, which says a region, else by its code."""
    element = next((child for child in section if local_name(child) == "language"), section)
    return known_language(element.get("type", "")) or language_tag(element.get("lang", ""))


def _terms(
    group: Element,
    language: str,
    described: dict[str, str],
    line: int,
    options: ImportOptions,
    tally: ImportLog,
) -> Iterator[Term]:
    status = named_status(described.get("status", ""), line, options.status, tally)
    part_of_speech = part_of(described.get("part_of_speech", ""))
    for child in group:
        if local_name(child) == "term" and (text := text_of(child)):
            yield Term(text, language, part_of_speech, status, described.get("note", ""))


def _descriptions(element: Element, line: int, tally: ImportLog) -> dict[str, str]:
    """Return what is said on one level, by role; the first of each."""
    described: dict[str, str] = {}
    for group in element:
        if local_name(group) != "descripGrp":
            continue
        for child in group:
            if local_name(child) == "descrip":
                word = role_of(child.get("type", ""))
                if word and word.role in _USED and word.role not in described:
                    described[word.role] = text_of(child)
                else:
                    tally.skip_text(line, f"a description `{child.get('type', '')}`")
    return described
