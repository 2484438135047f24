"""A merge on a cluster against the same merge on this machine, and many machines simulated.

    python benchmarks/cluster.py merge [--size 1b] [--machines 3] [--models FOLDER]
    python benchmarks/cluster.py foresee --size 405b --machines 16 --seconds-per-gb S
    python benchmarks/cluster.py simulate [--size 70b] [--candidates 16] [--batches 24] [--blocks 2]

`merge` writes random models of a size, merges them here and over so many raylets of one processor
each on the loopback, compares the bytes, and counts processor seconds: those of this process and of
those that merged, the start of each included, against those of the merge here with one worker. What
the raylets take meanwhile is counted beside it.

`foresee` prices a merge of two models on their base from shapes alone: by seconds of a processor
per GB of the result, as `merge --machines 0` measures them, and the bandwidth and price you give.

`simulate` replays jobs of given seconds on n = 1, 4 and 16 machines under the rules by which
`lexgraft.compute.seats` deals them out: the shares of a merge, a byte taking one unit, and the
batches of a race (asked candidate by candidate, block by block, a seat loading a candidate before
its first batch of it). A speed-up is the time on one machine over the time on n.
"""

import argparse
import heapq
import json
import os
import sys
import tempfile
import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from math import prod
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

import psutil

sys.path.insert(0, str(Path(__file__).parent))

from synthetic import shapes, write_model

from lexgraft.adoption.merge_models import SEAT_MEMORY, merge
from lexgraft.compute import ComputeSettings
from lexgraft.weights.merge.manifest import Manifest
from lexgraft.weights.merge.merge_share import shares

LOOPBACK = "127.0.0.2"
COUNTS = (1, 4, 16)


def main() -> None:
    """Run what is asked for and print it."""
    parser = argparse.ArgumentParser(description=__doc__)
    verbs = parser.add_subparsers(dest="verb", required=True)
    merging = verbs.add_parser("merge")
    merging.add_argument("--size", default="1b")
    merging.add_argument("--machines", type=int, default=3)
    merging.add_argument("--method", default="ties")
    merging.add_argument("--repeat", type=int, default=1, help="the medians are compared")
    merging.add_argument("--models", type=Path, help="random models are kept here")
    simulating = verbs.add_parser("simulate")
    simulating.add_argument("--size", default="1b")
    simulating.add_argument("--batches", type=int, default=24, help="of a block of the race")
    simulating.add_argument("--blocks", type=int, default=2)
    simulating.add_argument("--candidates", type=int, default=16)
    simulating.add_argument("--batch-seconds", type=float, default=1.0)
    simulating.add_argument("--load-seconds", type=float, default=3.0, help="of one candidate")
    foreseeing = verbs.add_parser("foresee")
    foreseeing.add_argument("--size", default="70b")
    foreseeing.add_argument("--machines", type=int, default=8)
    foreseeing.add_argument("--processors", type=int, default=32, help="of each machine")
    foreseeing.add_argument("--bandwidth", type=float, default=2.0, help="GB/s of each machine")
    foreseeing.add_argument("--price", type=float, default=1.6, help="of a machine's hour")
    foreseeing.add_argument(
        "--seconds-per-gb",
        type=float,
        required=True,
        help="see `merge --machines 0`",
    )
    arguments = parser.parse_args()
    if arguments.verb == "foresee":
        _foresee(arguments)
        return
    with tempfile.TemporaryDirectory() as scratch:
        if arguments.verb == "merge":
            models = arguments.models or Path(scratch)
            recipe = _recipe(models / arguments.size, arguments.size, arguments.method)
            nothing = _recipe(models / "nothing", "nothing", arguments.method)
            _merge(recipe, nothing, Path(scratch), arguments.machines, arguments.repeat)
        else:
            _simulate(arguments)


def _recipe(models: Path, size: str, method: str) -> Path:
    for seed, name in enumerate(("base", "a", "b")):
        write_model(models / name, size, seed)
    file = models / "recipe.yaml"
    density = {} if method in ("linear", "slerp", "task_arithmetic") else {"density": 0.5}
    parts = [{"model": str(models / name), "parameters": density} for name in ("a", "b")]
    values = {"merge_method": method, "base_model": str(models / "base"), "models": parts}
    file.write_text(json.dumps({**values, "dtype": "bfloat16"}))
    return file


class _Taken(NamedTuple):
    manifest: Manifest
    wall: float
    here: float  # processor seconds of this process
    seats: float  # of those that merged
    raylets: float  # of the cluster's own processes, and of workers that it starts and nobody uses

    @property
    def cpu(self) -> float:
        """Processor seconds of all that the merge itself runs."""
        return self.here + self.seats

    def line(self, what: str) -> str:
        """Return what was taken, as a line of a table."""
        return (
            f"{what:<28}{self.wall:8.1f} s{self.cpu:8.2f} CPU s: here {self.here:.2f}, "
            f"workers {self.seats:.2f}; Ray's own beside it {self.raylets:.2f}"
        )


def _merge(recipe: Path, nothing: Path, scratch: Path, machines: int, rounds: int) -> None:
    _touch(recipe.parent)
    empty = _timed(nothing, scratch / "empty", None)
    print(empty.line("here, a merge of nothing"))
    alone: list[_Taken] = []
    for number in range(rounds):
        alone.append(_timed(recipe, scratch / f"alone-{number}", None))
        print(alone[-1].line("here, one worker"))
    if not machines:
        return
    shared: list[_Taken] = []
    with _cluster(machines) as (address, processes):
        compute = ComputeSettings(engine="ray", address=address)
        _timed(nothing, scratch / "first", compute, processes)  # what the driver imports once
        started = _timed(nothing, scratch / "started", compute, processes)
        print(started.line(f"{machines} raylets, nothing"))
        for number in range(rounds):
            shared.append(_timed(recipe, scratch / f"shared-{number}", compute, processes))
            print(shared[-1].line(f"{machines} raylets"))
    same = shared[0].manifest == alone[0].manifest and _same(
        scratch / "alone-0", scratch / "shared-0"
    )
    here, there = (median(taken.cpu for taken in runs) for runs in (alone, shared))
    grows = (there - started.cpu) / (here - empty.cpu)
    print(f"same bytes: {same}; processor seconds {there / here:.2f} x with the start of")
    print(f"{machines} processes ({started.cpu:.2f} s whatever the size), {grows:.2f} x without")


def _touch(folder: Path) -> None:
    """Read all of it, so that neither run finds a colder disk."""
    for file in sorted(folder.rglob("*.safetensors")):
        with file.open("rb") as opened:
            while opened.read(64 << 20):
                pass


def _timed(
    recipe: Path, output: Path, compute: ComputeSettings | None, processes: Any = None
) -> _Taken:
    """Merge, and count the processor seconds of this process and of those that took part."""
    seats: dict[int, float] = {}
    others: dict[int, float] = {}
    for process in processes() if processes else ():
        others[process.pid] = -_spent([process])

    def look(*_: object) -> None:
        for process in processes() if processes else ():
            if "SeatProcess" in _name(process):
                seats[process.pid] = _spent([process])

    began, before = time.monotonic(), sum(os.times()[:2])
    manifest = merge(recipe, output, workers=None if compute else 1, compute=compute, progress=look)
    own, wall = sum(os.times()[:2]) - before, time.monotonic() - began
    for process in processes() if processes else ():
        others[process.pid] = others.get(process.pid, 0.0) + _spent([process])
    beside = sum(spent for pid, spent in others.items() if pid not in seats and spent > 0)
    return _Taken(manifest, wall, own, sum(seats.values()), beside)


def _name(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except psutil.Error:
        return ""


def _spent(processes: Sequence[psutil.Process]) -> float:
    """Return the processor seconds of processes that are there."""
    total = 0.0
    for process in processes:
        try:
            times = process.cpu_times()
        except psutil.Error:
            continue
        total += times.user + times.system
    return total


@contextmanager
def _cluster(machines: int) -> Generator[tuple[str, Any]]:
    os.environ |= {"RAY_USAGE_STATS_ENABLED": "0", "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0"}
    from ray.cluster_utils import Cluster

    common = {"node_ip_address": LOOPBACK, "object_store_memory": 100 << 20}
    cluster: Any = Cluster(
        initialize_head=True, head_node_args={**common, "num_cpus": 0, "include_dashboard": False}
    )
    for _ in range(machines):
        cluster.add_node(num_cpus=1, memory=2 << 30, **common)
    try:
        yield cluster.address, lambda: psutil.Process().children(recursive=True)
    finally:
        cluster.shutdown()


def _same(one: Path, two: Path) -> bool:
    files = sorted(file.name for file in one.iterdir())
    if files != sorted(file.name for file in two.iterdir()):
        return False
    return all((one / name).read_bytes() == (two / name).read_bytes() for name in files)


def _simulate(arguments: argparse.Namespace) -> None:
    lengths = {name: 2 * prod(shape) for name, shape in shapes(arguments.size)}
    ordered = dict(sorted(lengths.items(), key=lambda pair: (-pair[1], pair[0])))
    print("simulated speed-up      n = " + "".join(f"{n:8d}" for n in COUNTS))
    merged = [_merge_time(ordered, n) for n in COUNTS]
    print(f"merge of {arguments.size:<12}      " + _ratios(merged))
    raced = [_race_time(arguments, n) for n in COUNTS]
    print(f"race of {arguments.candidates} candidates      " + _ratios(raced))


def _foresee(arguments: argparse.Namespace) -> None:
    """Print what a merge of two models on their base takes on a cluster, from shapes alone."""
    lengths = {name: 2 * prod(shape) for name, shape in shapes(arguments.size)}
    written, machines = sum(lengths.values()) / 1e9, arguments.machines
    seats = machines * arguments.processors
    ordered = dict(sorted(lengths.items(), key=lambda pair: (-pair[1], pair[0])))
    computing = _merge_time(ordered, seats) / 1e9 * arguments.seconds_per_gb
    moving = 4 * written / machines / arguments.bandwidth
    seconds = max(computing, moving)
    print(f"{arguments.size}: reads {3 * written:,.0f} GB, writes {written:,.0f} GB")
    print(f"{seats} workers, {arguments.processors * SEAT_MEMORY / 1e9:.0f} GB on each machine")
    print(f"computing {computing:,.0f} s, moving {moving:,.0f} s: {seconds / 60:.1f} min")
    print(f"costs {seconds / 3600 * machines * arguments.price:.2f}")


def _ratios(times: Sequence[float]) -> str:
    return "".join(f"{times[0] / seconds:8.2f}" for seconds in times)


def _merge_time(lengths: dict[str, int], machines: int) -> float:
    """Return when the last share of a merge is done, a byte taking one unit, jobs in order."""
    free = [0.0] * machines
    for names in shares(lengths, machines):
        heapq.heapreplace(free, free[0] + sum(lengths[name] for name in names))
    return max(free)


def _race_time(arguments: argparse.Namespace, machines: int) -> float:
    """Return when the last batch of a race is answered, under the rules of `Seats`."""
    scouts = min(arguments.candidates, machines)
    waiting = list(range(arguments.candidates))
    left = [int(arguments.blocks)] * len(waiting)
    queue: dict[int, int] = {}  # candidate → batches of its block that nobody has yet
    running: dict[int, int] = {}  # candidate → batches being answered
    events: list[tuple[float, int, int]] = []  # done at, seat, candidate
    loaded: dict[int, int] = {}
    idle = list(range(machines))
    now = 0.0
    for _ in range(scouts):
        queue[waiting.pop(0)] = arguments.batches
    while True:
        for seat in list(idle):
            kinds = [kind for kind, count in queue.items() if count]
            if not kinds:
                break
            kind = loaded.get(seat, -1)
            if kind not in kinds:
                busy = {k: sum(held == k for _, _, held in events) for k in kinds}
                kind = min(kinds, key=lambda k: busy[k])
            cost = arguments.batch_seconds
            cost += arguments.load_seconds if loaded.get(seat) != kind else 0.0
            loaded[seat] = kind
            queue[kind] -= 1
            running[kind] = running.get(kind, 0) + 1
            idle.remove(seat)
            heapq.heappush(events, (now + cost, seat, kind))
        if not events:
            return now
        now, seat, kind = heapq.heappop(events)
        idle.append(seat)
        running[kind] -= 1
        if queue[kind] or running[kind]:
            continue
        left[kind] -= 1
        if left[kind]:
            queue[kind] = arguments.batches
        else:
            del queue[kind]
            if waiting:
                queue[waiting.pop(0)] = arguments.batches


if __name__ == "__main__":
    main()
