"""Asking in several number formats, side by side: speed, share of the format's products, flips.

    python benchmarks/formats.py [--project FILE] [--models base G D] [--items 240] [--turn 60]
        [--formats float32 mixed bfloat16] [--threads 1] [--emulated]

The formats take turns over the same items of the project's `confirm` concepts, each asked with its
neutral contexts into a store of its own, so that a busy machine slows all of them alike. CPU
seconds and wall seconds are both printed. Operations are counted once, by torch; a format's product
is timed in the shapes of the body and of the head. `--emulated` also computes in formats that this
processor only emulates: what they flip is right, what they take is not. `make examples` fetches
what the project needs.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import torch
from msgspec.structs import replace
from torch.utils.flop_counter import FlopCounterMode

from lexgraft.adoption.material import Material
from lexgraft.adoption.models_under_test import ModelsUnderTest
from lexgraft.evaluation.ask import ask
from lexgraft.evaluation.grade import GradedItem, grade, known, probabilities
from lexgraft.models import ComputedFormat, number_format
from lexgraft.models.number_format import products_in
from lexgraft.models.transformers import TransformersModel
from lexgraft.project import Project, read_project
from lexgraft.records import Answer, Item, silent
from lexgraft.stats.intervals import wilson
from lexgraft.weights.merge.live_merge import merged_tensors

ROOT = Path(__file__).resolve().parents[1]
PROJECT = ROOT / "examples" / "medical-ja" / "project.yaml"
SHAPES = {"body": (1024, 640, 2048), "head": (512, 640, 1024)}  # rows, inner, columns
REPEATS = 3  # of a timed product
COUNTED = 24  # items whose operations are counted


class Turns(NamedTuple):
    """What one format took and answered so far."""

    model: TransformersModel
    answers: list[Answer]
    cpu: list[float]
    wall: list[float]


def main() -> None:
    """Print, per model, what every format took and how far its answers are from float32's."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--project", type=Path, default=PROJECT)
    parser.add_argument("--models", nargs="+", default=["base"])
    parser.add_argument("--items", type=int, default=240)
    parser.add_argument("--turn", type=int, default=60, help="items a format asks at a time")
    parser.add_argument("--formats", nargs="+", default=["float32", "mixed", "bfloat16"])
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--emulated", action="store_true")
    given = parser.parse_args()
    if given.emulated:
        number_format.mixed_gain = lambda: 1.0
    torch.set_num_threads(given.threads)
    peaks = {name: product_peaks(name) for name in given.formats}
    for name, shapes in peaks.items():
        listed = ", ".join(f"{shape} {rate / 1e9:.0f}" for shape, rate in shapes.items())
        print(f"products in {name}: {listed} GFLOP/s")
    with tempfile.TemporaryDirectory() as place:
        for model in given.models:
            compare(model, given, Path(place), peaks)


def compare(
    name: str, given: argparse.Namespace, place: Path, peaks: dict[str, dict[str, float]]
) -> None:
    """Print one model's rows."""
    project = replace(read_project(given.project), output=str(place / name))
    material = Material(project, place / name, silent)
    items = material.testset.items["confirm"][: given.items]
    formats = {
        kind: Turns(load(project, name, place, kind, given.threads), [], [], [])
        for kind in given.formats
    }
    operations = counted(next(iter(formats.values())).model, items[:COUNTED], place / "counted")
    for turns in formats.values():  # the first call of every shape sets up its kernels
        ask(items[:4], turns.model, place / "warm.sqlite", silent)
    for start in range(0, len(items), given.turn):
        for kind, turns in formats.items():
            turn(turns, items[start : start + given.turn], place / f"{name}-{kind}-{start}.sqlite")
    report(name, items, formats, operations, peaks)


def load(
    project: Project, name: str, place: Path, kind: ComputedFormat, threads: int
) -> TransformersModel:
    """Return one of the project's models in a format."""
    models = ModelsUnderTest(project, place, silent)
    subject = models.parents[name]
    model = TransformersModel.load(subject.onto.folder, subject.onto.digest, threads, dtype=kind)
    if subject.plan is not None:
        model.put(merged_tensors(subject.plan), subject.digest)
    return model


def turn(turns: Turns, items: Sequence[Item], store: Path) -> None:
    """Let one format answer some items."""
    cpu, wall = time.process_time(), time.perf_counter()
    turns.answers.extend(ask(items, turns.model, store, silent))
    turns.cpu.append(time.process_time() - cpu)
    turns.wall.append(time.perf_counter() - wall)


def counted(model: TransformersModel, items: Sequence[Item], store: Path) -> dict[str, float]:
    """Return the operations that an item takes in body and head, as torch counts them."""
    body = type(model.module.base_model).__name__
    with FlopCounterMode(display=False) as counter:
        ask(items, model, store, silent)
    inner = sum(counter.get_flop_counts()[body].values())
    return {"body": inner / len(items), "head": (counter.get_total_flops() - inner) / len(items)}


def product_peaks(kind: ComputedFormat) -> dict[str, float]:
    """Return operations a second in the shapes of body and head."""
    return {
        shape: 2.0 * rows * inner * columns / seconds(kind, rows, inner, columns)
        for shape, (rows, inner, columns) in SHAPES.items()
    }


@torch.inference_mode()
def seconds(kind: ComputedFormat, rows: int, inner: int, columns: int) -> float:
    """Return the CPU seconds of one product, the best of several."""
    left, right = torch.randn(rows, inner), torch.randn(columns, inner)
    if kind == "bfloat16":
        left, right = left.bfloat16(), right.bfloat16()
    best = float("inf")
    with products_in(kind):
        for _ in range(REPEATS + 1):
            start = time.process_time()
            torch.nn.functional.linear(left, right)
            best = min(best, time.process_time() - start)
    return best


def report(
    name: str,
    items: Sequence[Item],
    formats: dict[str, Turns],
    operations: dict[str, float],
    peaks: dict[str, dict[str, float]],
) -> None:
    """Print what the formats took and how their answers differ from the first one's."""
    first = next(iter(formats))
    print(f"{name}: {len(items)} items, {sum(operations.values()) / 1e9:.1f} GFLOP an item")
    for kind, turns in formats.items():
        cpu, wall = sum(turns.cpu) / len(items), sum(turns.wall) / len(items)
        ratio = statistics.median(a / b for a, b in zip(formats[first].cpu, turns.cpu, strict=True))
        ideal = sum(count / peaks[kind][shape] for shape, count in operations.items())
        print(
            f"  {kind:9s} {cpu * 1e3:6.1f} CPU ms, {wall * 1e3:6.1f} ms an item, {ratio:.2f} x "
            f"(median of {len(turns.cpu)} turns), {ideal / cpu:.0%} of the time is its products'"
        )
        if kind != first:
            print(
                f"            {differences(items, formats[first].answers, turns.answers)}",
                flush=True,
            )


def differences(items: Sequence[Item], one: Sequence[Answer], other: Sequence[Answer]) -> str:
    """Return how far two formats' answers lie apart."""
    pairs = list(zip(one, other, strict=True))
    apart = [abs(a - b) for x, y in pairs for a, b in zip(x.logliks, y.logliks, strict=True)]
    before, after = grade(items, one), grade(items, other)
    flips = sum(a.right != b.right for a, b in zip(before, after, strict=True))
    share = wilson(flips, len(items))
    concepts = known(before), known(after)
    turned = sum(concepts[0][key] != concepts[1][key] for key in concepts[0])
    interval = f"{flips / len(items):.1%} [{share.low:.1%}, {share.high:.1%}]"
    return (
        f"flips {flips} of {len(items)} ({interval}), concepts known "
        f"{sum(concepts[0].values())} → {sum(concepts[1].values())} ({turned} turned), |Δ log P| "
        f"of an option median {statistics.median(apart):.4f}, largest {max(apart):.3f}, "
        f"mean shift of P(right) {shift(before, after):+.4f}"
    )


def shift(before: Sequence[GradedItem], after: Sequence[GradedItem]) -> float:
    """Return the mean change of P(right option) over concepts."""
    old, new = probabilities(before), probabilities(after)
    return statistics.fmean(new[key] - old[key] for key in old)


if __name__ == "__main__":
    main()
