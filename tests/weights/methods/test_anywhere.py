"""Methods that say they compute anywhere do so, and give what they give on the processor."""

from dataclasses import replace
from typing import Any

import pytest
import torch
from weights.methods.elsewhere import Elsewhere, Moved, elsewhere

from lexgraft.weights.merge.merge_tensors import merge_tensors
from lexgraft.weights.methods import METHODS
from lexgraft.weights.methods.registry import TensorContext

ANYWHERE = [name for name, method in METHODS.items() if method.anywhere]


def test_the_methods_of_whole_matrices_compute_anywhere() -> None:
    assert {"tsv_m", "iso_c", "iso_cts", "wudi", "karcher", "ties", "linear"} <= set(ANYWHERE)


@pytest.mark.parametrize("name", ANYWHERE)
@pytest.mark.parametrize("shape", [(12, 7), (9,)])
def test_a_method_on_another_device_gives_what_it_gives_here(
    name: str, shape: tuple[int, ...]
) -> None:
    generator = torch.Generator().manual_seed(5)
    method = METHODS[name]
    labels = ("language", "domain")[: method.models[1] or 2]
    base, *models = (
        torch.randn(shape, generator=generator).bfloat16().float() for _ in range(1 + len(labels))
    )
    context = TensorContext("model.layers.1.mlp.down_proj.weight", labels, 1, 2, base.numel(), 3)
    settings = method.settings({}, labels)
    deltas = torch.stack([model - base for model in models])

    def run(first: Any, second: Any) -> torch.Tensor:
        half = max(1, shape[0] // 2)
        cuts = [(0, shape[0])] if method.unit == "tensor" or len(shape) == 1 else []
        rows = base[0].numel()

        def blocks() -> Any:
            for start, stop in cuts or [(0, half), (half, shape[0])]:
                where = replace(context, start=start * rows)
                yield first[start:stop], second[:, start:stop], where

        return torch.cat(list(method.merge(blocks, settings)))

    with Moved():
        there = run(elsewhere(base), elsewhere(deltas))
    assert isinstance(there, Elsewhere)
    here = run(base, deltas)
    assert torch.allclose(there.cpu(), here, atol=1e-6, rtol=1e-5)
    named: dict[str, torch.Tensor] = dict(zip(labels, models, strict=True))
    engine = merge_tensors(name, base, named, name=context.tensor, layers=2, seed=3)
    assert torch.equal(here, engine) or torch.allclose(here, engine, atol=1e-6)


def test_the_second_device_refuses_what_a_gpu_refuses() -> None:
    there, here = elsewhere(torch.ones(3)), torch.ones(3)
    with pytest.raises(RuntimeError, match="two devices"):
        torch.add(there, here)
    with pytest.raises(TypeError, match="no array"):
        there.numpy()
    assert torch.equal(there.cpu() + here, torch.full((3,), 2.0))
    assert isinstance(torch.zeros_like(there), Elsewhere)
