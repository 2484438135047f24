"""Two models on the same concepts: how verdicts and probabilities changed (pure)."""

from collections.abc import Mapping
from typing import NamedTuple

from lexgraft.stats.clustered import clustered_mean, design_effect
from lexgraft.stats.intervals import Interval, mcnemar, tango, wilson

NONE: Mapping[str, str] = {}


class PairedDifference(NamedTuple):
    """How a yes-or-no verdict changed between two models on the same concepts."""

    difference: Interval
    gained: int
    lost: int
    p: float  # McNemar, mid-p, two-sided


def paired_shares(
    before: Mapping[str, bool],
    after: Mapping[str, bool],
    alpha: float = 0.05,
    parents: Mapping[str, str] = NONE,
) -> PairedDifference:
    """Return how the share of known concepts changed, over the concepts both were asked.

    Tango's interval and McNemar's test. Where concepts have a parent, those of one parent are
    related: counts are divided by the design effect, the factor by which that spreads their mean
    (Rao and Scott 1992, Biometrics 48).

    >>> before, after = {"fever": False, "stroke": True}, {"fever": True, "stroke": True}
    >>> change = paired_shares(before, after)
    >>> change.difference.value, change.gained, change.lost
    (0.5, 1, 0)
    """
    shared = [concept for concept in before if concept in after]
    changes = [float(after[concept]) - before[concept] for concept in shared]
    gained, lost, n = changes.count(1.0), changes.count(-1.0), len(shared)
    effect = design_effect(changes, [parents.get(concept, concept) for concept in shared])
    difference = tango(gained / effect, lost / effect, n / effect, alpha)._replace(n=n)
    p = mcnemar(round(gained / effect), round(lost / effect))
    return PairedDifference(difference, gained, lost, p)


def share_right(
    verdicts: Mapping[str, bool], alpha: float = 0.05, parents: Mapping[str, str] = NONE
) -> Interval:
    """Return the share of concepts of which something holds, related ones counted as fewer.

    Wilson's interval, its counts divided by the design effect of concepts that share a parent.
    """
    right, n = sum(verdicts.values()), len(verdicts)
    clusters = [parents.get(concept, concept) for concept in verdicts]
    effect = design_effect([float(verdict) for verdict in verdicts.values()], clusters)
    return wilson(right / effect, n / effect, alpha)._replace(n=n)


def paired_means(
    before: Mapping[str, float],
    after: Mapping[str, float],
    alpha: float = 0.05,
    parents: Mapping[str, str] = NONE,
) -> Interval:
    """Return the mean difference per concept, such as of P(right), over those both were asked.

    Concepts of one parent are one cluster; the interval is `clustered_mean`'s.
    """
    shared = [concept for concept in before if concept in after]
    clusters = [parents.get(concept, concept) for concept in shared]
    return clustered_mean([after[c] - before[c] for c in shared], clusters, alpha)
