"""What every method promises, over all that are registered."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from math import prod
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from lexgraft.errors import UserError
from lexgraft.methods import METHODS, get_method
from lexgraft.methods.registry import Place

Array = np.ndarray[Any, np.dtype[np.float64]]
LABELS = ("language", "domain")
every_method = pytest.mark.parametrize("name", list(METHODS))


def place(size: int, layer: int | None = 1, labels: tuple[str, ...] = LABELS) -> Place:
    return Place("model.layers.1.mlp.up_proj.weight", labels, layer, 4, size, seed=7)


def merge(
    name: str, base: Tensor, deltas: Tensor, *, cuts: Sequence[int] = (), **parameters: object
) -> Tensor:
    """Merge a tensor in blocks that end at the given rows."""
    at = place(base.numel())
    method = get_method(name)
    width = base.numel() // len(base)

    def blocks() -> Iterator[tuple[Tensor, Tensor, Place]]:
        for start, stop in pairwise([0, *cuts, len(base)]):
            yield base[start:stop], deltas[:, start:stop], replace(at, start=start * width)

    settings = method.settings(parameters, at.labels)
    return torch.cat(list(method.merge(blocks, settings)))


def normal(*shape: int, seed: int = 0, scale: float = 1.0) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed)) * scale


def reference(name: str, whole_base: Tensor, whole_deltas: Tensor) -> Array:
    """The defaults in float64, written down a second time, whole and slow."""
    base, deltas = whole_base.double().numpy(), whole_deltas.double().numpy()
    models = base + deltas
    if name in {"linear", "layer_swap"}:  # layer 1 of 4 is the blended first of the middle
        return models.mean(0)
    if name == "task_arithmetic":
        return base + deltas.sum(0)
    return base + ties_in_float64(deltas) if name == "ties" else slerp_in_float64(models)


def slerp_in_float64(models: Array) -> Array:
    a, b = models.reshape(2, -1)
    omega = np.arccos(a @ b / np.linalg.norm(a) / np.linalg.norm(b))
    return (np.sin(omega / 2) / np.sin(omega)) * (models[0] + models[1])


def ties_in_float64(deltas: Array) -> Array:
    trimmed = np.zeros_like(deltas)
    for model, delta in enumerate(deltas):
        order = np.argsort(-np.abs(delta).reshape(-1), kind="stable")
        largest = order[: max(1, round(0.2 * delta.size))]
        trimmed[model].reshape(-1)[largest] = delta.reshape(-1)[largest]
    agree = (np.sign(trimmed) == np.sign(trimmed.sum(0))) & (trimmed != 0)
    return (trimmed * agree).sum(0) / np.maximum(agree.sum(0), 1)


@every_method
def test_keeps_shape_and_stays_finite(name: str) -> None:
    for shape in ((12,), (6, 2), (3, 2, 2)):
        base, deltas = normal(*shape), normal(2, *shape, seed=1)
        merged = merge(name, base, deltas)
        assert merged.shape == base.shape
        assert merged.dtype == torch.float32
        assert merged.isfinite().all()


@every_method
def test_models_equal_to_the_base_give_the_base(name: str) -> None:
    base = normal(8, 8)
    assert torch.equal(merge(name, base, torch.zeros(2, 8, 8)), base)


@every_method
def test_leaves_its_inputs_as_they_are(name: str) -> None:
    base, deltas = normal(8, 8), normal(2, 8, 8, seed=1)
    before = base.clone(), deltas.clone()
    merge(name, base, deltas)
    assert torch.equal(base, before[0])
    assert torch.equal(deltas, before[1])


@every_method
@settings(deadline=None, max_examples=10)
@given(
    cuts=st.lists(st.integers(1, 30), max_size=4, unique=True).map(sorted), seed=st.integers(0, 9)
)
def test_blocks_do_not_show_in_the_result(name: str, cuts: list[int], seed: int) -> None:
    base = normal(31, 3, seed=seed)
    deltas = (normal(2, 31, 3, seed=seed + 1) * 4).round() / 4  # coarse, so that there are ties
    whole, pieces = merge(name, base, deltas), merge(name, base, deltas, cuts=cuts)
    if name == "slerp":  # its sums are added per block, whose size the engine fixes
        torch.testing.assert_close(whole, pieces, rtol=1e-6, atol=1e-6)
    else:
        assert torch.equal(whole, pieces)


@pytest.mark.parametrize("name", [name for name in METHODS if not name.startswith("dare")])
def test_agrees_with_a_float64_reference(name: str) -> None:
    base, deltas = normal(40, 25), normal(2, 40, 25, seed=1, scale=0.7)
    merged = merge(name, base, deltas).double().numpy()
    np.testing.assert_allclose(merged, reference(name, base, deltas), rtol=0, atol=1e-6)


@every_method
def test_nan_is_never_hidden(name: str) -> None:
    base, deltas = normal(8, 8), normal(2, 8, 8, seed=1)
    deltas[0, 3, 3] = torch.nan
    assert merge(name, base, deltas).isnan().any()


@every_method
def test_is_not_changed_by_threads(name: str) -> None:
    base, deltas = normal(500, 200), normal(2, 500, 200, seed=1)
    before = torch.get_num_threads()
    results = []
    for threads in (1, 2):
        torch.set_num_threads(threads)
        results.append(merge(name, base, deltas))
    torch.set_num_threads(before)
    assert torch.equal(*results)


@every_method
def test_states_its_paper_and_checks_its_parameters(name: str) -> None:
    method = METHODS[name]
    assert method.paper
    with pytest.raises(UserError, match="no parameter `weights`"):
        method.settings({"weights": 1}, LABELS)
    for parameter, (_, default) in method.parameters.items():
        settings = method.settings({parameter: default}, LABELS)
        assert settings == method.settings({}, LABELS)
        if isinstance(default, float):
            for bad in (float("nan"), float("inf"), "much", None, [], ["much"]):
                with pytest.raises(UserError):
                    method.settings({parameter: bad}, LABELS)


def test_an_unknown_method_names_the_nearest() -> None:
    with pytest.raises(UserError, match="did you mean `task_arithmetic`"):
        get_method("task_aritmetic")


@pytest.mark.parametrize(
    ("name", "labels"), [("slerp", ("a",)), ("slerp", ("a", "b", "c")), ("linear", ())]
)
def test_a_number_of_models_that_a_method_cannot_merge_is_refused(
    name: str, labels: tuple[str, ...]
) -> None:
    with pytest.raises(UserError, match=f"models, not {len(labels)}"):
        METHODS[name].settings({}, labels)


def test_methods_are_listed_in_the_order_of_names() -> None:
    assert list(METHODS) == sorted(METHODS)


def test_a_parameter_per_model_is_completed_and_ordered() -> None:
    settings = METHODS["ties"].settings({"density": {"domain": 0.5}, "weight": 1}, LABELS)
    assert list(settings["density"].items()) == [("language", 0.2), ("domain", 0.5)]
    assert settings["weight"] == 1.0
    assert isinstance(settings["weight"], float)


def test_a_parameter_for_an_unknown_model_is_refused() -> None:
    with pytest.raises(UserError, match="did you mean `domain`"):
        METHODS["ties"].settings({"density": {"domains": 0.5}}, LABELS)


@pytest.mark.parametrize("density", [0, -0.1, 1.01, 7])
def test_density_must_be_a_share(density: float) -> None:
    for name in ("ties", "dare_ties", "dare_linear"):
        with pytest.raises(UserError, match="density"):
            METHODS[name].settings({"density": density}, LABELS)


def test_a_value_is_taken_for_each_model_in_order() -> None:
    at = place(prod((2, 2)))
    assert at.each(0.5) == (0.5, 0.5)
    assert at.each({"domain": 2.0, "language": 1.0}) == (1.0, 2.0)
