"""Generated SKOS with all traps together: the labels are those that rdflib finds."""

from importlib import import_module
from itertools import cycle
from pathlib import Path
from typing import NamedTuple
from xml.sax.saxutils import quoteattr

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from terms.readers.traps import DISGUISES, TEXT, Disguise

from lexgraft.terms.readers import TermImport

pytestmark = pytest.mark.slow
SKOS, RDF = "http://www.w3.org/2004/02/skos/core#", "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
OWL, XL = "http://www.w3.org/2002/07/owl#", "http://www.w3.org/2008/05/skos-xl#"
BASE = "http://made.up/terms/"
LABELS = ("prefLabel", "altLabel")
LANGUAGES = ("en", "ja", "nl", "ar")


class Statement(NamedTuple):
    """A label as it is written: its predicate, its text, its language ("" where inherited)."""

    kind: str
    text: str
    language: str


class Subject(NamedTuple):
    """A part of a file about one subject; another part may be about the same."""

    number: int
    kind: str
    language: str  # of the element: labels may inherit it
    statements: list[Statement]
    is_deprecated: bool


SUBJECTS = st.lists(
    st.builds(
        Subject,
        st.integers(0, 4),
        st.sampled_from(["Concept", "Concept", "Description", "Collection", "ConceptScheme"]),
        st.sampled_from(["", *LANGUAGES]),
        st.lists(
            st.builds(
                Statement,
                st.sampled_from([*LABELS, "hiddenLabel", "definition", "xl:prefLabel"]),
                st.one_of(TEXT, st.just("")),
                st.sampled_from([*LANGUAGES, ""]),
            ),
            max_size=4,
        ),
        st.booleans(),
    ),
    min_size=1,
    max_size=6,
)


def rdf_xml(subjects: list[Subject], disguise: Disguise, names: dict[str, str]) -> bytes:
    """Return RDF/XML under prefixes of any name, languages inherited, names relative or not."""
    ways = cycle(disguise.ways)
    entities: dict[str, str] = {}
    s, r, x = (names[key] for key in ("skos", "rdf", "xl"))
    lines: list[str] = []
    for at, one in enumerate(subjects):
        space = r if one.kind == "Description" else s
        about = (f'{r}:about="{BASE}{one.number}"', f'{r}:about="{one.number}"')[at % 2]
        tag = f' xml:lang="{one.language}"' if one.language else ""
        lines.append(f"<{space}:{one.kind} {about}{tag}>")
        if one.is_deprecated:
            lines.append('<o:deprecated xml:lang="">true</o:deprecated>')
        for index, (kind, text, language) in enumerate(one.statements):
            tag = f' xml:lang="{language}"' if language else ""
            if kind == "xl:prefLabel":
                form = f"<{x}:literalForm{tag}>{disguise.text(text, next(ways), entities)}"
                node = f"{r}:nodeID={quoteattr(f'n{at}-{index}')}"
                lines.append(f"<{x}:prefLabel {node}/>")
                outer = f' xml:lang="{one.language}"' if one.language else ""
                lines.append(f"</{space}:{one.kind}><{r}:Description {node}{outer}>")
                lines.append(f"{form}</{x}:literalForm></{r}:Description>")
                lines.append(f"<{space}:{one.kind} {about}{outer}>")
            else:
                written = disguise.text(text, next(ways), entities)
                lines.append(f"<{s}:{kind}{tag}>{written}</{s}:{kind}>")
        lines.append(f"</{space}:{one.kind}>")
    declared = "".join(f'<!ENTITY {name} "{value}">\n' for name, value in entities.items())
    spaces = f'xmlns:{s}="&skos;" xmlns:{r}="{RDF}" xmlns:{x}="{XL}" xmlns:o="{OWL}"'
    encoding = {"bom": "utf-8"}.get(disguise.encoding, disguise.encoding)
    text = (
        f'<?xml version="1.0" encoding="{encoding}"?>\n<!DOCTYPE {r}:RDF [\n'
        f'<!ENTITY skos "{SKOS}">\n{declared}]>\n<!-- {s}:prefLabel -->\n'
        f'<{r}:RDF {spaces} xml:base="{BASE}">\n' + "\n".join(lines) + f"\n</{r}:RDF>\n"
    )
    codec = {"bom": "utf-8-sig"}.get(disguise.encoding, disguise.encoding)
    return text.replace("\n", disguise.newline).encode(codec, "xmlcharrefreplace")


def turtle(subjects: list[Subject], disguise: Disguise, names: dict[str, str]) -> bytes:
    """Return Turtle under prefixes of any name, with lists, long strings, escapes and comments."""
    ways = cycle(disguise.ways)
    s, x = names["skos"], names["xl"]
    lines = [f"@prefix {s}: <{SKOS}> . # the usual one", f"PREFIX {x}: <{XL}>"]
    lines += [f"@base <{BASE}> .", f"@prefix o: <{OWL}> ."]
    for one in subjects:
        kind = "" if one.kind == "Description" else f" a {s}:{one.kind} ;"
        says = (
            [f"    o:deprecated {'true' if one.number % 2 else '1'}"] if one.is_deprecated else []
        )
        for label, text, language in one.statements:
            tag = f"@{language}" if language else ""
            literal = turtle_literal(text, next(ways)) + tag
            if label == "xl:prefLabel":
                says.append(f"    {x}:prefLabel [ {x}:literalForm {literal} ]")
            else:
                says.append(f'    {s}:{label} {literal} # "no label"@en')
        if kind or says:
            lines.append(f"<{one.number}>{kind}\n" + "\n;\n".join(says) + "\n.")
    start = "\ufeff" if disguise.encoding == "bom" else ""
    return (start + disguise.newline.join([*lines, ""])).encode()


def turtle_literal(text: str, way: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    if way == "reference":
        return '"' + "".join(f"\\U{ord(letter):08X}" for letter in text) + '"'
    if way == "cdata":
        return f'"""{escaped}"""'
    return "'" + escaped.replace("'", "\\'") + "'" if way == "entity" else f'"{escaped}"'


def theirs(path: Path, form: str) -> dict[str, set[tuple[str, str]]]:
    """Return the labels of every live concept by name, in the order of the file, by rdflib."""
    rdflib = import_module("rdflib")
    graph = rdflib.Graph().parse(str(path), format=form, publicID=BASE)
    of = rdflib.URIRef
    found: dict[str, set[tuple[str, str]]] = {}
    for subject in {*graph.subjects()}:
        kinds = {str(kind) for kind in graph.objects(subject, of(f"{RDF}type"))}
        gone = {str(one) for one in graph.objects(subject, of(f"{OWL}deprecated"))}
        if isinstance(subject, rdflib.BNode) or gone & {"true", "1"}:
            continue
        if kinds & {f"{SKOS}Collection", f"{SKOS}ConceptScheme"}:
            continue
        labels = [one for name in LABELS for one in graph.objects(subject, of(f"{SKOS}{name}"))]
        for node in graph.objects(subject, of(f"{XL}prefLabel")):
            labels += graph.objects(node, of(f"{XL}literalForm"))
        texts = {(one.language or "en", str(one)) for one in labels if str(one).strip()}
        if texts:
            found[str(subject)] = texts
    return found


@settings(max_examples=120, deadline=None)
@given(
    SUBJECTS,
    DISGUISES,
    st.sampled_from([("skos", "rdf", "xl"), ("core", "r", "labels"), ("ns1", "ns2", "ns3")]),
    st.sampled_from(["xml", "turtle"]),
)
def test_skos_has_the_labels_of_rdflib(
    tmp_path_factory: pytest.TempPathFactory,
    subjects: list[Subject],
    disguise: Disguise,
    prefixes: tuple[str, str, str],
    form: str,
):
    names = {"skos": prefixes[0], "rdf": prefixes[1], "xl": prefixes[2]}
    path = tmp_path_factory.mktemp("skos") / "terms.rdf"
    write = rdf_xml if form == "xml" else turtle
    path.write_bytes(write(subjects, disguise, names))
    expected = theirs(path, form)
    if not expected:
        return
    reading = TermImport([path])
    found = {one.id: {(term.language, term.text) for term in one.terms} for one in reading}
    assert found == expected
    (of_file,) = reading.readings
    left = sum(rule.count for rule in of_file.tally.left_out.values())
    assert of_file.tally.read == of_file.tally.kept + left + of_file.tally.refusals
