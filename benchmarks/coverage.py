"""How often the intervals hold the truth: nominal 95 %, 30 to 2,000 concepts, clustered answers.

    python benchmarks/coverage.py [--trials 400]

Wilson exactly, by enumeration; Tango's interval for changed verdicts and the bootstrap over
concepts for mean differences, by simulation. A concept's two answers are correlated: it changes
wholly or in one draw. Below, `by item` shows what ignoring the concept would cost.
"""

import argparse
from math import exp, lgamma, log

import numpy as np

from lexgraft.evaluate.compare import paired_means, tango, wilson

SIZES = (30, 100, 300, 1000, 2000)
GAIN, LOSS = 0.12, 0.06
WHOLE = 0.6  # of the changed concepts change in both draws


def main() -> None:
    """Print one row per interval and number of concepts."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=400)
    trials: int = parser.parse_args().trials
    print("95 % intervals: share of trials that hold the truth")
    for n in SIZES:
        shares = " ".join(f"{share:.2f}: {exact_wilson(n, share):.3f}" for share in (0.3, 0.6, 0.9))
        print(f"  wilson     n = {n:4d}  {shares}")
    for n in SIZES:
        print(f"  tango      n = {n:4d}  {tango_holds(n, 20 * trials):.3f}")
    for n in SIZES:
        few = trials if n <= 300 else trials // 4
        whole, items = bootstrap_holds(n, few), bootstrap_holds(n, few, by_item=True)
        print(f"  bootstrap  n = {n:4d}  {whole:.3f}  by item {items:.3f}  ({few} trials)")


def exact_wilson(n: int, share: float) -> float:
    """Return the exact coverage of Wilson's interval, by enumeration of the right answers."""
    total = 0.0
    for right in range(n + 1):
        found = wilson(right, n)
        if found.low <= share <= found.high:
            ways = lgamma(n + 1) - lgamma(right + 1) - lgamma(n - right + 1)
            total += exp(ways + right * log(share) + (n - right) * log(1 - share))
    return total


def tango_holds(n: int, trials: int) -> float:
    """Return the coverage of Tango's interval at a gain and a loss, by simulation."""
    counts = np.random.default_rng(n).multinomial(n, [GAIN, LOSS, 1 - GAIN - LOSS], trials)
    pairs, often = np.unique(counts[:, :2], axis=0, return_counts=True)
    found = [tango(int(b), int(c), n) for b, c in pairs]
    inside = [one.low <= GAIN - LOSS <= one.high for one in found]
    return float((np.array(inside) * often).sum() / trials)


def bootstrap_holds(n: int, trials: int, *, by_item: bool = False) -> float:
    """Return the coverage of the bootstrap of mean differences of concepts with two answers."""
    rng, held = np.random.default_rng(n), 0
    truth = (GAIN - LOSS) * (WHOLE + (1 - WHOLE) / 2)
    for trial in range(trials):
        signs = rng.choice([1.0, -1.0, 0.0], n, p=[GAIN, LOSS, 1 - GAIN - LOSS])
        both = rng.random(n) < WHOLE
        answers = np.stack([signs, signs * both], axis=1)
        values = answers.ravel() if by_item else answers.mean(axis=1)
        after = {str(i): float(value) for i, value in enumerate(values)}
        found = paired_means(dict.fromkeys(after, 0.0), after, trial)
        held += found.low <= truth <= found.high
    return held / trials


if __name__ == "__main__":
    main()
