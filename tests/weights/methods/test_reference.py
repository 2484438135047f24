"""Every method against float64, written down a second time."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from merge_reference import LABELS, SEED, TENSOR, reference
from torch import Tensor

from lexgraft.weights.methods import METHODS, get_method
from lexgraft.weights.methods.registry import TensorContext

W = {"language": 0.7, "domain": 0.4}
SIGNED = {"language": -0.7, "domain": 1.4}
CASES: list[tuple[str, dict[str, Any]]] = [
    *((name, {}) for name in METHODS),
    ("breadcrumbs", {"weight": W, "density": {"language": 0.3, "domain": 1.0}, "normalize": True}),
    ("breadcrumbs_ties", {"weight": W, "gamma": 0.2, "rescale": True, "lambda": 0.5}),
    ("consensus_ta", {"weight": SIGNED, "agree": 1, "tall": 0.6, "lambda": 1.3}),
    ("dare_linear", {"weight": W, "density": 0.3, "normalize": True, "lambda": 1.1}),
    ("dare_linear", {"rescale_norm": "l1"}),
    ("dare_ties", {"weight": SIGNED, "density": {"language": 1.0, "domain": 0.3}}),
    ("dare_ties", {"rescale": False, "normalize": True}),
    ("della", {"weight": SIGNED, "density": 0.4, "epsilon": 0.1}),
    ("della", {"rescale_norm": "l1", "density": {"language": 0.7, "domain": 0.4}}),
    ("della_linear", {"weight": W, "normalize": True, "rescale": False}),
    ("iso_c", {"weight": W, "lambda": 0.5}),
    ("iso_cts", {"common": 0.5, "lambda": 0.5}),
    ("karcher", {"origin": "base", "max_iter": 3}),
    ("linear", {"weight": SIGNED}),
    ("linear", {"weight": W, "normalize": False}),
    ("model_stock", {"filter_wise": True}),
    ("multislerp", {"weight": W, "origin": "zero"}),
    ("multislerp", {"weight": W, "normalize_weights": False}),
    ("nearswap", {"t": 0.01}),
    ("nuslerp", {"weight": W, "nuslerp_flatten": False}),
    ("nuslerp", {"weight": W, "nuslerp_flatten": False, "nuslerp_row_wise": True}),
    ("nuslerp", {"weight": W, "origin": "zero"}),
    ("passthrough", {"scale": 0.8}),
    ("pcb", {"weight": W, "density": 0.6, "lambda": 1.5}),
    ("ram", {"epsilon": 0.02}),
    ("ramplus_tl", {"epsilon": 0.02, "r": 0.5, "alpha": 0.9}),
    ("rows", {"weight": W, "blend": "change", "least": 0.05}),
    ("sce", {"select_topk": 0.3}),
    ("slerp", {"t": 0.3}),
    ("task_arithmetic", {"weight": SIGNED, "normalize": True, "lambda": 0.9}),
    ("ties", {"weight": SIGNED, "density": {"language": 0.5, "domain": 0.9}}),
    ("ties", {"weight": W, "rescale": True, "normalize": False, "lambda": 0.5}),
    ("tsv_m", {"lambda": 0.5}),
    ("widen", {"threshold": 1.5, "calibration": 0.9}),
    ("wudi", {"weight": W, "lambda": 0.5}),
]
WHOLE = {name for name, method in METHODS.items() if method.unit == "tensor"}


def models(*shape: int) -> tuple[Tensor, Tensor]:
    """Return a base and two models' deltas as they come from bfloat16 checkpoints."""
    generator = torch.Generator().manual_seed(1)
    base = torch.randn(shape, generator=generator).bfloat16()
    shared = torch.randn(shape, generator=generator) * 0.03  # so that deltas have something alike
    tuned = [
        (base + shared + 0.03 * torch.randn(shape, generator=generator)).bfloat16() for _ in "ab"
    ]
    return base.float(), torch.stack([model.float() - base.float() for model in tuned])


@pytest.mark.parametrize(
    ("name", "parameters"), CASES, ids=[f"{name} {p}" if p else name for name, p in CASES]
)
def test_agrees_with_float64(name: str, parameters: dict[str, Any]) -> None:
    base, deltas = models(40, 24)
    labels, used = LABELS, deltas
    if METHODS[name].models[1] == 1:
        labels, used = LABELS[:1], deltas[:1]
    place = TensorContext(TENSOR, labels, 1, 4, base.numel(), SEED, depth=1 / 3)
    settings = get_method(name).settings(parameters, labels)
    (merged,) = get_method(name).merge(lambda: iter([(base, used, place)]), settings)
    exact = reference(name, base.double().numpy(), deltas.double().numpy(), parameters)
    assert not np.allclose(exact, base.numpy())  # something is merged at all
    if name in WHOLE:
        assert np.abs(merged.numpy() - exact).max() < (1e-5 if name != "wudi" else 1e-4)
    else:
        ulp = np.exp2(np.floor(np.log2(np.abs(exact))) - 7)  # of bfloat16
        error = np.abs(merged.bfloat16().double().numpy() - exact) / ulp
        assert error.max() <= 0.51


def test_a_place_elsewhere_has_other_chances() -> None:
    base, deltas = models(8, 6)
    place = TensorContext(TENSOR, LABELS, 1, 4, base.numel(), SEED)
    method = get_method("dare_linear")
    one, other = (
        next(method.merge(lambda: iter([(base, deltas, at)]), method.settings({}, LABELS)))  # noqa: B023
        for at in (place, replace(place, tensor="lm_head.weight"))
    )
    assert not torch.equal(one, other)
