"""Evidence that may be looked at after every concept: e-processes to race and to stop (pure)."""

from collections.abc import Iterable, Sequence
from math import exp, inf, lgamma, log, sqrt
from typing import NamedTuple

PRIOR = 10.0
"""Weight of the Beta prior on the share of gains: mild effects are looked for first."""
MOST_BET = 0.5
"""Share of the capital's safe limit that is bet at most."""


class StopDecision(NamedTuple):
    """When a sequential test ended: after how many concepts, with what evidence."""

    decided: bool
    concepts: int
    evidence: float  # the e-value there


def evidence(gained: int, lost: int, prior: float = PRIOR) -> float:
    """Return the e-value against `gains and losses are equally likely`.

    E = 2^(w+l) · B(a+w, a+l) / B(a, a): a Beta(a, a) mixture of likelihood ratios of changed
    verdicts, a martingale when nothing changed in truth (Ville 1939; Robbins 1970, Annals of
    Mathematical Statistics 41). P(E ever ≥ 1/alpha) ≤ alpha, however often one looks.

    >>> round(evidence(gained=10, lost=1), 1)
    3.1
    """
    exponent = (gained + lost) * log(2) + _log_beta(prior + gained, prior + lost)
    exponent -= _log_beta(prior, prior)
    return exp(exponent) if exponent < 700 else inf


def first_difference(changes: Iterable[int], alpha: float = 0.05) -> StopDecision:
    """Return where a row of verdict changes (+1 gained, −1 lost, 0) first shows a difference.

    The concepts must come in an order that no result has influenced.
    """
    gained = lost = concepts = 0
    e_value = 1.0
    for change in changes:
        concepts += 1
        gained, lost = gained + (change > 0), lost + (change < 0)
        e_value = evidence(gained, lost)
        if e_value >= 1 / alpha:
            return StopDecision(decided=True, concepts=concepts, evidence=e_value)
    return StopDecision(decided=False, concepts=concepts, evidence=e_value)


def first_above(differences: Iterable[float], floor: float, alpha: float = 0.05) -> StopDecision:
    """Return where differences in [−1, 1] first show that their mean lies above `floor`.

    `floor` is −margin for non-inferiority, and for dropping a candidate the leader's differences
    to it are given with floor 0. The capital Π (1 + λ·(x − m)) of a bettor who stakes the
    predictable plug-in λ on scaled x = (d + 1)/2 above m = (floor + 1)/2 (Waudby-Smith and Ramdas
    2024, JRSS B 86, section 4).
    """
    middle = (floor + 1) / 2
    total, squares, count, capital = 0.5, 0.25, 0, 0.0
    for difference in differences:
        count += 1
        value = (difference + 1) / 2
        spread = max(squares / count, 1e-4)
        stake = sqrt(2 * log(1 / alpha) / (spread * count * log(1 + count)))
        capital += log(1 + min(stake, MOST_BET / middle) * (value - middle))
        total += value
        squares += (value - total / (count + 1)) ** 2
        if capital >= log(1 / alpha):
            return StopDecision(decided=True, concepts=count, evidence=exp(capital))
    return StopDecision(decided=False, concepts=count, evidence=exp(capital))


def survivors(scores: Sequence[Sequence[float]], alpha: float = 0.05) -> list[int]:
    """Return the candidates that none of the others has been shown to beat, in order.

    `scores` holds one row of per-concept shares in [0, 1] per candidate, over the same concepts
    in the same order. Each of the k(k − 1) races gets alpha / (k(k − 1)), so that with probability
    1 − alpha no candidate is dropped that is truly best.

    >>> survivors([[1.0] * 40, [0.0] * 40, [0.9] * 40])
    [0, 2]
    """
    races = max(1, len(scores) * (len(scores) - 1))

    def beaten(loser: Sequence[float]) -> bool:
        return any(
            first_above(
                (a - b for a, b in zip(rival, loser, strict=True)), 0.0, alpha / races
            ).decided
            for rival in scores
            if rival is not loser
        )

    return [candidate for candidate, row in enumerate(scores) if not beaten(row)]


def _log_beta(a: float, b: float) -> float:
    return lgamma(a) + lgamma(b) - lgamma(a + b)
