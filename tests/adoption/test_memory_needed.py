"""The plan's memory: what adds up by hand, and what is refused where it does not fit."""

from pathlib import Path
from typing import Any

import pytest
from adopt_project import MakeProject

from lexgraft.adoption import memory_needed
from lexgraft.adoption.adopt import plan_project
from lexgraft.adoption.memory_needed import MemoryNeeds, memory_needs
from lexgraft.adoption.models_under_test import ModelsUnderTest
from lexgraft.errors import LexgraftError
from lexgraft.models.chosen_device import Computation
from lexgraft.project import read_project
from lexgraft.records import silent


def on_gpu(file: Path, folder: Path, dtype: Any = "bfloat16") -> ModelsUnderTest:
    """Return a project's models as they would be run on a GPU."""
    models = ModelsUnderTest(read_project(file), folder, silent)
    models.__dict__["computation"] = Computation("cuda:0", dtype)
    return models


def without_tuning(values: dict[str, Any]) -> None:
    values["tune"] = None


def test_weights_cache_and_training_are_those_of_the_headers(
    make_project: MakeProject, tmp_path: Path
) -> None:
    models = on_gpu(make_project(), tmp_path)
    numbers = sum(entry.size for entry in models.base.tensors.values())
    parts = memory_needs(models).parts
    assert parts["weights"] == 2 * numbers
    assert parts["answers"] == 32 * 512 * 2 * (2 * 2 * 2 * 8)  # k and v, layers, heads, width
    assert "libraries" not in parts
    exact = memory_needs(on_gpu(make_project(), tmp_path, "float32")).parts
    assert exact["weights"] == 4 * numbers
    untuned = make_project(without_tuning)
    assert "training" not in memory_needs(on_gpu(untuned, tmp_path)).parts


def test_asking_and_training_take_turns() -> None:
    parts = {"weights": 10, "trees": 4, "answers": 3, "training": 5}
    assert MemoryNeeds("cpu", parts).total == 17
    assert MemoryNeeds("cpu", parts | {"training": 9}).total == 19


def test_a_gpu_that_is_too_small_is_refused_before_a_model_is_loaded(
    make_project: MakeProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    def too_little(_device: str, gpus: int) -> int:
        return 1000 * gpus

    monkeypatch.setattr(memory_needed, "free_memory", too_little)
    monkeypatch.setattr(
        ModelsUnderTest, "computation", Computation("cuda:0", "float32"), raising=True
    )
    monkeypatch.setattr("lexgraft.adoption.planning._rates", rates)
    with pytest.raises(LexgraftError, match="GB of memory are needed on cuda:0") as refused:
        plan_project(read_project(make_project()))
    assert "gpus_per_model" in refused.value.cure
    assert "dtype: bfloat16" in refused.value.cure


def rates(_: ModelsUnderTest) -> Any:
    """Return the rates of a device that is not here."""
    from lexgraft.adoption.cost import MachineRates

    return MachineRates(1e12, 1e12, 1e12)


def test_the_plan_shows_device_and_memory(make_project: MakeProject) -> None:
    plan = plan_project(read_project(make_project()))
    rows = dict(plan.rows())
    assert rows["device"] == "cpu"
    assert "libraries" in rows["memory"]
    assert plan.memory == memory_needs_of(make_project)


def memory_needs_of(make_project: MakeProject) -> dict[str, int]:
    """Return the parts as they are computed anew."""
    project = read_project(make_project())
    return dict(memory_needs(ModelsUnderTest(project, Path(project.output), silent)).parts)
