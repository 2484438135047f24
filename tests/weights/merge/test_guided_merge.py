"""The guided merge through the engine: in memory, on disk, whatever the memory and the workers."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from weights.merge.family import load, save, tensors_of

from lexgraft.errors import LexgraftError
from lexgraft.files.hub import find_model
from lexgraft.project import Candidate
from lexgraft.weights.checkpoint.checkpoint_index import open_checkpoint
from lexgraft.weights.checkpoint.input_model import open_input_model
from lexgraft.weights.checkpoint.input_statistics import (
    InputStatistics,
    SideRecord,
    StatisticsIndex,
    finish_statistics,
    write_sums,
)
from lexgraft.weights.merge.disk_merge import run_merge
from lexgraft.weights.merge.live_merge import merged_tensors
from lexgraft.weights.merge.manifest import verify
from lexgraft.weights.merge.merge_plan import MergePlan, plan_merge
from lexgraft.weights.merge.multi_recipe import plan_stages
from lexgraft.weights.merge.recipe import read_recipes
from lexgraft.weights.methods.guided_inputs import guided_inputs

LEARNT = ("model.layers.0.self_attn.q_proj.weight", "model.layers.1.mlp.down_proj.weight")


def statistics(folder: Path, seed: int = 0) -> InputStatistics:
    tensors = tensors_of(0)
    widths = {name: tensors[name].shape[1] for name in LEARNT}

    def side(name: str, shift: int) -> SideRecord:
        records = {}
        for number, (read, width) in enumerate(widths.items()):
            rows = np.random.default_rng(seed + shift + number).integers(-9, 9, (40, width))
            sums = (rows.T @ rows).astype(float)
            records[read] = write_sums(folder, name, read, sums, 0.25)  # pyright: ignore[reportArgumentType]
        return SideRecord(name, {}, 40, records)

    index = StatisticsIndex(
        {name: name for name in LEARNT}, widths, side("general", 0), side("questions", 10)
    )
    return finish_statistics(folder, index)


@pytest.fixture
def plan(tmp_path: Path) -> MergePlan:
    base = tensors_of(0)
    for number, label in enumerate(("base", "language", "domain")):
        moved = {key: base[key] + 0.1 * number * tensors_of(number)[key] for key in base}
        save(tmp_path / label, moved)
    return planned(tmp_path, statistics(tmp_path / "learnt"))


def planned(folder: Path, learnt: InputStatistics | None, **parameters: float) -> MergePlan:
    base = open_checkpoint(folder / "base")
    inputs = {
        label: open_input_model(folder / label, base, label) for label in ("language", "domain")
    }
    return plan_merge(Candidate("guided_inputs", parameters), base, inputs, "bfloat16", 0, learnt)


def test_memory_workers_and_disk_give_the_same_bytes(plan: MergePlan, tmp_path: Path) -> None:
    first = run_merge(plan, tmp_path / "one", workers=1)
    second = run_merge(plan, tmp_path / "two", workers=4, memory=plan.memory_bytes + (2 << 20))
    assert first.tensors == second.tensors
    assert verify(tmp_path / "one").intact
    on_disk = load(tmp_path / "one")
    for name, tensor in merged_tensors(plan):
        assert torch.equal(tensor, on_disk[name].float())


def test_only_what_was_learnt_leaves_the_recipient(plan: MergePlan, tmp_path: Path) -> None:
    run_merge(plan, tmp_path / "out")
    found, recipient = load(tmp_path / "out"), load(tmp_path / "language")
    differing = {n for n in found if not torch.equal(found[n], recipient[n].bfloat16())}
    assert differing == set(LEARNT)


def test_without_donor_and_correction_it_is_the_recipient(plan: MergePlan, tmp_path: Path) -> None:
    run_merge(planned(tmp_path, plan.statistics, beta=0.0, gamma=0.0), tmp_path / "out")
    found, recipient = load(tmp_path / "out"), load(tmp_path / "language")
    assert all(torch.equal(found[name], recipient[name].bfloat16()) for name in found)


def test_the_result_is_known_by_what_was_learnt(plan: MergePlan, tmp_path: Path) -> None:
    other = planned(tmp_path, statistics(tmp_path / "other", seed=5))
    assert other.digest != plan.digest
    manifest = run_merge(plan, tmp_path / "out")
    assert manifest.recipe["statistics"] == plan.statistics.digest  # pyright: ignore[reportOptionalMemberAccess]


def test_a_merge_that_learnt_nothing_says_so(plan: MergePlan, tmp_path: Path) -> None:
    assert any("nothing was learnt" in text for text in planned(tmp_path, None).warnings)
    assert not any("nothing was learnt" in text for text in plan.warnings)


def test_embeddings_are_merged_in_blocks_not_whole(plan: MergePlan) -> None:
    assert plan.unit_of("model.embed_tokens.weight") == "element"
    assert plan.unit_of(LEARNT[0]) == "tensor"


def test_too_few_tokens_are_a_warning_by_name(plan: MergePlan, tmp_path: Path) -> None:
    learnt = statistics(tmp_path / "few")
    index = learnt.index
    few = SideRecord("general", {}, 8, index.general.inputs)
    short = finish_statistics(
        tmp_path / "few", StatisticsIndex(index.weights, index.widths, few, index.questions)
    )
    (warning,) = (text for text in planned(tmp_path, short).warnings if "more texts" in text)
    assert "down_proj" in warning


RECIPE = """
base_model: base
models: [{model: language}, {model: domain}]
merge_method: guided_inputs
dtype: bfloat16
"""


def of_recipe(folder: Path, text: str) -> MergePlan:
    (folder / "recipe.yaml").write_text(text)
    (recipe,) = read_recipes(folder / "recipe.yaml")
    (step,) = plan_stages((recipe,), lambda path, at: find_model(path, at, folder), 0)
    return step.plan


def test_a_recipe_names_statistics_and_a_share(plan: MergePlan, tmp_path: Path) -> None:
    by_recipe = of_recipe(tmp_path, RECIPE + "statistics: learnt")
    values, expected = dict(merged_tensors(by_recipe)), dict(merged_tensors(plan))
    assert values.keys() == expected.keys()
    assert all(torch.equal(values[name], expected[name]) for name in expected)
    half = dict(merged_tensors(of_recipe(tmp_path, RECIPE + "statistics: learnt\nshare: 0.0")))
    recipient = load(tmp_path / "language")
    assert all(torch.equal(half[name], recipient[name].bfloat16().float()) for name in half)
    assert of_recipe(tmp_path, RECIPE).statistics is None


@pytest.mark.parametrize(
    ("text", "cure"),
    [
        (RECIPE + "statistics: nothing", "whose stage `learn` has run"),
        (RECIPE.replace("guided_inputs", "linear") + "statistics: learnt", "leave it out"),
    ],
)
def test_statistics_that_are_not_there_or_not_used_are_refused(
    plan: MergePlan, tmp_path: Path, text: str, cure: str
) -> None:
    assert plan.statistics is not None
    with pytest.raises(LexgraftError, match=cure):
        of_recipe(tmp_path, text)


def test_two_adapters_stay_as_thin_as_they_are_together(tmp_path: Path) -> None:
    """The merge is an adapter of the ranks' sum: extracting one of that rank loses nothing."""
    base = tensors_of(0)
    save(tmp_path / "base", base)
    for number, label in enumerate(("language", "domain"), start=1):
        save_thin_adapter(tmp_path / label, base, number)
    plan = planned(tmp_path, statistics(tmp_path / "learnt"))
    thin = dict(merged_tensors(replace(plan, dtype="float32")))
    for name in LEARNT:
        delta = thin[name] - base[name].float()
        assert torch.linalg.matrix_rank(delta, rtol=1e-4) == 2
        whole = [label_delta(tmp_path, label, name) for label in ("language", "domain")]
        context = replace(plan.context(name), low_rank=tuple)
        expected = guided_inputs(base[name].float(), torch.stack(whole), context)
        torch.testing.assert_close(thin[name], expected, rtol=1e-5, atol=1e-5)


def label_delta(folder: Path, label: str, name: str) -> torch.Tensor:
    found = open_input_model(folder / label, open_checkpoint(folder / "base"), label).delta(name)
    assert found is not None
    return found


def save_thin_adapter(folder: Path, base: dict[str, torch.Tensor], seed: int) -> None:
    """Write a LoRA adapter of rank 1 on the layers that were learnt of."""
    generator, tensors = torch.Generator().manual_seed(seed), dict[str, torch.Tensor]()
    for name in LEARNT:
        rows, columns = base[name].shape
        stem = f"base_model.model.{name.removesuffix('.weight')}"
        tensors[f"{stem}.lora_A.weight"] = torch.randn(1, columns, generator=generator)
        tensors[f"{stem}.lora_B.weight"] = torch.randn(rows, 1, generator=generator)
    folder.mkdir()
    save_file(tensors, folder / "adapter_model.safetensors")
    config = {
        "peft_type": "LORA",
        "r": 1,
        "lora_alpha": 1,
        "target_modules": ["q_proj", "down_proj"],
    }
    (folder / "adapter_config.json").write_text(json.dumps(config))


def test_tensors_that_nothing_was_learnt_of_are_named(plan: MergePlan) -> None:
    (warning,) = (text for text in plan.warnings if "nothing can be learnt" in text)
    assert "mlp.down_proj, self_attn.q_proj: 6 tensors" in warning  # those of other layers
    assert "embed_tokens" not in warning
