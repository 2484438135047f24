"""What single formats promise beside the contract: UTX, TMX, MeSH, ClaML, MEDIS, law, Babelon."""

from importlib import import_module
from pathlib import Path

import pytest
from terms.readers.samples import BABELON, OBO, RDF_XML, SAMPLES, TMX, TURTLE, UTX, write_sample

from lexgraft.errors import LexgraftError
from lexgraft.records import Concept, Term
from lexgraft.terms.readers import ImportOptions, TermImport, read_concepts
from lexgraft.terms.readers.import_log import ImportLog
from lexgraft.terms.readers.utx import read_utx


def sample(folder: Path, name: str, asked: ImportOptions | None = None) -> list[Concept]:
    return read_concepts([write_sample(name, folder)], asked)


def test_utx_keeps_the_status_of_the_target_and_the_licence(tmp_path: Path):
    (concept,) = sample(tmp_path, "utx")
    assert concept.terms == (
        Term("fever", "en", "noun"),
        Term("発熱", "ja", "noun"),
        Term("熱病", "ja", "noun", "forbidden"),
    )
    assert concept.licence == "CC-BY 4.0"


def test_a_utx_row_without_an_id_that_forbids_a_translation_belongs_to_the_known_term(
    tmp_path: Path,
):
    path = tmp_path / "terms.utx"
    path.write_text(
        "#UTX 1.11; en/ja; 2024-01-01T00:00:00+09:00; copyright: X;\n#src\ttgt\tterm status\n"
        "seat\t弁座\tapproved\nseat\tシート\tforbidden\nseat\t座席\tapproved\n",
        encoding="utf-8",
    )
    valve, chair = read_concepts([path])
    assert valve.terms == (
        Term("seat", "en"),
        Term("弁座", "ja"),
        Term("シート", "ja", status="forbidden"),
    )
    assert chair.terms == (Term("seat", "en"), Term("座席", "ja"))


def test_a_status_that_utx_does_not_know_is_pending(tmp_path: Path):
    path = tmp_path / "terms.utx"
    path.write_text(UTX.replace("forbidden", "frowned"), encoding="utf-8")
    (concept,) = read_concepts([path])
    assert concept.names("ja") == ("発熱",)
    assert concept.terms[-1] == Term("熱病", "ja", "noun", "pending")


def test_tmx_leaves_out_codes_and_points_at_sentences(tmp_path: Path):
    path = tmp_path / "memory.tmx"
    path.write_text(TMX.replace("発熱", "彼は昨日から発熱していると言いました。"), encoding="utf-8")
    taken = TermImport([path])
    (concept,) = taken
    assert (concept.id, concept.field, concept.names("en")) == ("1", "medicine", ("fever",))
    assert list(taken.readings[0].tally.warnings) == [
        "a segment that looks like a sentence, not a term"
    ]


def test_multiterm_reads_statuses_and_descriptions_by_their_names(tmp_path: Path):
    (concept,) = sample(tmp_path, "multiterm")
    assert (concept.id, concept.field) == ("1", "medicine")
    assert concept.definitions == {"en": "A raised temperature."}
    assert concept.terms == (
        Term("fever", "en"),
        Term("発熱", "ja"),
        Term("熱病", "ja", status="forbidden"),
    )


def test_the_glossary_of_an_xliff_file_has_its_definitions(tmp_path: Path):
    (concept,) = sample(tmp_path, "xliff")
    assert concept.terms == (Term("fever", "en"), Term("発熱", "ja"))
    assert concept.definitions == {"en": "A raised temperature."}


def test_mesh_keeps_narrower_concepts_apart(tmp_path: Path):
    fever, low = sample(tmp_path, "mesh")
    assert (fever.id, fever.names("en")) == ("MESH:D1", ("fever", "Pyrexia"))
    assert (fever.field, fever.type) == ("diseases", "MESH:C23.888")
    assert (low.id, low.broader) == ("MESH:M2", ("MESH:D1",))


def test_claml_prefers_names_that_stand_alone_and_joins_fragments(tmp_path: Path):
    (concept,) = sample(tmp_path, "claml")
    assert concept.id == "ICD-X:R50"
    assert concept.names("en") == ("fever", "Other", "fever of the night")
    assert (concept.field, concept.broader, concept.source_version) == (
        "Signs",
        ("ICD-X:I",),
        "2025",
    )


def test_medis_follows_a_retired_name_to_its_successor(tmp_path: Path):
    (concept,) = sample(tmp_path, "medis")
    assert concept.id == "MEDIS:20050001"
    assert concept.names("ja") == ("発熱", "熱発")
    assert concept.names("ja-Hrkt") == ("ハツネツ", "ネツパツ")
    assert concept.broader == ("ICD10:R509",)


def test_a_law_term_keeps_every_translation_with_its_condition(tmp_path: Path):
    (concept,) = sample(tmp_path, "law")
    english = [term for term in concept.terms if term.language == "en"]
    assert [(term.text, term.note) for term in english] == [
        ("fever", "日常の文"),
        ("pyrexia", "医学の文"),
        ("heat", "物の場合"),
    ]
    assert concept.names("ja-Hrkt") == ("はつねつ",)


def test_a_law_dictionary_is_read_by_the_separator_of_its_header(tmp_path: Path):
    file = tmp_path / "law.csv"
    text = "見出し語,読み,訳語,使い分け基準,注釈\n発熱,はつねつ,fever,,\tnote\n,,pyrexia,,\n"
    file.write_text(text, encoding="utf-8")
    (concept,) = read_concepts([file])
    assert concept.names("en") == ("fever", "pyrexia")


def test_babelon_adds_its_terms_to_the_ontology(tmp_path: Path):
    ontology, translation = tmp_path / "hp.obo", tmp_path / "ja.tsv"
    ontology.write_text(OBO, encoding="utf-8")
    translation.write_text(BABELON, encoding="utf-8")
    taken = TermImport([translation, ontology])
    (concept,) = taken
    assert (concept.id, concept.names("ja")) == ("C1", ('"発"熱',))
    assert concept.source == "demo + ja.tsv"
    assert concept.same_as == ("UMLS:C0000001",)
    left = {reason: passed.count for reason, passed in taken.readings[0].tally.left_out.items()}
    assert left == {"translation_status CANDIDATE": 1, "translation_precision BROAD": 1}


def test_obo_terms_are_those_of_fastobo(tmp_path: Path):
    fastobo = import_module("fastobo")
    path = tmp_path / "x.obo"
    text = OBO + '\n[Term]\nid: C:3\nname: a \\"b\\" \\, c\nsynonym: "d \\"e\\"" EXACT []\n'
    path.write_text(text, encoding="utf-8")
    theirs: dict[str, list[str]] = {}
    for frame in fastobo.load(str(path)):
        clauses = {clause.raw_tag(): clause for clause in frame}
        if "is_obsolete" not in clauses:
            names = [clauses["name"].name]
            names += [clauses["synonym"].synonym.desc] if "synonym" in clauses else []
            theirs[str(frame.id)] = names
    assert {one.id: list(one.names("en")) for one in read_concepts([path])} == theirs


@pytest.mark.parametrize("text", [TURTLE, RDF_XML])
def test_labels_are_those_of_pyoxigraph_with_their_languages(tmp_path: Path, text: str):
    pyoxigraph = import_module("pyoxigraph")
    path = tmp_path / "x.rdf"
    path.write_text(text, encoding="utf-8")
    form = pyoxigraph.RdfFormat
    kind = form.RDF_XML if text is RDF_XML else form.TURTLE
    theirs = {
        (quad.object.value, quad.object.language)
        for quad in pyoxigraph.parse(text.encode(), kind)
        if quad.predicate.value.endswith(("prefLabel", "altLabel", "#label"))
        and quad.object.language
    }
    ours = {(t.text, t.language) for one in read_concepts([path]) for t in one.terms}
    assert ours == theirs


def test_skos_keeps_definition_origin_and_counts_hidden_labels(tmp_path: Path):
    taken = TermImport([write_sample("turtle", tmp_path)])
    (concept,) = taken
    assert concept.names("en") == ("fever", "pyrexia")
    assert concept.definitions == {"en": "A raised temperature."}
    assert (concept.source, concept.licence) == ("Demo", "http://example.org/by")
    assert concept.broader == ("http://example.org/2",)
    assert list(taken.readings[0].tally.texts) == ["a hidden label"]


def test_a_skos_collection_is_no_concept(tmp_path: Path):
    path = tmp_path / "x.ttl"
    path.write_text(TURTLE + 'x:9 a skos:Collection ; skos:prefLabel "All of them"@en .\n')
    taken = TermImport([path])
    assert [one.names("en")[0] for one in taken] == ["fever"]
    assert "a collection of concepts, not one" in taken.readings[0].tally.left_out


def test_skos_xl_labels_are_those_of_their_nodes(tmp_path: Path):
    path = tmp_path / "x.ttl"
    path.write_text(
        "@prefix xl: <http://www.w3.org/2008/05/skos-xl#> .\n<http://e.org/1> xl:prefLabel "
        '<http://e.org/l> .\n<http://e.org/l> xl:literalForm "発熱"@ja .\n',
        encoding="utf-8",
    )
    (concept,) = read_concepts([path])
    assert concept.terms == (Term("発熱", "ja"),)


def test_owl_names_of_an_ontology_are_short(tmp_path: Path):
    (concept,) = sample(tmp_path, "rdf/xml")
    assert concept.id == "HP:0001945"


def test_an_entity_bomb_in_rdf_is_refused(tmp_path: Path):
    path = tmp_path / "x.owl"
    bomb = '<!ENTITY a "ha"><!ENTITY b "&a;&a;">'
    path.write_text(RDF_XML.replace("<!ENTITY rdfs", f"{bomb}<!ENTITY rdfs"), encoding="utf-8")
    with pytest.raises(LexgraftError, match="entity `b`"):
        read_concepts([path])


@pytest.mark.parametrize("name", SAMPLES)
def test_origin_given_by_the_user_is_kept_with_every_concept(tmp_path: Path, name: str):
    asked = ImportOptions(source="House", version="3", licence="CC0")
    for concept in sample(tmp_path, name, asked):
        assert (concept.source, concept.source_version, concept.licence) == ("House", "3", "CC0")


@pytest.mark.parametrize("name", [name for name in SAMPLES if name not in {"medis", "csv cp932"}])
def test_only_the_languages_asked_for_are_taken(tmp_path: Path, name: str):
    found = sample(tmp_path, name, ImportOptions(languages=("en-US" if name == "rf2" else "en",)))
    assert {term.language for one in found for term in one.terms} == {"en"}


def test_a_babelon_row_that_ends_before_its_subject_is_refused_by_its_line(tmp_path: Path):
    heads = "predicate_id\ttranslation_language\ttranslation_value\tsubject_id"
    file = tmp_path / "short.tsv"
    file.write_text(f"{heads}\nrdfs:label\tja\t体温\n", encoding="utf-8")
    with pytest.raises(LexgraftError, match="2: not as many cells as columns"):
        read_concepts([file])


def test_utx_without_a_line_of_columns_is_refused_in_words(tmp_path: Path):
    file = tmp_path / "terms.utx"
    file.write_text("\n", encoding="utf-8")  # recognised in another encoding than it is read in
    with pytest.raises(LexgraftError, match="no line `#src<TAB>tgt"):
        list(read_utx(file, ImportOptions(), ImportLog()))
