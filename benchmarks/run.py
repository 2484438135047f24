"""Speed and memory, side by side in one run: merging against the disk, scoring against plain.

    python benchmarks/run.py [--base FOLDER]

The floor of a merge reads every input once and writes one output, without arithmetic. The peer of
shared scoring is a plain forward per option, with the same model and the same numbers.
"""

import argparse
import platform
import resource
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from lexgraft.checkpoint.constituent import open_constituent
from lexgraft.checkpoint.index import open_checkpoint
from lexgraft.merge.blocks import run_merge
from lexgraft.merge.plan import MergePlan, plan_merge
from lexgraft.models.transformers import TransformersModel
from lexgraft.project import Candidate

ROOT = Path(__file__).resolve().parents[1]
BASE = ROOT / ".cache" / "models" / "gemma-3-270m"
ADAPTERS = ROOT / "examples" / "medical-ja" / "constituents"
METHODS = ("linear", "slerp", "task_arithmetic", "ties", "dare_ties", "layer_swap")
ITEMS = 24


def main() -> None:
    """Print one table for merging and one for scoring."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--base", type=Path, default=BASE)
    given = parser.parse_args()
    print(f"{platform.machine()}, Python {platform.python_version()}")
    merging(given.base)
    scoring(given.base)


def merging(folder: Path) -> None:
    """Print every method's wall and CPU seconds as multiples of the floor beside it."""
    base = open_checkpoint(folder)
    parts = {
        "language": open_constituent(ADAPTERS / "language-ja", base, "language"),
        "domain": open_constituent(ADAPTERS / "domain-medical-en", base, "domain"),
    }
    for method in METHODS:
        plan = plan_merge(Candidate(method), base, parts, "bfloat16", 1)
        with tempfile.TemporaryDirectory(dir=ROOT) as work:
            floor = timed(lambda work=work, plan=plan: copy_all(plan, Path(work) / "copy"))
            taken = timed(lambda work=work, plan=plan: merge(plan, Path(work) / "merged"))
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(
            f"merge {method:16s} wall {taken[0]:6.2f} s ({taken[0] / floor[0]:5.1f} x floor), "
            f"CPU {taken[1]:6.2f} s ({taken[1] / floor[1]:5.1f} x floor), peak so far {peak:.0f} MB"
        )


def merge(plan: MergePlan, output: Path) -> None:
    """Write the merge."""
    run_merge(plan, output)


def copy_all(plan: MergePlan, output: Path) -> None:
    """Read every input once and write the base's bytes once."""
    output.mkdir()
    for part in plan.constituents:
        for file in sorted(part.folder.glob("*.safetensors")):
            file.read_bytes()
    for shard in plan.base.shards:
        shutil.copyfile(plan.base.folder / shard.path.name, output / shard.path.name)


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
