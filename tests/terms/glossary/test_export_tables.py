"""Term bases on their way out."""

import csv
import io
from importlib import import_module
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from lexgraft.errors import LexgraftError
from lexgraft.records import Concept, Term
from lexgraft.terms.glossary.export_tables import LanguagePair, export_concepts
from lexgraft.terms.readers import read_concepts
from lexgraft.terms.readers.status_labels import ranked_terms
from lexgraft.terms.text.formula_guard import guarded, runs_as_formula, unguarded

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


LANGUAGES = st.sampled_from(["en", "ja", "pt-BR", "zh-Hant", "ja-Hrkt"])
WHOLE = st.builds(
    Concept,
    id=TEXT,
    terms=st.lists(
        st.builds(
            Term,
            TEXT,
            LANGUAGES,
            st.sampled_from(["noun", "adjective", "other", "unknown"]),
            st.sampled_from(["preferred", "admitted", "forbidden", "pending"]),
            st.one_of(st.just(""), TEXT),
        ),
        min_size=1,
        max_size=5,
    ).map(lambda terms: tuple(ranked_terms(terms))),
    definitions=st.dictionaries(LANGUAGES, TEXT, max_size=2),
    field=st.one_of(st.just(""), TEXT),
    type=st.one_of(st.just(""), TEXT),
    broader=st.lists(TEXT, max_size=2).map(tuple),
    same_as=st.lists(TEXT, max_size=2).map(tuple),
    rarity=st.dictionaries(LANGUAGES, st.floats(0, 9, allow_nan=False), max_size=2),
    source=TEXT,
    source_version=st.one_of(st.just(""), TEXT),
    licence=st.one_of(st.just(""), TEXT),
    sentences=st.dictionaries(LANGUAGES, TEXT, max_size=2),
)


@settings(max_examples=60, deadline=None)
@given(WHOLE)
@pytest.mark.parametrize("form", ["csv", "tbx"])
def test_csv_and_tbx_hold_everything(
    tmp_path_factory: pytest.TempPathFactory, form: str, concept: Concept
):
    result = export_concepts([concept], form)
    assert not result.lost
    assert not result.refused
    (found,) = exported(tmp_path_factory.mktemp("whole"), form, concept)
    assert found == concept


@pytest.mark.parametrize("form", ["skos", "utx", "deepl", "google", "aws"])
def test_what_a_form_has_no_place_for_is_said_of_each_concept(form: str):
    whole = structs.replace(FEVER, broader=("C:2",), sentences={"en": "A fever rose."})
    (loss,) = export_concepts([whole], form, PAIR).lost
    assert loss.concept == "C:1"
    assert "sentences" in loss.what
    assert ("definitions" in loss.what) == (form != "skos")
    assert ("forbidden" in loss.what) == (form != "utx")


@pytest.mark.parametrize("identifier", ["C:1", "valve 1", "http://example.org/1"])
def test_skos_read_back_has_what_it_had_and_nothing_more(tmp_path: Path, identifier: str):
    concept = Concept(
        identifier,
        (Term("fever", "en"), Term("pyrexia", "en", status="admitted"), Term("発熱", "ja")),
        {"en": "A raised temperature."},
        broader=("C:2",),
        same_as=("X:1",),
        source="House",
        licence="CC0",
    )
    (found,) = exported(tmp_path, "skos", concept)
    kind = "C:2" if identifier.startswith("http") else ""  # as it was read from SKOS
    assert found == structs.replace(concept, type=kind)


def test_skos_brings_its_ids_back(tmp_path: Path):
    (found,) = exported(tmp_path, "skos", FEVER)
    assert found.id == "C:1"


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


NAMES = ("good", "terms", "language", "definition", "rights", "links")
FORMULAS = (
    "=1+1",
    "-emia",
    "+ve",
    "@SUM(A1)",
    " =x",
    "　－x",
    "'=x",
    "''-x",
    "＝1",
    "-2+3+cmd|' /C calc'!A0",
)


@pytest.mark.parametrize("text", FORMULAS)
def test_formulas_do_not_run_and_are_read_back_unharmed(tmp_path: Path, text: str):
    concept = Concept(
        text.strip(),
        (Term(text.strip(), "en", note=text.strip()), Term("爪", "ja")),
        {"en": text.strip()},
        text.strip(),
    )
    table = io.StringIO(export_concepts([concept], "csv").data.decode("utf-8-sig"))
    cells = [cell for row in csv.reader(table) for cell in row]
    assert not [cell for cell in cells if cell.lstrip(" 　")[:1] in "=+-@＝＋－＠" and cell]
    (found,) = exported(tmp_path, "csv", concept)
    assert (found.id, *plain(found)) == (concept.id, *plain(concept))


@given(st.text("'=-+@ ＝a", max_size=6))
def test_a_guard_is_taken_off_as_it_was_put_on(text: str):
    assert unguarded(guarded(text)) == text
    assert not runs_as_formula(guarded(text).lstrip("'")) or guarded(text).startswith("'")


@pytest.mark.parametrize("form", ["deepl", "google", "aws"])
def test_a_service_gets_no_formula(form: str):
    concept = Concept("1", (Term("=cmd()", "en"), Term("爪", "ja")))
    made = export_concepts([concept], form, PAIR)
    assert made.entries == 0
    assert [one.reason for one in made.refused] == ["a spreadsheet would run '=cmd()' as a formula"]


BREAKING = "\t", "\n", "\r", "\x0b", "\x00", "\u2028", "\u202e", "\ud800"


@pytest.mark.parametrize("sign", BREAKING)
@pytest.mark.parametrize("form", ["csv", "tbx", "skos", "utx", "deepl"])
def test_nothing_forges_a_row_or_a_statement(tmp_path: Path, form: str, sign: str):
    forged = f"x{sign}forged\tforged"
    good = Concept("good", (Term("nail", "en"), Term("爪", "ja")))
    broken = [
        structs.replace(good, id=forged),
        structs.replace(good, id="terms", terms=(Term(forged, "en"), Term("釘", "ja"))),
        structs.replace(good, id="language", terms=(Term("hammer", forged), Term("鎚", "ja"))),
        structs.replace(good, id="definition", definitions={"en": forged, forged: "x"}),
        structs.replace(good, id="rights", licence=forged, source=forged, field=forged),
        structs.replace(good, id="links", broader=(forged,), same_as=(forged,)),
    ]
    made = export_concepts([good, *broken], form, PAIR)
    assert sign == "\n" or sign not in made.data.decode() or sign in "\t\r"
    (tmp_path / "exported").write_bytes(made.data)
    found = read_concepts([tmp_path / "exported"]) if form != "deepl" else []
    ids = {concept.id.removeprefix("urn:lexgraft:") for concept in found}
    assert ids <= set(NAMES)
    assert all("forged" not in term.text for concept in found for term in concept.terms)
    assert len(made.refused) >= 4


def test_a_language_tag_makes_no_statement():
    evil = 'en . <urn:x> <urn:y> "z"'
    concept = Concept("1", (Term("nail", "en"), Term("claw", evil)), {evil: "x", "en": "y"})
    made = export_concepts([concept], "skos")
    assert b"urn:x" not in made.data
    assert [one.term for one in made.refused] == ["claw", "x"]
    with pytest.raises(LexgraftError, match="no language tag"):
        export_concepts([concept], "utx", LanguagePair("en", evil))


def test_a_term_that_would_be_a_comment_in_utx_is_left_out():
    concept = Concept("1", (Term("#src\ttgt"[:4], "en"), Term("爪", "ja")))
    made = export_concepts([concept], "utx", PAIR)
    assert made.entries == 0
    assert "comment" in made.refused[0].reason


def two(first: str, second: str) -> tuple[Concept, Concept]:
    """Return two concepts of two sources, the second without a licence."""
    one, other = (
        Concept(f"C:{text}", (Term(text, "en"), Term(f"{text}語", "ja")), source=text)
        for text in (first, second)
    )
    return structs.replace(one, licence="CC0-1.0"), other


@pytest.mark.parametrize("form", ["skos", "utx", "csv", "tbx"])
def test_no_concept_gets_the_licence_of_another(tmp_path: Path, form: str):
    concepts = two("fever", "cough")
    found = {one.id: one.licence for one in exported(tmp_path, form, *concepts)}
    assert found["C:cough"] == ""
    lost = {loss.concept: loss.what for loss in export_concepts(concepts, form, PAIR).lost}
    assert (found["C:fever"] == "CC0-1.0") != ("licence" in lost.get("C:fever", ()))


@pytest.mark.parametrize("form", ["utx", "deepl", "google", "aws"])
def test_a_concept_in_one_language_alone_is_said_not_to_be_exported(form: str):
    alone = Concept("C:9", (Term("cough", "en"), Term("せき", "ja", status="pending")))
    result = export_concepts([FEVER, alone], form, PAIR)
    assert ("C:9", "no usable term in `ja`") in [
        (one.concept, one.reason) for one in result.refused
    ]


def test_what_only_one_direction_has_no_place_for_is_said():
    terms = (
        *(Term("fever", "en"), Term("febris", "en", status="forbidden")),
        *(Term("発熱", "ja"), Term("熱", "ja", status="admitted")),
    )
    concept = Concept("C:1", terms)
    (loss,) = export_concepts([concept], "utx", PAIR).lost
    assert loss.what == ("forbidden in `en`",)
    (loss,) = export_concepts([concept], "deepl", PAIR).lost
    assert "further terms in `ja`" in loss.what


def test_a_formula_is_named_itself():
    concept = Concept("C:1", (Term("axis", "en"), Term("=軸", "ja")))
    (refused,) = export_concepts([concept], "deepl", PAIR).refused
    assert "'=軸'" in refused.reason


def test_a_term_that_its_concept_forbids_reaches_no_service_and_is_named_elsewhere():
    spring = Concept(
        "1",
        (Term("spring", "en"), Term("Feder", "ja"), Term("feder", "ja", status="forbidden")),
    )
    made = export_concepts([spring], "deepl", PAIR)
    assert (made.entries, made.refused[0].reason) == (0, "Feder is required and forbidden")
    for form in ("csv", "tbx", "skos", "utx"):
        pair = PAIR if form == "utx" else None
        assert [row.term for row in export_concepts([spring], form, pair).contradictory] == [
            "Feder"
        ]
