"""Values with a known truth for benchmarks/coverage.py: samples, and the interval each is given."""

from collections.abc import Callable, Sequence
from functools import partial
from itertools import cycle, islice

import numpy as np

from lexgraft.stats.clustered import clustered_difference, clustered_mean
from lexgraft.stats.composite import (
    StratumLoss,
    advance_kept,
    composite_harm,
    composite_loss,
    text_loss,
)
from lexgraft.stats.intervals import Interval, bootstrap, ratio, tango
from lexgraft.stats.paired import paired_means, paired_shares
from lexgraft.stats.prediction_powered import corrected_mean

Rng = np.random.Generator
Sample = Callable[[Rng, int], tuple[Interval, float]]
"""A generator and a number of concepts or documents → an interval, and what it is to hold."""
AtTruth = Callable[[float, float, Rng, int], tuple[Interval, float]]
"""The same for a share of concepts that gain and one of those that lose."""

CHANGING = (0.17, 0.25, 0.4)
GAINS = (0.5, 0.65, 0.85)  # of the changes
TRUTHS = tuple((whole * part, whole * (1 - part)) for whole in CHANGING for part in GAINS)
WHOLE = 0.6  # of the changed concepts change in both draws
THREES, FOURS, ONE_TO_SIX = (3,), (4,), (1, 2, 3, 4, 5, 6)


def at_all_truths(sample: AtTruth) -> tuple[Sample, ...]:
    """Return one sample for every truth."""
    return tuple(partial(sample, gain, loss) for gain, loss in TRUTHS)


def changes(rng: Rng, n: int, gain: float, loss: float) -> np.ndarray:
    """Return what changed in every concept: ±1 in both draws, ±½ in one, 0."""
    signs = rng.choice([1.0, -1.0, 0.0], n, p=[gain, loss, 1 - gain - loss])
    return signs * np.where(rng.random(n) < WHOLE, 1.0, 0.5)


def verdicts(gain: float, loss: float, rng: Rng, n: int) -> tuple[Interval, float]:
    """Return Tango's interval of the difference of the shares known."""
    gained, lost, _ = rng.multinomial(n, [gain, loss, 1 - gain - loss])
    return tango(int(gained), int(lost), n), gain - loss


def shares_right(gain: float, loss: float, rng: Rng, n: int) -> tuple[Interval, float]:
    """Return the interval over concepts of the difference of shares right."""
    return _of_means(changes(rng, n, gain, loss), gain, loss)


def by_item(gain: float, loss: float, rng: Rng, n: int) -> tuple[Interval, float]:
    """Return the same of the same answers, counted one by one."""
    both = changes(rng, n, gain, loss)
    answers = np.stack([np.sign(both), np.where(abs(both) == 1, both, 0.0)], axis=1).ravel()
    return _of_means(answers, gain, loss)


def _of_means(values: np.ndarray, gain: float, loss: float) -> tuple[Interval, float]:
    after = {str(place): float(value) for place, value in enumerate(values)}
    found = paired_means(dict.fromkeys(after, 0.0), after)
    return found, (gain - loss) * (WHOLE + (1 - WHOLE) / 2)


def probabilities(gain: float, loss: float, rng: Rng, n: int) -> tuple[Interval, float]:
    """Return the interval of the difference of P(right), where all move a little."""
    before, size = rng.beta(1, 1, n), (gain - loss) / 2
    noise = rng.normal(0, 0.15, n) * before * (1 - before) * 4
    moved = size * before * (1 - before) * 6 + noise
    return clustered_mean(moved.tolist()), size


def transfer(gain: float, loss: float, rng: Rng, n: int) -> tuple[Interval, float]:
    """Return the bootstrap of a share over the looks at concepts, as transfer's is."""
    looks = rng.choice([1.0, 2.0], n)
    moved = changes(rng, n, gain, loss) * looks
    found = ratio(moved.tolist(), looks.tolist(), int(rng.integers(2**32)))
    return found, (gain - loss) * (WHOLE + (1 - WHOLE) / 2)


def bits_per_byte(gain: float, loss: float, rng: Rng, n: int) -> tuple[Interval, float]:
    """Return the bootstrap of the relative change of bits per byte, by document."""
    sizes = rng.lognormal(6, 0.4, n)
    before = sizes * rng.gamma(25, 0.04, n)
    after = before * (1 + (gain - loss) / 5 + rng.normal(0, 0.03, n))
    rows = np.stack([after, before], axis=1)
    found = bootstrap(rows, lambda means: means[..., 0] / means[..., 1] - 1, int(rng.integers(99)))
    return found, (gain - loss) / 5


def judged(gain: float, loss: float, rng: Rng, n: int) -> tuple[Interval, float]:
    """Return a judge's mean less its bias, on 30 labels."""
    truth = rng.beta(2, 3, n + 30)
    said = np.clip(truth * (1 - loss) + gain * rng.random(n + 30), 0, 1)
    found = corrected_mean(said[:n].tolist(), said[n:].tolist(), truth[n:].tolist())
    return found.corrected, 0.4


def families(n: int, sizes: Sequence[int]) -> np.ndarray:
    """Return the family of each of n concepts, families being of these sizes in turn."""
    return np.repeat(np.arange(n), list(islice(cycle(sizes), n)))[:n]


def values(rng: Rng, kind: str, correlation: float, family: np.ndarray) -> np.ndarray:
    """Return values of mean 0 that are so correlated within families.

    `normal`; `P(right)`: differences of probabilities; `one-sided`: exponential, where a concept
    has the value of its family or one of its own.
    """
    shared, own = (
        rng.exponential(size=(2, len(family))) - 1
        if kind == "one-sided"
        else rng.normal(size=(2, len(family)))
    )
    if kind == "one-sided":
        together = rng.random(len(family)) < np.sqrt(correlation)
        return 0.3 * np.where(together, shared[family], own)
    latent = np.sqrt(correlation) * shared[family] + np.sqrt(1 - correlation) * own
    if kind == "normal":
        return 0.3 * latent
    before = rng.beta(1, 1, len(family))
    return np.tanh(latent) * np.minimum(before, 1 - before)


def related(kind: str, correlation: float, sizes: Sequence[int] = THREES) -> Sample:
    """Return the mean of values in families."""

    def sample(rng: Rng, n: int) -> tuple[Interval, float]:
        family = families(n, sizes)
        found = values(rng, kind, correlation, family)
        return clustered_mean(found.tolist(), family.tolist()), 0.0

    return sample


def taught_less_others(kind: str, correlation: float) -> Sample:
    """Return the difference in differences of n concepts in families and of as many others."""

    def sample(rng: Rng, n: int) -> tuple[Interval, float]:
        family = families(n, THREES)
        taught, others = (values(rng, kind, correlation, family).tolist() for _ in range(2))
        return clustered_difference(taught, others, family.tolist(), family.tolist()), 0.0

    return sample


def related_verdicts(correlation: float, sizes: Sequence[int] = THREES) -> AtTruth:
    """Return the difference of shares known in families that are learnt together."""

    def sample(gain: float, loss: float, rng: Rng, n: int) -> tuple[Interval, float]:
        family, (shared, own) = families(n, sizes), rng.random((2, n))
        drawn = np.where(rng.random(n) < np.sqrt(correlation), shared[family], own)
        ids = [str(place) for place in range(n)]
        before = dict(zip(ids, (drawn > 1 - loss).tolist(), strict=True))
        after = dict(zip(ids, (drawn < gain).tolist(), strict=True))
        parents = dict(zip(ids, family.astype(str).tolist(), strict=True))
        return paired_shares(before, after, parents=parents).difference, gain - loss

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


def harm(kind: str) -> Sample:
    """Return the harm of three registers: one lost, one is as it was, one has gained much."""

    def sample(rng: Rng, n: int) -> tuple[Interval, float]:
        rises = (("normal", 0.0), ("normal", -0.5), (kind, 0.03))
        found = composite_harm([register(rng, n, kind, rise) for kind, rise in rises])
        assert found is not None
        return found, 0.01

    return sample


def advance(rng: Rng, n: int) -> tuple[Interval, float]:
    """Return the share kept of an advance of a tenth, of which half is kept."""
    pair = register(rng, n, "normal", -0.05), register(rng, n, "normal", -0.1)
    found = advance_kept({"register": pair})
    assert found is not None
    return found, 0.5
