"""How often the intervals hold the truth and the tests cry wolf: 30 to 2,000 concepts.

    python benchmarks/coverage.py [--trials 2000] [--sizes 30 100 300 1000 2000]
        [--rows TEXT ...]

Nominal 95 % and 5 %. A concept is asked twice and changes wholly or in one draw. Every figure is a
mean over several truths, with the least and the greatest: with few concepts a count can only take
few values, so that at any one truth no interval is exactly nominal. Truths are such that some five
of 30 concepts change. `by item` shows what ignoring the concept would cost.

Rows with a correlation have families of three concepts that move together; one-sided losses are
exponential. Their least and greatest are over kinds of answers or numbers of registers.
"""

import argparse
from collections.abc import Callable, Sequence
from math import exp, lgamma, log
from typing import NamedTuple

import numpy as np

from lexgraft.stats.clustered import clustered_mean
from lexgraft.stats.composite import StratumLoss, advance_kept, composite_loss, text_loss
from lexgraft.stats.intervals import (
    Interval,
    bootstrap,
    mcnemar,
    non_inferiority,
    ratio,
    tango,
    wilson,
)
from lexgraft.stats.multiple_testing import holm
from lexgraft.stats.paired import paired_means, paired_shares
from lexgraft.stats.prediction_powered import corrected_mean
from lexgraft.stats.sequential import first_above, first_difference

SIZES = (30, 100, 300, 1000, 2000)
SHARES = tuple(step / 20 for step in range(1, 20))
CHANGING = (0.17, 0.25, 0.4)
GAINS = (0.5, 0.65, 0.85)  # of the changes
WHOLE = 0.6  # of the changed concepts change in both draws
SLOW = 1000  # concepts from which what takes long has a quarter of the trials
MARGIN = 0.05
TESTS = 6  # of one family

Rng = np.random.Generator
Trial = Callable[[Rng, int, float, float], bool]
Row = Callable[[int, int], "Found"]


class Found(NamedTuple):
    """Coverage or false alarms: the mean over truths, the least and the greatest."""

    mean: float
    least: float
    most: float


def main() -> None:
    """Print one row per interval and test."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=2000)
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    parser.add_argument("--rows", nargs="+", default=[""], help="rows whose names hold this")
    given = parser.parse_args()
    for title, rows in (("intervals, nominal .95", INTERVALS), ("tests, nominal .05", TYPE_ONE)):
        print(f"{title:34s}" + "".join(f"{f'n = {n}':>22s}" for n in given.sizes))
        for name, row in rows.items():
            if not any(text in name for text in given.rows):
                continue
            cells = (row(n, given.trials) for n in given.sizes)
            print(f"  {name:32s}", *map(_cell, cells), sep="", flush=True)


def _cell(found: Found) -> str:
    return f"{found.mean:.3f} [{found.least:.3f}, {found.most:.3f}]".rjust(22)


def _over(shares: Sequence[float]) -> Found:
    return Found(float(np.mean(shares)), min(shares), max(shares))


def exact_wilson(n: int, _trials: int = 0) -> Found:
    """Return Wilson's coverage at shares from .05 to .95, by enumeration."""
    return _over([_wilson_at(n, share) for share in SHARES])


def _wilson_at(n: int, share: float) -> float:
    total = 0.0
    for right in range(n + 1):
        found = wilson(right, n)
        if found.low <= share <= found.high:
            ways = lgamma(n + 1) - lgamma(right + 1) - lgamma(n - right + 1)
            total += exp(ways + right * log(share) + (n - right) * log(1 - share))
    return total


def changes(rng: Rng, n: int, gain: float, loss: float) -> np.ndarray:
    """Return what changed in every concept: ±1 in both draws, ±½ in one, 0."""
    signs = rng.choice([1.0, -1.0, 0.0], n, p=[gain, loss, 1 - gain - loss])
    return signs * np.where(rng.random(n) < WHOLE, 1.0, 0.5)


def simulated(trial: Trial, *, slow: bool = False, equal: bool = False) -> Row:
    """Return a row of the table: how often a trial holds, over the truths."""

    def row(n: int, trials: int) -> Found:
        few = max(1, trials // 4) if slow and n >= SLOW else trials
        parts = (0.5,) if equal else GAINS
        truths = [(whole * part, whole * (1 - part)) for whole in CHANGING for part in parts]
        each = max(1, few // len(truths))
        rngs = [np.random.default_rng([n, place]) for place in range(len(truths))]
        return _over(
            [
                float(np.mean([trial(rng, n, gain, loss) for _ in range(each)]))
                for rng, (gain, loss) in zip(rngs, truths, strict=True)
            ]
        )

    return row


def _holds(found: Interval, truth: float) -> bool:
    return found.low <= truth <= found.high


def tango_trial(rng: Rng, n: int, gain: float, loss: float) -> bool:
    """Return whether Tango's interval holds the difference of the shares known."""
    gained, lost, _ = rng.multinomial(n, [gain, loss, 1 - gain - loss])
    return _holds(tango(int(gained), int(lost), n), gain - loss)


def shares_trial(rng: Rng, n: int, gain: float, loss: float) -> bool:
    """Return whether the interval over concepts holds the difference of shares right."""
    return _means_hold(rng, changes(rng, n, gain, loss), gain, loss)


def by_item_trial(rng: Rng, n: int, gain: float, loss: float) -> bool:
    """Return the same of the same answers, counted one by one."""
    both = changes(rng, n, gain, loss)
    answers = np.stack([np.sign(both), np.where(abs(both) == 1, both, 0.0)], axis=1).ravel()
    return _means_hold(rng, answers, gain, loss)


def _means_hold(rng: Rng, values: np.ndarray, gain: float, loss: float) -> bool:
    after = {str(place): float(value) for place, value in enumerate(values)}
    found = paired_means(dict.fromkeys(after, 0.0), after)
    return _holds(found, (gain - loss) * (WHOLE + (1 - WHOLE) / 2))


def probability_trial(rng: Rng, n: int, gain: float, loss: float) -> bool:
    """Return whether the interval holds the difference of P(right), where all move a little."""
    before, size = rng.beta(1, 1, n), (gain - loss) / 2
    noise = rng.normal(0, 0.15, n) * before * (1 - before) * 4
    moved = size * before * (1 - before) * 6 + noise
    ids = [str(place) for place in range(n)]
    found = paired_means(
        dict(zip(ids, before.tolist(), strict=True)),
        dict(zip(ids, (before + moved).tolist(), strict=True)),
    )
    return _holds(found, size)


def transfer_trial(rng: Rng, n: int, gain: float, loss: float) -> bool:
    """Return whether the bootstrap holds a share over the looks at concepts, as transfer's is."""
    looks = rng.choice([1.0, 2.0], n)
    moved = changes(rng, n, gain, loss) * looks
    found = ratio(moved.tolist(), looks.tolist(), int(rng.integers(2**32)))
    return _holds(found, (gain - loss) * (WHOLE + (1 - WHOLE) / 2))


def texts_trial(rng: Rng, n: int, gain: float, loss: float) -> bool:
    """Return whether the bootstrap holds the relative change of bits per byte, by document."""
    sizes = rng.lognormal(6, 0.4, n)
    before = sizes * rng.gamma(25, 0.04, n)
    after = before * (1 + (gain - loss) / 5 + rng.normal(0, 0.03, n))
    rows = np.stack([after, before], axis=1)
    found = bootstrap(rows, lambda means: means[..., 0] / means[..., 1] - 1, int(rng.integers(99)))
    return _holds(found, (gain - loss) / 5)


def judge_trial(rng: Rng, n: int, gain: float, loss: float) -> bool:
    """Return whether a judge's mean less its bias, on 30 labels, holds the truth."""
    truth = rng.beta(2, 3, n + 30)
    said = np.clip(truth * (1 - loss) + gain * rng.random(n + 30), 0, 1)
    found = corrected_mean(said[:n].tolist(), said[n:].tolist(), truth[n:].tolist())
    return _holds(found.corrected, 0.4)


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


Sample = Callable[[Rng, int], tuple[Interval, float]]


def repeated(*samples: Sample) -> Row:
    """Return a row of the table: how often the intervals of each kind of sample hold its truth."""

    def row(n: int, trials: int) -> Found:
        each = max(1, (trials // 4 if n >= SLOW else trials) // len(samples))
        return _over([_coverage(sample, n, each, place) for place, sample in enumerate(samples)])

    return row


def _coverage(sample: Sample, n: int, trials: int, place: int) -> float:
    rng = np.random.default_rng([n, place])
    return float(np.mean([_holds(*sample(rng, n)) for _ in range(trials)]))


def missed_below(sample: Sample) -> Row:
    """Return a row: how often an interval lies wholly below the truth, nominally .025."""

    def row(n: int, trials: int) -> Found:
        rng = np.random.default_rng(n)
        found = (sample(rng, n) for _ in range(trials // 4 if n >= SLOW else trials))
        return _over([float(np.mean([interval.high < truth for interval, truth in found]))])

    return row


def related(correlation: float, kind: str) -> Sample:
    """Return the mean of values in families of three: normal, differences of P, one-sided."""

    def sample(rng: Rng, n: int) -> tuple[Interval, float]:
        family = np.arange(n) // 3
        shared, own = rng.normal(size=(2, n))
        latent = np.sqrt(correlation) * shared[family] + np.sqrt(1 - correlation) * own
        if kind == "normal":
            values, truth = 0.3 * latent, 0.0
        elif kind == "P(right)":
            before, symmetric = rng.beta(1, 1, n), np.tanh(latent)
            values, truth = symmetric * np.minimum(before, 1 - before), 0.0
        else:
            values, truth = -0.3 * np.log(rng.random(n)), 0.3
        return clustered_mean(values.tolist(), family.tolist()), truth

    return sample


def related_verdicts(correlation: float, share: float) -> Sample:
    """Return the difference of shares known in families of three that are learnt together."""

    def sample(rng: Rng, n: int) -> tuple[Interval, float]:
        family, (shared, own) = np.arange(n) // 3, rng.random((2, n)) < share
        known = np.where(rng.random(n) < np.sqrt(correlation), shared[family], own).tolist()
        ids = [str(place) for place in range(n)]
        parents = {name: str(place // 3) for place, name in enumerate(ids)}
        after = dict(zip(ids, known, strict=True))
        return paired_shares(dict.fromkeys(ids, False), after, parents=parents).difference, share

    return sample


def register(rng: Rng, n: int, kind: str, rise: float = 0.02) -> StratumLoss:
    """Return the loss of one register of n documents of many lengths."""
    size = rng.integers(300, 700, n) * rng.lognormal(0, 0.3, n)
    losses = rng.normal(rise, 0.03, n) if kind == "normal" else rng.exponential(rise, n)
    return text_loss(np.stack([size * (1 + losses), size, size, size], axis=1))


def composite(kind: str, registers: int) -> Sample:
    """Return the composite of several registers of n documents each."""

    def sample(rng: Rng, n: int) -> tuple[Interval, float]:
        found = composite_loss([register(rng, n, kind) for _ in range(registers)])
        assert found is not None
        return found, 0.02

    return sample


def advance_sample(rng: Rng, n: int) -> tuple[Interval, float]:
    """Return the share kept of an advance of a tenth, of which half is kept."""
    pair = register(rng, n, "normal", -0.05), register(rng, n, "normal", -0.1)
    found = advance_kept({"register": pair})
    assert found is not None
    return found, 0.5


INTERVALS: dict[str, Row] = {
    "Wilson, share known": exact_wilson,
    "Tango, difference known": simulated(tango_trial),
    "mean, difference right": simulated(shares_trial),
    "mean, difference P(right)": simulated(probability_trial, slow=True),
    "bootstrap, transfer": simulated(transfer_trial),
    "bootstrap, bits per byte": simulated(texts_trial, slow=True),
    "judge less bias, 30 labels": simulated(judge_trial),
    "clustered mean, independent": repeated(related(0, "normal"), related(0, "P(right)")),
    "clustered mean, correlation .3": repeated(related(0.3, "normal"), related(0.3, "P(right)")),
    "clustered mean, correlation .6": repeated(related(0.6, "normal"), related(0.6, "P(right)")),
    "clustered mean, one-sided": repeated(related(0, "one-sided")),
    "Tango, correlation .3": repeated(related_verdicts(0.3, 0.15), related_verdicts(0.3, 0.3)),
    "Tango, correlation .6": repeated(related_verdicts(0.6, 0.15), related_verdicts(0.6, 0.3)),
    "composite loss, normal": repeated(composite("normal", 1), composite("normal", 3)),
    "composite loss, one-sided": repeated(composite("one-sided", 1), composite("one-sided", 3)),
    "share of an advance kept": repeated(advance_sample),
    "(by item, as it must not be)": simulated(by_item_trial),
}
TYPE_ONE: dict[str, Row] = {
    "McNemar, mid-p": simulated(mcnemar_trial, equal=True),
    f"non-inferiority, margin {MARGIN}": simulated(margin_trial, equal=True),
    f"Holm over {TESTS}": simulated(family_trial, equal=True),
    "e-process, looked at always": simulated(looking_trial, equal=True),
    "race of two equals": simulated(racing_trial, equal=True),
    "one-sided loss called less, .025": missed_below(composite("one-sided", 1)),
    "its like for a mean, .025": missed_below(related(0, "one-sided")),
}

if __name__ == "__main__":
    main()
