r"""Merging from a store to a store, beside s3fs reading the same ranges and the merge of folders.

    AWS_ENDPOINT_URL=http://127.0.0.1:PORT AWS_ACCESS_KEY_ID=… AWS_SECRET_ACCESS_KEY=… \
        python benchmarks/object_store.py --size 1b --place bucket/benchmark [--repeat 2]

Needs a store of S3's protocol that runs already, best one that reads ranges without reading the
whole object (moto's server does not, and holds what is uploaded in memory: good for 56m). Each run
is a process of its own, start-up included. Reading alone fetches every byte of weights of base and
two models by `cat_ranges` of s3fs, in windows of 4 MiB, twelve at once, and drops it. In the end
the bytes in the store are compared with those of the merge of folders.
"""

import argparse
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, NamedTuple

from merging import ROOT, watched
from synthetic import SIZES, write_model

WINDOW = 4 << 20
READ = """
import sys
import s3fs
system = s3fs.S3FileSystem()
for label in ("base", "a", "b"):
    for path in sorted(system.glob(f"{sys.argv[1]}/{label}/*.safetensors")):
        starts = list(range(0, system.size(path), 4 << 20))
        for first in range(0, len(starts), 12):
            some = starts[first : first + 12]
            system.cat_ranges([path] * len(some), some, [start + (4 << 20) for start in some])
"""


class Run(NamedTuple):
    """What a process took."""

    wall: float  # seconds
    cpu: float  # seconds
    peak: float  # resident MB


def main() -> None:
    """Print what reading, merging in the store and merging folders took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", choices=SIZES, default="56m")
    parser.add_argument("--models", type=Path, default=ROOT / ".cache" / "benchmark")
    parser.add_argument("--place", default="bucket/benchmark", help="bucket/prefix")
    parser.add_argument("--method", default="task_arithmetic")
    parser.add_argument("--repeat", type=int, default=1)
    given = parser.parse_args()
    models, place = given.models / given.size, f"{given.place}/{given.size}"
    for label, seed in (("base", 0), ("a", 1), ("b", 2)):
        put(write_model(models / label, given.size, seed), f"{place}/{label}")
    recipes = {
        root: recipe(models / f"{name}.yaml", root, given.method)
        for name, root in (("folders", str(models)), ("store", f"s3://{place}"))
    }
    command = [sys.executable, "-m", "lexgraft", "merge"]
    for number in range(given.repeat):
        local, remote = models / f"out-{number}", f"{place}/out-{number}-{time.time():.0f}"
        folders = timed([*command, recipes[str(models)], "-o", local])
        alone = timed([sys.executable, "-c", READ, place])
        store = timed([*command, recipes[f"s3://{place}"], "-o", f"s3://{remote}"])
        same = all(is_same(path, f"{remote}/{path.name}") for path in sorted(local.iterdir()))
        print(
            f"{given.size}, {given.method}, load {os.getloadavg()[0]:.1f} | s3fs alone "
            f"{alone.wall:.1f} s, {alone.cpu:.1f} CPU s, {alone.peak:.0f} MB | store to store "
            f"{store.wall:.1f} s ({store.wall / alone.wall:.2f} x), {store.cpu:.1f} CPU s, "
            f"{store.peak:.0f} MB | folders {folders.wall:.1f} s, {folders.cpu:.1f} CPU s, "
            f"{folders.peak:.0f} MB | bytes {'equal' if same else 'DIFFERENT'}",
            flush=True,
        )
        for path in sorted(local.iterdir()):
            path.unlink()
        client().rm(remote, recursive=True)


def client() -> Any:
    """Return s3fs itself."""
    import s3fs

    return s3fs.S3FileSystem(use_listings_cache=False)


def put(folder: Path, place: str) -> None:
    """Put a model into the store, unless it is there."""
    system = client()
    for path in sorted(folder.iterdir()):
        if not system.exists(f"{place}/{path.name}"):
            system.put_file(str(path), f"{place}/{path.name}")


def recipe(file: Path, root: str, method: str) -> Path:
    """Write the recipe of the models that lie at a root."""
    lines = [f"merge_method: {method}", f"base_model: {root}/base", "parameters: {weight: 0.5}"]
    file.write_text("\n".join([*lines, f"models: [{{model: {root}/a}}, {{model: {root}/b}}]"]))
    return file


def timed(command: list[object]) -> Run:
    """Return what a process took."""
    environment = os.environ | {"OMP_WAIT_POLICY": "PASSIVE", "PYTHONPATH": str(ROOT / "src")}
    line, wall = [str(word) for word in command], time.perf_counter()
    process = subprocess.Popen(line, env=environment, stdout=subprocess.DEVNULL)
    peak, status, used = watched(process.pid)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"failed: {' '.join(line)}")
    return Run(time.perf_counter() - wall, used.ru_utime + used.ru_stime, peak)


def is_same(path: Path, place: str) -> bool:
    """Return whether an object holds a file's bytes."""
    system, size = client(), path.stat().st_size
    if system.size(place) != size:
        return False
    with path.open("rb") as file:
        return all(
            system.cat_file(place, start=start, end=min(start + WINDOW, size)) == file.read(WINDOW)
            for start in range(0, size, WINDOW)
        )


if __name__ == "__main__":
    main()
