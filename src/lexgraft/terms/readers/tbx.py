"""TBX: term bases of version 2 (martif) and 3 (DCA, DCT), and IATE's exports."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from xml.etree.ElementTree import Element

from msgspec import Struct

from lexgraft.records import Concept, Term
from lexgraft.terms.readers.file_start import FileStart
from lexgraft.terms.readers.import_log import ImportLog
from lexgraft.terms.readers.import_options import ImportOptions
from lexgraft.terms.readers.line_names import LineNames
from lexgraft.terms.readers.own_tbx import (
    LICENCE,
    ORIGIN,
    ORIGIN_VERSION,
    RARITY,
    SAME_AS,
    TYPE,
    WRITTEN_BY,
)
from lexgraft.terms.readers.reader_registry import ConceptAtLine, reader
from lexgraft.terms.readers.status_labels import named_status, part_of, ranked_terms
from lexgraft.terms.readers.xml_stream import language_of, local_name, outermost_elements, text_of
from lexgraft.terms.text.language_tags import language_tag

_ENTRIES = ("termEntry", "conceptEntry", "entry")  # the last of TBX-Min
_HEADERS = ("martifHeader", "tbxHeader")
_LANGUAGES = frozenset({"langSet", "langSec", "langGroup"})
_TERMS = frozenset({"tig", "ntig", "termSec", "termGroup"})
_STATUS = frozenset(
    {
        "administrativeStatus",
        "normativeAuthorization",
        "evaluation",
        "status",
        "termStatus",
        "usageStatus",
    }
)
_NO_TERMS = frozenset({"lookup", "lookupForm"})  # IATE: text to search by


class _Category(Struct, frozen=True):
    """One data category: its name, its text, the language it is in ("" where not said)."""

    name: str
    text: str
    language: str


def _recognise(start: FileStart) -> str:
    if start.root.name == "martif":
        return "the root element is <martif>: TBX version 2"
    style = start.root.attributes.get("style", "").upper()
    dialect = start.root.attributes.get("type", "")
    if start.root.name == "TBX":
        return "the root element is <TBX>: TBX-Min"
    if start.root.name == "tbx":
        return " ".join(f"the root element is <tbx>: TBX version 3 {dialect} {style}".split())
    return ""


@reader("TBX", _recognise)
def read_tbx(path: Path, options: ImportOptions, tally: ImportLog) -> Iterator[ConceptAtLine]:
    """Yield one concept per entry, in file order, with the subject field and definitions.

    Versions and styles differ in names only: a category is an element with a `type` (version 2,
    DCA) or an element of that name (DCT); see ISO 30042:2008 and 30042:2019.
    """
    source, names = path.name, LineNames(path.stem)
    for line, element in outermost_elements(path, *_ENTRIES, *_HEADERS, progress=options.progress):
        if local_name(element) in _HEADERS:
            titles = [text_of(child) for child in element.iter() if local_name(child) == "title"]
            source = next((title for title in titles if title), source)
            tally.keeps_regions = any(text_of(child) == WRITTEN_BY for child in element.iter())
            continue
        tally.read += 1
        concept = _concept(element, line, names.at(line), options, tally, source)
        if concept.terms:
            tally.kept += 1
            yield line, concept
        else:
            tally.skip_row(line, "an entry without a usable term")


def _concept(
    entry: Element, line: int, name: str, options: ImportOptions, tally: ImportLog, source: str
) -> Concept:
    """Return one entry's concept, perhaps without terms."""
    entry_categories = list(_categories(entry, _LANGUAGES))
    definitions: dict[str, str] = {}
    sentences: dict[str, str] = {}
    rarity: dict[str, float] = {}
    terms: list[Term] = []
    entry_language = language_tag(language_of(entry, options.language))
    for section in entry:
        if local_name(section) in _LANGUAGES:
            language = language_tag(language_of(section, entry_language))
            if not language_of(section):
                tally.warn(line, f"terms of an entry that name no language, read as `{language}`")
            term_sections = [child for child in section if local_name(child) in _TERMS]
            of_language = list(_categories(section, _TERMS))
            for level in (of_language, *map(_categories, term_sections)):
                _define(definitions, level, language, line, tally)
            for category in of_language:
                if category.name == "context" and category.text:
                    sentences.setdefault(language, category.text)
                elif category.name == RARITY:
                    rarity[language] = float(category.text)
            for term_section in term_sections:
                terms += _terms(term_section, language, line, options, tally)
    _define(definitions, entry_categories, entry_language, line, tally)
    texts: dict[str, list[str]] = {}
    for category in entry_categories:
        texts.setdefault(category.name, []).append(category.text)
    return Concept(
        id=entry.get("id") or name,
        terms=ranked_terms(terms),
        definitions=definitions,
        field=_first(texts, "subjectField"),
        type=_first(texts, TYPE),
        broader=tuple(texts.get("broaderConceptGeneric", ())),
        same_as=tuple(texts.get(SAME_AS, ())),
        rarity=rarity,
        source=_first(texts, ORIGIN) or source,
        source_version=_first(texts, ORIGIN_VERSION),
        licence=_first(texts, LICENCE),
        sentences=sentences,
    )


def _first(texts: dict[str, list[str]], name: str) -> str:
    return next(iter(texts.get(name, ())), "")


def _define(
    definitions: dict[str, str],
    categories: Iterable[_Category],
    language: str,
    line: int,
    tally: ImportLog,
) -> None:
    """Add a level's definitions, unless their languages have one: others are counted."""
    for category in categories:
        if category.name == "definition" and category.text:
            tag = language_tag(category.language or language)
            if definitions.setdefault(tag, category.text) != category.text:
                tally.skip_text(line, "a second definition in one language")


def _categories(element: Element, without: frozenset[str] = frozenset()) -> Iterator[_Category]:
    """Yield the data categories of one level, in groups too, but not those of deeper levels."""
    for child in element:
        name = local_name(child)
        if name in without:
            continue
        if len(child) and name.endswith("Grp"):
            yield from _categories(child, without)
        else:
            yield _Category(child.get("type", name), text_of(child), language_of(child))


def _terms(
    section: Element, language: str, line: int, options: ImportOptions, tally: ImportLog
) -> Iterator[Term]:
    """Yield the term of one term section, unless a rule leaves it out."""
    texts = {category.name: category.text for category in _categories(section)}
    said = next((texts[name] for name in sorted(_STATUS & texts.keys())), "")
    status = named_status(said, line, options.status, tally)
    reliability = texts.get("reliabilityCode", "")
    if texts.get("termType") in _NO_TERMS:
        tally.skip_text(line, "a form to search by, not a term")
    elif reliability.isdecimal() and int(reliability) < options.reliability:
        tally.skip_text(line, f"a reliability under {options.reliability}")
    elif texts.get("term"):
        part = part_of(texts.get("partOfSpeech", ""))
        yield Term(texts["term"], language, part, status, texts.get("note", ""))
