"""Who may stand beside an answer."""

from collections.abc import Callable

import msgspec
import numpy as np

from lexgraft.project import Form
from lexgraft.records import Concept, Term
from lexgraft.terms.testset.distractor_pool import DistractorPool, pool_of

Maker = Callable[[int], list[Concept]]
FORM = Form("term-to-term", "ja", "en")


def pool(concepts: list[Concept], lenders: list[Concept], seed: int = 1) -> DistractorPool:
    return pool_of(concepts, lenders, FORM, seed, {})


def near(pool: DistractorPool, concept: str, count: int, **given: object) -> list[str]:
    target = next(view for view in pool.asked if view.concept.id == concept)
    return [one.concept.id for one in pool.near(target, count, "field", **given)]  # pyright: ignore[reportArgumentType]


def test_a_circle_of_the_alike_comes_by_chance_and_another_seed_draws_another(make_concepts: Maker):
    concepts = make_concepts(60)
    first, other = (near(pool(concepts, [], seed), "C0000", 6) for seed in (1, 2))
    assert len(first) == len(set(first)) == 24
    assert first != other
    assert "C0000" not in first


def test_neither_order_nor_strangers_change_the_order_of_two(make_concepts: Maker):
    concepts = make_concepts(24)
    few = near(pool(concepts[:12], []), "C0000", 3)
    many = near(pool(list(reversed(concepts)), []), "C0000", 6)
    assert [one for one in many if one in few] == [one for one in few if one in many]


def test_the_unlike_are_no_more_than_needed(make_concepts: Maker):
    concepts = make_concepts(30)
    other = [msgspec.structs.replace(one, field="law") for one in concepts[4:]]
    found = near(pool([*concepts[:4], *other], []), "C0000", 6)
    assert len(found) == 6
    assert {"C0001", "C0002", "C0003"} <= set(found)


def test_the_likeliest_by_a_score_are_in_the_circle_too(make_concepts: Maker):
    concepts = make_concepts(200)
    wide = pool(concepts, [])
    left_out = sorted({one.id for one in concepts[1:]} - set(near(wide, "C0000", 6)))[:3]
    scores = np.array([int(view.concept.id in left_out) for view in wide.members])
    assert set(left_out) <= set(near(wide, "C0000", 6, scores=scores))


def test_who_asks_comes_before_who_only_lends(make_concepts: Maker):
    concepts = make_concepts(80)
    found = near(pool(concepts[:40], concepts[40:]), "C0000", 6)
    assert all(one < "C0040" for one in found)


def test_a_synonym_is_never_near(make_concepts: Maker):
    first, second, *others = make_concepts(12)
    shared = Term("Sharedname", "en", status="admitted")
    twins = [msgspec.structs.replace(one, terms=(*one.terms, shared)) for one in (first, second)]
    assert second.id not in near(pool([*twins, *others], []), first.id, 9)
