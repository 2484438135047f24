"""MeSH: the descriptor records of the Medical Subject Headings, in XML."""

from collections.abc import Iterator
from pathlib import Path
from xml.etree.ElementTree import Element

from lexgraft.records import Concept, Term
from lexgraft.terms.readers.file_start import FileStart, start_of
from lexgraft.terms.readers.import_log import ImportLog
from lexgraft.terms.readers.import_options import ImportOptions
from lexgraft.terms.readers.reader_registry import ConceptAtLine, reader
from lexgraft.terms.readers.status_labels import ranked_terms
from lexgraft.terms.readers.xml_stream import outermost_elements, text_of
from lexgraft.terms.text.language_tags import known_language

LICENCE = "MeSH, U.S. National Library of Medicine (terms of use)"
_CATEGORIES = {
    "A": "anatomy",
    "B": "organisms",
    "C": "diseases",
    "D": "chemicals and drugs",
    "E": "techniques and equipment",
    "F": "psychiatry and psychology",
    "G": "phenomena",
    "H": "disciplines",
    "I": "social sciences",
    "J": "technology",
    "K": "humanities",
    "L": "information science",
    "M": "persons",
    "N": "health care",
    "Z": "places",
}


def _recognise(start: FileStart) -> str:
    is_mesh = start.root.name == "DescriptorRecordSet"
    return "the root element is <DescriptorRecordSet>" if is_mesh else ""


@reader("MeSH", _recognise)
def read_mesh(path: Path, options: ImportOptions, tally: ImportLog) -> Iterator[ConceptAtLine]:
    """Yield one concept per concept of each descriptor, the preferred one under its id.

    The others are narrower or related meanings: their broader concept is the descriptor. The type
    is the first place in the tree above. Permuted terms are left out: they are made by rule.
    """
    named = start_of(path).root.attributes.get("LanguageCode", "")
    of_file = known_language(named) or options.language
    for line, record in outermost_elements(path, "DescriptorRecord", progress=options.progress):
        descriptor = f"MESH:{text_of(record.find('DescriptorUI'))}"
        trees = [text_of(tree) for tree in record.iter("TreeNumber")]
        language = known_language(record.get("LanguageCode", "")) or of_file
        for element in record.iterfind("ConceptList/Concept"):
            tally.read += 1
            is_preferred = element.get("PreferredConceptYN") == "Y"
            terms = list(_terms(element, language, line, tally))
            if not terms:
                tally.skip_row(line, "a concept without a usable term")
                continue
            tally.kept += 1
            scope = text_of(element.find("ScopeNote"))
            yield (
                line,
                Concept(
                    id=descriptor if is_preferred else f"MESH:{text_of(element.find('ConceptUI'))}",
                    terms=ranked_terms(terms),
                    definitions={language: scope} if scope else {},
                    field=_CATEGORIES.get(trees[0][:1], "") if trees else "",
                    type=_above(trees[0]) if trees else "",
                    broader=() if is_preferred else (descriptor,),
                    source="MeSH",
                    licence=LICENCE,
                ),
            )


def _terms(concept: Element, language: str, line: int, tally: ImportLog) -> Iterator[Term]:
    """Yield a concept's terms, the preferred one marked."""
    for term in concept.iterfind("TermList/Term"):
        if term.get("IsPermutedTermYN") == "Y":
            tally.skip_text(line, "a permuted term")
        elif text := text_of(term.find("String")):
            preferred = term.get("ConceptPreferredTermYN") == "Y"
            yield Term(text, language, "noun", "preferred" if preferred else "admitted")


def _above(tree: str) -> str:
    """Return the place above in the tree, e.g. `MESH:C14.280` for `C14.280.067`."""
    above = tree.rpartition(".")[0]
    return f"MESH:{above}" if above else ""
