"""Fifty recipes as people write them, through lexgraft and mergekit, and all that differs.

    python3 -m venv PEER && PEER/bin/pip install mergekit==0.1.5     # an environment of its own
    python benchmarks/recipes.py --peer PEER/bin/python [--only ties slerp] [--json FILE]

The recipes are `benchmarks/recipes/*.yaml`, of tiny random models of 16 architectures that are
made here (`recipe_models.py`). Every recipe runs twice in both tools: as it is written, and with
the same models stored and merged in float32, which tells rounding from other differences
(`recipe_verdict.py`). `--work` keeps models and results, and only what is missing is made again.
What differs must be stated in the recipe and explained in docs/mergekit.md, or the status is 1.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import yaml
from recipe_models import FAMILIES, write_models
from recipe_verdict import DRAWN, Run, Verdict, verdict

BESIDE = Path(__file__).resolve().parent
ROOT = BESIDE.parent
PAGE = ROOT / "docs" / "mergekit.md"


def main() -> int:
    """Print a line per recipe and return 1 if anything is unexplained."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--peer", type=Path, required=True, help="a Python that has mergekit")
    parser.add_argument("--only", nargs="+", default=[""], help="parts of recipes' names")
    parser.add_argument("--json", type=Path, help="where to write all that was found")
    parser.add_argument(
        "--work", type=Path, help="a folder that keeps what was made, for later runs"
    )
    given = parser.parse_args()
    recipes = [
        path
        for path in sorted((BESIDE / "recipes").glob("*.yaml"))
        if any(part in path.stem for part in given.only)
    ]
    with tempfile.TemporaryDirectory() as made:
        work = (given.work or Path(made)).resolve()
        written = _runs(recipes, work / "written", given.peer)
        exact = _runs(recipes, work / "exact", given.peer)
        page = PAGE.read_text(encoding="utf-8")
        verdicts = [
            verdict(path, page, first, second)
            for path, first, second in zip(recipes, written, exact, strict=True)
        ]
    _print(recipes, verdicts)
    if given.json:
        rows = [row._asdict() | {"verdict": row.text} for row in verdicts]
        given.json.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
    return int(any(row.unexplained for row in verdicts))


def _runs(recipes: list[Path], work: Path, peer: Path) -> list[tuple[Run, Run]]:
    """Return both tools' results; in a folder called `exact`, all in float32."""
    exact = work.name == "exact"
    for folder in ("here", "there", "recipes"):
        (work / folder).mkdir(parents=True, exist_ok=True)
    if not (work / "invented").is_dir():
        write_models(work, exact=exact)
    for path in recipes:
        text = path.read_text(encoding="utf-8")
        content = yaml.safe_load(text)
        if exact:
            content["dtype"] = "float32"
            content.pop("out_dtype", None)
            if content["merge_method"] in DRAWN:  # what the peer always does, and does not read
                content.setdefault("parameters", {})["rescale_norm"] = "l1"
            text = yaml.safe_dump(content, sort_keys=False)
        (work / "recipes" / path.name).write_text(text, encoding="utf-8")
    here = _outcomes("here", sys.executable, recipes, work)
    there = _outcomes("there", str(peer.absolute()), recipes, work)
    return list(zip(here, there, strict=True))


def _outcomes(side: str, python: str, recipes: list[Path], work: Path) -> list[Run]:
    """Return what one tool makes of every recipe, with its last words where it makes nothing."""
    outputs = {f"{side}/{path.stem}": f"recipes/{path.name}" for path in recipes}
    made = work / f"{side}.made.json"
    status = json.loads(made.read_text()) if made.is_file() else {}
    jobs = [(recipe, output) for output, recipe in outputs.items() if output not in status]
    (work / f"{side}.json").write_text(json.dumps(jobs))
    quiet = {"HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1", "TOKENIZERS_PARALLELISM": "false"}
    source = {"PYTHONPATH": str(ROOT / "src") if side == "here" else ""}
    done = subprocess.run(
        [python, str(BESIDE / "recipe_runner.py"), side, f"{side}.json"],
        cwd=work,
        env=os.environ | quiet | source,
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    status |= dict(json.loads(line) for line in done.stdout.splitlines())
    made.write_text(json.dumps(status))
    return [
        Run(work / output, _last_words(work / f"{output}.log") if status[output] else None)
        for output in outputs
    ]


def _last_words(log: Path) -> str:
    """Return what a tool said that made nothing."""
    lines = [line.strip() for line in log.read_text().splitlines() if line.strip()]
    own = [line for line in lines if line.startswith("lexgraft:")]
    return (own or lines or [""])[-1][:300]


def _print(recipes: list[Path], verdicts: list[Verdict]) -> None:
    """Print what was found of every recipe, and how often."""
    used = {
        family
        for path in recipes
        for family in FAMILIES
        if f"invented/{family}\n" in path.read_text() or f"invented/{family}-" in path.read_text()
    }
    for row in verdicts:
        print(
            f"{row.recipe:36s} {row.elements:7,} elements ({row.distance:.3%} in float32), "
            f"{row.largest:7.2g}  {row.text}"
        )
        for kind, lines in row.found.items():
            more = f" (and {len(lines) - 1} more)" if len(lines) > 1 else ""
            print(f"    {kind}: {lines[0]}{more}")
    equal = sum(not row.found for row in verdicts)
    wrong = sum(bool(row.unexplained) for row in verdicts)
    print(
        f"{len(verdicts)} recipes of {len(used)} families: {equal} equal, "
        f"{len(verdicts) - equal - wrong} explained, {wrong} unexplained"
    )


if __name__ == "__main__":
    sys.exit(main())
