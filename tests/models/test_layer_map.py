"""Layers on several devices: here the processor, and weights that are fetched from disk."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from lexgraft.models.agreed_trees import AgreedTrees
from lexgraft.models.float32_head import widen_head
from lexgraft.models.folder_loading import load_network
from lexgraft.models.scoring import score_plainly
from lexgraft.models.token_tree import build_rows

Maker = Callable[..., Path]


@pytest.mark.slow
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_a_network_whose_layers_lie_in_two_places_scores_as_the_whole_one(
    make_model: Maker, tmp_path: Path, dtype: torch.dtype
) -> None:
    folder = make_model("llama", 3)
    places = {
        "model.embed_tokens": "cpu",
        "model.layers.0": "cpu",
        "model.layers.1": "disk",
        "model.norm": "cpu",
        "model.rotary_emb": "cpu",
        "lm_head": "cpu",
    }
    spread: Any = load_network(
        folder, dtype, {"device_map": places, "offload_folder": str(tmp_path / "weights")}
    )
    whole: Any = load_network(folder, dtype)
    assert {parameter.device.type for parameter in spread.parameters()} == {"cpu", "meta"}
    rows = [*build_rows([3, 1, 4, 1, 5], [[9, 2], [6], [5, 3, 5]], 1024)]
    scored = []
    for network in (whole.eval(), spread.eval()):
        widen_head(network)
        with torch.inference_mode():
            trees = AgreedTrees(network, 1024, None)
            assert trees.shares
            scored.append((trees.score(rows), score_plainly(network, rows)))
    assert scored[0] == scored[1]
