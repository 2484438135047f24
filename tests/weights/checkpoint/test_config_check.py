"""Configurations compared: what gives weights their meaning is refused, the rest is named."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from weights.merge.family import save, tensors_of

from lexgraft.errors import LexgraftError
from lexgraft.files.hub import find_model
from lexgraft.project import Candidate
from lexgraft.weights.checkpoint.checkpoint_index import open_checkpoint
from lexgraft.weights.checkpoint.config_check import compare_configs
from lexgraft.weights.checkpoint.input_model import open_input_model
from lexgraft.weights.merge.merge_plan import MergePlan, plan_merge
from lexgraft.weights.merge.multi_recipe import plan_stages
from lexgraft.weights.merge.recipe import read_recipes

Config = dict[str, Any]
NEW = {"rope_parameters": {"rope_type": "default", "rope_theta": 10000.0}}
LAYERED = {
    "rope_parameters": {
        "full_attention": {"rope_type": "default", "rope_theta": 1e6},
        "sliding_attention": {"rope_type": "default", "rope_theta": 1e4},
    }
}
OTHER_MEANING: dict[str, tuple[Config, Config]] = {
    "model_type": ({"model_type": "llama"}, {"model_type": "mistral"}),
    "num_attention_heads": ({"num_attention_heads": 4}, {"n_head": 2}),
    "num_key_value_heads": (
        {"num_attention_heads": 4},
        {"num_attention_heads": 4, "num_key_value_heads": 1},
    ),
    "head_dim": ({"head_dim": 8}, {"head_dim": 16}),
    "hidden_act": ({"hidden_act": "silu"}, {"hidden_act": "gelu"}),
    "rope_theta": ({"rope_theta": 1e6}, NEW),
    "local rope_theta": ({"rope_local_base_freq": 2e4}, LAYERED),
    "rope_scaling": ({"rope_scaling": None}, {"rope_scaling": {"type": "linear", "factor": 2}}),
    "rope factor": (
        {"rope_scaling": {"type": "linear", "factor": 4.0}},
        {"rope_scaling": {"rope_type": "linear", "factor": 2.0}},
    ),
    "rope_scaling beside the newer name": (
        NEW | {"rope_scaling": {"type": "linear", "factor": 2}},
        NEW,
    ),
    "final_logit_softcapping": (
        {"final_logit_softcapping": 30.0},
        {"final_logit_softcapping": None},
    ),
    "partial_rotary_factor": ({"rotary_pct": 0.25}, {"partial_rotary_factor": 0.5}),
    "query_pre_attn_scalar": ({"query_pre_attn_scalar": 8}, {"query_pre_attn_scalar": 16}),
    "layer_types of 2 layers": ({"layer_types": ["a", "b"]}, {"layer_types": ["b", "a"]}),
}
ALIKE: list[tuple[Config, Config]] = [
    ({"rope_theta": 10000.0}, NEW),
    ({"rope_theta": 1e6, "rope_local_base_freq": 1e4}, LAYERED),
    ({"model_type": "gemma3_text"}, {"model_type": "gemma3", "text_config": {}}),
    ({"hidden_act": "gelu_new"}, {"hidden_act": "x", "hidden_activation": "gelu_pytorch_tanh"}),
    ({"rope_scaling": {"type": "mrope", "mrope_section": [1]}}, {"rope_scaling": None}),
    ({"layer_types": ["a"]}, {"layer_types": ["a", "b"]}),
    ({"use_cache": True, "eos_token_id": 1}, {"use_cache": False, "eos_token_id": 2}),
    ({"text_config": {"head_dim": 8}}, {"head_dim": 8.0}),
]
NAMED: dict[str, tuple[Config, Config]] = {
    "rms_norm_eps": ({"rms_norm_eps": 1e-5}, {"rms_norm_eps": 1e-6}),
    "max_position_embeddings": (
        {"max_position_embeddings": 4096},
        {"max_position_embeddings": 8192},
    ),
    "rope_theta": ({}, {"rope_theta": 5e5}),
    "rope_scaling": ({}, {"rope_scaling": {"rope_type": "yarn", "factor": 4}}),
    "sliding_window": ({"sliding_window": 4096}, {"sliding_window": 1024}),
}


@pytest.mark.parametrize("key", list(OTHER_MEANING))
def test_settings_that_give_weights_another_meaning_are_found(key: str) -> None:
    first, second = OTHER_MEANING[key]
    for pair in ((first, second), (second, first), ({"text_config": first}, second)):
        assert any(
            f"`{key.split(' beside', maxsplit=1)[0]}`" in told
            for told in compare_configs(*pair).meaning
        )


@pytest.mark.parametrize("pair", ALIKE)
def test_one_setting_in_two_spellings_is_no_difference(pair: tuple[Config, Config]) -> None:
    assert compare_configs(*pair) == compare_configs(*reversed(pair)) == ((), ())


@pytest.mark.parametrize("key", list(NAMED))
def test_settings_for_use_and_small_ones_are_named(key: str) -> None:
    meaning, others = compare_configs(*NAMED[key])
    assert not meaning
    assert [key in told for told in others] == [True]


def by_recipe(folder: Path) -> MergePlan:
    text = "{merge_method: task_arithmetic, base_model: base, models: [{model: a}]}"
    (folder / "recipe.yaml").write_text(text)
    recipes = read_recipes(folder / "recipe.yaml")
    return plan_stages(recipes, lambda path, at: find_model(path, at, folder), 0)[-1].plan


def by_project(folder: Path) -> MergePlan:
    base = open_checkpoint(folder / "base")
    models = {"language": open_input_model(folder / "a", base, "language")}
    return plan_merge(Candidate("task_arithmetic", {}), base, models, "float32", 0)


@pytest.mark.parametrize("planned", [by_recipe, by_project])
def test_recipes_and_projects_refuse_the_ones_and_name_the_others(
    tmp_path: Path, planned: Callable[[Path], MergePlan]
) -> None:
    save(tmp_path / "base", tensors_of(0), rope_theta=1e4, rms_norm_eps=1e-5, model_type="llama")
    a = save(tmp_path / "a", tensors_of(1), rope_theta=1e4, rms_norm_eps=1e-6, model_type="llama")
    (warning,) = [text for text in planned(tmp_path).warnings if "configured" in text]
    assert "`rms_norm_eps`: 1e-05 and 1e-06" in warning
    config = json.loads((a / "config.json").read_text())
    (a / "config.json").write_text(json.dumps(config | {"rope_theta": 1e6}))
    with pytest.raises(LexgraftError, match=r"`rope_theta`: 10000\.0 and 1000000\.0") as told:
        planned(tmp_path)
    assert "correct it in a copy" in told.value.cure
