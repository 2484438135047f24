"""A stack of every architecture that tells layers apart by number answers as the live layers do."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
from tiny_architectures import rearranged_logits, tiny_config, tiny_model

from lexgraft.errors import LexgraftError
from lexgraft.files.hub import find_model
from lexgraft.weights.checkpoint.checkpoint_index import open_checkpoint
from lexgraft.weights.checkpoint.layer_stack import stack_of
from lexgraft.weights.merge.multi_recipe import run_stages
from lexgraft.weights.merge.recipe import read_recipes

pytestmark = pytest.mark.slow

ORDERS = {
    "grown": [(0, 5), (2, 8)],
    "cut": [(0, 3), (6, 8)],
}
FAMILIES = (
    "afmoe axk1 bamba bloom cohere2 cohere2_moe cwm deepseek_v2 deepseek_v3 deepseek_v32 dots1 "
    "ernie4_5_moe exaone4 exaone_moe flint gemma2 gemma3_text gemma4_text glm4_moe glm4_moe_lite "
    "glm_moe_dsa gpt2 gpt_neo gpt_oss granite_swa granitemoehybrid hy_v3 jamba kimi_linear "
    "kolibri1 laguna lfm2 lfm2_moe lfm3 llama llama4_text mimo_v2_flash minicpm3 minimax "
    "modernbert-decoder nemotron_h olmo3 olmo_hybrid qwen2 qwen2_moe qwen3 qwen3_5_moe_text "
    "qwen3_5_text qwen3_moe qwen3_next recurrent_gemma smollm3 vaultgemma"
)
CANNOT = {
    ("deepseek_v3", "grown"): "first_k_dense_replace",
    ("jamba", "grown"): "attn_layer_period",
    ("jamba", "cut"): "attn_layer_period",
}
"""What no configuration of the family can say, and the key that the refusal names."""
REFUSED = {
    "beam": "model_type",
    "diffllama": "model_type",
    "gemma3n_text": "hidden_size_per_layer_input",
    "hy_v4": "indexer_types",
    "inkling2_text": "n_layers_per_attn_res_block",
    "zamba": "attn_layer_period",
}
LISTS = (
    "layer_types",
    "mlp_layer_types",
    "no_rope_layers",
    "moe_layers",
    "indexer_types",
    "attention_layers",
    "per_layer_config",
    "layers_block_type",
)
IDS = torch.arange(3, 17)[None]


def stack(folder: Path, order: str) -> Path:
    """Merge the stack of a folder's model by a recipe."""
    text = "slices:\n"
    for first, end in ORDERS[order]:
        text += f"  - sources: [{{model: model, layer_range: [{first}, {end}]}}]\n"
    (folder / "recipe.yaml").write_text(text + "merge_method: passthrough\n")
    recipes = read_recipes(folder / "recipe.yaml")
    run_stages(recipes, lambda path, at: find_model(path, at, folder), 0, folder / "out")
    return folder / "out"


def older(config: Mapping[str, Any], model_type: str) -> dict[str, Any] | None:
    """Return the configuration without the lists that its class writes out, if that is the same."""
    from transformers import CONFIG_MAPPING

    short = {key: value for key, value in config.items() if key not in LISTS}
    again = CONFIG_MAPPING[model_type].from_dict(json.loads(json.dumps(short))).to_dict()
    same = all(again.get(key) == config.get(key) for key in LISTS)
    return short if same and short != config else None


def check_on_meta(folder: Path) -> None:
    """Check that the folder has exactly the tensors that its configuration asks for."""
    from transformers import AutoConfig, AutoModelForCausalLM

    with torch.device("meta"):
        model = AutoModelForCausalLM.from_config(AutoConfig.from_pretrained(folder))
    wanted = {name: tuple(tensor.shape) for name, tensor in model.named_parameters()}
    stored = {name: entry.shape for name, entry in open_checkpoint(folder).tensors.items()}
    assert {n: s for n, s in wanted.items() if n not in stored} == {}
    assert all(stored[name] == shape for name, shape in wanted.items())


def saved(folder: Path, model: Any, config: Mapping[str, Any]) -> None:
    """Save a model under its own names with a configuration, and a tokenizer to merge beside."""
    from safetensors.torch import save_file

    tensors = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    tied = getattr(model, "all_tied_weights_keys", {}) or {}
    kept = {name: tensor for name, tensor in tensors.items() if name not in tied}
    (folder / "model").mkdir(parents=True)
    save_file(kept, folder / "model" / "model.safetensors", metadata={"format": "pt"})
    (folder / "model" / "config.json").write_text(json.dumps(config))


@pytest.mark.parametrize("family", FAMILIES.split())
def test_a_stack_answers_as_the_rearranged_live_layers(family: str, tmp_path: Path) -> None:
    model = tiny_model(tiny_config(family))
    config = {**json.loads(json.dumps(model.config.to_dict())), "dtype": "float32"}
    layers = model.get_submodule(stack_of(model.state_dict(), config).prefixes[0])
    short = older(config, family)
    runs = [("grown", config), ("cut", config if short is None else short)]
    runs += [] if short is None else [("grown", short)]
    for number, (order, said) in enumerate(runs):
        folder = tmp_path / str(number)
        saved(folder, model, said)
        if (family, order) in CANNOT:
            with pytest.raises(LexgraftError, match=f"`{CANNOT[family, order]}`"):
                stack(folder, order)
            continue
        output = stack(folder, order)
        check_on_meta(output)
        numbers = [number for run in ORDERS[order] for number in range(*run)]
        live = rearranged_logits(model, layers, numbers, IDS)
        with torch.no_grad():
            answers = loaded(output)(input_ids=IDS, use_cache=False).logits
        assert (answers - live).abs().max() < 1e-4 * live.abs().max(), (order, said)


def loaded(folder: Path) -> Any:
    """Return the model of a folder, as it is configured."""
    from safetensors.torch import load_file
    from transformers import AutoConfig, AutoModelForCausalLM

    config = AutoConfig.from_pretrained(folder)
    model = AutoModelForCausalLM.from_config(config, attn_implementation="eager").eval()
    model.load_state_dict(load_file(folder / "model.safetensors"), strict=False)
    model.tie_weights()
    return model


@pytest.mark.parametrize("family", list(REFUSED))
def test_layers_that_are_built_for_their_number_are_refused_by_the_key(
    family: str, tmp_path: Path
) -> None:
    config = tiny_config(family)
    said = json.loads(json.dumps(config.to_dict()))
    saved(tmp_path, tiny_model(config), said)
    with pytest.raises(LexgraftError, match=f"`{REFUSED[family]}`|`layers_block_type`"):
        stack(tmp_path, "grown")
