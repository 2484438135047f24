from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from lexgraft.errors import LexgraftError
from lexgraft.project import Candidate
from lexgraft.weights.checkpoint.checkpoint_index import open_checkpoint
from lexgraft.weights.checkpoint.input_model import open_input_model
from lexgraft.weights.merge.merge_plan import MergePlan, plan_merge
from lexgraft.weights.merge.plan_text import describe

Planner = Callable[..., MergePlan]
Folders = dict[str, Path]


def test_every_tensor_of_the_base_is_merged_or_copied(plan: Planner) -> None:
    made = plan()
    assert sorted(made.merged + made.copied) == list(made.base.tensors)
    assert made.copied == ("model.steps",)  # whole numbers
    assert made.stack.count == 2


def test_tensors_outside_all_adapters_are_copied(models: Folders, plan: Planner) -> None:
    del models["domain"]
    assert "model.norm.weight" in plan("task_arithmetic").copied
    assert len(plan("task_arithmetic").merged) == 4


def test_planning_reads_no_weights(models: Folders, plan: Planner) -> None:
    for path in models.values():  # the header stays, the data is zeroed but as long as before
        for file in path.glob("*.safetensors"):
            data = bytearray(file.read_bytes())
            start = 8 + int.from_bytes(data[:8], "little")
            data[start:] = bytes(len(data) - start)
            file.write_bytes(data)
    made = plan()
    assert made.write_bytes == made.layout.total
    assert made.read_bytes == sum(
        file.stat().st_size for path in models.values() for file in path.glob("*.safetensors")
    )


def test_the_digest_follows_all_that_changes_the_result_and_nothing_else(
    models: Folders, plan: Planner
) -> None:
    known = plan().digest
    assert plan(density=0.2, weight=1).digest == known  # the defaults, written out
    others = {
        plan(density=0.3).digest,
        plan("linear").digest,
        plan(seed=2).digest,
        plan(dtype="float32").digest,
    }
    tensors = load_file(models["domain"] / "model.safetensors")
    tensors["model.norm.weight"] += 1
    save_file(tensors, models["domain"] / "model.safetensors")
    others.add(plan().digest)
    assert len(others | {known}) == 6


def test_the_description_states_method_inputs_and_price(models: Folders, plan: Planner) -> None:
    text = "\n".join(describe(plan()))
    for part in ("ties", "density 0.2", str(models["domain"]), "8 merged, 1 copied", "bytes"):
        assert part in text


@pytest.mark.parametrize(
    ("method", "parameters", "why"),
    [
        ("tise", {}, "did you mean `ties`"),
        ("ties", {"densities": 0.1}, "did you mean `density`"),
        ("ties", {"density": 7}, "density"),
        ("ties", {"density": {"domains": 0.1}}, "did you mean `domain`"),
        ("linear", {"weight": {"language": 1, "domain": -1}}, "add up to 0"),
        ("layer_swap", {"bottom": 0.9, "top": 0.1}, "above"),
        ("linear", {"weight": float("nan")}, "weight"),
        ("linear", {"weight": {"language": [1, 0], "domain": [1, 0]}}, "add up to 0"),
        ("ties", {"weight": [{"filter": "norms", "value": 1}]}, "did you mean `norm`"),
    ],
)
def test_what_cannot_be_merged_is_refused_before_any_work(
    plan: Planner, method: str, parameters: dict[str, object], why: str
) -> None:
    with pytest.raises(LexgraftError, match=why):
        plan(method, **parameters)


def test_an_unknown_dtype_names_the_nearest(plan: Planner) -> None:
    with pytest.raises(LexgraftError, match="did you mean `bfloat16`"):
        plan(dtype="bfloat")


def test_a_merge_of_nothing_is_refused(models: Folders) -> None:
    with pytest.raises(LexgraftError, match="at least one model"):
        plan_merge(Candidate("linear"), open_checkpoint(models["base"]), {}, "bfloat16", 1)


def test_models_opened_under_another_label_are_a_mistake_of_the_program(models: Folders) -> None:
    base = open_checkpoint(models["base"])
    part = open_input_model(models["domain"], base, "domain")
    with pytest.raises(ValueError, match="opened as domain"):
        plan_merge(Candidate("linear"), base, {"language": part}, "bfloat16", 1)


def test_a_model_that_gained_a_head_is_refused_by_name(models: Folders, plan: Planner) -> None:
    tensors = load_file(models["domain"] / "model.safetensors")
    tensors["lm_head.weight"] = torch.zeros(12, 6)
    save_file(tensors, models["domain"] / "model.safetensors")
    with pytest.raises(LexgraftError, match=r"`lm_head\.weight` is a matrix of its own"):
        plan()
