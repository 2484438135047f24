"""The split of concepts."""

from collections.abc import Callable, Mapping

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lexgraft.errors import LexgraftError
from lexgraft.records import Concept, Split, Term
from lexgraft.terms.testset.split import groups_of_relatives, split_concepts

Maker = Callable[[int], list[Concept]]
COUNTS: dict[Split, int] = {"choose": 5, "confirm": 12, "sealed": 3}


def ids(split: Mapping[Split, list[Concept]]) -> dict[Split, list[str]]:
    return {name: [one.id for one in group] for name, group in split.items()}


@settings(max_examples=25, deadline=None)
@given(data=st.data(), seed=st.integers(0, 2**40))
def test_counts_are_exact_parts_disjoint_and_order_does_not_matter(
    data: st.DataObject, seed: int, make_concepts: Maker
):
    concepts = make_concepts(24)
    split = ids(split_concepts(concepts, COUNTS, seed))
    assert {name: len(group) for name, group in split.items()} == COUNTS
    assert len({one for group in split.values() for one in group}) == 20
    shuffled = data.draw(st.permutations(concepts))
    assert ids(split_concepts(shuffled, COUNTS, seed)) == split


def test_another_seed_splits_otherwise(make_concepts: Maker):
    concepts = make_concepts(24)
    assert ids(split_concepts(concepts, COUNTS, 1)) != ids(split_concepts(concepts, COUNTS, 2))


def test_a_new_concept_moves_few_of_the_others(make_concepts: Maker):
    halves: dict[Split, int] = {"choose": 50, "confirm": 50, "sealed": 0}
    before = ids(split_concepts(make_concepts(100), halves, 1))
    after = ids(split_concepts(make_concepts(101), halves, 1))
    assert len(set(before["choose"]) - set(after["choose"])) <= 1


def test_concepts_that_share_a_name_or_a_definition_form_a_chain():
    def concept(key: str, *names: str, meaning: str = "") -> Concept:
        return Concept(key, tuple(Term(n, "en") for n in names), {"en": meaning} if meaning else {})

    groups = groups_of_relatives(
        [
            concept("D", "four", meaning="The same."),
            concept("B", "TWO", "three"),
            concept("A", "one", "two"),
            concept("C", "three", meaning="the  same."),
            concept("E", "five"),
        ]
    )
    assert [[one.id for one in group] for group in groups] == [["A", "B", "C", "D"], ["E"]]


@given(seed=st.integers(0, 2**40))
@settings(max_examples=25, deadline=None)
def test_relatives_never_lie_in_two_parts(seed: int, make_concepts: Maker):
    shared = Term("Sharedname", "en", status="admitted")
    concepts = make_concepts(24)
    concepts[:4] = [msgspec.structs.replace(c, terms=(*c.terms, shared)) for c in concepts[:4]]
    split = ids(split_concepts(concepts, COUNTS, seed))
    relatives = {concept.id for concept in concepts[:4]}
    assert sum(bool(relatives & set(group)) for group in split.values()) <= 1


def test_too_few_concepts_are_refused_with_numbers_that_fit(make_concepts: Maker):
    with pytest.raises(LexgraftError, match=r"10 concepts(.|\n)*20 are wanted") as caught:
        split_concepts(make_concepts(10), COUNTS, 1)
    assert "`testset.choose: 2`, `testset.confirm: 6`, `testset.sealed: 1`" in str(caught.value)


def test_groups_that_do_not_fit_are_refused(make_concepts: Maker):
    shared = Term("Sharedname", "en", status="admitted")
    group = [msgspec.structs.replace(c, terms=(*c.terms, shared)) for c in make_concepts(20)]
    with pytest.raises(LexgraftError, match="do not fit into 5 for `choose`"):
        split_concepts(group, COUNTS, 1)
