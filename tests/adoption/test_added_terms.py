"""Terms added to a finished adoption: what was asked stays, and only what is new is asked."""

import sqlite3
from pathlib import Path
from typing import Any

import pytest
from adopt_project import MakeProject
from invented import concept

from lexgraft.adoption.adopt import run_project
from lexgraft.adoption.report.report_record import Report
from lexgraft.evaluation.answer_store import FILE
from lexgraft.project import read_project
from lexgraft.records import Item, read_lines, write_lines
from lexgraft.terms.testset.split import SPLITS


def rows(run: Path) -> dict[str, int]:
    """Return model → how many answers of it are stored."""
    counts: dict[str, int] = {}
    for store in sorted((run / "answers").glob(f"*/{FILE}")):
        with sqlite3.connect(store) as file:
            counts[store.parent.name] = file.execute("SELECT count(*) FROM answers").fetchone()[0]
    return counts


def items_of(run: Path) -> dict[str, list[Item]]:
    return {split: read_lines(run / "testset" / f"items-{split}.jsonl", Item) for split in SPLITS}


def asked(items: list[Item], direction: str) -> set[tuple[str, str]]:
    """Return every option after its question, and after the same place without one."""
    return {
        (context, option)
        for item in items
        if item.pair.endswith(direction)
        for context in (item.context, item.neutral)
        for option in item.options
    }


def adopted(make_project: MakeProject, folder: Path, terms: int, confirm: int) -> Report:
    write_lines(folder / "terms.jsonl", [concept("C", n) for n in range(terms)])

    def change(values: dict[str, Any]) -> None:
        values["terms"]["files"] = [str(folder / "terms.jsonl")]
        values["testset"]["confirm"] = confirm

    return run_project(read_project(make_project(change)), underpowered=True)[0]


@pytest.mark.slow
def test_added_terms_leave_what_was_asked_and_only_they_are_asked(
    make_project: MakeProject, tmp_path: Path
):
    run = tmp_path / "run"
    first = adopted(make_project, tmp_path, 40, 14)
    before, stored = items_of(run), rows(run)
    trained = {file: file.stat().st_mtime_ns for file in (run / "tuned").rglob("*.safetensors")}
    second = adopted(make_project, tmp_path, 60, 24)
    after, now = items_of(run), rows(run)

    assert after["choose"] == before["choose"]
    assert [item for item in after["confirm"] if item in before["confirm"]] == before["confirm"]
    assert len({item.concept for item in after["confirm"]}) == 24
    assert (second.method, second.parameters) == (first.method, first.parameters)
    assert trained == {f: f.stat().st_mtime_ns for f in (run / "tuned").rglob("*.safetensors")}

    shown = before["confirm"] + before["choose"]
    new = {
        "judged": len(asked(after["confirm"], "") - asked(shown, "")),
        "the donor's control": len(asked(after["confirm"], "en->en") - asked(shown, "en->en")),
        "a merge's controls": len(
            asked(after["confirm"], "->ja") - asked(before["confirm"], "->ja")
        ),
    }
    grew = {model: now[model] - stored[model] for model in now if now[model] != stored[model]}
    assert set(now) == set(stored)  # no other candidate, control or tuning
    assert set(grew.values()) == set(new.values())
    assert second.run.rounds[1].answers == sum(grew.values())


@pytest.mark.slow
def test_terms_that_nobody_asks_for_ask_no_model_anything(
    make_project: MakeProject, tmp_path: Path
):
    adopted(make_project, tmp_path, 40, 14)
    second = adopted(make_project, tmp_path, 60, 14)
    assert second.run.rounds[1].answers == 0
