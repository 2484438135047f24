"""Two upgrades of the base, for real: what the ledger lists is what the answers on disk say."""

from pathlib import Path
from typing import Any

import pytest
from adapters import save_adapter
from adopt_project import MakeProject

from lexgraft import cli
from lexgraft.adoption.adopt import run_project
from lexgraft.adoption.history.gate import judge_history
from lexgraft.adoption.history.ledger import read_ledger
from lexgraft.adoption.history.recording import add_releases
from lexgraft.adoption.history.release_comparison import ReleaseComparison
from lexgraft.adoption.history.run_entries import entries_of
from lexgraft.evaluation.grade import known
from lexgraft.evaluation.load_runs import read_run
from lexgraft.project import read_project

NAMES = ("first", "second", "third")


def adopted(make_project: MakeProject, base: Path, folder: Path, name: str) -> Path:
    """Return the folder of an adoption on this base."""
    for role, seed in (("language", 1), ("domain", 2)):
        save_adapter(base, folder / f"{name} {role}", seed)

    def upgraded(values: dict[str, Any]) -> None:
        values["models"] = {
            "base": str(base),
            "language": str(folder / f"{name} language"),
            "domain": str(folder / f"{name} domain"),
        }
        values["output"] = str(folder / name)
        values["stages"] = ["headroom", "merge", "measure"]

    run_project(read_project(make_project(upgraded)), underpowered=True)
    return folder / name


def flips(before: Path, after: Path, model: str, group: str) -> tuple[set[str], set[str]]:
    """Return the concepts lost and gained between two runs' models, from their answers."""
    was, now = (
        known(next(run for run in read_run(folder) if run.name == model).in_group(group))
        for folder in (before, after)
    )
    assert was.keys() == now.keys()
    return {c for c in was if was[c] and not now[c]}, {c for c in was if now[c] and not was[c]}


def listed(comparison: ReleaseComparison, group: str) -> tuple[set[str], set[str]]:
    return (
        {flip.concept for flip in comparison.lost if flip.group == group},
        {flip.concept for flip in comparison.gained if flip.group == group},
    )


@pytest.mark.slow
def test_terms_that_flip_at_two_base_upgrades_are_listed(
    make_project: MakeProject, make_model: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    runs = [
        adopted(make_project, make_model("gemma3", seed, "bfloat16"), tmp_path, name)
        for seed, name in enumerate(NAMES)
    ]
    file = tmp_path / "releases.jsonl"
    assert [len(add_releases(file, entries_of(run))[1]) for run in runs] == [1, 1, 1]
    ledger = read_ledger(file)
    changed = 0
    for gate, before, after in zip(judge_history(ledger), runs, runs[1:], strict=False):
        assert [one.role for one in gate.parents] == [
            role for role in ("base", "G", "D") if role != gate.step.role
        ]
        for comparison in (gate.step, *gate.parents):
            for group in ("en->en", "en->ja", "ja->en"):
                expected = flips(before, after, comparison.role, group)
                assert listed(comparison, group) == expected
                changed += sum(map(len, expected))
    assert changed > 0
    lost = [flip for gate in judge_history(ledger) for flip in gate.step.lost]
    capsys.readouterr()
    assert cli.main(["history", "--ledger", str(file), "--show", "100"]) == 0
    said = capsys.readouterr().out
    assert all(term in said for flip in lost for term in flip.terms.values())
    last = judge_history(ledger)[-1]
    assert cli.main(["gate", str(runs[-1]), "--against", str(file)]) == (0 if last.passed else 3)
    lines = capsys.readouterr().out.splitlines()
    for change in (*last.step.changes, *last.since_first.changes):
        assert any(change.group in line and change.finding in line for line in lines)
    assert read_ledger(file) == ledger  # it was recorded: no further look
