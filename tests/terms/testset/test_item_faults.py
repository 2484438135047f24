"""Items that ask twice or have two right answers."""

from collections.abc import Callable

import msgspec
import pytest

from lexgraft.errors import LexgraftError
from lexgraft.project import Form
from lexgraft.records import Concept, Item, Term
from lexgraft.terms.testset.item_faults import faults, refuse_faults
from lexgraft.terms.testset.items import build_items

Maker = Callable[[int], list[Concept]]


@pytest.fixture
def concepts(make_concepts: Maker) -> dict[str, Concept]:
    return {one.id: one for one in make_concepts(12)}


@pytest.fixture
def items(concepts: dict[str, Concept]) -> list[Item]:
    return build_items(
        list(concepts.values()),
        forms=[Form("term-to-term", "ja", "en")],
        options=4,
        draws=2,
        distractors="field",
        seed=1,
    )


def test_built_items_have_no_fault(items: list[Item], concepts: dict[str, Concept]):
    assert faults(items, concepts) == []
    refuse_faults(items, concepts)


def test_a_synonym_among_the_wrong_options_is_found(
    items: list[Item], concepts: dict[str, Concept]
):
    first = items[0]
    wrong = first.options[first.gold - 1].strip()
    asked = concepts[first.concept]
    known = {
        **concepts,
        asked.id: msgspec.structs.replace(
            asked, terms=(*asked.terms, Term(wrong.upper(), "en", status="admitted"))
        ),
    }
    assert any("is right too" in text for text in faults(items, known))
    with pytest.raises(LexgraftError, match="is right too"):
        refuse_faults(items, known)


def test_two_concepts_with_one_question_are_found(items: list[Item]):
    first, other = items[0], next(one for one in items if one.concept != items[0].concept)
    options = (*first.options[:3], other.options[other.gold])
    first = msgspec.structs.replace(first, options=options, gold=0)
    other = msgspec.structs.replace(other, context=first.context)
    assert any("is right too" in text for text in faults([first, other], {}))


def test_a_repeated_item_and_a_repeated_option_are_found(items: list[Item]):
    turned = msgspec.structs.replace(items[0], id="X", options=items[0].options[::-1])
    assert any("repeats" in text for text in faults([items[0], turned], {}))
    doubled = msgspec.structs.replace(items[0], options=(items[0].options[0],) * 4)
    assert any("an option twice" in text for text in faults([doubled], {}))
