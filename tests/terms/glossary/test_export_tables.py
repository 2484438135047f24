"""Term bases on their way out."""

from importlib import import_module
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lexgraft.errors import LexgraftError
from lexgraft.records import Concept, Term
from lexgraft.terms.glossary.export_tables import LanguagePair, export_concepts
from lexgraft.terms.readers import read_concepts
from lexgraft.terms.readers.status_labels import ranked_terms

FEVER = Concept(
    "C:1",
    (
        Term("fever", "en", "noun"),
        Term('the "hot" <sign> & more', "en", status="admitted"),
        Term("発熱", "ja", "noun", note="医学の文"),
        Term("熱病", "ja", status="forbidden"),
    ),
    {"en": 'A raised, "hot" state; see <x>.'},
    "medicine",
    source="House",
    licence="CC BY 4.0",
)
PAIR = LanguagePair("en", "ja", "2025-02-17")


def plain(concept: Concept) -> tuple[object, ...]:
    """Return what every form keeps."""
    return concept.terms, concept.definitions, concept.field


def exported(folder: Path, form: str, *concepts: Concept) -> list[Concept]:
    """Return what the project's own readers make of an export."""
    path = folder / "exported"
    path.write_bytes(export_concepts(concepts, form, PAIR).data)
    return read_concepts([path])


TEXT = st.text(
    st.characters(codec="utf-8", exclude_categories=("C", "Z", "Co")), min_size=1, max_size=8
)
TERMS = st.lists(
    st.builds(
        Term,
        TEXT,
        st.sampled_from(["en", "ja"]),
        st.sampled_from(["noun", "adjective", "unknown"]),
        st.sampled_from(["preferred", "admitted", "forbidden"]),
    ),
    min_size=1,
    max_size=5,
)


@settings(max_examples=30, deadline=None)
@given(
    TERMS, st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z", "Co")), max_size=9)
)
@pytest.mark.parametrize("form", ["csv", "tbx"])
def test_what_is_exported_is_read_back_as_it_was(
    tmp_path_factory: pytest.TempPathFactory, form: str, terms: list[Term], definition: str
):
    terms = list(ranked_terms(terms))
    defined = {terms[0].language: definition} if definition else {}
    concept = Concept("C:1", tuple(terms), defined, "medicine")
    (found,) = exported(tmp_path_factory.mktemp("export"), form, concept)
    assert plain(found) == plain(concept)


def test_skos_is_read_by_pyoxigraph_and_by_the_reader(tmp_path: Path):
    pyoxigraph = import_module("pyoxigraph")
    data = export_concepts([FEVER], "skos").data
    quads = list(pyoxigraph.parse(data, pyoxigraph.RdfFormat.TURTLE))
    labels = {quad.object.value for quad in quads if quad.predicate.value.endswith("Label")}
    assert labels == {term.text for term in FEVER.terms}
    (found,) = exported(tmp_path, "skos", FEVER)
    assert found.names("en") == FEVER.names("en")
    assert (found.source, found.licence) == ("House", "CC BY 4.0")


def test_tbx_is_well_formed_for_lxml():
    tree = import_module("lxml.etree").fromstring(export_concepts([FEVER], "tbx").data)
    name = "{urn:iso:std:iso:30042:ed-2}"
    assert [one.text for one in tree.iter(f"{name}term")] == [term.text for term in FEVER.terms]
    assert (tree.get("type"), tree.get("style")) == ("TBX-Basic", "dca")


def test_utx_has_its_two_header_lines_and_the_statuses(tmp_path: Path):
    lines = export_concepts([FEVER], "utx", PAIR).data.decode().split("\r\n")
    assert lines[0].startswith("#UTX 1.11; en/ja; 2025-02-17; ")
    assert "license: CC BY 4.0" in lines[0]
    assert lines[1] == "#src\ttgt\tsrc:pos\tterm status\tconcept ID"
    assert lines[2:5] == [
        "fever\t発熱\tnoun\tapproved\tC:1",
        'the "hot" <sign> & more\t発熱\tnoun\tapproved\tC:1',
        "fever\t熱病\t\tforbidden\tC:1",
    ]
    (found,) = exported(tmp_path, "utx", FEVER)
    assert found.names("ja") == ("発熱",)


@pytest.mark.parametrize(
    ("form", "first"), [("deepl", "nail,爪"), ("google", "nail,爪"), ("aws", "en,ja")]
)
def test_a_service_gets_two_columns_and_language_codes_only_where_it_wants_them(
    form: str, first: str
):
    nail = Concept("1", (Term("nail", "en"), Term("爪", "ja")))
    assert export_concepts([nail], form, PAIR).data.decode().split("\r\n")[0] == first


@pytest.mark.parametrize(
    ("source", "target", "form", "reason"),
    [
        ("nail", "釘", "deepl", "already translated as 爪"),
        ("nail", "爪", "google", "stands there already"),
        ("x" * 201, "爪", "aws", "more than the 200 bytes"),
        ("x", "爪" * 342, "deepl", "more than the 1024 bytes"),
        ("fe\tver", "熱", "google", "U\\+0009"),
        (" fever", "熱", "deepl", "white space"),
    ],
)
def test_what_a_service_would_refuse_is_left_out_with_the_reason(
    source: str, target: str, form: str, reason: str
):
    nail = Concept("1", (Term("nail", "en"), Term("爪", "ja")))
    other = Concept("2", (Term(source, "en"), Term(target, "ja")))
    made = export_concepts([nail, other], form, PAIR)
    assert made.entries == 1
    (refused,) = made.refused
    assert refused.concept == "2"
    assert reason.replace("\\", "") in refused.reason


def test_a_translation_with_a_condition_is_not_forced_on_a_service():
    made = export_concepts([FEVER], "deepl", PAIR)
    assert made.entries == 0
    assert {one.reason for one in made.refused} == {"its translation depends on a condition"}


def test_a_file_that_is_too_large_is_refused():
    many = [
        Concept(str(n), (Term(f"{n} {'x' * 1000}", "en"), Term("爪" * 300, "ja")))
        for n in range(5600)
    ]
    with pytest.raises(LexgraftError, match="DeepL takes 10485760"):
        export_concepts(many, "deepl", PAIR)


@pytest.mark.parametrize(
    ("form", "pair", "message"),
    [
        ("exel", PAIR, "unknown form"),
        ("deepl", None, "has one direction"),
        ("utx", LanguagePair("en", "jp"), "no terms in `jp`"),
    ],
)
def test_a_mistake_is_named(form: str, pair: LanguagePair | None, message: str):
    with pytest.raises(LexgraftError, match=message):
        export_concepts([FEVER], form, pair)
