"""Stacks of vision-language models, saved as transformers saves them, answer as the live layers."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from tiny_architectures import rearranged_logits, tiny_image_config, tiny_model
from weights.merge.test_stacked_families import IDS, stack

from lexgraft.weights.checkpoint.checkpoint_index import open_checkpoint
from lexgraft.weights.checkpoint.layer_stack import folder_stack, stack_of

pytestmark = pytest.mark.slow

PREFIXES = {
    "gemma3": "language_model.model.layers",
    "idefics3": "model.text_model.layers",
    "internvl": "language_model.model.layers",
    "llama4": "language_model.model.layers",
    "llava": "language_model.model.layers",
    "mistral3": "language_model.model.layers",
    "paligemma": "language_model.model.layers",
    "qwen2_5_vl": "model.layers",
    "qwen2_vl": "model.layers",
    "qwen3_5": "model.language_model.layers",
    "qwen3_vl": "model.language_model.layers",
}
NUMBERS = [*range(5), *range(2, 8)]


def without_lists(folder: Path) -> None:
    """Take the lists of kinds out of a configuration, as in those of earlier days."""
    config = json.loads((folder / "config.json").read_text())
    for key in ("layer_types", "no_rope_layers", "moe_layers"):
        config["text_config"].pop(key, None)
    (folder / "config.json").write_text(json.dumps(config))


@pytest.mark.parametrize("family", list(PREFIXES))
def test_a_stack_answers_as_the_rearranged_live_layers(family: str, tmp_path: Path) -> None:
    from transformers import AutoModelForImageTextToText

    config = tiny_image_config(family)
    model = tiny_model(config, AutoModelForImageTextToText)
    prefix = stack_of(model.state_dict(), config.to_dict()).prefixes[0]
    live = rearranged_logits(model, model.get_submodule(prefix), NUMBERS, IDS)
    model.save_pretrained(tmp_path / "model")
    without_lists(tmp_path / "model")
    found = folder_stack(open_checkpoint(tmp_path / "model").tensors, tmp_path / "model")
    assert (found.prefixes, found.count) == ((PREFIXES[family],), 8)
    again, said = loaded(stack(tmp_path, "grown"))
    assert not any(said.values()), said
    with torch.no_grad():
        answers = again(input_ids=IDS, use_cache=False).logits
    assert (answers - live).abs().max() < 1e-4 * live.abs().max()


def loaded(folder: Path) -> tuple[Any, dict[str, Any]]:
    """Return the model of a folder, and what transformers says of loading it."""
    from transformers import AutoModelForImageTextToText

    loader: Any = AutoModelForImageTextToText
    model, said = loader.from_pretrained(
        folder, attn_implementation="eager", output_loading_info=True
    )
    return model.eval(), {key: value for key, value in said.items() if key != "error_msgs"}
