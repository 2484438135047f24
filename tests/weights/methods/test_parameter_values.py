from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from lexgraft.errors import LexgraftError
from lexgraft.weights.methods import METHODS
from lexgraft.weights.methods.parameter_values import filters, value_at
from lexgraft.weights.methods.registry import TensorContext

LABELS = ("language", "domain")
PLACE = TensorContext("model.layers.2.mlp.up_proj.weight", LABELS, 2, 5, 4, seed=0, depth=0.5)


def checked(**given: object) -> dict[str, Any]:
    return METHODS["ties"].settings(given, LABELS)


def test_a_list_is_spread_over_the_depth() -> None:
    profile = checked(weight=[0, 1, 0.5])["weight"]
    values = [value_at(profile, "w", layer / 8) for layer in range(9)]
    assert values == [0, 0.25, 0.5, 0.75, 1, 0.875, 0.75, 0.625, 0.5]


def test_of_what_cannot_be_interpolated_the_one_before_is_taken() -> None:
    profile = checked(normalize=[True, False])["normalize"]
    assert [value_at(profile, "w", depth) for depth in (0, 0.5, 0.99, 1)] == [True] * 3 + [False]


def test_each_model_may_have_its_own_profile() -> None:
    method = METHODS["task_arithmetic"]
    weight = {"language": [1, 0], "domain": [0, 2]}
    chosen = method.settings({"weight": weight}, LABELS)

    def merged(depth: float) -> float:
        block = torch.zeros(1), torch.ones(2, 1), replace(PLACE, depth=depth)
        return next(method.merge(lambda: iter([block]), chosen)).item()

    assert [merged(depth) for depth in (0.0, 0.25, 1.0)] == [1.0, 0.75 + 0.5, 2.0]


def test_the_first_rule_that_fits_the_name_counts_and_the_default_closes_the_list() -> None:
    rules = [{"filter": "mlp", "value": [0, 1]}, {"filter": "up_proj", "value": 3}]
    chosen = checked(weight=rules)["weight"]
    assert value_at(chosen, "layers.0.mlp.up_proj", 0.5) == 0.5
    assert value_at(chosen, "layers.0.up_proj", 0.5) == 3
    assert value_at(chosen, "layers.0.norm", 0.5) == 1.0  # ties' own default
    everywhere = checked(weight=[*rules, {"value": 7}])["weight"]
    assert value_at(everywhere, "layers.0.norm", 0.5) == 7
    assert list(filters(everywhere)) == ["mlp", "up_proj"]


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ([], "empty"),
        ([1, "much"], "float"),
        ([1, 700], "100"),
        (float("nan"), "finite"),
        ({"domain": [1, {"value": 1}]}, "mapping"),
        ([{"filter": "mlp", "values": 1}], "values"),
        ([{"filter": "mlp"}], "value"),
        ([{"filter": "mlp", "value": [{"value": 1}]}], "rules within rules"),
    ],
)
def test_what_is_neither_value_nor_profile_nor_rules_is_refused(value: object, why: str) -> None:
    with pytest.raises(LexgraftError, match=why):
        checked(weight=value)


@settings(deadline=None, max_examples=50)
@given(
    values=st.lists(st.floats(-100, 100, allow_nan=False), min_size=1, max_size=6),
    depth=st.floats(0, 1),
)
def test_a_profile_passes_through_its_values_and_stays_between_them(
    values: list[float], depth: float
) -> None:
    profile = checked(weight=values)["weight"]
    found = value_at(profile, "w", depth)
    assert min(values) - 1e-9 <= found <= max(values) + 1e-9
    ends = [value_at(profile, "w", at) for at in (0.0, 1.0)]
    assert ends == [values[0], values[-1]]
    if values == sorted(values):
        points = [value_at(profile, "w", step / 20) for step in range(21)]
        assert all(a <= b + 1e-9 for a, b in pairwise(points))


def test_lines_is_a_profile_of_lambda_over_the_depth() -> None:
    # LiNeS (arXiv 2410.17146, equation 4): layer l of L is scaled by α + β · (l - 1) / (L - 1)
    method = METHODS["task_arithmetic"]
    chosen = method.settings({"lambda": [0.2, 1.0]}, LABELS)
    scales = [
        method.settings_at(chosen, replace(PLACE, layer=layer, depth=layer / 4))["lambda"]
        for layer in range(5)
    ]
    assert scales == pytest.approx([0.2, 0.4, 0.6, 0.8, 1.0])
