"""Low-rank additions to the linear layers of a live model, saved as a PEFT adapter folder."""

from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from math import sqrt
from typing import Any

import msgspec
import torch
from safetensors.torch import save
from torch import Tensor, nn

from lexgraft.arrays.shapes import Float
from lexgraft.errors import LexgraftError
from lexgraft.records import digest


class LoraLayers(nn.Module):
    """Two matrices of rank r per linear layer: W x + (alpha / r) B A x (Hu et al. 2021, §4.1)."""

    def __init__(self, layers: Mapping[str, nn.Linear], rank: int, alpha: float, seed: int) -> None:
        super().__init__()
        self.rank, self.alpha = rank, alpha
        self.names = tuple(sorted(layers))
        self.down = nn.ParameterList(
            nn.Parameter(_initial_down(layers[name], rank, digest("lora", seed, name)))
            for name in self.names
        )
        self.up = nn.ParameterList(
            nn.Parameter(torch.zeros(layers[name].out_features, rank)) for name in self.names
        )

    @contextmanager
    def attached(self, model: nn.Module) -> Generator[None]:
        """Add the low-rank terms to the model's layers while the context lasts; freeze the rest."""
        flags = {name: weight.requires_grad for name, weight in model.named_parameters()}
        model.requires_grad_(requires_grad=False)
        handles = [
            model.get_submodule(name).register_forward_hook(self._hook(number))
            for number, name in enumerate(self.names)
        ]
        try:
            yield
        finally:
            for handle in handles:
                handle.remove()
            for name, weight in model.named_parameters():
                weight.requires_grad_(flags[name])

    def _hook(self, number: int) -> Any:
        """Return the forward hook of one layer."""
        down, up, scale = self.down[number], self.up[number], self.alpha / self.rank

        def add(_layer: nn.Module, inputs: tuple[Tensor], output: Tensor) -> Tensor:
            thin = nn.functional.linear(inputs[0].to(down), down)  # of a half format: in float32
            added = nn.functional.linear(thin, up).to(output.device)
            return torch.add(output, added, alpha=scale).to(output.dtype)

        return add

    def tensors(self, dtype: torch.dtype = torch.float32) -> dict[str, Tensor]:
        """Return the matrices by PEFT's names."""
        named: dict[str, Tensor] = {}
        for name, down, up in zip(self.names, self.down, self.up, strict=True):
            named[f"base_model.model.{name}.lora_A.weight"] = down.detach().to(dtype).contiguous()
            named[f"base_model.model.{name}.lora_B.weight"] = up.detach().to(dtype).contiguous()
        return named

    def load(self, tensors: Mapping[str, Tensor]) -> None:
        """Restore values that `tensors()` returned."""
        with torch.no_grad():
            for name, down, up in zip(self.names, self.down, self.up, strict=True):
                down.copy_(tensors[f"base_model.model.{name}.lora_A.weight"])
                up.copy_(tensors[f"base_model.model.{name}.lora_B.weight"])


def linear_layers(model: nn.Module) -> dict[str, nn.Linear]:
    """Return the linear layers of the model by name, the output head left out."""
    head = head_of(model)
    return {
        name: layer
        for name, layer in model.named_modules()
        if isinstance(layer, nn.Linear) and layer is not head
    }


def head_of(model: nn.Module) -> nn.Linear:
    """Return the layer that turns hidden states into logits.

    Raises:
        LexgraftError: the model has no such layer, or it has a bias.
    """
    find: Any = getattr(model, "get_output_embeddings", None)
    head = find() if find else None
    if not isinstance(head, nn.Linear) or getattr(head, "bias", None) is not None:
        raise LexgraftError(
            f"{type(model).__name__} has no plain output layer",
            cure="tune a causal language model such as Gemma, Llama or Qwen",
        )
    return head


def hidden_states(model: nn.Module, tokens: Tensor) -> Float[Tensor, "row token hidden"]:
    """Return the last hidden states, before the head."""
    body: Any = model.base_model
    return body(input_ids=tokens, use_cache=False).last_hidden_state


def adapter_files(
    lora: LoraLayers, layers: Sequence[str], base: str, dtype: torch.dtype
) -> dict[str, bytes]:
    """Return the files of a PEFT adapter folder; `layers` are all linear layers of the model."""
    config = {
        "peft_type": "LORA",
        "task_type": "CAUSAL_LM",
        "base_model_name_or_path": base,
        "r": lora.rank,
        "lora_alpha": lora.alpha,
        "lora_dropout": 0.0,
        "bias": "none",
        "fan_in_fan_out": False,
        "inference_mode": True,
        "init_lora_weights": True,
        "modules_to_save": None,
        "target_modules": _targets(lora.names, layers),
    }
    weights = save(lora.tensors(dtype), metadata={"format": "pt"})
    text = msgspec.json.format(msgspec.json.encode(config, order="sorted"), indent=2) + b"\n"
    return {"adapter_config.json": text, "adapter_model.safetensors": weights}


def _targets(chosen: Sequence[str], layers: Sequence[str]) -> list[str]:
    """Return PEFT's target_modules: last names if these choose the same layers, else full names."""
    last = sorted({name.rpartition(".")[2] for name in chosen})
    same = sorted(chosen) == sorted(n for n in layers if n.rpartition(".")[2] in last)
    return last if same else sorted(chosen)


def _initial_down(layer: nn.Linear, rank: int, key: str) -> Float[Tensor, "rank inputs"]:
    """Return A as PEFT starts it: uniform with bound 1 / sqrt(inputs) (He et al. 2015, a = √5)."""
    generator = torch.Generator().manual_seed(int(key[:15], 16))
    bound = 1 / sqrt(layer.in_features)
    return (torch.rand(rank, layer.in_features, generator=generator) * 2 - 1) * bound
