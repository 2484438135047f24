"""Generated term bases with all traps together: the figures are those of what was written."""

from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lexgraft.terms.readers import FileImport, TermImport

XML = "{http://www.w3.org/XML/1998/namespace}"
TERM = st.text("abXZ09-弁歯車ポжшçß&<\"'", min_size=1, max_size=6)
LANGUAGES = ("en", "ja", "nl", "pl")


def imported(path: Path) -> tuple[list[Any], FileImport]:
    reading = TermImport([path])
    return list(reading), reading.readings[0]


def written_texts(concepts: Sequence[Any]) -> list[list[tuple[str, str]]]:
    return [sorted((term.language, term.text) for term in one.terms) for one in concepts]


# --- RDF: the triples themselves are the figures ---

SKOS, OWL = "http://www.w3.org/2004/02/skos/core#", "http://www.w3.org/2002/07/owl#"
XL = "http://www.w3.org/2008/05/skos-xl#"
TYPE = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"
LABEL = "http://www.w3.org/2000/01/rdf-schema#label"
EXACT = "http://www.geneontology.org/formats/oboInOwl#hasExactSynonym"
BOOLEAN = "http://www.w3.org/2001/XMLSchema#boolean"
PREFIX = "urn:made-up:"
KINDS = {
    "": True,
    f"{SKOS}Concept": True,
    f"{OWL}Class": True,
    f"{SKOS}Collection": False,
    f"{SKOS}OrderedCollection": False,
    f"{SKOS}ConceptScheme": False,
    f"{OWL}Ontology": False,
    f"{OWL}ObjectProperty": False,
    f"{OWL}AnnotationProperty": False,
}


class Labelled(NamedTuple):
    """One subject as it is written."""

    kind: str
    deprecated: str
    labels: list[tuple[str, str, str]]  # predicate, text, language
    nodes: list[tuple[str, str]]  # SKOS-XL: text ("": the node has none), language
    hidden: list[str]
    definitions: list[str]
    is_blank: bool


SUBJECTS = st.lists(
    st.builds(
        Labelled,
        st.sampled_from(list(KINDS)),
        st.sampled_from(["", "", "", "true", "false", "1", "0"]),
        st.lists(
            st.tuples(
                st.sampled_from([f"{SKOS}prefLabel", f"{SKOS}altLabel", LABEL, EXACT]),
                TERM,
                st.sampled_from([*LANGUAGES, ""]),
            ),
            max_size=3,
        ),
        st.lists(st.tuples(st.one_of(TERM, st.just("")), st.sampled_from(LANGUAGES)), max_size=2),
        st.lists(TERM, max_size=1),
        st.lists(st.sampled_from(["a part", "another part"]), max_size=2, unique=True),
        st.booleans(),
    ),
    min_size=1,
    max_size=6,
)


def triples(subjects: Sequence[Labelled]) -> list[tuple[str, str, str]]:
    """Return the statements, subjects and objects as N-Triples writes them."""
    made: list[tuple[str, str, str]] = []
    for number, one in enumerate(subjects):
        subject = f"_:b{number}" if one.is_blank else f"<{PREFIX}{number}>"
        made += [(subject, TYPE, f"<{one.kind}>")] if one.kind else []
        if one.deprecated:
            made.append((subject, f"{OWL}deprecated", f'"{one.deprecated}"^^<{BOOLEAN}>'))
        made += [(subject, name, literal(text, tag)) for name, text, tag in one.labels]
        made += [(subject, f"{SKOS}hiddenLabel", literal(text, "en")) for text in one.hidden]
        made += [(subject, f"{SKOS}definition", literal(text, "en")) for text in one.definitions]
        for index, (text, tag) in enumerate(one.nodes):
            node = f"<{PREFIX}label-{number}-{index}>"
            made.append((subject, f"{XL}prefLabel", node))
            made += [(node, f"{XL}literalForm", literal(text, tag))] if text else []
    return made


def literal(text: str, tag: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"' + (f"@{tag}" if tag else "")


def is_concept(one: Labelled) -> bool:
    return KINDS[one.kind] and one.deprecated not in {"true", "1"} and not one.is_blank


@pytest.mark.slow
@settings(max_examples=80, deadline=None)
@given(SUBJECTS, st.sampled_from(["nt", "ttl"]))
def test_rdf_has_the_figures_of_its_triples(
    tmp_path_factory: pytest.TempPathFactory, subjects: list[Labelled], form: str
):
    statements = [f"{one} <{name}> {other} ." for one, name, other in triples(subjects)]
    first = "@prefix m: <urn:made-up:> ." if form == "ttl" else "<urn:a> <urn:b> <urn:c> ."
    path = tmp_path_factory.mktemp("rdf") / f"terms.{form}"
    path.write_text("\n".join([first, *statements, ""]), encoding="utf-8")
    expected: list[list[tuple[str, str]]] = []
    for one in subjects:
        texts = {(tag or "en", text) for _, text, tag in one.labels}
        texts |= {(tag, text) for text, tag in one.nodes if text}
        if is_concept(one) and texts:
            expected.append(sorted(texts))
    if not expected:
        return
    concepts, reading = imported(path)
    assert written_texts(concepts) == expected
    assert reading.concepts == len(expected)
    tally = reading.tally
    left = sum(rule.count for rule in tally.left_out.values())
    assert tally.read == tally.kept + left + tally.refusals
    second = sum(
        len(one.definitions) > 1 for one in subjects if is_concept(one) and any(one.labels)
    )
    said = tally.warnings.get("a second definition, not taken")
    assert (said.count if said else 0) >= second


# --- XML of translation tools: the figures of lxml ---

UNITS = st.lists(
    st.tuples(
        st.sampled_from(["", "own", "same"]),  # its id: none, its own, one that others have
        st.lists(st.tuples(st.sampled_from(LANGUAGES), TERM), max_size=4, unique=True),
        st.booleans(),  # markup or a further description
    ),
    min_size=1,
    max_size=8,
)
Unit = tuple[str, list[tuple[str, str]], bool]


def compared(path: Path, units: Sequence[Unit], theirs: list[list[tuple[str, str]]]) -> None:
    """Compare what was read with what lxml finds: units with terms; one of those with one id."""
    expected: list[list[tuple[str, str]]] = []
    seen = refused = 0
    for (identifier, _, _), texts in zip(units, theirs, strict=True):
        if not texts:
            continue
        seen += identifier == "same"
        if identifier == "same" and seen > 1:
            refused += 1
        else:
            expected.append(sorted({*texts}))
    if not expected:
        return
    concepts, reading = imported(path)
    assert written_texts(concepts) == expected
    assert len({one.id for one in concepts}) == len(concepts) == reading.concepts
    tally = reading.tally
    assert (tally.read, tally.refusals) == (len(units), refused)


@pytest.mark.slow
@settings(max_examples=50, deadline=None)
@given(UNITS, st.booleans())
def test_tmx_has_the_figures_of_lxml(
    tmp_path_factory: pytest.TempPathFactory,
    units: list[Unit],
    one_line: bool,  # noqa: FBT001 (drawn)
):
    etree = import_module("lxml.etree")
    root = etree.Element("tmx", version="1.4")
    body = etree.SubElement(root, "body")
    for number, (identifier, texts, has_code) in enumerate(units):
        unit = etree.SubElement(body, "tu", **named("tuid", identifier, number))
        for language, text in texts:
            segment = etree.SubElement(etree.SubElement(unit, "tuv"), "seg")
            segment.getparent().set(f"{XML}lang", language)
            segment.text = text
            if has_code:
                etree.SubElement(segment, "bpt", i="1").text = "<b>"
    path = saved(tmp_path_factory, root, one_line=one_line)
    theirs = [
        [(v.get(f"{XML}lang"), v.find("seg").text) for v in unit.iter("tuv")]
        for unit in etree.parse(str(path)).iter("tu")
    ]
    compared(path, units, theirs)


@pytest.mark.slow
@settings(max_examples=50, deadline=None)
@given(UNITS, st.booleans())
def test_multiterm_has_the_figures_of_lxml(
    tmp_path_factory: pytest.TempPathFactory,
    units: list[Unit],
    one_line: bool,  # noqa: FBT001 (drawn)
):
    etree = import_module("lxml.etree")
    root = etree.Element("mtf")
    for number, (identifier, texts, has_more) in enumerate(units):
        entry = etree.SubElement(root, "conceptGrp")
        if identifier:
            etree.SubElement(entry, "concept").text = named("id", identifier, number)["id"]
        for language, text in texts:
            section = etree.SubElement(entry, "languageGrp")
            etree.SubElement(section, "language", lang=language.upper(), type=language)
            group = etree.SubElement(section, "termGrp")
            etree.SubElement(group, "term").text = text
            if has_more:
                more = etree.SubElement(group, "descripGrp")
                etree.SubElement(more, "descrip", type="Magic").text = "x"
    path = saved(tmp_path_factory, root, one_line=one_line)
    theirs = [
        [
            (section.find("language").get("type"), term.text)
            for section in entry.iter("languageGrp")
            for term in section.iter("term")
        ]
        for entry in etree.parse(str(path)).iter("conceptGrp")
    ]
    compared(path, units, theirs)


@pytest.mark.slow
@settings(max_examples=50, deadline=None)
@given(UNITS, st.booleans())
def test_an_xliff_glossary_has_the_figures_of_lxml(
    tmp_path_factory: pytest.TempPathFactory,
    units: list[Unit],
    one_line: bool,  # noqa: FBT001 (drawn)
):
    etree = import_module("lxml.etree")
    name = "{urn:oasis:names:tc:xliff:glossary:2.0}"
    root = etree.Element("xliff", version="2.0", srcLang="en", trgLang="ja")
    glossary = etree.SubElement(etree.SubElement(root, "file", id="f"), f"{name}glossary")
    for number, (identifier, texts, has_more) in enumerate(units):
        entry = etree.SubElement(glossary, f"{name}glossEntry", **named("id", identifier, number))
        for index, (_, text) in enumerate(texts):
            kind = "translation" if index else "term"
            etree.SubElement(entry, f"{name}{kind}").text = text
        if has_more:
            etree.SubElement(entry, f"{name}definition").text = "a part"
    path = saved(tmp_path_factory, root, one_line=one_line)
    theirs = [
        [("en", term.text) for term in entry.iter(f"{name}term")]
        + [("ja", term.text) for term in entry.iter(f"{name}translation")]
        for entry in etree.parse(str(path)).iter(f"{name}glossEntry")
    ]
    compared(path, units, theirs)


def named(attribute: str, identifier: str, number: int) -> dict[str, str]:
    return {attribute: "s" if identifier == "same" else f"c{number}"} if identifier else {}


def saved(factory: pytest.TempPathFactory, root: Any, *, one_line: bool) -> Path:
    etree = import_module("lxml.etree")
    path = factory.mktemp("xml") / "terms.xml"
    path.write_bytes(etree.tostring(root, encoding="utf-8", pretty_print=not one_line))
    return path


# --- UTX: the figures of its lines ---


@pytest.mark.slow
@settings(max_examples=50, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.text("ab 09弁", min_size=1, max_size=4),
            st.text("cd 弁歯", max_size=4),
            st.sampled_from(["", "approved", "forbidden", "provisional", "non-standard", "hmpf"]),
            st.sampled_from(["", "7", "x-8"]),
            st.booleans(),
        ),
        min_size=1,
        max_size=8,
    )
)
def test_utx_has_the_figures_of_its_lines(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, str, str, str, bool]]
):
    lines = ["#UTX 1.20; en/ja; 2025-01-01; license: free;", "#src\ttgt\tterm status\tconcept ID"]
    texts: set[tuple[str, str]] = set()
    kept = comments = 0
    for source, target, status, identifier, is_comment in rows:
        comments += is_comment
        lines.append("#" * is_comment + f"{source}\t{target}\t{status}\t{identifier}")
        if not is_comment and (source.strip() or target.strip()):
            kept += 1
            texts |= {("en", source.strip())} if source.strip() else set()
            texts |= {("ja", target.strip())} if target.strip() else set()
    path = tmp_path_factory.mktemp("utx") / "terms.utx"
    path.write_text("\n".join([*lines, ""]), encoding="utf-8")
    if not kept:
        return
    concepts, reading = imported(path)
    found = {(term.language, " ".join(term.text.split())) for one in concepts for term in one.terms}
    assert found == {(tag, " ".join(text.split())) for tag, text in texts}
    left = sum(rule.count for rule in reading.tally.left_out.values())
    assert (reading.tally.kept, reading.tally.refusals) == (kept, 0)
    assert reading.tally.read == kept + left <= len(rows) - comments
    assert len({one.id for one in concepts}) == len(concepts)
