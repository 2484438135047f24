"""SKOS, SKOS-XL and OWL in RDF/XML, Turtle or N-Triples, read through pyoxigraph."""

import re
from collections.abc import Iterator
from io import BufferedReader
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote
from xml.parsers.expat import ExpatError

from msgspec import Struct

from lexgraft.errors import LexgraftError
from lexgraft.records import Concept, Progress, Term
from lexgraft.terms.readers.file_start import FileStart, start_of, unpacked
from lexgraft.terms.readers.import_log import ImportLog
from lexgraft.terms.readers.import_options import ImportOptions
from lexgraft.terms.readers.reader_registry import ConceptAtLine, reader
from lexgraft.terms.readers.status_labels import ranked_terms
from lexgraft.terms.readers.xml_stream import PlainXml
from lexgraft.terms.text.language_tags import language_tag

if TYPE_CHECKING:
    from pyoxigraph import RdfFormat

_SKOS, _XL = "http://www.w3.org/2004/02/skos/core#", "http://www.w3.org/2008/05/skos-xl#"
_RDF, _RDFS = (
    "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "http://www.w3.org/2000/01/rdf-schema#",
)
_OWL, _OBO = "http://www.w3.org/2002/07/owl#", "http://purl.obolibrary.org/obo/"
_OBO_IN_OWL = "http://www.geneontology.org/formats/oboInOwl#"
_TERMS, _ELEMENTS = "http://purl.org/dc/terms/", "http://purl.org/dc/elements/1.1/"

_ROLES = {
    **dict.fromkeys((f"{_SKOS}prefLabel", f"{_RDFS}label", f"{_XL}prefLabel"), "preferred"),
    **dict.fromkeys((f"{_SKOS}altLabel", f"{_XL}altLabel"), "admitted"),
    f"{_OBO_IN_OWL}hasExactSynonym": "admitted",
    **dict.fromkeys((f"{_SKOS}hiddenLabel", f"{_XL}hiddenLabel"), "hidden"),
    **dict.fromkeys((f"{_SKOS}definition", f"{_OBO}IAO_0000115"), "definition"),
    **dict.fromkeys((f"{_SKOS}broader", f"{_RDFS}subClassOf"), "broader"),
    **dict.fromkeys((f"{_SKOS}exactMatch", f"{_OBO_IN_OWL}hasDbXref"), "same"),
    f"{_XL}literalForm": "form",
    f"{_OWL}deprecated": "deprecated",
    f"{_RDF}type": "type",
    **dict.fromkeys((f"{_TERMS}title", f"{_ELEMENTS}title"), "title"),
    **dict.fromkeys((f"{_OWL}versionInfo", f"{_OWL}versionIRI"), "version"),
    **dict.fromkeys((f"{_TERMS}license", f"{_TERMS}rights", f"{_ELEMENTS}rights"), "licence"),
}
_OWN = "urn:lexgraft:"  # leads ids that are no names, in our own exports
_NODE = "\0"  # in place of a language: the value is a name, no text
_LABELS = frozenset({"preferred", "admitted"})
_TEXTS = frozenset({"preferred", "admitted", "hidden", "definition"})
_SCHEMES = frozenset({f"{_SKOS}ConceptScheme", f"{_OWL}Ontology"})
_COLLECTIONS = frozenset({f"{_SKOS}Collection", f"{_SKOS}OrderedCollection"})
_TURTLE = re.compile(r"\s*(?:#[^\n]*\n\s*)*(?:@prefix|@base|prefix|base)\s", re.IGNORECASE)
_TRIPLE = re.compile(r"(?:<[^<>\s]*>|_:\S+)\s*<[^<>\s]*>\s*(?:<|_:|\").*\.\s*(?:#.*)?")
_OBO_NAME = re.compile(re.escape(_OBO) + r"([A-Za-z]+)_(\w+)")

Values = list[tuple[str, str, str]]
"""(role, text or name, language) of one subject, in the order of the file."""


class _Origin(Struct, frozen=True):
    """What an ontology or concept scheme says of itself."""

    source: str
    version: str = ""
    licence: str = ""


def _recognise(start: FileStart) -> str:
    if start.root.name == "RDF":
        return "the root element is <rdf:RDF>"
    if _TURTLE.match(start.text):
        return "it starts with a Turtle prefix"
    line = next(
        (
            splitline
            for splitline in start.text.splitlines()
            if splitline and not splitline.startswith("#")
        ),
        "",
    )
    return "the first line is an N-Triples statement" if _TRIPLE.fullmatch(line) else ""


@reader("RDF", _recognise, unique=True)
def read_rdf(path: Path, options: ImportOptions, tally: ImportLog) -> Iterator[ConceptAtLine]:
    """Yield one concept per subject with labels, in the order of the file, by its name.

    Labels keep their language; one without is read as the language asked for, and counted. Hidden
    labels are no terms. The type is the first broader concept, but in our own exports nothing.
    `HP:1` stands for the name `http://purl.obolibrary.org/obo/HP_1`. The format has no lines:
    numbers are those of the subjects.

    Raises:
        LexgraftError: pyoxigraph is not installed; broken RDF; an entity that is refused.
    """
    subjects = _subjects(path, options.progress)
    origin = _origin(subjects, path)
    for number, (name, values) in enumerate(subjects.items(), 1):
        if name[:2] == "_:" or not any(role in _LABELS for role, _, _ in values):
            continue
        tally.read += 1
        roles = {(role, text) for role, text, _ in values}
        if any(("type", scheme) in roles for scheme in sorted(_SCHEMES)):
            tally.skip_row(number, "the name of the whole")
        elif any(("type", kind) in roles for kind in sorted(_COLLECTIONS)):
            tally.skip_row(number, "a collection of concepts, not one")
        elif roles & {("deprecated", "true"), ("deprecated", "1")}:
            tally.skip_row(number, "deprecated")
        elif _is_property(roles):
            tally.skip_row(number, "a property, not a concept")
        else:
            tally.kept += 1
            yield number, _concept(name, values, origin, options, tally, number)


def _concept(
    name: str,
    values: Values,
    origin: _Origin,
    options: ImportOptions,
    tally: ImportLog,
    number: int,
) -> Concept:
    terms: list[Term] = []
    definitions: dict[str, str] = {}
    for role, text, language in values:
        is_tag = language and language != _NODE
        tag = language_tag(language) if is_tag else options.language
        if role == "name":
            tally.skip_text(number, "a label or definition that is a name, no text")
        elif role == "hidden":
            tally.skip_text(number, "a hidden label")
        elif role in _LABELS:
            if not language:
                tally.warn(number, f"a label without a language, read as `{tag}`")
            status = "preferred" if role == "preferred" else "admitted"
            terms.append(Term(text, tag, status=status))
        elif role == "definition" and definitions.setdefault(tag, text) != text:
            tally.warn(number, "a second definition, not taken")
    broader = [_short(text) for role, text, _ in values if role == "broader" and text[:2] != "_:"]
    return Concept(
        id=_short(name),
        terms=ranked_terms(term for term in terms if term.text),
        definitions=definitions,
        type=broader[0] if broader and not name.startswith(_OWN) else "",
        broader=tuple(broader),
        same_as=tuple(_short(text) for role, text, _ in values if role == "same"),
        source=origin.source,
        source_version=origin.version,
        licence=next((text for role, text, _ in values if role == "licence"), origin.licence),
    )


def _subjects(path: Path, progress: Progress) -> dict[str, Values]:
    """Return the subjects of a file with what is read of them."""
    try:
        from pyoxigraph import RdfFormat, parse
    except ImportError as error:
        cure = "pip install 'lexgraft[rdf]'"
        raise LexgraftError("reading RDF needs pyoxigraph", cure=cure) from error
    form = _format(path)
    subjects: dict[str, Values] = {}
    try:
        with unpacked(path, progress) as file:
            base, is_xml = f"urn:file:{quote(path.name)}", form == RdfFormat.RDF_XML
            # the library takes no comment within a text, no `xml:lang=""` and no `en_US`
            plain = BufferedReader(PlainXml(file, str(path))) if is_xml else file
            for quad in parse(plain, form, base_iri=base, lenient=is_xml):
                role = _ROLES.get(quad.predicate.value)
                if role is not None:
                    values = subjects.setdefault(_key(quad.subject), [])
                    values.append((role, *_value(quad.object)))
    except (SyntaxError, ValueError, OSError, EOFError, ExpatError) as error:
        raise LexgraftError(f"broken RDF: {error}", where=str(path)) from error
    return {
        key: [_with_form(value, subjects) for value in statements]
        for key, statements in subjects.items()
    }


def _format(path: Path) -> "RdfFormat":
    """Return the serialisation a file is in."""
    from pyoxigraph import RdfFormat

    start = start_of(path)
    if start.root.name == "RDF":
        return RdfFormat.RDF_XML
    return RdfFormat.TURTLE if _TURTLE.match(start.text) else RdfFormat.N_TRIPLES


def _key(node: object) -> str:
    """Return a subject's name; blank nodes have none of their own."""
    blank = type(node).__name__ == "BlankNode"
    return f"_:{getattr(node, 'value', '')}" if blank else str(getattr(node, "value", ""))


def _value(node: object) -> tuple[str, str]:
    """Return an object's text or name, and its language."""
    if type(node).__name__ == "Literal":
        return str(getattr(node, "value", "")), getattr(node, "language", None) or ""
    return _key(node), _NODE


def _with_form(value: tuple[str, str, str], subjects: dict[str, Values]) -> tuple[str, str, str]:
    """Return a text: where it is a node (SKOS-XL), that of its literal form, if it has one."""
    role, text, language = value
    if role not in _TEXTS or language != _NODE:
        return value
    forms = (form for form in subjects.get(text, ()) if form[0] == "form" and form[2] != _NODE)
    _, form, tag = next(forms, ("", "", _NODE))
    return (role, form, tag) if tag != _NODE else ("name", text, "")


def _origin(subjects: dict[str, Values], path: Path) -> _Origin:
    """Return what the ontology or the first concept scheme says of itself."""
    for values in subjects.values():
        if any(role == "type" and text in _SCHEMES for role, text, _ in values):
            properties = {role: text for role, text, _ in reversed(values)}
            title = properties.get("title") or path.name
            return _Origin(title, properties.get("version", ""), properties.get("licence", ""))
    return _Origin(path.name)


def _is_property(roles: set[tuple[str, str]]) -> bool:
    return any(role == "type" and text.endswith("Property") for role, text in roles)


def _short(name: str) -> str:
    """Return `HP:0000118` for the name of an OBO term, the id behind our own, else the name."""
    if name.startswith(_OWN):
        return unquote(name.removeprefix(_OWN))
    match = _OBO_NAME.fullmatch(name)
    return f"{match[1]}:{match[2]}" if match else name
