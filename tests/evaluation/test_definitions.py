"""Definitions against the term base's own: relatives, of the whole test set, count as fewer."""

from lexgraft.evaluation.definitions import WrittenDefinitions, definition_scores
from lexgraft.records import Concept, Term


def test_relatives_that_are_alike_widen_the_likeness_of_definitions() -> None:
    """40 concepts, 10 families of four copies, which no part of them tells."""
    concepts = [
        Concept(f"c{n}", (Term(f"t{n}", "en"),), {"en": "a bone of the forearm"}) for n in range(40)
    ]
    texts = {f"c{n}": "a bone of the forearm" if n // 4 % 2 else "water" for n in range(40)}
    written = WrittenDefinitions("en", "en", dict.fromkeys(texts, "?"), texts)
    families = {f"c{n}": f"f{n // 4}" for n in range(40)}
    [alone], [together] = (
        definition_scores("m", [written], (), concepts, kin) for kin in ({}, families)
    )
    assert together.value == alone.value
    assert together.high - together.low > 1.7 * (alone.high - alone.low)
