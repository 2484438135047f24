"""Generated definitions asked about, with the term masked."""

import pytest

from lexgraft.evaluation.definition_choice import MASK, identification_items, mask_names
from lexgraft.records import Concept, Item, Term

HEART = Concept(
    "c1",
    (Term("myocardium", "en"), Term("heart muscle", "en"), Term("心筋", "ja")),
    {"en": "The muscle tissue of the heart."},
)


def asked(concept: str = "c1") -> Item:
    return Item(
        "i",
        concept,
        "definition-to-term",
        "en",
        "ja",
        1,
        "Definition: The muscle tissue of the heart.\nTerm: ",
        "Term: ",
        ("心筋", "心膜"),
        0,
    )


def test_every_name_is_masked_whatever_its_case_width_and_number() -> None:
    text = "Myocardium (心筋) is ｈｅａｒｔ muscle;\n myocardiums differ, premyocardium stays"
    assert mask_names(text, HEART) == (
        f"{MASK} ({MASK}) is {MASK}; {MASK} differ, premyocardium stays"
    )


def test_the_generated_definition_takes_the_place_of_the_real_one() -> None:
    [item] = identification_items([asked()], [HEART], {"c1": "Myocardium makes the heart beat."})
    assert item.context == f"Definition: {MASK} makes the heart beat.\nTerm: "
    assert (item.options, item.gold, item.neutral) == (("心筋", "心膜"), 0, "Term: ")
    assert item.id != "i"


def test_concepts_without_a_generated_definition_are_left_out() -> None:
    assert identification_items([asked()], [HEART], {}) == []


def test_an_item_that_does_not_quote_its_definition_is_an_error() -> None:
    other = Concept("c1", HEART.terms, {"en": "Another definition."})
    with pytest.raises(ValueError, match="does not quote"):
        identification_items([asked()], [other], {"c1": "text"})
