"""The OBO reader."""

from pathlib import Path

import pytest

from lexgraft.errors import LexgraftError
from lexgraft.terms.readers import TermImport
from lexgraft.terms.readers.obo import read_obo

HEADER = """format-version: 1.2
data-version: demo/2025-01-16
ontology: demo.obo
property_value: terms:license https://example.org/licence
"""
TERM = r"""
[Term]
id: D:2
name: Furuncle
def: "An infection of a \"hair follicle\" that\n extends, forming an abscess." [ref:1, "x"]
comment: not read
synonym: "Boil" EXACT layperson [orcid:1]
synonym: "FUR" EXACT abbreviation []
synonym: "Skin abscess" BROAD []
synonym: "Furunculus" []
is_a: D:1 ! Skin abnormality
is_a: D:7 {source="x"} ! Other
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "demo.obo"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_term_brings_its_exact_names_definition_parents_and_origin(tmp_path: Path):
    (concept,) = read_obo(write(tmp_path, HEADER + TERM))

    assert concept.id == "D:2"
    assert concept.names("en") == ("Furuncle", "Boil")
    assert [term.status for term in concept.terms] == ["preferred", "admitted"]
    text = 'An infection of a "hair follicle" that extends, forming an abscess.'
    assert concept.definitions == {"en": text}
    assert (concept.type, concept.broader) == ("D:1", ("D:1", "D:7"))
    assert concept.source == "demo.obo"
    assert concept.source_version == "demo/2025-01-16"
    assert concept.licence == "https://example.org/licence"


def test_obsolete_terms_and_other_stanzas_are_left_out(tmp_path: Path):
    others = "\n[Term]\nid: D:3\nname: Gone\nis_obsolete: true\n\n[Typedef]\nid: part_of\nname: x\n"
    found = read_obo(write(tmp_path, HEADER + TERM + others))
    assert [concept.id for concept in found] == ["D:2"]


def test_a_term_without_a_name_is_refused_by_its_id(tmp_path: Path):
    with pytest.raises(LexgraftError, match="D:9"):
        read_obo(write(tmp_path, HEADER + "\n[Term]\nid: D:9\n"))


def test_an_open_quotation_is_refused_by_the_id(tmp_path: Path):
    with pytest.raises(LexgraftError, match="D:9"):
        read_obo(write(tmp_path, HEADER + '\n[Term]\nid: D:9\nname: N\ndef: "no end\n'))


def test_a_line_that_is_no_tag_is_refused_by_its_number(tmp_path: Path):
    with pytest.raises(LexgraftError, match=r"demo\.obo:6"):
        read_obo(write(tmp_path, HEADER + "\nnonsense\n"))


def test_synonyms_that_are_not_taken_are_counted_by_their_kind(tmp_path: Path):
    taken = TermImport([write(tmp_path, HEADER + TERM)])
    list(taken)
    texts = taken.readings[0].tally.texts
    assert {reason: passed.count for reason, passed in texts.items()} == {
        "a synonym: abbreviation": 1,
        "a synonym: BROAD": 1,
        "a synonym: RELATED": 1,
    }
