"""Merge, glossary and tuning in order: the level at which each is tested (pure)."""

from collections.abc import Sequence
from math import isclose

from lexgraft.errors import LexgraftError


def fallback_level(passed: Sequence[bool], shares: Sequence[float], alpha: float = 0.05) -> float:
    """Return the two-sided level of the next hypothesis in an order declared beforehand.

    Every hypothesis has its share of alpha; what one that passed was tested at is added to the
    next. The chance that any false one passes stays below alpha under any dependence (fallback
    procedure: Wiens 2003, Pharmaceutical Statistics 2; a closed test: Wiens and Dmitrienko 2005,
    Journal of Biopharmaceutical Statistics 15). With several looks at one hypothesis its level is
    what its looks spend together, also when the level grows because an earlier one passed later
    (Maurer and Bretz 2013, Statistics in Biopharmaceutical Research 5).

    Args:
        passed: Whether each earlier hypothesis passed, in order.
        shares: Of alpha, one per hypothesis in the family; together at most 1.
        alpha: The level of the whole family.

    Raises:
        LexgraftError: the shares are not of a family that has this hypothesis.

    >>> shares = (0.6, 0.2, 0.2)
    >>> levels = [fallback_level(passed, shares) for passed in ([], [True], [False], [True, True])]
    >>> [round(level, 3) for level in levels]
    [0.03, 0.04, 0.01, 0.05]
    """
    total = sum(shares)
    if min(shares, default=-1.0) < 0 or (total > 1 and not isclose(total, 1)):
        raise LexgraftError("shares of an error level are 0 or more and together at most 1")
    if len(passed) >= len(shares):
        raise LexgraftError(
            f"a family of {len(shares)} hypotheses has no {len(passed) + 1}th",
            cure="declare the family before the first is tested",
        )
    level = shares[0]
    for before, share in zip(passed, shares[1:], strict=False):
        level = share + level if before else share
    return alpha * level
