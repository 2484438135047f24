"""Scoring with shared contexts against a plain forward per option, side by side in one run.

    python benchmarks/scoring.py [--base FOLDER]

Both ask the same model and give the same numbers.
"""

import argparse
import platform
import time
from collections.abc import Callable
from pathlib import Path

from lexgraft.models.transformers import TransformersModel

ROOT = Path(__file__).resolve().parents[1]
BASE = ROOT / ".cache" / "models" / "gemma-3-270m"
ITEMS = 24


def main() -> None:
    """Print items per processor second of both ways."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--base", type=Path, default=BASE)
    given = parser.parse_args()
    print(f"{platform.machine()}, Python {platform.python_version()}")
    scoring(given.base)


def scoring(folder: Path) -> None:
    """Print items per CPU second with shared contexts and with a forward per option."""
    model = TransformersModel.load(folder, "benchmark", 2)
    words = Path(__file__).read_text(encoding="utf-8").split()
    items = [
        (text(words, n, 20), [" " + text(words, n + k, 2) for k in range(30, 70, 10)])
        for n in range(ITEMS)
    ]
    single = [(context, [option]) for context, options in items for option in options]
    model.loglikelihoods(items[:2])
    shared = timed(lambda: model.loglikelihoods(items))
    plain = timed(lambda: model.loglikelihoods(single))
    print(
        f"scoring {ITEMS} items x 4 options: shared {ITEMS / shared[1]:.2f} items per CPU s, "
        f"a row per option {ITEMS / plain[1]:.2f}: {plain[1] / shared[1]:.2f} x"
    )


def text(words: list[str], start: int, count: int) -> str:
    """Return some words in a row."""
    return " ".join(words[start : start + count])


def timed(work: Callable[[], object]) -> tuple[float, float]:
    """Return wall and CPU seconds of some work."""
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - wall, max(1e-6, time.process_time() - cpu)


if __name__ == "__main__":
    main()
