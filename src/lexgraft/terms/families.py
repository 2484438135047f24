"""Which concepts are relatives: under one broader one that is a family, not a field (pure)."""

from collections import Counter
from collections.abc import Iterable

from lexgraft.records import Concept

LARGEST_FAMILY = 3  # concepts under one broader one that are relatives in any test


def families_of(concepts: Iterable[Concept]) -> dict[str, str]:
    """Return concept → its nearest broader one: relatives count as one cluster.

    A broader concept that holds more than a tenth of all is a field, not a family: give all that
    a test set has, of every split, or relatives are others than elsewhere.
    """
    nearest = {c.id: next(iter(c.broader), c.type) for c in concepts}
    sizes = Counter(nearest.values())
    largest = max(LARGEST_FAMILY, len(nearest) // 10)
    return {
        concept: broader
        for concept, broader in nearest.items()
        if broader and sizes[broader] <= largest
    }
