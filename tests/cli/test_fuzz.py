"""Run folders and plans out of pieces that hypothesis puts together: refused in words."""

import json
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from cli.conftest import PROJECT
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from test_fuzzed_files import CHANGES, changed, mutated

from lexgraft.cli import main
from lexgraft.errors import LexgraftError
from lexgraft.evaluation.cost_log import CostLog
from lexgraft.evaluation.load_runs import read_run
from lexgraft.files.run_folder import RunFolder
from lexgraft.records import Term

within = settings(
    max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=10_000
)


def refused(work: Callable[[], object]) -> None:
    """Do the work; a message for the user is all that may be raised."""
    with suppress(LexgraftError):
        work()


FILES = (
    "lock.json",
    "written.json",
    "costs.jsonl",
    "items.jsonl",
    "stages/merge.json",
    "answers/d/model.json",
    "answers/d/items-1.jsonl",
    "answers/d/written.json",
)


def a_run(folder: Path) -> None:
    """Write a folder as `evaluate` and `adopt` leave it."""
    from lexgraft.evaluation.load_runs import ModelIdentity
    from lexgraft.files.checked_files import write_checked
    from lexgraft.records import Answer, Item

    item = Item("i", "c", "cloze", "en", "ja", 0, "q", "n", ("a", "b"), 0)
    write_checked(folder / "items.jsonl", [item])
    write_checked(folder / "answers" / "d" / "model.json", [ModelIdentity("m", "d")])
    answer = Answer("i", (0.0, -1.0), (0.0, 0.0), (1, 1))
    write_checked(folder / "answers" / "d" / "items-1.jsonl", [answer])
    RunFolder(folder).finish("merge", "key", Term("a", "en"))
    with CostLog(folder).measure("merge"):
        pass


@within
@given(name=st.sampled_from(FILES), changes=CHANGES)
def test_a_runs_folder_is_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, name: str, changes: list[tuple[int, int, bytes]]
) -> None:
    folder = tmp_path_factory.mktemp("run")
    a_run(folder)
    file = folder / name
    before = file.read_bytes()
    file.write_bytes(mutated(before, changes))
    if file.read_bytes() == before:
        return
    refused(lambda: RunFolder(folder).finished("merge", "key", Term))
    refused(lambda: CostLog(folder).cost("merge"))
    if name in ("items.jsonl", "answers/d/items-1.jsonl", "answers/d/model.json"):
        with pytest.raises(LexgraftError, match="not as it was written"):
            read_run(folder)
    else:
        refused(lambda: read_run(folder))


@pytest.mark.slow
@settings(max_examples=300, deadline=10_000)
@given(content=changed(PROJECT))
def test_the_plan_of_a_project_that_was_changed_ends_in_words(
    tmp_path_factory: pytest.TempPathFactory, content: Any
) -> None:
    file = tmp_path_factory.mktemp("project") / "project.yaml"
    file.write_text(json.dumps(content), encoding="utf-8")
    assert main(["plan", str(file)]) == 2
