"""Candidates ranked by activations on the tiny project, and the ranking held against a race."""

from pathlib import Path
from typing import Any

import pytest
from adopt_project import MakeProject

from lexgraft.adoption.activation_probe import AWAY, BOTH, TOWARDS, probe
from lexgraft.adoption.experiment import start_experiment
from lexgraft.adoption.stages.merge_race import MergeRace
from lexgraft.adoption.stages.stage import Results
from lexgraft.files.run_folder import hold
from lexgraft.project import inputs_of, read_project
from lexgraft.records import silent

PARTS = (0.25, 0.5, 0.75, 1.0)


def several(values: dict[str, Any]) -> None:
    listed = [{"method": "linear", "parameters": {"weight": {"domain": part}}} for part in PARTS]
    alone = {"method": "task_arithmetic", "parameters": {"weight": {"language": 1, "domain": 0}}}
    values["merge"] = {"candidates": [*listed, alone], "loss_budget": 0.001}


@pytest.mark.slow
def test_candidates_are_ranked_and_a_race_says_whether_rightly(make_project: MakeProject) -> None:
    project = read_project(make_project(several))
    before = probe(project)
    assert before.sentences > 0
    assert before.agreement == ()
    by_name = {one.name: one for one in before.candidates}
    alone = by_name.pop("task_arithmetic")
    assert (alone.towards, alone.away, alone.per_harm) == (0, 0, 0)
    bolder = list(by_name.values())
    bolder.sort(key=lambda one: one.name)
    assert [one.towards for one in bolder] == sorted(one.towards for one in bolder)
    assert all(0 < one.towards < 1 for one in bolder)
    with hold(Path(project.output), inputs_of(project)) as run:
        race = MergeRace().run(start_experiment(project, run, silent), Results())
        run.finish("merge", "a key", race)
    after = probe(project)
    assert after.candidates == before.candidates
    assert [score.name for score in after.agreement] == [TOWARDS, AWAY, BOTH]
    towards, away, _ = after.agreement
    assert towards.n == len(PARTS) + 1
    assert away.value > 0.8  # of one direction, more is worse
    assert -1 <= towards.low <= towards.value <= towards.high <= 1
