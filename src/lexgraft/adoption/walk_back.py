"""How far candidates are walked back towards G: method against method at equal harm."""

from collections.abc import Callable, Mapping, Sequence
from math import fsum, isfinite
from typing import NamedTuple

from msgspec.structs import replace

from lexgraft.project import Candidate

STEPS = 5  # shares that are tried at most, beside the whole
USUAL_STEPS = 2  # shares that are tried as a rule: what a plan counts
NEAR = 0.9  # of the budget: no closer is sought
_AIM = 0.95  # of the budget: between `NEAR` and all of it
_MARGIN = 0.01  # of the interval: every step takes away as much at least
_WIDER = 0.2  # likewise after two on one side: losses are not as they were taken to be
_HALVINGS = 40  # of the interval, until a share is known to more than the digits it is given with

Losses = Mapping[str, Sequence[float]]
"""Language → what each of its registers loses against G, relatively; a gain is negative."""


class _LossesAt(NamedTuple):
    """A share and what is lost at it."""

    share: float
    losses: Losses


def harm_of(losses: Losses) -> float:
    """Return the worst language's mean loss over its registers; a gain in one pays for no other.

    That is the value of `lexgraft.stats.composite.composite_harm`.

    >>> harm_of({"ja": (0.03, -0.6), "en": (0.01, 0.01)})
    0.015
    """
    return max(
        (fsum(max(0.0, loss) for loss in lost) / len(lost) for lost in losses.values()), default=0.0
    )


def walked_back(
    candidate: Candidate, losses: Callable[[Candidate], Losses], budget: float
) -> Candidate:
    """Return the candidate at the largest share found whose harm is within the budget.

    `losses` measures what a candidate loses against G in every register, 0 at G itself. One that
    is within the budget as it is stays as it is.

    >>> walked_back(Candidate("linear"), lambda c: {"ja": [0.08 * c.share**2]}, 0.01).share
    0.3446
    """

    def lost_at(share: float) -> Losses:
        return losses(replace(candidate, share=share))

    share = largest_within(lost_at, budget, candidate.share)
    return candidate if share == candidate.share else replace(candidate, share=share)


def largest_within(losses: Callable[[float], Losses], budget: float, whole: float) -> float:
    """Return the largest factor found, from 0 to `whole`, whose harm is within the budget.

    Nothing is lost at 0. Where the whole is too much, each register's loss is taken for a parabola
    a·t + b·t² through what was measured last (t² alone after the whole), and the factor is sought
    at which their harm uses up the budget: small steps towards a donor often gain before they lose.
    Where that keeps to one side, at least a fifth of what is left is taken away, so that bounds
    close in whatever losses are like.
    """
    readings = [_LossesAt(whole, losses(whole))]
    low, high, below = 0.0, whole, 0.0
    if harm_of(readings[0].losses) <= budget:
        return whole
    sides: list[bool] = []
    for _ in range(STEPS):
        if below >= NEAR * budget:
            break
        margin = _WIDER if len(sides) > 1 and sides[-1] == sides[-2] else _MARGIN
        factor = round(_next(readings, low, high, _AIM * budget, margin), 4)
        if not low < factor < high:  # closer than the digits that a share has
            break
        readings.append(_LossesAt(factor, losses(factor)))
        harm = harm_of(readings[-1].losses)
        sides.append(harm <= budget)
        if harm <= budget:
            low, below = factor, harm
        else:
            high = factor
    return low


def _next(
    readings: Sequence[_LossesAt], low: float, high: float, aim: float, margin: float
) -> float:
    """Return the factor between two bounds at which harm should be what is aimed at."""
    finite = [reading for reading in readings if isfinite(harm_of(reading.losses))][-2:]
    least, most = low + margin * (high - low), high - margin * (high - low)
    if not finite:
        return least
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if harm_of(_foreseen(finite, middle)) <= aim else (low, middle)
    return min(most, max(least, low))


def _foreseen(finite: Sequence[_LossesAt], share: float) -> Losses:
    """Return what every register should lose at a share, by the one or two that were measured."""
    if len(finite) == 1:
        (only,) = finite
        return {
            language: [loss * (share / only.share) ** 2 for loss in lost]
            for language, lost in only.losses.items()
        }
    ((share1, losses1), (share2, losses2)) = finite
    return {
        language: [
            share * (slope1 + (share - share1) * (slope2 - slope1) / (share2 - share1))
            for slope1, slope2 in zip(
                [loss / share1 for loss in losses1[language]],
                [loss / share2 for loss in losses2[language]],
                strict=True,
            )
        ]
        for language in losses1
    }
