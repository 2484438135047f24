"""Term bases as TBX-Basic (ISO 30042:2019, DCA style) and as SKOS in Turtle."""

import re
from collections.abc import Iterator, Sequence
from urllib.parse import quote
from xml.sax.saxutils import escape, quoteattr

from lexgraft.records import Concept, Term
from lexgraft.terms.readers.own_tbx import (
    LICENCE,
    ORIGIN,
    ORIGIN_VERSION,
    RARITY,
    SAME_AS,
    TYPE,
    WRITTEN_BY,
)

_STATUS = {
    "preferred": "preferredTerm",
    "admitted": "admittedTerm",
    "forbidden": "deprecatedTerm",
    "pending": "proposedTerm",
}
_LABELS = {"preferred": "prefLabel", "admitted": "altLabel", "forbidden": "hiddenLabel"}
_HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<tbx type="TBX-Basic" style="dca" xml:lang="en" xmlns="urn:iso:std:iso:30042:ed-2">
<tbxHeader><fileDesc><titleStmt><title>{title}</title></titleStmt>
<sourceDesc><p>{source}</p></sourceDesc></fileDesc>
<encodingDesc><p>{writer}</p></encodingDesc></tbxHeader>
<text><body>
"""
_FOOT = "</body></text>\n</tbx>\n"
_PREFIXES = """@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
@prefix dct: <http://purl.org/dc/terms/> .

"""
_IRI = re.compile(r"(?:https?|urn):[^\s<>\"{}|\\^`]+")
_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def tbx(concepts: Sequence[Concept]) -> bytes:
    """Return the concepts as a TBX-Basic file."""
    names, licences = escape(_names(concepts)), escape(_licences(concepts))
    head = _HEAD.format(title=names, source=licences, writer=WRITTEN_BY)
    return "".join([head, *map(_entry, concepts), _FOOT]).encode()


def skos(concepts: Sequence[Concept]) -> bytes:
    """Return the concepts as a SKOS scheme in Turtle; forbidden terms are hidden labels."""
    scheme = (
        f"<urn:lexgraft:scheme> a skos:ConceptScheme ;\n  dct:title {_text(_names(concepts))} .\n\n"
    )
    return "".join([_PREFIXES, scheme, *map(_node, concepts)]).encode()


def _names(concepts: Sequence[Concept]) -> str:
    """Return the sources by name, without the entries they were joined with."""
    names = dict.fromkeys(concept.source.split(" + ")[0] for concept in concepts if concept.source)
    return " + ".join(names) or "terms"


def _licences(concepts: Sequence[Concept]) -> str:
    return (
        " + ".join(dict.fromkeys(concept.licence for concept in concepts if concept.licence))
        or "not stated"
    )


def _entry(concept: Concept) -> str:
    """Return one concept as a `conceptEntry`; what TBX-Basic has no category for is an `admin`."""
    categories = [("descrip", "subjectField", concept.field)] if concept.field else []
    categories += [("descrip", "broaderConceptGeneric", name) for name in concept.broader]
    categories += [("admin", SAME_AS, name) for name in concept.same_as]
    whole = zip(
        (TYPE, ORIGIN, ORIGIN_VERSION, LICENCE),
        (concept.type, concept.source, concept.source_version, concept.licence),
        strict=True,
    )
    categories += [("admin", name, text) for name, text in whole if text]
    sections = {term.language: list[Term]() for term in concept.terms}
    for term in concept.terms:
        sections[term.language].append(term)
    for language in (*concept.definitions, *concept.sentences, *concept.rarity):
        sections.setdefault(language, [])
    written = (_section(language, concept, terms) for language, terms in sections.items())
    return (
        f"<conceptEntry id={quoteattr(concept.id)}>\n{''.join(map(_category, categories))}"
        f"{''.join(written)}</conceptEntry>\n"
    )


def _category(category: tuple[str, str, str]) -> str:
    element, name, text = category
    return f"<{element} type={quoteattr(name)}>{escape(text)}</{element}>\n"


def _section(language: str, concept: Concept, terms: Sequence[Term]) -> str:
    definition = concept.definitions.get(language, "")
    group = _category(("descrip", "definition", definition)).rstrip()
    texts = f"<descripGrp>{group}</descripGrp>\n" if definition else ""
    if sentence := concept.sentences.get(language, ""):
        texts += _category(("descrip", "context", sentence))
    if language in concept.rarity:
        texts += _category(("admin", RARITY, repr(concept.rarity[language])))
    return (
        f"<langSec xml:lang={quoteattr(language)}>\n{texts}{''.join(map(_term, terms))}</langSec>\n"
    )


def _term(term: Term) -> str:
    category = "normativeAuthorization" if term.status == "pending" else "administrativeStatus"
    ending = "" if term.status == "pending" else "-admn-sts"
    notes = [(category, f"{_STATUS[term.status]}{ending}")]
    if term.part_of_speech != "unknown":
        notes.insert(0, ("partOfSpeech", term.part_of_speech))
    written = [f'<termNote type="{kind}">{text}</termNote>' for kind, text in notes]
    if term.note:
        written.append(f"<note>{escape(term.note)}</note>")
    return f"<termSec><term>{escape(term.text)}</term>{''.join(written)}</termSec>\n"


def _node(concept: Concept) -> str:
    """Return one concept's statements."""
    return " ;\n  ".join([f"{_iri(concept.id)} a skos:Concept", *_statements(concept)]) + " .\n\n"


def _statements(concept: Concept) -> Iterator[str]:
    yield "skos:inScheme <urn:lexgraft:scheme>"
    for term in concept.terms:
        yield f"skos:{_LABELS[term.status]} {_text(term.text)}@{term.language}"
    for language, text in concept.definitions.items():
        yield f"skos:definition {_text(text)}@{language}"
    if concept.licence:
        yield f"dct:license {_text(concept.licence)}"
    for identifier in concept.broader:
        yield f"skos:broader {_iri(identifier)}"
    for identifier in concept.same_as:
        yield f"skos:exactMatch {_iri(identifier)}"


def _iri(identifier: str) -> str:
    """Return an id as a name: as it is where it is one, else under `urn:lexgraft:`."""
    return (
        f"<{identifier}>" if _IRI.fullmatch(identifier) else f"<urn:lexgraft:{quote(identifier)}>"
    )


def _text(text: str) -> str:
    return '"' + "".join(_ESCAPES.get(character, character) for character in text) + '"'
