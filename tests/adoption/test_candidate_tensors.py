"""What candidates are made from lies on a GPU no longer than candidates are made."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from adopt_project import MakeProject
from torch import Tensor

from lexgraft.adoption import models_under_test, training_data
from lexgraft.adoption.candidate_tensors import CandidateTensors
from lexgraft.adoption.models_under_test import ModelsUnderTest
from lexgraft.project import read_project
from lexgraft.records import silent
from lexgraft.weights.merge.merge_plan import MergePlan

made: list["Watched"] = []


class Watched(CandidateTensors):
    """Says whether parents of candidates would lie on a device by now."""

    def __init__(self) -> None:
        super().__init__()
        self.holds = False
        made.append(self)

    def of(self, plan: MergePlan, device: str) -> Iterator[tuple[str, Tensor]]:
        self.holds = True
        return super().of(plan, device)


@pytest.fixture
def models(
    make_project: MakeProject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> ModelsUnderTest:
    monkeypatch.setattr(models_under_test, "CandidateTensors", Watched)
    return ModelsUnderTest(read_project(make_project()), tmp_path, silent)


def test_a_training_finds_the_memory_free_that_parents_have_taken(
    models: ModelsUnderTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    held: list[bool] = []

    def trained(*_: object) -> None:
        held.append(made[-1].holds)

    monkeypatch.setattr(training_data, "carry_out", trained)
    models.live(models.parents["D"])
    assert made[-1].holds
    vars(training_data)["_carry_out"](models, models.parents["G"], None)
    assert held == [False]


def test_a_model_that_is_unloaded_leaves_no_parents_behind(models: ModelsUnderTest) -> None:
    models.live(models.parents["D"])
    assert made[-1].holds
    models.unload()
    assert not made[-1].holds
