"""Every example built twice with other hash seeds: the same bytes? how long? what says its audit?

    python benchmarks/examples.py [--only law] [--keep]

Term bases are made anew under `.cache/` from the packages there (`--keep` takes those that are
made), test sets in a temporary folder. Times are processor seconds of the second run. Each form has
a line for all its items and one for those that need their term; bold: an interval above chance.
The status is 1 where a rule's interval lies more than 5 points above chance on the latter.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
EXAMPLES = ROOT / "examples"
SEEDS = ("1", "4242")
NEEDS_TERM = "needs the term"
ALLOWED = 0.05  # above chance, of an interval's lower end, on items that need their term
RULES = {
    "pieces of words": "pieces",
    "characters of the options": "characters",
    "length of the options": "length",
    "length nearest to the mean": "middle length",
    "most frequent option": "most frequent",
    "sound of the options": "sound",
    "text shared with the question": "shared text",
    "short words shared with the question": "short words",
    "kanji shared with the question": "kanji",
    "capitals as in the question": "capitals",
    "brackets as in the question": "brackets",
    "initials of the question": "initials",
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


def build(project: Path) -> tuple[float, str, Mapping[str, Any], str]:
    """Build one test set twice; return seconds, digest, audit and how many concepts need what.

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
        counts = counted(folder)
    assert len(set(digests)) == 1, f"{project}: other bytes: {digests}"
    return seconds, digests[0], audit, counts


def counted(folder: Path) -> str:
    """Return how many concepts and items there are, and how many need their term, by direction."""
    items = [
        json.loads(line)
        for path in sorted(folder.glob("items-*.jsonl"))
        if path.name != "items-general.jsonl"
        for line in path.read_bytes().splitlines()
    ]
    parts: list[str] = []
    for pair in sorted({f"{one['question_language']}→{one['answer_language']}" for one in items}):
        asked = [o for o in items if f"{o['question_language']}→{o['answer_language']}" == pair]
        marks = Counter(one["solvable_by"] for one in asked)
        needing = {one["concept"] for one in asked if one["solvable_by"] == "term"}
        parts.append(
            f"{pair}: {len(needing)} of {len({one['concept'] for one in asked})} concepts need "
            f"their term, {marks['term']} of {len(asked)} items (pieces decide {marks['pieces']}, "
            f"sound {marks['sound']})"
        )
    return "; ".join(parts)


def rows(audit: Mapping[str, Any]) -> Iterable[tuple[str, ...]]:
    """Yield two lines per form: the rules' figures on all items, and where the term is needed."""
    found: dict[str, dict[str, str]] = {}
    for one in audit["scores"]:
        if one["group"].partition(", ")[2] in {"", NEEDS_TERM} and one["name"] in RULES:
            text = f"{one['value']:.2f} [{one['low']:.2f}, {one['high']:.2f}]"
            cells = found.setdefault(one["group"], {"n": str(one["n"])})
            above = one["low"] > one["chance"]
            cells[RULES[one["name"]]] = f"**{text}**" if above else text
    for group, cells in found.items():
        yield group, cells["n"], *(cells.get(rule, "") for rule in RULES.values())


def violations(audit: Mapping[str, Any]) -> list[str]:
    """Return the rules that do better than allowed on items that need their term."""
    return [
        f"{one['name']}, {one['group']}: {one['value']:.2f} [{one['low']:.2f}, {one['high']:.2f}], "
        f"chance {one['chance']:.2f}, n = {one['n']}"
        for one in audit["scores"]
        if one["group"].endswith(NEEDS_TERM) and one["low"] > one["chance"] + ALLOWED
    ]


def main() -> int:
    """Print a table per example; return 1 where a rule finds terms without knowing them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only")
    parser.add_argument("--keep", action="store_true")
    given = parser.parse_args()
    prepared: dict[str, tuple[float, str]] = {}
    bad: list[str] = []
    print("| project, form | n |", " | ".join(RULES.values()), "|")
    print("| --- |", " --- |" * (len(RULES) + 1))
    for project in projects(given.only):
        name = project.parent.name
        if name not in prepared:
            prepared[name] = (0.0, "kept") if given.keep else prepare(name)
        seconds, digest, audit, counts = build(project)
        print(
            f"| **{name}/{project.stem}**: {counts}; prepared in {prepared[name][0]:.0f} s "
            f"({prepared[name][1]}), built in {seconds:.0f} s ({digest}) | |",
            " |" * len(RULES),
            flush=True,
        )
        for row in rows(audit):
            print("|", " | ".join(row), "|", flush=True)
        bad += [f"{name}/{project.stem}: {one}" for one in violations(audit)]
    print(
        *(bad or ["no rule is more than 5 points above chance where the term is needed"]), sep="\n"
    )
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
