"""What an example was made of: the packages' credits, written beside the data."""

from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

from msgspec import Struct

from lexgraft.records import Concept, write_bytes, write_lines


class Source(Struct, frozen=True):
    """A package that only brings data: whose it is, and what was made of it."""

    name: str
    version: str
    sha256: str
    member: str  # the file inside it
    credit: str
    used_for: str


def write_base(path: Path, concepts: Sequence[Concept]) -> None:
    """Write one term base and print its size and digest."""
    write_lines(path, concepts)
    digest = sha256(path.read_bytes()).hexdigest()[:16]
    print(f"{path.name:<24} {len(concepts)} concepts; sha256 {digest}", flush=True)


def write_sources(folder: Path, script: str, sources: Sequence[Source]) -> None:
    """Write `SOURCES.md`: package, version, digest, credit and use."""
    lines = ["# Sources of the files in this folder", "", f"Made by `{script}`."]
    for one in sources:
        lines += ["", f"## {one.name} {one.version}", "", f"- {one.credit}"]
        lines += [f"- used for {one.used_for}", f"- sha256 of the package: `{one.sha256}`"]
        lines += [f"- file `{one.member}`"]
    write_bytes(folder / "SOURCES.md", ("\n".join(lines) + "\n").encode())
