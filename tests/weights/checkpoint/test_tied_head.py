"""Tied, stored twice, or a head of its own: told by the configuration and a sample of the bytes."""

from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

from lexgraft.weights.checkpoint.checkpoint_index import Checkpoint, open_checkpoint
from lexgraft.weights.checkpoint.tied_head import embeddings_of, own_head, stated_tie, untying

EMBEDDINGS = torch.arange(24.0).view(6, 4)


def saved(folder: Path, **tensors: torch.Tensor) -> Checkpoint:
    folder.mkdir()
    save_file({n.replace("__", "."): t for n, t in tensors.items()}, folder / "model.safetensors")
    return open_checkpoint(folder)


@pytest.mark.parametrize(
    ("config", "tied"),
    [
        ({"tie_word_embeddings": True}, True),
        ({"tie_word_embeddings": False, "model_type": "gemma2"}, False),
        ({"model_type": "gemma2"}, True),
        ({"model_type": "gemma3", "text_config": {"model_type": "gemma3_text"}}, True),
        ({"tie_word_embeddings": True, "text_config": {"tie_word_embeddings": False}}, False),
        ({"model_type": "llama"}, None),
        ({}, None),
    ],
)
def test_a_configuration_ties_by_word_or_by_default(
    config: dict[str, Any], *, tied: bool | None
) -> None:
    assert stated_tie(config) is tied
    changed = {**config, **untying(config)}
    assert changed["tie_word_embeddings"] is False


def test_a_head_that_repeats_tied_embeddings_is_none_of_its_own(tmp_path: Path) -> None:
    other = EMBEDDINGS.clone()
    other[3] += 1
    copy = saved(
        tmp_path / "copy", embed_tokens__weight=EMBEDDINGS, lm_head__weight=EMBEDDINGS.clone()
    )
    different = saved(tmp_path / "own", embed_tokens__weight=EMBEDDINGS, lm_head__weight=other)
    without = saved(tmp_path / "without", embed_tokens__weight=EMBEDDINGS)
    tied = {"tie_word_embeddings": True}
    assert own_head(copy, tied) is None
    assert own_head(copy, {"tie_word_embeddings": False}) == "lm_head.weight"
    assert own_head(different, tied) == "lm_head.weight"
    assert own_head(without, tied) is None


def test_positions_and_other_towers_are_no_embeddings_that_a_head_shares(tmp_path: Path) -> None:
    model = saved(
        tmp_path / "model",
        transformer__wte__weight=EMBEDDINGS,
        transformer__wpe__weight=torch.zeros(6, 4),
        vision_tower__embeddings__weight=torch.zeros(6, 4),
        model__layers__1__embed_tokens__weight=torch.zeros(6, 4),
        model__layers__0__mlp__weight=torch.zeros(6, 4),
    )
    assert embeddings_of(model, {"num_hidden_layers": 1}) == "transformer.wte.weight"


OTHER_TYPES = (
    "bart bert bert-generation big_bird bigbird_pegasus biogpt blenderbot blenderbot-small "
    "camembert data2vec-text electra ernie got_ocr2 marian mbart megatron-bert mvp pegasus "
    "plbart prophetnet roberta roberta-prelayernorm roc_bert roformer trocr whisper xlm "
    "xlm-roberta xlm-roberta-xl xlnet xmod gpt-sw3"
)
"""Encoders, encoders with decoders, and an older name of gpt2."""


@pytest.mark.slow
def test_the_architectures_that_tie_by_default_are_those_of_transformers() -> None:
    from transformers import CONFIG_MAPPING
    from transformers.models.auto.modeling_auto import MODEL_FOR_CAUSAL_LM_MAPPING_NAMES

    types = [name for name in MODEL_FOR_CAUSAL_LM_MAPPING_NAMES if name not in OTHER_TYPES.split()]
    defaults = {n: getattr(CONFIG_MAPPING[n], "tie_word_embeddings", None) is True for n in types}
    assert defaults == {name: bool(stated_tie({"model_type": name})) for name in types}
