"""Term bases as TBX-Basic (ISO 30042:2019, DCA style) and as SKOS in Turtle."""

import re
from collections.abc import Iterator, Sequence
from itertools import groupby
from urllib.parse import quote
from xml.sax.saxutils import escape, quoteattr

from lexgraft.records import Concept, Term

_STATUS = {"preferred": "preferredTerm", "admitted": "admittedTerm", "forbidden": "deprecatedTerm"}
_LABELS = {"preferred": "prefLabel", "admitted": "altLabel", "forbidden": "hiddenLabel"}
_HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<tbx type="TBX-Basic" style="dca" xml:lang="en" xmlns="urn:iso:std:iso:30042:ed-2">
<tbxHeader><fileDesc><titleStmt><title>{title}</title></titleStmt>
<sourceDesc><p>{source}</p></sourceDesc></fileDesc></tbxHeader>
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
    head = _HEAD.format(title=escape(_names(concepts)), source=escape(_licences(concepts)))
    return "".join([head, *map(_entry, concepts), _FOOT]).encode()


def skos(concepts: Sequence[Concept]) -> bytes:
    """Return the concepts as a SKOS scheme in Turtle; forbidden terms are hidden labels."""
    scheme = (
        f"<urn:lexgraft:scheme> a skos:ConceptScheme ;\n  dct:title {_text(_names(concepts))} ;\n"
        f"  dct:license {_text(_licences(concepts))} .\n\n"
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
    """Return one concept as a `conceptEntry`."""
    field = f'<descrip type="subjectField">{escape(concept.field)}</descrip>\n'
    sections = [
        _section(language, concept.definitions.get(language, ""), list(terms))
        for language, terms in groupby(concept.terms, key=lambda term: term.language)
    ]
    return (
        f"<conceptEntry id={quoteattr(concept.id)}>\n{field * bool(concept.field)}"
        + "".join(sections)
        + "</conceptEntry>\n"
    )


def _section(language: str, definition: str, terms: Sequence[Term]) -> str:
    group = (
        f'<descripGrp><descrip type="definition">{escape(definition)}</descrip></descripGrp>\n'
        if definition
        else ""
    )
    return (
        f"<langSec xml:lang={quoteattr(language)}>\n{group}{''.join(map(_term, terms))}</langSec>\n"
    )


def _term(term: Term) -> str:
    notes = [("administrativeStatus", f"{_STATUS[term.status]}-admn-sts")]
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
