"""Merging, side by side in one run: the disk's floor, lexgraft, and mergekit if it is given.

    python benchmarks/merging.py --size 1b --peer VENV/bin/python [--methods linear ties] [--cold]

Every run is a process of its own, start-up included, and ends with its files on the disk (fsync).
The floor reads base and two models and writes one output, without arithmetic, by plain reads and
writes of 8 MiB. The peer runs with `-j 1 --quiet`, its best on few processors, so that its
processor seconds are work and not waiting; its output is synced after it, which is counted.
"""

import argparse
import os
import platform
import re
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from synthetic import SIZES, write_model

METHODS = (
    "linear",
    "slerp",
    "task_arithmetic",
    "ties",
    "dare_ties",
    "della",
    "breadcrumbs",
    "sce",
)
WITHOUT_DENSITY = ("linear", "slerp", "task_arithmetic", "sce")
ROOT = Path(__file__).resolve().parents[1]
PEER_START = "import sys; from mergekit.scripts.run_yaml import main; sys.exit(main())"
MERGE = """
import sys
from pathlib import Path
from lexgraft.weights.checkpoint.input_model import open_input_model
from lexgraft.weights.checkpoint.checkpoint_index import open_checkpoint
from lexgraft.weights.merge.disk_merge import run_merge
from lexgraft.weights.merge.merge_plan import plan_merge
from lexgraft.project import Candidate
models, output, method, density = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], sys.argv[4]
base = open_checkpoint(models / "base")
parts = {label: open_input_model(models / label, base, label) for label in ("a", "b")}
plain = ("linear", "slerp", "task_arithmetic")
name = "select_topk" if method == "sce" else "density"
given = {} if method in plain else {name: float(density)}
run_merge(plan_merge(Candidate(method, given), base, parts, "bfloat16", 1), output)
"""
FLOOR = """
import os, sys
from pathlib import Path
models, output = Path(sys.argv[1]), Path(sys.argv[2])
output.mkdir()
buffer = memoryview(bytearray(8 << 20))
for label in ("a", "b", "base"):
    for path in sorted((models / label).glob("*.safetensors")):
        with path.open("rb", buffering=0) as source:
            target = (output / path.name).open("wb", buffering=0) if label == "base" else None
            while count := source.readinto(buffer):
                if target:
                    target.write(buffer[:count])
            if target:
                os.fsync(target.fileno())
"""


class Taken(NamedTuple):
    """What a process took."""

    wall: float  # seconds
    cpu: float  # seconds, children included
    peak: float  # resident MB


def main() -> None:
    """Print one line per method."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", choices=SIZES, default="56m")
    parser.add_argument("--models", type=Path, default=ROOT / ".cache" / "benchmark")
    parser.add_argument("--peer", type=Path, help="a Python that has mergekit")
    parser.add_argument("--methods", nargs="+", default=METHODS)
    parser.add_argument("--density", default="0.5")
    parser.add_argument("--cold", action="store_true", help="drop the inputs from the page cache")
    parser.add_argument("--repeat", type=int, default=1, help="lines for every method")
    given = parser.parse_args()
    models = given.models / given.size
    for label, seed in (("base", 0), ("a", 1), ("b", 2)):
        write_model(models / label, given.size, seed)
    print(
        f"{given.size}, {os.cpu_count()} x {platform.processor() or platform.machine()}, load "
        f"{os.getloadavg()[0]:.1f}, {'cold' if given.cold else 'warm'} cache, fsync included"
    )
    for method in given.methods:
        for _ in range(given.repeat):
            _line(method, models, given)


def _line(method: str, models: Path, given: argparse.Namespace) -> None:
    """Print floor, lexgraft and peer for one method, one after the other."""
    floor = _timed([sys.executable, "-c", FLOOR], models, given.cold)
    mine = _timed([sys.executable, "-c", MERGE], models, given.cold, method, given.density)
    text = (
        f"{method:16s} floor {floor.wall:6.1f} s, {floor.cpu:5.1f} CPU s | lexgraft "
        f"{mine.wall:6.1f} s ({mine.wall / floor.wall:4.1f} x floor), {mine.cpu:5.1f} CPU s, "
        f"{mine.peak:4.0f} MB"
    )
    if given.peer:
        recipe = models / f"{method}.yml"
        recipe.write_text(_recipe(method, models, given.density))
        peer = _timed([given.peer, "-c", PEER_START], recipe, given.cold, "-j", "1", "--quiet")
        text += (
            f" | mergekit {peer.wall:6.1f} s, {peer.cpu:6.1f} CPU s, {peer.peak:5.0f} MB: lexgraft "
            f"takes 1/{peer.cpu / mine.cpu:.1f} of CPU, 1/{peer.wall / mine.wall:.1f} of the time"
        )
    print(text, flush=True)


def _timed(command: list[object], source: Path, cold: bool, *more: str) -> Taken:  # noqa: FBT001
    """Return what a process took that reads `source` and writes a new folder."""
    models = source if source.is_dir() else source.parent
    for path in sorted(models.glob("*/*.safetensors")):
        with path.open("rb") as file:
            if cold:
                os.fsync(file.fileno())  # what is not yet on the disk would stay
                os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
    with tempfile.TemporaryDirectory(dir=models.parent) as work:
        output = Path(work) / "out"
        environment = os.environ | {"OMP_WAIT_POLICY": "PASSIVE", "HF_HUB_OFFLINE": "1"}
        environment["PYTHONPATH"] = str(ROOT / "src") if command[0] == sys.executable else ""
        line = [str(part) for part in (*command, source, output, *more)]
        wall = time.perf_counter()
        process = subprocess.Popen(line, env=environment, stdout=subprocess.DEVNULL)
        peak, status, used = watched(process.pid)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            sys.exit(f"failed: {' '.join(line[:1] + line[3:])}")
        for path in sorted(output.glob("*.safetensors")):
            with path.open("rb") as file:
                os.fsync(file.fileno())
        return Taken(time.perf_counter() - wall, used.ru_utime + used.ru_stime, peak)


def watched(process: int) -> tuple[float, int, resource.struct_rusage]:
    """Return a process's peak of resident memory in MB, its status and what it used.

    The kernel's own figure for a child (ru_maxrss) begins with the parent's size.
    """
    peak = 0.0
    while True:
        done, status, used = os.wait4(process, os.WNOHANG)
        if done:
            return peak, status, used
        found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{process}/status").read_text())
        peak = int(found[1]) / 1024 if found else peak
        time.sleep(0.02)


def _recipe(method: str, models: Path, density: str) -> str:
    """Return the peer's recipe of the same merge."""
    lines = [f"merge_method: {method}", "dtype: bfloat16"]
    labels = ("a", "b")
    if method != "linear":
        lines.append(f"base_model: {models / ('a' if method == 'slerp' else 'base')}")
    lines.append("models:")
    for label in labels:
        lines.append(f"  - model: {models / label}")
        if method == "slerp":
            continue
        if method == "sce":
            continue
        lines.append("    parameters:\n      weight: 0.5")
        if method not in WITHOUT_DENSITY:
            lines.append(f"      density: {density}")
    lines += {
        "slerp": ["parameters:\n  t: 0.5"],
        "sce": [f"parameters:\n  select_topk: {density}"],
    }.get(method, [])
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
