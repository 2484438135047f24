"""TMX: translation units whose segments are terms."""

from collections.abc import Iterator
from pathlib import Path
from xml.etree.ElementTree import Element

from lexgraft.records import Concept, Term
from lexgraft.terms.readers.file_start import FileStart
from lexgraft.terms.readers.import_log import ImportLog
from lexgraft.terms.readers.import_options import ImportOptions
from lexgraft.terms.readers.line_names import LineNames
from lexgraft.terms.readers.reader_registry import ConceptAtLine, reader
from lexgraft.terms.readers.status_labels import ranked_terms
from lexgraft.terms.readers.xml_stream import language_of, local_name, outermost_elements, text_of
from lexgraft.terms.text.language_tags import language_tag

_CODES = frozenset({"bpt", "ept", "ph", "it", "ut"})  # formatting, no text
_FIELDS = frozenset({"x-domain", "domain", "x-subject", "subject"})
_WORDS, _CHARACTERS = 8, 30  # a segment that is longer is rather a sentence


def _recognise(start: FileStart) -> str:
    return "the root element is <tmx>" if start.root.name == "tmx" else ""


@reader("TMX", _recognise)
def read_tmx(path: Path, options: ImportOptions, tally: ImportLog) -> Iterator[ConceptAtLine]:
    """Yield one concept per translation unit; formatting codes inside segments are left out.

    A segment that looks like a sentence is counted as a warning: a translation memory is no term
    base.
    """
    names = LineNames(path.stem)
    for line, unit in outermost_elements(path, "tu", progress=options.progress):
        tally.read += 1
        terms = [
            Term(text_of(variant.find("seg"), without=_CODES), language_tag(language_of(variant)))
            for variant in unit
            if local_name(variant) == "tuv"
        ]
        nameless = sum(bool(term.text) and not term.language for term in terms)
        terms = [term for term in terms if term.text and term.language]
        if not terms:
            tally.skip_row(line, "a unit without text or language")
            continue
        for _ in range(nameless):
            tally.skip_text(line, "a segment that names no language")
        if any(_is_sentence(term.text) for term in terms):
            tally.warn(line, "a segment that looks like a sentence, not a term")
        tally.kept += 1
        key = unit.get("tuid") or names.at(line)
        yield line, Concept(key, ranked_terms(terms), field=_field(unit), source=path.name)


def _field(unit: Element) -> str:
    texts = (text_of(prop) for prop in unit.iter("prop") if prop.get("type", "").lower() in _FIELDS)
    return next(texts, "")


def _is_sentence(text: str) -> bool:
    unspaced = len(text) > _CHARACTERS and " " not in text
    return len(text.split()) > _WORDS or unspaced or text.endswith(("。", "！", "？"))
