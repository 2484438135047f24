"""An adapter's delta against the one PEFT itself merges, and adapters that are refused."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from lexgraft.errors import LexgraftError
from lexgraft.weights.checkpoint.checkpoint_index import open_checkpoint
from lexgraft.weights.checkpoint.input_model import open_input_model
from lexgraft.weights.checkpoint.lora_config import read_config
from lexgraft.weights.checkpoint.tied_head import stated_tie

NAME = "model.layers.0.self_attn.q_proj"
EMBEDDED = f"base_model.model.{NAME}.lora_embedding_B"
OTHER = "model.layers.1.mlp.down_proj"


@pytest.fixture
def base(tmp_path: Path) -> Path:
    folder = tmp_path / "base"
    folder.mkdir()
    tensors = {
        f"{NAME}.weight": torch.zeros(2, 3),
        f"{OTHER}.weight": torch.zeros(4, 2),
        "model.embed_tokens.weight": torch.zeros(5, 3),
        "lm_head.weight": torch.zeros(5, 3),
    }
    save_file(tensors, folder / "model.safetensors")
    return folder


def factor(module: str, letter: str) -> str:
    return f"base_model.model.{module}.lora_{letter}.weight"


def adapter(folder: Path, tensors: dict[str, torch.Tensor] | None = None, **config: object) -> Path:
    folder.mkdir()
    if tensors is None:
        tensors = {
            factor(NAME, "A"): torch.tensor([[1.0, 2.0, 3.0]]),
            factor(NAME, "B"): torch.tensor([[1.0], [-1.0]]),
        }
    save_file(tensors, folder / "adapter_model.safetensors")
    known = {"peft_type": "LORA", "r": 1, "lora_alpha": 2, "bias": "none"}
    (folder / "adapter_config.json").write_text(json.dumps(known | config))
    return folder


def delta(base: Path, path: Path, name: str = NAME) -> torch.Tensor:
    found = open_input_model(path, open_checkpoint(base), "domain").delta(f"{name}.weight")
    assert found is not None
    return found


def test_the_delta_is_alpha_over_r_times_b_times_a(base: Path, tmp_path: Path) -> None:
    # 2/1 · [1, -1]ᵀ · [1, 2, 3]
    assert delta(base, adapter(tmp_path / "a")).tolist() == [[2, 4, 6], [-2, -4, -6]]


def test_rows_are_computed_alone(base: Path, tmp_path: Path) -> None:
    part = open_input_model(adapter(tmp_path / "a"), open_checkpoint(base), "domain")
    assert part.touched == (f"{NAME}.weight",)
    found = part.delta(f"{NAME}.weight", 1, 2)
    assert found is not None
    assert found.tolist() == [[-2, -4, -6]]
    assert part.delta("lm_head.weight") is None


def test_rank_stabilised_adapters_divide_by_the_root(base: Path, tmp_path: Path) -> None:
    tensors = {factor(NAME, "A"): torch.ones(4, 3), factor(NAME, "B"): torch.ones(2, 4)}
    path = adapter(tmp_path / "a", tensors, r=4, lora_alpha=3, use_rslora=True)
    assert delta(base, path).tolist() == [[6.0] * 3] * 2  # 3/√4 · 4


def test_patterns_give_modules_their_own_rank_and_alpha(base: Path, tmp_path: Path) -> None:
    tensors = {
        factor(NAME, "A"): torch.ones(1, 3),
        factor(NAME, "B"): torch.ones(2, 1),
        factor(OTHER, "A"): torch.ones(2, 2),
        factor(OTHER, "B"): torch.ones(4, 2),
    }
    path = adapter(
        tmp_path / "a", tensors, rank_pattern={"down_proj": 2}, alpha_pattern={f"^{OTHER}": 8}
    )
    assert delta(base, path).unique().tolist() == [2.0]  # 2/1 · 1
    assert delta(base, path, OTHER).unique().tolist() == [8.0]  # 8/2 · 2


def test_a_transposed_base_gets_a_transposed_delta(base: Path, tmp_path: Path) -> None:
    tensors = {
        factor(NAME, "A"): torch.tensor([[1.0, 2.0]]),
        factor(NAME, "B"): torch.tensor([[1.0], [0.0], [-1.0]]),
    }
    path = adapter(tmp_path / "a", tensors, fan_in_fan_out=True)
    assert delta(base, path).tolist() == [[2, 0, -2], [4, 0, -4]]
    part = open_input_model(path, open_checkpoint(base), "domain")
    rows = part.delta(f"{NAME}.weight", 1, 2)
    assert rows is not None
    assert rows.tolist() == [[4, 0, -4]]


@pytest.mark.parametrize(
    ("config", "why"),
    [
        ({"peft_type": "LOHA"}, "LOHA"),
        ({"use_dora": True}, "use_dora"),
        ({"bias": "all"}, "bias"),
        ({"lora_bias": True}, "lora_bias"),
        ({"modules_to_save": ["lm_head"]}, "modules_to_save"),
        ({"trainable_token_indices": [1]}, "trainable_token_indices"),
        ({"init_lora_weights": "pissa"}, "init_lora_weights"),
        ({"lora_alpha": "x"}, "lora_alpha"),
        ({"r": 2}, "agree on the rank"),
        ({"alpha_pattern": {"(a+)+$": 4}}, "write the modules' names out"),
        ({"rank_pattern": ["x"]}, "`rank_pattern` is no list of names"),
        ({"alpha_pattern": 5}, "`alpha_pattern` is no list of names"),
    ],
)
def test_more_than_plain_lora_is_refused(
    base: Path, tmp_path: Path, config: dict[str, object], why: str
) -> None:
    with pytest.raises(LexgraftError, match=why):
        open_input_model(adapter(tmp_path / "a", None, **config), open_checkpoint(base), "domain")


@pytest.mark.parametrize(
    ("tensors", "why"),
    [
        ({"base_model.model.lm_head.weight": torch.zeros(5, 3)}, "not a LoRA factor"),
        ({f"base_model.model.{NAME}.lora_magnitude_vector": torch.zeros(2)}, "not a LoRA factor"),
        ({factor(NAME, "A"): torch.ones(1, 3)}, "lacks its A or B"),
        ({factor(NAME, "A"): torch.ones(1, 3), EMBEDDED: torch.ones(2, 1)}, "lacks its A or B"),
        (
            {factor("x.y", "A"): torch.ones(1, 3), factor("x.y", "B"): torch.ones(2, 1)},
            "`x.y.weight`, which the base does not have",
        ),
        (
            {factor(NAME, "A"): torch.ones(1, 9), factor(NAME, "B"): torch.ones(2, 1)},
            "adapter of another base",
        ),
    ],
)
def test_tensors_that_do_not_fit_are_refused(
    base: Path, tmp_path: Path, tensors: dict[str, torch.Tensor], why: str
) -> None:
    with pytest.raises(LexgraftError, match=why):
        open_input_model(adapter(tmp_path / "a", tensors), open_checkpoint(base), "domain")


def test_embeddings_that_are_also_the_head_are_refused(tmp_path: Path) -> None:
    folder = tmp_path / "tied"
    folder.mkdir()
    save_file({"model.embed_tokens.weight": torch.zeros(5, 3)}, folder / "model.safetensors")
    (folder / "config.json").write_text('{"tie_word_embeddings": true}')
    stem = "base_model.model.model.embed_tokens.lora_embedding_"
    path = adapter(tmp_path / "a", {f"{stem}A": torch.ones(1, 5), f"{stem}B": torch.ones(3, 1)})
    with pytest.raises(LexgraftError, match="also the output head"):
        open_input_model(path, open_checkpoint(folder), "domain")


def test_the_layer_that_peft_saves_below_a_lora_on_embeddings_takes_the_bases_place(
    base: Path, tmp_path: Path
) -> None:
    stem = "base_model.model.model.embed_tokens"
    tensors = {
        f"{stem}.lora_embedding_A": torch.ones(1, 5),
        f"{stem}.lora_embedding_B": torch.tensor([[1.0], [2.0], [3.0]]),
        f"{stem}.base_layer.weight": torch.full((5, 3), 0.5),
    }
    found = delta(base, adapter(tmp_path / "a", tensors), "model.embed_tokens")
    assert found.tolist() == [[2.5, 4.5, 6.5]] * 5  # (0.5 - 0) + 2/1 · [1, 2, 3]
    tensors[f"{stem}.base_layer.weight"] = torch.zeros(6, 3)
    with pytest.raises(LexgraftError, match="resized in training"):
        delta(base, adapter(tmp_path / "b", tensors), "model.embed_tokens")


def test_an_adapter_that_is_a_pickle_says_how_to_save_it(base: Path, tmp_path: Path) -> None:
    path = adapter(tmp_path / "a")
    (path / "adapter_model.safetensors").rename(path / "adapter_model.bin")
    with pytest.raises(LexgraftError, match=r"only adapter_model\.bin") as told:
        open_input_model(path, open_checkpoint(base), "domain")
    assert "safe_serialization" in told.value.cure


def test_a_model_and_an_adapter_in_one_folder_are_refused(base: Path, tmp_path: Path) -> None:
    path = adapter(tmp_path / "a")
    (path / "model.safetensors").write_bytes((base / "model.safetensors").read_bytes())
    with pytest.raises(LexgraftError, match="in one folder"):
        open_input_model(path, open_checkpoint(base), "domain")


def test_an_adapter_of_another_base_is_refused_by_its_digest(base: Path, tmp_path: Path) -> None:
    path, checkpoint = adapter(tmp_path / "a"), open_checkpoint(base)
    (path / "lexgraft.json").write_text(json.dumps({"base_digest": checkpoint.digest}))
    open_input_model(path, checkpoint, "domain")
    (path / "lexgraft.json").write_text(json.dumps({"base_digest": "0" * 32}))
    with pytest.raises(LexgraftError, match="an adapter of another base"):
        open_input_model(path, checkpoint, "domain")


def test_the_digest_follows_scaling_and_weights_but_not_the_rest(
    base: Path, tmp_path: Path
) -> None:
    checkpoint = open_checkpoint(base)
    configs = ({}, {"base_model_name_or_path": "/elsewhere"}, {"lora_alpha": 3})
    same, elsewhere, other = (
        open_input_model(adapter(tmp_path / str(n), None, **config), checkpoint, "domain").digest
        for n, config in enumerate(configs)
    )
    assert same == elsewhere
    assert same != other


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:.*is_gradient_checkpointing:FutureWarning")  # PEFT's own
@pytest.mark.parametrize(
    ("architecture", "targets", "options"),
    [
        ("gemma3", "all-linear", {}),
        ("gemma3", ["q_proj", "down_proj"], {"use_rslora": True, "alpha_pattern": {"q_proj": 5}}),
        ("llama", ["embed_tokens", "up_proj"], {"rank_pattern": {"layers.1.mlp.up_proj": 3}}),
        ("gpt2", ["c_attn", "c_fc"], {"fan_in_fan_out": True}),
    ],
)
def test_agrees_with_merge_and_unload_of_peft(
    make_model: Callable[..., Path],
    tmp_path: Path,
    architecture: str,
    targets: Any,
    options: dict[str, Any],
) -> None:
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    folder = make_model(architecture)
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    config = LoraConfig(r=4, lora_alpha=7, target_modules=targets, task_type="CAUSAL_LM", **options)
    tuned: Any = get_peft_model(model, config)
    generator = torch.Generator().manual_seed(0)
    for name, parameter in tuned.named_parameters():
        if "lora_" in name:
            parameter.data = torch.randn(parameter.shape, generator=generator) * 0.1
    embeds = "embed_tokens" in targets  # then PEFT saves the layer below as well by default
    tuned.save_pretrained(tmp_path / "adapter", save_embedding_layers=embeds)
    saved = load_file(tmp_path / "adapter" / "adapter_model.safetensors")
    assert any("base_layer" in name for name in saved) == embeds
    tuned.merge_and_unload().save_pretrained(tmp_path / "merged")

    part = open_input_model(tmp_path / "adapter", open_checkpoint(folder), "domain")
    merged = load_file(tmp_path / "merged" / "model.safetensors")
    plain = load_file(folder / "model.safetensors")
    changed = {name for name in plain if not torch.equal(plain[name], merged[name])}
    assert changed
    assert changed == set(part.touched)
    for name in part.touched:
        torch.testing.assert_close(part.tensor(name), merged[name], rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("key", ["use_rslora", "fan_in_fan_out"])
@pytest.mark.parametrize("value", ["false", "true", 0, 1, []])
def test_a_flag_that_is_neither_true_nor_false_is_refused(
    tmp_path: Path, key: str, value: object
) -> None:
    (tmp_path / "adapter_config.json").write_text(
        json.dumps({"peft_type": "LORA", "r": 2, "lora_alpha": 2, key: value})
    )
    with pytest.raises(LexgraftError, match=f"`{key}: .* is neither true nor false"):
        read_config(tmp_path)


def test_a_tie_that_is_neither_true_nor_false_is_refused() -> None:
    with pytest.raises(LexgraftError, match="neither true nor false"):
        stated_tie({"model_type": "llama", "tie_word_embeddings": "false"})
    assert stated_tie({"model_type": "llama", "tie_word_embeddings": None}) is None
