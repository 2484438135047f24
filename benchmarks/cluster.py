"""A merge on a cluster against the same merge on this machine, and what a large one costs.

    python benchmarks/cluster.py merge [--size 1b] [--machines 3] [--repeat 3] [--models FOLDER]
    python benchmarks/cluster.py foresee --size 405b --machines 16 --seconds-per-gb S

`merge` writes random models of a size, merges them here and over so many raylets of one processor
each on the loopback, compares the bytes, and counts processor seconds: those of this process and of
those that merged, the start of each included, against those of the merge here with one worker. The
same is counted of a merge of hardly anything, so that what grows with bytes is told from what every
process costs; and what the raylets take meanwhile.

`foresee` prices a merge of two models on their base from shapes alone: by seconds of a processor
per GB of the result, as `merge --machines 0` measures them, and the bandwidth and price you give.
"""

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

import psutil

sys.path.insert(0, str(Path(__file__).parent))

from simulated_cluster import lengths_of, merge_time, recipe_of

from lexgraft.adoption.merge_models import SEAT_MEMORY, merge
from lexgraft.compute import ComputeSettings
from lexgraft.weights.merge.manifest import Manifest

LOOPBACK = "127.0.0.2"


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
        models = arguments.models or Path(scratch)
        recipe = recipe_of(models / arguments.size, arguments.size, arguments.method)
        nothing = recipe_of(models / "nothing", "nothing", arguments.method)
        _merge(recipe, nothing, Path(scratch), arguments.machines, arguments.repeat)


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


def _foresee(arguments: argparse.Namespace) -> None:
    """Print what a merge of two models on their base takes on a cluster, from shapes alone."""
    lengths = lengths_of(arguments.size)
    written, machines = sum(lengths.values()) / 1e9, arguments.machines
    seats = machines * arguments.processors
    computing = merge_time(lengths, seats, lengths) / 1e9 * arguments.seconds_per_gb
    moving = 4 * written / machines / arguments.bandwidth
    seconds = max(computing, moving)
    print(f"{arguments.size}: reads {3 * written:,.0f} GB, writes {written:,.0f} GB")
    print(f"{seats} workers, {arguments.processors * SEAT_MEMORY / 1e9:.0f} GB on each machine")
    print(f"computing {computing:,.0f} s, moving {moving:,.0f} s: {seconds / 60:.1f} min")
    print(f"costs {seconds / 3600 * machines * arguments.price:.2f}")


if __name__ == "__main__":
    main()
