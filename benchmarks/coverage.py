"""How often the intervals hold the truth and the tests cry wolf: 30 to 1,000 concepts.

    python benchmarks/coverage.py [--trials 9000] [--sizes 30 60 120 300 1000] [--rows TEXT ...]

Every cell: the share of intervals that hold the truth, nominally .95, the least and the greatest
over several truths or kinds of values, and how often the truth lies above and below, nominally
.025 each (gates read one end). Behind it `-` or `+` where the share is outside .95 ± .01 by more
than two standard errors of the simulation, `e` where an end misses by so much more than .035.

Two verdicts can hardly be counted more finely than one by one: with few concepts no interval of
verdicts is exactly nominal at any one truth, so their mean over truths counts. Truths are such that
some five of 30 concepts change. `by item` shows what ignoring the concept would cost.

Exits 1 if an interval covers too little or a test cries wolf too often.
"""

import argparse
import sys
from collections.abc import Callable, Sequence
from math import exp, lgamma, log, sqrt
from typing import NamedTuple

import numpy as np
from invented_values import (  # beside this file
    CHANGING,
    FOURS,
    ONE_TO_SIX,
    AtTruth,
    Rng,
    Sample,
    advance,
    at_all_truths,
    bits_per_byte,
    by_item,
    changes,
    composite,
    harm,
    judged,
    probabilities,
    related,
    related_verdicts,
    shares_right,
    taught_less_others,
    transfer,
    verdicts,
)

from lexgraft.stats.intervals import mcnemar, non_inferiority, wilson
from lexgraft.stats.multiple_testing import holm
from lexgraft.stats.sequential import first_above, first_difference

SIZES = (30, 60, 120, 300, 1000)
SHARES = tuple(step / 20 for step in range(1, 20))
RESAMPLED = 10  # times fewer trials of what takes so much longer
LARGE = 1000  # concepts from which there are half as many trials
MARGIN = 0.05
TESTS = 6  # of one family
POINT = 0.01  # that coverage may be off
CHANCE = 2.0  # standard errors of the simulation

Trial = Callable[[Rng, int, float, float], bool]
Row = Callable[[int, int], "Found"]


class Found(NamedTuple):
    """Coverage: the mean over truths, the least, the greatest; how often each end misses."""

    mean: float
    least: float
    most: float
    above: float  # the truth lies above the interval
    below: float
    trials: float  # inf: exact

    def mark(self) -> str:
        """Return what is wrong with an interval of nominally .95."""
        error = CHANCE * sqrt(0.95 * 0.05 / self.trials)
        end = POINT + CHANCE * sqrt(0.025 * 0.975 / self.trials)
        wrong = "-" if self.mean < 0.95 - POINT - error else ""
        wrong = "+" if self.mean > 0.95 + POINT + error else wrong
        return wrong + ("e" if max(self.above, self.below) > 0.025 + end else "")


class FalseAlarms(NamedTuple):
    """How often a test finds what is not there: the mean over truths, the least, the greatest."""

    mean: float
    least: float
    most: float
    trials: int

    def mark(self, nominal: float = 0.05) -> str:
        """Return `+` where a test cries wolf more often than it says."""
        allowed = nominal + POINT + CHANCE * sqrt(nominal * (1 - nominal) / self.trials)
        return "+" if self.mean > allowed else ""


def main() -> int:
    """Print one row per interval and test; return 1 if one errs more than it says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=9000)
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    parser.add_argument("--rows", nargs="+", default=[""], help="rows whose names hold this")
    given = parser.parse_args()
    print(f"simulation errors: {sqrt(0.95 * 0.05 / given.trials):.4f} of a coverage of .95,")
    print(f"  {sqrt(0.025 * 0.975 / given.trials):.4f} of an end that misses in .025\n")
    failed: list[str] = []
    for title, rows in (("intervals, nominal .95", INTERVALS), ("tests, nominal .05", TYPE_ONE)):
        print(f"{title:36s}" + "".join(f"{f'n = {n}':>32s}" for n in given.sizes))
        for name, row in rows.items():
            if not any(text in name for text in given.rows):
                continue
            print(f"  {name:34s}", end="", flush=True)
            for n in given.sizes:
                found = row(n, given.trials)
                print(_cell(found), end="", flush=True)
                too_often = "-" in found.mark() if isinstance(found, Found) else found.mark()
                if too_often and not name.startswith("("):
                    failed.append(f"{name}, n = {n}: {found.mean:.3f}")
            print()
    print("\nerrs more than it says: " + ("; ".join(failed) or "none"))
    return 1 if failed else 0


def _cell(found: "Found | FalseAlarms") -> str:
    ends = f" {found.above:.3f}|{found.below:.3f}" if isinstance(found, Found) else ""
    cell = f"{found.mean:.3f} [{found.least:.3f} {found.most:.3f}]{ends}"
    return cell.replace("0.", ".").rjust(29) + f" {found.mark():2s}"


def exact_wilson(n: int, _trials: int = 0) -> Found:
    """Return Wilson's coverage at shares from .05 to .95, by enumeration."""
    ends = np.array([_wilson_at(n, share) for share in SHARES])
    held = 1 - ends.sum(axis=1)
    above, below = ends.mean(axis=0).tolist()
    return Found(float(held.mean()), float(held.min()), float(held.max()), above, below, 1e12)


def _wilson_at(n: int, share: float) -> tuple[float, float]:
    """Return the chances that the truth lies above and below the interval."""
    above = below = 0.0
    for right in range(n + 1):
        found = wilson(right, n)
        ways = lgamma(n + 1) - lgamma(right + 1) - lgamma(n - right + 1)
        chance = exp(ways + right * log(share) + (n - right) * log(1 - share))
        above, below = above + chance * (found.high < share), below + chance * (found.low > share)
    return above, below


def covered(*samples: Sample, fewer: int = 1) -> Callable[[int, int], Found]:
    """Return a row of the table: how often the intervals of each kind of sample hold its truth."""

    def row(n: int, trials: int) -> Found:
        each = _trials(n, trials // fewer, len(samples))
        ends = np.array(
            [_ends(sample, n, each, place) for place, sample in enumerate(samples)], float
        )
        held = 1 - ends.sum(axis=1) / each
        above, below = (ends.mean(axis=0) / each).tolist()
        spread = float(held.min()), float(held.max())
        return Found(float(held.mean()), *spread, above, below, each * len(samples))

    return row


def _trials(n: int, trials: int, kinds: int) -> int:
    return max(1, (trials // 2 if n >= LARGE else trials) // kinds)


def _ends(sample: Sample, n: int, trials: int, place: int) -> tuple[int, int]:
    """Return how often the truth lies above and below the interval."""
    rng, above, below = np.random.default_rng([n, place]), 0, 0
    for _ in range(trials):
        found, truth = sample(rng, n)
        above, below = above + (found.high < truth), below + (found.low > truth)
    return above, below


def alarmed(trial: Trial) -> Callable[[int, int], FalseAlarms]:
    """Return a row of the table: how often a test finds something, where gains equal losses."""

    def row(n: int, trials: int) -> FalseAlarms:
        each = _trials(n, trials // 4, len(CHANGING))
        rngs = [np.random.default_rng([n, place]) for place in range(len(CHANGING))]
        shares = [
            float(np.mean([trial(rng, n, whole / 2, whole / 2) for _ in range(each)]))
            for rng, whole in zip(rngs, CHANGING, strict=True)
        ]
        return FalseAlarms(float(np.mean(shares)), min(shares), max(shares), each * len(CHANGING))

    return row


def mcnemar_trial(rng: Rng, n: int, gain: float, loss: float) -> bool:
    """Return whether McNemar's test finds a difference where there is none."""
    gained, lost, _ = rng.multinomial(n, [gain, loss, 1 - gain - loss])
    return mcnemar(int(gained), int(lost)) < 0.05


def margin_trial(rng: Rng, n: int, gain: float, loss: float) -> bool:
    """Return whether a loss of just the margin is called no loss."""
    up, down = (gain + loss - MARGIN) / 2, (gain + loss + MARGIN) / 2
    gained, lost, _ = rng.multinomial(n, [up, down, 1 - up - down])
    return non_inferiority(int(gained), int(lost), n, MARGIN) < 0.05


def family_trial(rng: Rng, n: int, gain: float, loss: float) -> bool:
    """Return whether any of several tests, after Holm, finds a difference where there is none."""
    counts = rng.multinomial(n, [gain, loss, 1 - gain - loss], TESTS)
    return min(holm([mcnemar(int(one[0]), int(one[1])) for one in counts])) < 0.05


def looking_trial(rng: Rng, n: int, gain: float, loss: float) -> bool:
    """Return whether a look after every concept ever finds a difference where there is none."""
    steps = np.sign(changes(rng, n, gain, loss)).astype(int)
    return first_difference(steps.tolist()).decided


def racing_trial(rng: Rng, n: int, gain: float, loss: float) -> bool:
    """Return whether a candidate is ever dropped for an equal one."""
    return first_above(changes(rng, n, gain, loss).tolist(), 0.0).decided


def over_truths(sample: AtTruth, fewer: int = 1) -> Callable[[int, int], Found]:
    """Return a row of the table of one kind of sample at all truths."""
    return covered(*at_all_truths(sample), fewer=fewer)


def in_families(
    correlation: float, kinds: Sequence[str] = ("normal", "P(right)"), sizes: Sequence[int] = (3,)
) -> Callable[[int, int], Found]:
    """Return a row of the table of means over families, for several kinds of values."""
    return covered(*(related(kind, correlation, sizes) for kind in kinds))


SKEWED = ("one-sided",)
INTERVALS: dict[str, Callable[[int, int], Found]] = {
    "Wilson, share known": exact_wilson,
    "mean, independent": in_families(0, sizes=(1,)),
    "mean, one-sided": in_families(0, SKEWED, (1,)),
    "mean, shares right, few changed": over_truths(shares_right),
    "mean, P(right), all move": over_truths(probabilities),
    "families of three, correlation 0": in_families(0),
    "families of three, correlation .3": in_families(0.3),
    "families of three, correlation .6": in_families(0.6),
    "families of three, copies": in_families(1, ("normal",)),
    "one to six, correlation .3": in_families(0.3, sizes=ONE_TO_SIX),
    "one to six, correlation .6": in_families(0.6, sizes=ONE_TO_SIX),
    "threes, one-sided, correlation 0": in_families(0, SKEWED),
    "threes, one-sided, correlation .3": in_families(0.3, SKEWED),
    "threes, one-sided, correlation .6": in_families(0.6, SKEWED),
    "threes, one-sided, copies": in_families(1, SKEWED),
    "fours, one-sided, copies": in_families(1, SKEWED, FOURS),
    "one to six, one-sided, cor. .6": in_families(0.6, SKEWED, ONE_TO_SIX),
    "taught less others, correlation .6": covered(
        taught_less_others("normal", 0.6), taught_less_others("P(right)", 0.6)
    ),
    "taught less others, one-sided, .6": covered(taught_less_others("one-sided", 0.6)),
    "verdicts, independent": over_truths(verdicts),
    "verdicts in threes, correlation 0": over_truths(related_verdicts(0)),
    "verdicts in threes, correlation .3": over_truths(related_verdicts(0.3)),
    "verdicts in threes, correlation .6": over_truths(related_verdicts(0.6)),
    "verdicts in threes, copies": over_truths(related_verdicts(1)),
    "verdicts, one to six, cor. .6": over_truths(related_verdicts(0.6, ONE_TO_SIX)),
    "composite loss, normal": covered(composite("normal", 1), composite("normal", 3)),
    "composite loss, one-sided": covered(composite("one-sided", 1), composite("one-sided", 3)),
    "harm, normal": covered(harm("normal"), fewer=4),
    "harm, one-sided": covered(harm("one-sided"), fewer=4),
    "share of an advance kept": covered(advance),
    "judge less bias, 30 labels": over_truths(judged),
    "bootstrap, transfer": over_truths(transfer, RESAMPLED),
    "bootstrap, bits per byte": over_truths(bits_per_byte, RESAMPLED),
    "(by item, as it must not be)": over_truths(by_item, RESAMPLED),
}
TYPE_ONE: dict[str, Callable[[int, int], FalseAlarms]] = {
    "McNemar, mid-p": alarmed(mcnemar_trial),
    f"non-inferiority, margin {MARGIN}": alarmed(margin_trial),
    f"Holm over {TESTS}": alarmed(family_trial),
    "e-process, looked at always": alarmed(looking_trial),
    "race of two equals": alarmed(racing_trial),
}

if __name__ == "__main__":
    sys.exit(main())
