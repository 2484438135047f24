"""Graded answers by hand, for tests of what is computed from them."""

from collections.abc import Iterable, Mapping, Sequence

from lexgraft.adoption.metrics import ComparisonContext, SplitResults
from lexgraft.evaluation.grade import GradedItem
from lexgraft.project import Languages
from lexgraft.records import Document, TextScore

CONTEXT = ComparisonContext(
    Languages("ja", "en"),
    [Document(f"d{n}", "ja", "manual", "text") for n in range(8)],
    seed=1,
    alpha=0.05,
)


def graded(right: Mapping[str, Sequence[bool]], pair: str = "en->ja") -> list[GradedItem]:
    """Return one graded item per concept and draw: concept → right in each draw."""
    return [
        GradedItem(
            concept=concept,
            kind="definition-to-term",
            pair=pair,
            draw=draw,
            right=yes,
            right_by_sum=yes,
            right_per_character=yes,
            right_blind=False,
            margin=1.0 if yes else -1.0,
            probability=0.9 if yes else 0.1,
            chance=0.25,
            probability_by_sum=0.9 if yes else 0.1,
            probability_per_character=0.6 if yes else 0.2,
        )
        for concept, draws in right.items()
        for draw, yes in enumerate(draws)
    ]


def knows(concepts: Iterable[str], of: int = 20, pair: str = "en->ja") -> list[GradedItem]:
    """Return the answers of a model that knows these of the concepts c0, c1, …"""
    known = set(concepts)
    return graded({f"c{n}": [f"c{n}" in known] * 2 for n in range(of)}, pair)


def first(count: int) -> list[str]:
    """Return the names of the first concepts."""
    return [f"c{n}" for n in range(count)]


def model(
    name: str, own: int, target: int, everyday: int = 20, bits: float = 800.0
) -> SplitResults:
    """Return what a model knows: so many of 20 in English, from English to Japanese, every day."""
    return SplitResults(
        name,
        [*knows(first(own), pair="en->en"), *knows(first(target))],
        knows(first(everyday), pair="ja->ja"),
        [TextScore(document.id, bits + n, 100) for n, document in enumerate(CONTEXT.documents)],
    )
