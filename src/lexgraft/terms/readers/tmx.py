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
from lexgraft.terms.readers.status_labels import named_status, ranked_terms
from lexgraft.terms.readers.xml_stream import language_of, local_name, outermost_elements, text_of
from lexgraft.terms.text.language_tags import language_tag

_CODES = frozenset({"bpt", "ept", "ph", "it", "ut"})  # formatting, no text
_FIELDS = frozenset({"x-domain", "domain", "x-subject", "subject"})
_STATUSES = frozenset(
    f"{x}{name}" for x in ("", "x-") for name in ("status", "termstatus", "term-status")
)
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
        terms = list(_terms(unit, line, options, tally))
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


def _terms(unit: Element, line: int, options: ImportOptions, tally: ImportLog) -> Iterator[Term]:
    """Yield a unit's terms; a status of the whole unit is that of its translations."""
    variants = [child for child in unit if local_name(child) == "tuv"]
    tags = [language_tag(language_of(variant)) for variant in variants]
    source = language_tag(unit.get("srclang", "")) or next(iter(tags), "")
    of_unit = _status(unit)
    for variant, tag in zip(variants, tags, strict=True):
        said = _status(variant) or (of_unit if tag != source else "")
        status = named_status(said, line, options.status, tally)
        text = text_of(variant.find("seg"), without=_CODES)
        yield Term(text, tag, status=status)


def _status(element: Element) -> str:
    """Return the status that an element names of itself."""
    texts = (
        text_of(prop)
        for prop in element
        if local_name(prop) == "prop" and prop.get("type", "").lower() in _STATUSES
    )
    return next(texts, "")


def _field(unit: Element) -> str:
    texts = (text_of(prop) for prop in unit.iter("prop") if prop.get("type", "").lower() in _FIELDS)
    return next(texts, "")


def _is_sentence(text: str) -> bool:
    unspaced = len(text) > _CHARACTERS and " " not in text
    return len(text.split()) > _WORDS or unspaced or text.endswith(("。", "！", "？"))
