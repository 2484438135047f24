"""Guided candidates on the tiny project: learnt, raced, written, and refused where nothing is."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from adopt_project import MakeProject

from lexgraft.adoption.adopt import plan_project, run_project
from lexgraft.adoption.experiment import Experiment, start_experiment
from lexgraft.adoption.guided_texts import questions, unprotected_registers
from lexgraft.adoption.learnt_inputs import learn_inputs
from lexgraft.adoption.merge_models import merge
from lexgraft.errors import LexgraftError
from lexgraft.files.run_folder import hold
from lexgraft.project import Project, inputs_of, read_project
from lexgraft.records import Document, read_lines, silent, write_lines
from lexgraft.weights.checkpoint.input_statistics import InputStatistics
from lexgraft.weights.merge.manifest import verify

GUIDED = {"method": "guided_inputs", "parameters": {"alpha": 0.3}}


def guided(values: dict[str, Any]) -> None:
    values["merge"] = {"candidates": [GUIDED, {"method": "linear"}]}
    values["gates"]["merge"]["general_loss"] = 1.0


@pytest.fixture
def project(make_project: MakeProject) -> Project:
    return read_project(make_project(guided))


def with_experiment(project: Project, use: Callable[[Experiment], InputStatistics]) -> object:
    with hold(Path(project.output), inputs_of(project)) as run:
        return use(start_experiment(project, run, silent))


def learnt(project: Project) -> InputStatistics:
    found = with_experiment(project, lambda one: learn_inputs(one.models, one.material))
    assert isinstance(found, InputStatistics)
    return found


def test_what_is_learnt_is_the_same_again_and_texts_are_added_to_the_bit(
    make_project: MakeProject, material: Path, tmp_path: Path
) -> None:
    texts = read_lines(material / "replay.jsonl", Document)
    file = tmp_path / "replay.jsonl"

    def few(values: dict[str, Any]) -> None:
        guided(values)
        values["tune"]["replay_texts"] = [str(file)]

    def elsewhere(values: dict[str, Any]) -> None:
        few(values)
        values["output"] = str(tmp_path / "another")

    write_lines(file, texts[:4])
    first = learnt(read_project(make_project(few)))
    write_lines(file, texts[::-1])
    added = learnt(read_project(make_project(few)))
    scratch = learnt(read_project(make_project(elsewhere)))
    assert first.digest != added.digest == scratch.digest
    for name in scratch.index.widths:
        assert np.array_equal(added.sums("general", name), scratch.sums("general", name))
    assert learnt(read_project(make_project(few))).digest == added.digest
    write_lines(file, texts[:4])
    assert learnt(read_project(make_project(few))).digest == first.digest  # taken away again


def test_questions_are_about_choose_terms_in_lessons_wordings(project: Project) -> None:
    def look(experiment: Experiment) -> Any:
        material = experiment.material
        asked = questions(material, experiment.models.frame)
        assert len(asked) == len(material.testset.concepts["choose"])
        assert all(asked)
        contexts = {item.context for group in material.testset.items.values() for item in group}
        texts = [text for of_concept in asked for text in of_concept]
        assert not any(text.startswith(context) for text in texts for context in contexts)
        kept = material.testset.concepts["confirm"]
        names = {term.text for concept in kept for term in concept.terms}
        assert not any(name in text for text in texts for name in names)

    with_experiment(project, look)


def test_an_architecture_of_which_nothing_can_be_learnt_is_refused(
    make_project: MakeProject, make_model: Callable[..., Path]
) -> None:
    """GPT-2's matrices are no linear layers of torch: the candidate would be G by another name."""

    def gpt2(values: dict[str, Any]) -> None:
        guided(values)
        folders = [str(make_model("gpt2", seed)) for seed in range(3)]
        values["models"] = dict(zip(("base", "language", "domain"), folders, strict=True))

    with pytest.raises(LexgraftError, match="can be learnt from"):
        learnt(read_project(make_project(gpt2)))


def test_without_general_text_the_plan_refuses(make_project: MakeProject) -> None:
    def none(values: dict[str, Any]) -> None:
        guided(values)
        values["tune"]["replay_texts"] = []

    with pytest.raises(LexgraftError, match="no general text to learn from"):
        plan_project(read_project(make_project(none)))


def test_the_stage_that_learns_is_not_left_out(make_project: MakeProject) -> None:
    def fewer(values: dict[str, Any]) -> None:
        guided(values)
        values["stages"] = ["headroom", "merge"]

    with pytest.raises(LexgraftError, match="needs what stage `learn` finds"):
        plan_project(read_project(make_project(fewer)))


def test_the_plan_prices_it_and_warns_of_registers_that_nothing_protects(
    make_project: MakeProject, material: Path, tmp_path: Path
) -> None:
    texts = [
        Document(f"m{n}", "ja", "manual", one.text)
        for n, one in enumerate(read_lines(material / "replay.jsonl", Document))
    ]
    write_lines(tmp_path / "manual.jsonl", texts)

    def manual(values: dict[str, Any]) -> None:
        guided(values)
        values["tune"]["replay_texts"] = [str(tmp_path / "manual.jsonl")]

    plan = plan_project(read_project(make_project(manual)))
    assert next(one for one in plan.estimates if one.stage == "learn").cost.seconds > 0
    assert any("ja/plain is measured" in warning["en"] for warning in plan.warnings)
    assert not any("nothing was learnt" in warning["en"] for warning in plan.warnings)
    with_experiment(
        read_project(make_project(guided)),
        lambda one: unprotected_registers(one.material),  # pyright: ignore[reportArgumentType]
    )


def test_a_merge_that_has_not_learnt_says_what_to_do(project: Project, tmp_path: Path) -> None:
    with pytest.raises(LexgraftError, match="learnt nothing yet"):
        merge(project, tmp_path / "out")


@pytest.mark.slow
def test_an_adoption_with_a_guided_candidate_ends_with_a_report(
    project: Project, tmp_path: Path
) -> None:
    report, _ = run_project(project, underpowered=True)
    assert {"guided_inputs", "linear"} <= {row.model for row in report.acquisitions}
    assert "learn" in {one.stage for one in report.run.stages}
    assert run_project(project, underpowered=True)[1]  # nothing is done again
    first = merge(project, tmp_path / "one")
    second = merge(project, tmp_path / "two", workers=1)
    assert first.tensors == second.tensors
    assert first.recipe["statistics"]
    assert verify(tmp_path / "one").intact
