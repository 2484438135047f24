"""Many machines simulated: measured times of a merge and of a race, replayed.

    python benchmarks/simulated_cluster.py measure [--project project.yaml] -o times.json
    python benchmarks/simulated_cluster.py simulate times.json [--batches 24] [--blocks 2]

`measure` times, in one thread, every tensor of a merge, and what a race consists of: a candidate
made in a live model, and batches of a project's questions.

`simulate` replays these on several machines under the rules by which `lexgraft.compute.seats` deals
jobs out: the shares of a merge (of another size by its bytes), and the batches of a race, candidate
by candidate and block by block, or where there are more seats than candidates all blocks at once;
a seat makes a candidate before its first batch of it. A speed-up is the time on one machine over
the time on n. Batches are drawn from those measured, always the same ones.
"""

import argparse
import heapq
import json
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from itertools import chain
from math import prod
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from msgspec.structs import replace

sys.path.insert(0, str(Path(__file__).parent))

from synthetic import shapes, write_model

from lexgraft.adoption.material import Material
from lexgraft.adoption.merge_models import plan_merging
from lexgraft.adoption.models_under_test import EvaluatedModel, ModelsUnderTest
from lexgraft.adoption.stages.merge_race import blocks
from lexgraft.compute.jobs import Job
from lexgraft.compute.seats import Seats
from lexgraft.project import Candidate, read_project
from lexgraft.records import silent
from lexgraft.weights.merge.disk_merge import run_merge
from lexgraft.weights.merge.merge_share import shares

COUNTS = (1, 4, 8, 16, 32)
PROJECT = Path(__file__).parents[1] / "examples" / "medical-ja" / "project.yaml"


def main() -> None:
    """Measure, or replay what was measured."""
    parser = argparse.ArgumentParser(description=__doc__)
    verbs = parser.add_subparsers(dest="verb", required=True)
    measuring = verbs.add_parser("measure")
    measuring.add_argument("--size", default="1b")
    measuring.add_argument("--method", default="ties")
    measuring.add_argument("--models", type=Path, help="random models are kept here")
    measuring.add_argument("--project", type=Path, default=PROJECT, help="its base and parents")
    measuring.add_argument("--timed", type=int, default=4, help="batches, of each of two models")
    measuring.add_argument("-o", "--output", type=Path, required=True, help="a JSON file")
    simulating = verbs.add_parser("simulate")
    simulating.add_argument("times", type=Path, help="what `measure` has written")
    simulating.add_argument("--sizes", nargs="+", default=["1b", "8b", "70b", "405b"])
    simulating.add_argument("--batches", type=int, help="of a block of the race (as measured)")
    simulating.add_argument("--blocks", type=int, default=2)
    simulating.add_argument("--candidates", type=int, nargs="+", default=[4, 8, 16, 20, 32])
    arguments = parser.parse_args()
    if arguments.verb == "simulate":
        _simulate(arguments)
        return
    with tempfile.TemporaryDirectory() as scratch:
        models = (arguments.models or Path(scratch)) / arguments.size
        recipe = recipe_of(models, arguments.size, arguments.method)
        times = _race_seconds(arguments.project, Path(scratch) / "run", arguments.timed)
        times["merge"] = _tensor_seconds(recipe, Path(scratch) / "merged")
        arguments.output.write_text(json.dumps({"size": arguments.size, **times}, indent=1))


def recipe_of(models: Path, size: str, method: str) -> Path:
    """Return a recipe over random models of a size, which are written unless they are there."""
    for seed, name in enumerate(("base", "a", "b")):
        write_model(models / name, size, seed)
    file = models / "recipe.yaml"
    density = {} if method in ("linear", "slerp", "task_arithmetic") else {"density": 0.5}
    parts = [{"model": str(models / name), "parameters": density} for name in ("a", "b")]
    values = {"merge_method": method, "base_model": str(models / "base"), "models": parts}
    file.write_text(json.dumps({**values, "dtype": "bfloat16"}))
    return file


def _tensor_seconds(recipe: Path, output: Path) -> dict[str, float]:
    """Return the processor seconds of every tensor of a merge, each merged by itself."""
    plan = plan_merging(recipe).plans[-1]
    seconds: dict[str, float] = {}

    class Timed:
        width = 1

        def open(self) -> str:
            return "here"

        def call(self, job: Job[Any]) -> Any:
            order: Any = job.arguments[0]
            names: Any = job.arguments[1]
            written: dict[str, Any] = {}
            for name in names:
                began = time.thread_time()
                written |= job.function(order, [name])
                seconds[name] = time.thread_time() - began
            return written

        def close(self) -> None:
            """End nothing."""

    seats = Seats([Timed()])
    try:
        run_merge(plan, output, seats=seats)
    finally:
        seats.close()
    return seconds


def _race_seconds(project: Path, folder: Path, timed: int) -> dict[str, Any]:
    """Return the seconds of one thread for a candidate's making and for batches of a block."""
    settings = read_project(project)
    compute = replace(settings.compute, threads=1, dtype="float32", device="cpu")
    folder.mkdir()
    models = ModelsUnderTest(replace(settings, compute=compute), folder, silent)
    in_blocks = blocks(Material(settings, folder, silent).testset.items["choose"])
    questions = [(item.context, item.options) for item in in_blocks[0]]
    models.live(models.parents["base"])
    creation: list[float] = []
    seconds: list[float] = []
    count = 0
    for candidate in (Candidate("linear"), Candidate("ties")):
        began = time.thread_time()
        subject = EvaluatedModel(candidate.method, models.base, models.merge_plan(candidate))
        model = models.live(subject)
        creation.append(time.thread_time() - began)
        batches = model.plan_batches(questions)
        count = len(batches)
        for batch in batches[:: max(1, count // timed)]:
            began = time.thread_time()
            model.loglikelihoods([questions[number] for number in batch])
            seconds.append(time.thread_time() - began)
    concepts = len({item.concept for item in in_blocks[0]})
    return {"made": creation, "batches": seconds, "count": count, "concepts": concepts}


def _simulate(arguments: argparse.Namespace) -> None:
    """Replay measured times on several machines; a larger model takes as long per byte."""
    times: dict[str, Any] = json.loads(arguments.times.read_text())
    batches: list[float] = times["batches"]
    in_block = arguments.batches or times["count"]
    print(
        f"{arguments.blocks} blocks of a race, {in_block} batches each (measured "
        f"{times['count']} of {times['concepts']} concepts)"
    )
    print(
        f"measured: a candidate made in {median(times['made']):.2f} s, {len(batches)} batches of "
        f"{median(batches):.2f} s (longest {max(batches):.2f})"
    )
    measured: dict[str, float] = times["merge"]
    per_byte = sum(measured.values()) / sum(lengths_of(times["size"]).values())
    print("simulated speed-up      n = " + "".join(f"{n:8d}" for n in COUNTS))
    for size in arguments.sizes:
        lengths = lengths_of(size)
        costs = {name: length * per_byte for name, length in lengths.items()}
        costs = measured if size == times["size"] else costs
        merged = [merge_time(lengths, n, costs) for n in COUNTS]
        bound = sum(costs.values()) / max(costs.values())
        print(
            f"merge of {size:<15}" + _ratios(merged) + f"   at most {bound:.1f}: no tensor is cut"
        )
    for candidates in arguments.candidates:
        raced = [_race_time(candidates, arguments.blocks, in_block, times, n) for n in COUNTS]
        print(f"race of {candidates:<3} candidates   " + _ratios(raced))


def lengths_of(size: str) -> dict[str, int]:
    """Return the bytes of every tensor in bfloat16, the largest first."""
    lengths = {name: 2 * prod(shape) for name, shape in shapes(size)}
    return dict(sorted(lengths.items(), key=lambda pair: (-pair[1], pair[0])))


def _ratios(times: Sequence[float]) -> str:
    return "".join(f"{times[0] / seconds:8.2f}" for seconds in times)


def merge_time(lengths: Mapping[str, int], machines: int, costs: Mapping[str, float]) -> float:
    """Return when the last share of a merge is done, jobs dealt out in order."""
    free = [0.0] * machines
    for names in shares(lengths, machines):
        heapq.heapreplace(free, free[0] + sum(costs[name] for name in names))
    return max(free)


class _Replay:
    """A race under the rules of `Seats`: who is free takes a batch of what is loaded there."""

    def __init__(self, blocks: int, batches: int, times: Mapping[str, Any], machines: int) -> None:
        self.blocks, self.batches, self.machines = blocks, batches, machines
        self.draw = np.random.default_rng(0)
        self.times = times
        self.queue: dict[int, list[float]] = {}  # candidate → batches that nobody has yet
        self.later: dict[int, list[list[float]]] = {}  # and blocks that are not asked yet
        self.running: dict[int, int] = {}
        self.loaded: dict[int, int] = {}

    def begin(self, candidate: int, *, at_once: bool) -> None:
        """Ask a candidate its first block, or `at_once` all."""
        seconds = [
            list(self.draw.choice(self.times["batches"], self.batches)) for _ in range(self.blocks)
        ]
        first = [*chain(*seconds)] if at_once else seconds[0]
        self.queue[candidate], self.later[candidate] = first, [] if at_once else seconds[1:]

    def taken(self, seat: int) -> tuple[int, float] | None:
        """Return what a free seat takes: of what it has loaded, else of what fewest are at."""
        kinds = [kind for kind, left in self.queue.items() if left]
        if not kinds:
            return None
        kind, cost = self.loaded.get(seat, -1), 0.0
        if kind not in kinds:
            kind = min(kinds, key=lambda rival: self.running.get(rival, 0))
            cost = float(self.draw.choice(self.times["made"]))
        self.loaded[seat] = kind
        self.running[kind] = self.running.get(kind, 0) + 1
        return kind, cost + self.queue[kind].pop()

    def done(self, candidate: int) -> bool:
        """Take a batch as answered; return whether it was the candidate's last."""
        self.running[candidate] -= 1
        if self.queue[candidate] or self.running[candidate]:
            return False
        if self.later[candidate]:
            self.queue[candidate] = self.later[candidate].pop(0)
            return False
        del self.queue[candidate]
        return True


def _race_time(
    candidates: int, blocks: int, batches: int, times: Mapping[str, Any], machines: int
) -> float:
    """Return when the last batch of a race is answered."""
    replay = _Replay(blocks, batches, times, machines)
    at_once = machines > candidates
    waiting = list(range(candidates))
    for _ in range(min(candidates, machines)):
        replay.begin(waiting.pop(0), at_once=at_once)
    events: list[tuple[float, int, int]] = []  # done at, seat, candidate
    idle, now = list(range(machines)), 0.0
    while True:
        for seat in list(idle):
            chosen = replay.taken(seat)
            if chosen is None:
                break
            idle.remove(seat)
            heapq.heappush(events, (now + chosen[1], seat, chosen[0]))
        if not events:
            return now
        now, seat, kind = heapq.heappop(events)
        idle.append(seat)
        if replay.done(kind) and waiting:
            replay.begin(waiting.pop(0), at_once=at_once)


if __name__ == "__main__":
    main()
