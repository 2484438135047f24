"""Joining an ontology with dictionaries."""

from lexgraft.records import Concept, Term
from lexgraft.terms.readers.join_dictionaries import join

FIELDS = frozenset({"med"})


def disease(key: str, *names: str) -> Concept:
    terms = tuple(Term(name, "en") for name in names)
    return Concept(key, terms, {"en": f"Definition of {names[0]}."}, source="onto", licence="free")


def entry(key: str, japanese: str, *glosses: str, field: str = "med") -> Concept:
    terms = (Term(japanese, "ja", "noun"), *(Term(gloss, "en") for gloss in glosses))
    return Concept(key, terms, field=field, source="dict", source_version="1", licence="shared")


def joined(ontology: list[Concept], *dictionaries: list[Concept]) -> dict[str, tuple[str, ...]]:
    found = join(ontology, dictionaries, shared="en", added="ja", fields=FIELDS)
    return {concept.id: concept.names("ja") for concept in found}


def test_definition_and_provenance_come_along():
    (found,) = join(
        [disease("O:1", "Anaemia")],
        [[entry("J:1-1", "貧血", "anemia")]],
        shared="en",
        added="ja",
        fields=FIELDS,
    )
    assert found.definitions == {"en": "Definition of Anaemia."}
    assert found.terms == (Term("Anaemia", "en", "noun"), Term("貧血", "ja", "noun"))
    assert (found.source, found.licence) == ("onto + J:1-1", "free + shared")
    assert found.source_version == "1"


def test_an_entry_of_the_field_comes_before_an_unmarked_and_an_earlier_gloss_first():
    words = [
        entry("J:1-1", "移動", "shift", field=""),
        entry("J:2-1", "偏位", "deviation", "shift"),
        entry("J:3-1", "変位", "shift"),
    ]
    assert joined([disease("O:1", "Shift")], words) == {"O:1": ("変位", "偏位")}


def test_an_entry_of_another_field_never_matches():
    assert (
        joined([disease("O:1", "Virus")], [entry("J:1-1", "ウイルス", "virus", field="comp")]) == {}
    )


def test_an_unmarked_entry_needs_the_own_name_and_a_leading_gloss_of_the_first_sense():
    ontology = [disease("O:1", "Heloma", "Corn"), disease("O:2", "Placidity")]
    corn = entry("J:1-1", "南蛮黍", "corn", field="")
    room = entry("J:2-2", "余裕", "placidity", field="")
    late = entry("J:3-1", "平静", "calm", "peace", "placidity", field="")
    assert joined(ontology, [corn, room, late]) == {}


def test_a_synonym_matches_but_an_abbreviation_does_not():
    ontology = [disease("O:1", "Pruritus", "Itching"), disease("O:2", "Heart defect", "CHD")]
    words = [entry("J:1-1", "かゆみ", "itching"), entry("J:2-1", "冠動脈疾患", "CHD")]
    assert joined(ontology, words) == {"O:1": ("かゆみ",)}


def test_one_japanese_term_stays_with_the_concept_whose_name_it_is():
    ontology = [disease("O:1", "Low blood", "Anemia"), disease("O:2", "Anemia")]
    assert joined(ontology, [entry("J:1-1", "貧血", "anemia")]) == {"O:2": ("貧血",)}


def test_the_earlier_dictionary_is_preferred_and_the_later_admitted():
    ontology = [disease("O:1", "Pulmonary edema")]
    assert joined(
        ontology,
        [entry("J:1-1", "肺浮腫", "pulmonary edema")],
        [entry("I:J81", "肺水腫", "Pulmonary oedema")],
    ) == {"O:1": ("肺浮腫", "肺水腫")}


def test_verbs_and_others_are_no_terms():
    word = Concept("J:1-1", (Term("痛む", "ja", "other"), Term("pain", "en")), field="med")
    assert joined([disease("O:1", "Pain")], [word]) == {}
