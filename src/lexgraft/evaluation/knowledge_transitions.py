"""What became of the concepts: acquired, kept, lost, never; transfer minus placebo."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from lexgraft.records import Fate
from lexgraft.stats.intervals import Interval, ratio

ByDraw = Mapping[str, Mapping[int, bool]]
"""Concept → draw → right."""


def fate(*, before: bool, after: bool) -> Fate:
    """Return what became of one concept between G (before) and the result (after)."""
    if before:
        return "kept" if after else "lost"
    return "acquired" if after else "never"


def fates(language: Mapping[str, bool], result: Mapping[str, bool]) -> dict[str, Fate]:
    """Return the fate of every concept that both G and the result were asked."""
    return {c: fate(before=language[c], after=result[c]) for c in language if c in result}


class TransferEstimate(NamedTuple):
    """Of concepts chosen by one look at them, the share right at another look."""

    result: Interval
    placebo: Interval
    difference: Interval  # result minus placebo, paired by concept


def carried(
    chosen: Callable[[str, int], bool],
    result: ByDraw,
    placebo: ByDraw,
    seed: int,
    alpha: float = 0.05,
) -> TransferEstimate:
    """Return the share right in draw B of the concepts chosen in draw A, over all A ≠ B.

    An answer is right or wrong partly by luck, so concepts chosen for a wrong answer do better
    when asked again, though nothing was learnt (regression to the mean). Choosing and measuring
    on different draws, and taking off what an unchanged model, the placebo, gains in the same way,
    leaves what the result itself added. Concepts, with all their draws, are resampled.
    """
    rows: list[tuple[int, int, int]] = []
    for concept, right in result.items():
        other = placebo.get(concept, {})
        draws = [draw for draw in right if draw in other]
        looks = [b for a in draws if chosen(concept, a) for b in draws if b != a]
        if looks:
            rows.append((sum(right[b] for b in looks), sum(other[b] for b in looks), len(looks)))
    gained, unmoved, asked = ([float(row[i]) for row in rows] for i in range(3))
    return TransferEstimate(
        ratio(gained, asked, seed, alpha),
        ratio(unmoved, asked, seed, alpha),
        ratio([g - u for g, u in zip(gained, unmoved, strict=True)], asked, seed, alpha),
    )


def transfer(
    domain_own: Mapping[str, bool], language: ByDraw, result: ByDraw, seed: int, alpha: float = 0.05
) -> TransferEstimate:
    """Return transfer: of what D knows in its language and G does not in the target's.

    `domain_own` says what D knows in its own language (every draw); `language` and `result` are
    G's and the result's verdicts in the target language. The placebo is G.
    """

    def chosen(concept: str, draw: int) -> bool:
        return domain_own.get(concept, False) and not language.get(concept, {}).get(draw, True)

    return carried(chosen, result, language, seed, alpha)


def retention(parent: ByDraw, result: ByDraw, seed: int, alpha: float = 0.05) -> TransferEstimate:
    """Return, of what a parent got right at one look, the share right at another.

    The placebo is the parent itself: `difference` below 0 is real loss.
    """
    return carried(
        lambda concept, draw: parent.get(concept, {}).get(draw, False), result, parent, seed, alpha
    )


def emergence(
    language: ByDraw, domain: ByDraw, result: ByDraw, seed: int, alpha: float = 0.05
) -> TransferEstimate:
    """Return, of what neither parent got right at one look, the share right at another.

    The placebo is G.
    """

    def chosen(concept: str, draw: int) -> bool:
        parents = (language.get(concept, {}), domain.get(concept, {}))
        return all(draw in parent and not parent[draw] for parent in parents)

    return carried(chosen, result, language, seed, alpha)
