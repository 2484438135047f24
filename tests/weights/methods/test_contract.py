"""What every method promises, over all that are registered."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from importlib import import_module
from inspect import Parameter, signature
from itertools import pairwise
from math import prod

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from lexgraft.errors import LexgraftError
from lexgraft.weights.merge.merge_tensors import merge_tensors
from lexgraft.weights.methods import METHODS, Method, get_method
from lexgraft.weights.methods.registry import Blocks, TensorContext, _check_choice
from lexgraft.weights.methods.registry import method as merge_method

LABELS = ("language", "domain")
every_method = pytest.mark.parametrize("name", list(METHODS))


def place(size: int, layer: int | None = 1, labels: tuple[str, ...] = LABELS) -> TensorContext:
    return TensorContext("model.layers.1.mlp.up_proj.weight", labels, layer, 4, size, seed=7)


def merge(
    name: str, base: Tensor, deltas: Tensor, *, cuts: Sequence[int] = (), **parameters: object
) -> Tensor:
    """Merge a tensor in blocks that end at the given rows."""
    method = get_method(name)
    if method.models[1] == 1:
        deltas = deltas[:1]
    at = place(base.numel(), labels=LABELS[: len(deltas)])
    width = base.numel() // len(base)
    if method.unit == "tensor" or (method.unit == "row" and base.ndim == 1):
        cuts = ()

    def blocks() -> Iterator[tuple[Tensor, Tensor, TensorContext]]:
        for start, stop in pairwise([0, *cuts, len(base)]):
            yield base[start:stop], deltas[:, start:stop], replace(at, start=start * width)

    settings = method.settings(parameters, at.labels)
    return torch.cat(list(method.merge(blocks, settings)))


def normal(*shape: int, seed: int = 0, scale: float = 1.0) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed)) * scale


@every_method
def test_keeps_shape_and_stays_finite(name: str) -> None:
    for shape in ((12,), (6, 2), (3, 2, 2)):
        base, deltas = normal(*shape), normal(2, *shape, seed=1)
        merged = merge(name, base, deltas)
        assert merged.shape == base.shape
        assert merged.dtype == torch.float32
        assert merged.isfinite().all()


@every_method
@pytest.mark.parametrize("shape", [(), (1,), (3,), (2, 3), (2, 2, 2)])
@pytest.mark.parametrize("scale", [3e38, 1e30, 1e-38, 0.0])
def test_odd_shapes_and_magnitudes_are_merged_or_not_finite(
    name: str, shape: tuple[int, ...], scale: float
) -> None:
    method = get_method(name)
    base = torch.zeros(shape)
    values = (torch.full(shape, scale), torch.full(shape, -scale / 2))[: method.models[1] or 2]
    models: dict[str, torch.Tensor] = dict(zip(LABELS, values, strict=False))
    merged = merge_tensors(name, base, models, name="model.layers.1.mlp.up_proj.weight", layers=4)
    assert merged.shape == base.shape
    assert scale > 1 or merged.isfinite().all()


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


@pytest.mark.slow
@every_method
@settings(deadline=None, max_examples=6)
@given(
    cuts=st.lists(st.integers(1, 30), max_size=4, unique=True).map(sorted), seed=st.integers(0, 9)
)
def test_blocks_do_not_show_in_the_result(name: str, cuts: list[int], seed: int) -> None:
    base = normal(31, 3, seed=seed)
    deltas = (normal(2, 31, 3, seed=seed + 1) * 4).round() / 4  # coarse, so that there are ties
    whole, pieces = merge(name, base, deltas), merge(name, base, deltas, cuts=cuts)
    assert torch.equal(whole, pieces)


@every_method
def test_nan_is_never_hidden(name: str) -> None:
    base, deltas = normal(8, 8), normal(2, 8, 8, seed=1)
    deltas[0, 3, 3] = torch.nan
    assert merge(name, base, deltas).isnan().any()


@pytest.mark.slow
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
def test_the_order_of_the_models_does_not_matter_but_where_one_leads_to_the_other(
    name: str,
) -> None:
    if METHODS[name].models[1] in {1, 2}:
        pytest.skip("of one model, or of a first and a second")
    base, deltas = normal(12, 8), normal(2, 12, 8, seed=1)
    method = get_method(name)
    results = []
    for order in ((0, 1), (1, 0)):
        at = replace(place(base.numel()), labels=tuple(LABELS[i] for i in order))
        chosen = method.settings({}, at.labels)
        one = [(base, deltas[list(order)], at)]
        results.append(next(method.merge(lambda: iter(one), chosen)))  # noqa: B023
    torch.testing.assert_close(*results, rtol=1e-5, atol=1e-5)


SCALED = [name for name, method in METHODS.items() if "lambda" in method.parameters]


@pytest.mark.parametrize("name", SCALED)
def test_half_of_lambda_is_half_of_the_way(name: str) -> None:
    base, deltas = torch.zeros(12, 8), normal(2, 12, 8, seed=1)
    whole, half = merge(name, base, deltas), merge(name, base, deltas, cuts=(), **{"lambda": 0.5})
    torch.testing.assert_close(half, whole / 2)
    assert whole.any()
    assert torch.equal(merge(name, base, deltas, cuts=(), **{"lambda": 0.0}), base)


@every_method
def test_deltas_of_twice_the_size_move_twice_as_far(name: str) -> None:
    if name in {"arcee_fusion", "nearswap", "widen", "ram", "ramplus_tl"}:
        pytest.skip("not of the first degree")
    base, deltas = torch.zeros(12, 8), normal(2, 12, 8, seed=1)
    torch.testing.assert_close(merge(name, base, deltas * 2), merge(name, base, deltas) * 2)


@every_method
def test_states_its_paper_and_checks_its_parameters(name: str) -> None:
    method = METHODS[name]
    assert method.paper
    labels = LABELS[: method.models[1]]
    with pytest.raises(LexgraftError, match="no parameter `weights`"):
        method.settings({"weights": 1}, labels)
    for parameter, (_, default) in method.parameters.items():
        settings = method.settings({parameter: default}, labels)
        assert settings == method.settings({}, labels)
        if isinstance(default, float):
            for bad in (float("nan"), float("inf"), "much", None, [], ["much"]):
                with pytest.raises(LexgraftError):
                    method.settings({parameter: bad}, labels)


@every_method
def test_is_complete(name: str) -> None:
    """What the engine, the recipes and the docs must know of a method stands at the method."""
    method = METHODS[name]
    module = import_module(method.combine.__module__)
    assert method.name == name == method.combine.__name__
    assert module.__doc__
    assert method.combine.__doc__
    assert method.base in {"required", "optional", "none"}
    assert method.unit in {"element", "row", "tensor"}
    fewest, limit = method.models
    assert 1 <= fewest <= (limit or fewest)
    assert all(default is not Parameter.empty for _, default in method.parameters.values())
    names = signature(method.combine).parameters
    surveyed = signature(method.survey).parameters if method.survey else {}
    assert set(surveyed) - {"blocks"} <= set(names)
    if method.native is not None:
        labels = LABELS[:limit]
        spec = method.native_spec(method.settings({}, labels), place(12, labels=labels))
        assert spec is not None
        assert spec.surveys == (method.survey is not None and spec.steps == spec.ranked == ())


@pytest.fixture
def registry(monkeypatch: pytest.MonkeyPatch) -> dict[str, Method]:
    """Return a copy of the methods, which a test may add to."""
    copied = dict(METHODS)
    monkeypatch.setattr("lexgraft.weights.methods.registry.METHODS", copied)
    return copied


def test_a_method_of_ones_own_needs_a_function_and_nothing_else(
    registry: dict[str, Method],
) -> None:
    def largest(blocks: Blocks, *, scale: float) -> float:
        return scale * max(float(deltas.abs().max()) for _, deltas, _ in blocks())

    @merge_method(survey=largest)
    def clipped(
        base: Tensor,
        deltas: Tensor,
        context: TensorContext,
        limit: float,
        *,
        weight=1.0,  # pyright: ignore[reportMissingParameterType]
        scale: float = 0.5,
    ) -> Tensor:
        return base + (deltas[0] * weight).clamp(-limit, limit)

    own = registry["clipped"]
    assert (own.base, own.unit, own.models, own.native) == ("required", "element", (1, None), None)
    assert list(registry) == sorted(registry)
    settings = own.settings({"weight": 2}, LABELS)
    assert settings == {"weight": 2.0, "scale": 0.5}
    block = torch.zeros(2), torch.tensor([[1.0, -4.0], [0.0, 0.0]]), place(2)
    (merged,) = own.merge(lambda: iter([block]), settings)
    assert merged.tolist() == [2.0, -2.0]
    with pytest.raises(LexgraftError, match="did you mean `weight`"):
        own.settings({"wieght": 1}, LABELS)


@pytest.mark.usefixtures("registry")
def test_a_method_that_cannot_be_is_refused_where_it_is_declared() -> None:
    def ties(base: Tensor, deltas: Tensor, context: TensorContext) -> Tensor:
        return base

    def open_ended(
        base: Tensor, deltas: Tensor, context: TensorContext, *, weight: float
    ) -> Tensor:
        return base

    with pytest.raises(LexgraftError, match="a merge method `ties` already"):
        merge_method()(ties)
    with pytest.raises(LexgraftError, match="`weight` of method `open_ended` has no default"):
        merge_method()(open_ended)
    with pytest.raises(LexgraftError, match="did you mean `optional`"):
        _check_choice("base", "optinal", ("required", "optional", "none"))


def test_an_unknown_method_names_the_nearest() -> None:
    with pytest.raises(LexgraftError, match="did you mean `task_arithmetic`"):
        get_method("task_aritmetic")


@pytest.mark.parametrize(
    ("name", "labels"),
    [("slerp", ("a", "b", "c")), ("nuslerp", ("a",)), ("passthrough", LABELS), ("linear", ())],
)
def test_a_number_of_models_that_a_method_cannot_merge_is_refused(
    name: str, labels: tuple[str, ...]
) -> None:
    with pytest.raises(LexgraftError, match=f"models, not {len(labels)}"):
        METHODS[name].settings({}, labels)


def test_methods_are_listed_in_the_order_of_names() -> None:
    assert list(METHODS) == sorted(METHODS)


def test_a_parameter_per_model_is_completed_and_ordered() -> None:
    settings = METHODS["ties"].settings({"density": {"domain": 0.5}, "weight": 1}, LABELS)
    assert list(settings["density"].items()) == [("language", 0.2), ("domain", 0.5)]
    assert settings["weight"] == 1.0
    assert isinstance(settings["weight"], float)


def test_a_parameter_for_an_unknown_model_is_refused() -> None:
    with pytest.raises(LexgraftError, match="did you mean `domain`"):
        METHODS["ties"].settings({"density": {"domains": 0.5}}, LABELS)


@pytest.mark.parametrize("density", [0, -0.1, 1.01, 7])
def test_density_must_be_a_share(density: float) -> None:
    for name in ("ties", "dare_ties", "dare_linear"):
        with pytest.raises(LexgraftError, match="density"):
            METHODS[name].settings({"density": density}, LABELS)


def test_a_value_is_taken_for_each_model_in_order() -> None:
    at = place(prod((2, 2)))
    assert at.each(0.5) == (0.5, 0.5)
    assert at.each({"domain": 2.0, "language": 1.0}) == (1.0, 2.0)
