"""What the licences of a term base ask."""

import pytest

from lexgraft.records import Concept, Term
from lexgraft.terms.readers.rights import Kind, kind_of, rights_of


@pytest.mark.parametrize(
    ("licence", "kind"),
    [
        ("EDRDG licence (CC BY-SA 4.0)", "share-alike"),
        ("SNOMED CT Affiliate Licence", "restricted"),
        ("CC BY-NC 4.0", "restricted"),
        ("GPL-3.0-or-later (module); ICD-10 by WHO", "share-alike"),
        ("CC BY 4.0", "free"),
        ("CC0-1.0", "free"),
        ("house rules", "unknown"),
        ("", "not stated"),
        ("not stated", "not stated"),
    ],
)
def test_a_licence_is_known_by_its_text(licence: str, kind: Kind):
    assert kind_of(licence) == kind


def test_a_mixture_of_share_alike_and_restricted_sources_is_said():
    def concept(licence: str) -> Concept:
        return Concept("C", (Term("x", "en"),), licence=licence)

    alone = rights_of([concept("CC BY-SA 4.0"), concept("CC0")]).warnings()
    mixed = rights_of([concept("CC BY-SA 4.0 + UMLS Metathesaurus Licence")]).warnings()
    assert [warning for warning in alone if "mixed" in warning] == []
    assert "share-alike and restricted sources are mixed" in mixed[-1]
    assert rights_of([concept("CC0")]).warnings() == []


@pytest.mark.parametrize("licence", ["UMLS Metathesaurus Licence", "CC BY-SA 4.0", "mine", ""])
def test_every_kind_of_warning_is_said_in_the_languages_of_the_report(licence: str):
    (said,) = rights_of([Concept("C", (Term("x", "en"),), licence=licence)] * 3).spoken()
    assert set(said) == {"en", "ja"}
    assert said["ja"] != said["en"]
    assert all("3" in text and licence in text for text in said.values())
