"""How far candidates are walked back towards G: method against method at equal harm."""

from collections.abc import Callable
from math import sqrt

from msgspec.structs import replace

from lexgraft.project import Candidate

STEPS = 5  # shares that are tried at most, beside the whole
USUAL_STEPS = 2  # shares that are tried as a rule: what a plan counts
NEAR = 0.9  # of the budget: no closer is sought
_AIM = 0.95  # of the budget: between `NEAR` and all of it
_MARGIN = 0.01  # of the interval: every step takes away as much at least
_WIDER = 0.2  # likewise after two on one side: harm is not as it was taken to be


def walked_back(
    candidate: Candidate, harm: Callable[[Candidate], float], budget: float
) -> Candidate:
    """Return the candidate at the largest share found whose harm is within the budget.

    `harm` measures a candidate's loss of general ability against G, 0 at G itself. One that is
    within the budget as it is stays as it is.

    >>> walked_back(Candidate("linear"), lambda c: 0.08 * c.share**2, 0.01).share
    0.3446
    """

    def harm_at(share: float) -> float:
        return harm(replace(candidate, share=share))

    share = largest_within(harm_at, budget, candidate.share)
    return candidate if share == candidate.share else replace(candidate, share=share)


def largest_within(harm: Callable[[float], float], budget: float, whole: float) -> float:
    """Return the largest factor found, from 0 to `whole`, whose harm is within the budget.

    `harm` is 0 at 0. Where the whole is too much, the factor is sought as if the square root of
    harm grew with it; where that keeps to one side, by at least a fifth of what is left, so that
    bounds close in whatever the harm is like.
    """
    low, high = 0.0, whole
    below, above = 0.0, harm(whole)
    if above <= budget:
        return whole
    sides: list[bool] = []
    for _ in range(STEPS):
        if below >= NEAR * budget:
            break
        margin = _WIDER if len(sides) > 1 and sides[-1] == sides[-2] else _MARGIN
        factor = round(low + (high - low) * _next(below, above, _AIM * budget, margin), 4)
        loss = harm(factor)
        sides.append(loss <= budget)
        if loss <= budget:
            low, below = factor, loss
        else:
            high, above = factor, loss
    return low


def _next(below: float, above: float, aim: float, margin: float) -> float:
    """Return how far between two bounds the harm aimed at should lie."""
    part = (sqrt(aim) - sqrt(below)) / (sqrt(above) - sqrt(below))
    return min(1 - margin, max(margin, part))
