"""Ten releases, one of which loses three points in one field: how often it is found, and what else.

Every concept is known or not, and at each release as many are lost as gained by chance; in one of
them a field loses more. Counts go through the findings of `lexgraft gate`. With `--looks` so many
candidates that lost nothing are judged before each release: what is a false alarm where each of
them is counted, as the ledger does, and where only releases are.

    python -P benchmarks/releases.py --histories 2000
    python -P benchmarks/releases.py --histories 400 --looks 20
"""

import argparse
from collections import Counter
from collections.abc import Iterator

import numpy as np

from lexgraft.adoption.history.release_comparison import field_change, level_of
from lexgraft.adoption.history.release_policy import ReleasePolicy
from lexgraft.stats.intervals import wilson

RELEASES, PLANTED = 10, 6  # which of them, from 0 on, loses
KNOWN = 0.7  # share of the concepts
POLICY = ReleasePolicy()


def arguments() -> argparse.Namespace:
    """Return what the command line says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--histories", type=int, default=2000)
    parser.add_argument("--fields", type=int, default=6)
    parser.add_argument("--concepts", type=int, nargs="+", default=[400, 800, 1200], help="a field")
    parser.add_argument("--churn", type=float, default=0.005, help="lost, and gained, by chance")
    parser.add_argument("--loss", type=float, default=0.03)
    parser.add_argument("--looks", type=int, default=0, help="candidates judged before a release")
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args()


def history(
    generator: np.random.Generator, fields: int, n: int, churn: float, loss: float
) -> Iterator[np.ndarray]:
    """Yield what is known after each release: fields × concepts."""
    known = generator.random((fields, n)) < KNOWN
    yield known
    for release in range(1, RELEASES):
        extra = np.zeros(fields)
        if release == PLANTED:
            extra[0] = loss
        known = changed(generator, known, churn, extra)
        yield known


def changed(
    generator: np.random.Generator, known: np.ndarray, churn: float, extra: np.ndarray
) -> np.ndarray:
    """Return what is known of fields × concepts after chance, and a loss in each field beside."""
    lost = generator.random(known.shape) < ((churn + extra) / KNOWN)[:, None]
    gained = generator.random(known.shape) < churn / (1 - KNOWN)
    return np.where(known, ~lost, gained)


def alarms(states: list[np.ndarray]) -> tuple[set[tuple[int, str, str]], float]:
    """Return release, field and kind of every regression, and what was promised to be found."""
    found: set[tuple[int, str, str]] = set()
    promised = 1.0
    for number in range(1, RELEASES):
        now, before = states[number], states[number - 1]
        regressions, smallest = judged(now, before, states[0], number)
        found |= {(number, *one) for one in regressions}
        if number == PLANTED:
            promised = smallest
    return found, promised


def judged(
    now: np.ndarray, before: np.ndarray, first: np.ndarray, number: int
) -> tuple[set[tuple[str, str]], float]:
    """Return field and kind of every regression, and the loss in field 0 that would be found."""
    found: set[tuple[str, str]] = set()
    promised = 1.0
    axes = [("", slice(None)), *((f"{field}", field) for field in range(len(now)))]
    level = level_of(number, POLICY.alpha) / len(axes)
    for kind, was, budget in (("step", before, None), ("budget", first, POLICY.budget)):
        for name, rows in axes:
            gained = int((now[rows] & ~was[rows]).sum())
            lost = int((was[rows] & ~now[rows]).sum())
            change = field_change(("", name), (gained, lost, now[rows].size), level, budget)
            if change.finding == "regression":
                found.add((name, kind))
            if (name, kind) == ("0", "step"):
                promised = change.detectable
    return found, promised


def looked_at(
    generator: np.random.Generator, states: list[np.ndarray], churn: float, looks: int
) -> tuple[bool, bool]:
    """Return whether any candidate or release alarms: each counted, and releases alone counted."""
    none = np.zeros(len(states[0]))
    counted = uncounted = False
    place = 0
    for number in range(1, RELEASES):
        before = states[number - 1]
        candidates = [changed(generator, before, churn, none) for _ in range(looks)]
        for now in (*candidates, states[number]):
            place += 1
            counted |= bool(judged(now, before, states[0], place)[0])
            uncounted |= bool(judged(now, before, states[0], number)[0])
    return counted, uncounted


def share(count: int, total: int) -> str:
    """Return a share with its 95 % interval, in per cent."""
    interval = wilson(count, total)
    return f"{interval.value:.1%} [{interval.low:.1%}, {interval.high:.1%}]"


def main() -> None:
    """Print a row per number of concepts."""
    options = arguments()
    print(f"{options.histories} histories of {RELEASES} releases, {options.fields} fields, churn")
    print(f"{options.churn:.1%}; release {PLANTED + 1} loses {options.loss:.1%} in one field")
    for n in options.concepts:
        counts: Counter[str] = Counter()
        promised: list[float] = []
        for number in range(options.histories):
            generator = np.random.default_rng([options.seed, n, number])
            calm = list(history(generator, options.fields, n, options.churn, 0.0))
            counts["false, nothing lost"] += bool(alarms(calm)[0])
            if options.looks:
                one, other = looked_at(generator, calm, options.churn, options.looks)
                counts["false with looks, all counted"] += one
                counts["false with looks, releases counted"] += other
            lossy = list(history(generator, options.fields, n, options.churn, options.loss))
            found, smallest = alarms(lossy)
            promised.append(smallest)
            right = {one for one in found if one[0] >= PLANTED and one[1] in {"0", ""}}
            counts["found at once"] += (PLANTED, "0", "step") in found
            counts["found by the last"] += bool(right)
            counts["false beside it"] += bool(found - right)
        print(f"{n} concepts a field; found with 80 %: {np.median(promised):.1%}")
        for name in (
            "found at once",
            "found by the last",
            "false, nothing lost",
            "false beside it",
            *(name for name in counts if name.startswith("false with looks")),
        ):
            print(f"  {name}: {share(counts[name], options.histories)}")


if __name__ == "__main__":
    main()
