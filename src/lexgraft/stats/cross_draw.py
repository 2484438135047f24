"""Concepts chosen on one draw of their items, measured on another, less a placebo (pure)."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from lexgraft.stats.intervals import Interval, ratio

ByDraw = Mapping[str, Mapping[int, bool]]
"""Concept → draw → right."""


class CrossDrawEstimate(NamedTuple):
    """Of concepts chosen by one draw of their items, the share right in another draw."""

    result: Interval
    placebo: Interval
    difference: Interval  # result minus placebo, paired by concept


def cross_draw_estimate(
    chosen: Callable[[str, int], bool],
    result: ByDraw,
    placebo: ByDraw,
    seed: int,
    alpha: float = 0.05,
) -> CrossDrawEstimate:
    """Return the share right in draw B of the concepts chosen in draw A, over all A ≠ B.

    An answer is right or wrong partly by luck, so concepts chosen for a wrong answer do better
    when asked again, though nothing was learnt (regression to the mean). Choosing and measuring
    on different draws, and taking off what an unchanged model, the placebo, gains in the same way,
    leaves what the result itself added. Concepts, with all their draws, are resampled.

    >>> result = {"fever": {0: True, 1: True}, "stroke": {0: False, 1: True}}
    >>> placebo = {"fever": {0: False, 1: False}, "stroke": {0: False, 1: False}}
    >>> gain = cross_draw_estimate(lambda c, draw: not placebo[c][draw], result, placebo, seed=0)
    >>> gain.result.value, gain.placebo.value, gain.difference.n
    (0.75, 0.0, 2)
    """
    rows: list[tuple[int, int, int]] = []  # right in the result, right in the placebo, measured
    for concept, right in result.items():
        baseline = placebo.get(concept, {})
        draws = [draw for draw in right if draw in baseline]
        measured = [b for a in draws if chosen(concept, a) for b in draws if b != a]
        if measured:
            rows.append(
                (
                    sum(right[draw] for draw in measured),
                    sum(baseline[draw] for draw in measured),
                    len(measured),
                )
            )
    gained, unchanged, counts = ([float(row[i]) for row in rows] for i in range(3))
    differences = [g - u for g, u in zip(gained, unchanged, strict=True)]
    return CrossDrawEstimate(
        ratio(gained, counts, seed, alpha),
        ratio(unchanged, counts, seed, alpha),
        ratio(differences, counts, seed, alpha),
    )
