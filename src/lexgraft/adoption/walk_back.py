"""How far candidates are walked back towards G: method against method at equal harm."""

from collections.abc import Callable
from math import sqrt

from msgspec.structs import replace

from lexgraft.project import Candidate

STEPS = 5  # shares that are tried at most, beside the whole
NEAR = 0.9  # of the budget: no closer is sought
_AIM = 0.95  # of the budget: between `NEAR` and all of it
_MARGIN = 0.1  # of the interval: every step takes away as much at least


def walked_back(
    candidate: Candidate, harm: Callable[[Candidate], float], budget: float
) -> Candidate:
    """Return the candidate at the largest share found whose harm is within the budget.

    `harm` measures a candidate's loss of general ability against G, 0 at G itself. One that is
    within the budget as it is stays as it is. Else the share is sought between 0, which is G, and
    the candidate's own: as if the square root of harm grew with it, and by at least a tenth of
    what is left, so that bounds close in whatever the harm is like.

    >>> walked_back(Candidate("linear"), lambda c: 0.08 * c.share**2, 0.01).share
    0.3446
    """
    low, high = 0.0, candidate.share
    below, above = 0.0, harm(candidate)
    if above <= budget:
        return candidate
    for _ in range(STEPS):
        if below >= NEAR * budget:
            break
        share = round(low + (high - low) * _next(below, above, _AIM * budget), 4)
        loss = harm(replace(candidate, share=share))
        if loss <= budget:
            low, below = share, loss
        else:
            high, above = share, loss
    return replace(candidate, share=low)


def _next(below: float, above: float, aim: float) -> float:
    """Return how far between two bounds the harm aimed at should lie."""
    part = (sqrt(aim) - sqrt(below)) / (sqrt(above) - sqrt(below))
    return min(1 - _MARGIN, max(_MARGIN, part))
