"""Which items need the term, and which are decided by less."""

from collections.abc import Callable
from itertools import product

import msgspec

from lexgraft.project import Form
from lexgraft.records import Concept, Item, Term
from lexgraft.terms.testset.audit import audit
from lexgraft.terms.testset.baseline_rules import PIECES
from lexgraft.terms.testset.item_evidence import needing_term, piece_scores, with_evidence
from lexgraft.terms.testset.items import build_items

Maker = Callable[[int], list[Concept]]
PARTS = {
    "eyelid": "眼",
    "stomach": "胃",
    "bladder": "胱",
    "nerve": "経",
    "cornea": "角",
    "liver": "肝",
}
KINDS = {"inflamed": "炎", "swollen": "腫", "bleeding": "血", "painful": "痛", "narrow": "狭"}


def compositional() -> dict[str, Concept]:
    """Return concepts each of whose names says what its definition says, piece by piece."""
    return {
        f"{part} {kind}": Concept(
            f"{part} {kind}",
            (Term(PARTS[part] + KINDS[kind], "ja", "noun"),),
            {"en": f"The {part} is {kind}."},
            field="medicine",
        )
        for part, kind in product(PARTS, KINDS)
    }


def asked(concepts: dict[str, Concept], form: Form, draws: int = 2) -> list[Item]:
    return build_items(
        list(concepts.values()),
        forms=[form],
        options=4,
        draws=draws,
        distractors="random",
        seed=1,
    )


def test_items_of_a_compositional_vocabulary_are_decided_by_pieces():
    concepts = compositional()
    items = asked(concepts, Form("definition-to-term", "en", "ja"))
    scores = piece_scores(items, concepts)
    (score,) = [one for one in audit(items, concepts, scores) if one.name == PIECES]
    assert score.low > 0.6  # chance is .25
    marked = with_evidence(items, concepts, scores)
    assert sum(item.solvable_by == "pieces" for item in marked) > 0.6 * len(marked)
    assert len(needing_term(marked)["en->ja"]) < len(concepts) / 2


def test_items_of_an_arbitrary_vocabulary_need_their_terms(make_concepts: Maker):
    concepts = {one.id: one for one in make_concepts(60)}
    items = asked(concepts, Form("definition-to-term", "en", "ja"))
    scores = piece_scores(items, concepts)
    marked = with_evidence(items, concepts, scores)
    assert {item.solvable_by for item in marked} <= {"term", "pieces"}
    # By luck pieces that say nothing pick the right one of four.
    assert sum(item.needs_term for item in marked) > 0.6 * len(marked)
    plain = [msgspec.structs.replace(item, solvable_by="unknown") for item in marked]
    assert plain == items


def test_a_tie_is_no_choice(make_concepts: Maker):
    concepts = {one.id: one for one in make_concepts(8)}
    items = asked(concepts, Form("definition-to-term", "en", "ja"))
    marked = with_evidence(items, concepts, {item.id: (7, 7, 7, 7) for item in items})
    assert all(item.needs_term for item in marked)


def test_a_loanword_across_languages_is_apart_whatever_its_pieces_say(make_concepts: Maker):
    concepts = {one.id: one for one in make_concepts(12)}
    first = next(iter(concepts))
    heard = (Term("Cylinder", "en", "noun"), Term("シリンダー", "ja", "noun"))
    concepts[first] = msgspec.structs.replace(concepts[first], terms=heard)
    across = asked(concepts, Form("term-to-term", "en", "ja"))
    marked = with_evidence(across, concepts, piece_scores(across, concepts))
    assert {one.concept for one in marked if one.solvable_by == "sound"} == {first}
    assert first not in needing_term(marked)["en->ja"]
    within = asked(concepts, Form("term-to-definition", "en", "en"))
    marked = with_evidence(within, concepts, piece_scores(within, concepts))
    assert all(one.solvable_by != "sound" for one in marked)


def test_a_concept_counts_by_the_items_that_need_its_term():
    items = with_evidence(
        asked(compositional(), Form("definition-to-term", "en", "ja")),
        compositional(),
        {
            item.id: tuple(int(place == item.gold and item.draw) for place in range(4))
            for item in asked(compositional(), Form("definition-to-term", "en", "ja"))
        },
    )
    assert {item.draw for item in items if item.needs_term} == {0}
    assert needing_term(items) == {"en->ja": tuple(sorted(compositional()))}
