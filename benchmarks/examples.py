"""Every example built twice with other hash seeds: the same bytes? how long? what says its audit?

    python benchmarks/examples.py [--only law] [--keep]

Term bases are made anew under `.cache/` from the packages there (`--keep` takes those that are
made), test sets in a temporary folder. Times are processor seconds of the second run.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping
from hashlib import sha256
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
EXAMPLES = ROOT / "examples"
SEEDS = ("1", "4242")
RULES = {
    "characters of the options": "answer-only",
    "length of the options": "length",
    "sound of the options": "sound",
    "text shared with the question": "shared text",
    "gold position": "position",
}


def projects(only: str | None) -> list[Path]:
    """Return the project files of the examples."""
    found = sorted(EXAMPLES.glob("*/*.yaml"))
    return [path for path in found if only in {None, path.parent.name}]


def run(seed: str, *arguments: str) -> float:
    """Run Python with a hash seed; return its processor seconds."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    environment = {**os.environ, "PYTHONHASHSEED": seed}
    subprocess.run([sys.executable, *arguments], env=environment, check=True, stdout=sys.stderr)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def digest_of(folder: Path) -> str:
    """Return a digest of all files of a folder, names and contents, that were made here."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    made = [path for path in files if "raw" not in path.parts]
    parts = [f"{path.relative_to(folder)}\n".encode() + path.read_bytes() for path in made]
    return sha256(b"\0".join(parts)).hexdigest()[:16]


def prepare(name: str) -> tuple[float, str]:
    """Make one example's term bases twice; return the seconds and the digest.

    Raises:
        AssertionError: the bytes differ.
    """
    script, folder = EXAMPLES / name / "prepare.py", ROOT / ".cache" / name
    if not script.is_file():
        return 0.0, "as it is"
    digests: list[str] = []
    seconds = 0.0
    for seed in SEEDS:
        for path in [*folder.glob("*.jsonl"), *folder.glob("made-by.txt")]:
            path.unlink()
        seconds = run(seed, str(script))
        digests.append(digest_of(folder))
    assert len(set(digests)) == 1, f"{name}: other bytes: {digests}"
    return seconds, digests[0]


def build(project: Path) -> tuple[float, str, Mapping[str, object], int]:
    """Build one test set twice; return seconds, digest, audit and how many concepts are asked.

    Raises:
        AssertionError: the bytes differ.
    """
    digests: list[str] = []
    seconds = 0.0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "testset"
        for seed in SEEDS:
            verb = ("-m", "lexgraft", "testset", str(project), "-o", str(folder), "--json")
            seconds = run(seed, *verb)
            digests.append(digest_of(folder))
        audit = json.loads((folder / "audit.json").read_bytes())
        splits = sorted(folder.glob("concepts-*.jsonl"))
        asked = sum(path.read_bytes().count(b"\n") for path in splits)
    assert len(set(digests)) == 1, f"{project}: other bytes: {digests}"
    return seconds, digests[0], audit, asked


def rows(audit: Mapping[str, object]) -> Iterable[tuple[str, ...]]:
    """Yield one line per form, katakana apart: the rules' figures; those above chance are bold."""
    found: dict[str, dict[str, str]] = {}
    for one in audit["scores"]:  # type: ignore[union-attr]
        part = one["group"].partition(", ")[2]
        if part in {"", "katakana"}:
            text = f"{one['value']:.2f} [{one['low']:.2f}, {one['high']:.2f}]"
            above = one["low"] > one["chance"]
            cells = found.setdefault(one["group"], {"n": str(one["n"])})
            cells[RULES[one["name"]]] = f"**{text}**" if above else text
    for group, cells in found.items():
        if "," not in group or "sound" in cells:
            yield group, cells["n"], *(cells.get(rule, "") for rule in RULES.values())


def main() -> None:
    """Print a table per example."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only")
    parser.add_argument("--keep", action="store_true")
    given = parser.parse_args()
    prepared: dict[str, tuple[float, str]] = {}
    print("| project, form | n |", " | ".join(RULES.values()), "|")
    print("| --- |", " --- |" * (len(RULES) + 1))
    for project in projects(given.only):
        name = project.parent.name
        if name not in prepared:
            prepared[name] = (0.0, "kept") if given.keep else prepare(name)
        seconds, digest, audit, asked = build(project)
        print(
            f"| **{name}/{project.stem}**: {asked} concepts; prepared in {prepared[name][0]:.0f} s "
            f"({prepared[name][1]}), built in {seconds:.0f} s ({digest}) | |",
            " |" * len(RULES),
            flush=True,
        )
        for row in rows(audit):
            print("|", " | ".join(row), "|", flush=True)


if __name__ == "__main__":
    main()
