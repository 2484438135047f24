"""Choosing layers: patterns, ranges, and what is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lexgraft.errors import UserError
from lexgraft.tune.choose import choose_layers

NAMES = [
    f"model.layers.{layer}.{part}"
    for layer in range(12)
    for part in ("self_attn.q_proj", "self_attn.o_proj", "mlp.up_proj", "mlp.down_proj")
]


def test_linear_is_every_layer() -> None:
    assert choose_layers(NAMES, ["linear"]) == tuple(sorted(NAMES))


def test_a_role_chooses_its_layers() -> None:
    chosen = choose_layers(NAMES, ["attention"])
    assert len(chosen) == 24
    assert all(".self_attn." in name for name in chosen)


def test_a_range_counts_layers_as_numbers() -> None:
    chosen = choose_layers(NAMES, ["mlp@9-10"])
    assert {name.split(".")[2] for name in chosen} == {"9", "10"}
    assert choose_layers(NAMES, ["mlp@1"]) == (
        "model.layers.1.mlp.down_proj",
        "model.layers.1.mlp.up_proj",
    )


def test_a_wildcard_chooses_by_whole_name_and_patterns_add_up() -> None:
    assert len(choose_layers(NAMES, ["*.q_proj@0-3", "*.up_proj@0", "*.up_proj@0-1"])) == 6


@pytest.mark.parametrize("pattern", ["q_proj", "mlp@40", "norm", "attention@5-4"])
def test_a_pattern_that_chooses_nothing_is_refused_with_what_there_is(pattern: str) -> None:
    with pytest.raises(UserError, match=r"attention, mlp, linear, \*\.down_proj.*layers 0-11"):
        choose_layers(NAMES, [pattern])


def test_what_is_no_pattern_is_refused() -> None:
    with pytest.raises(UserError, match="not a pattern"):
        choose_layers(NAMES, ["mlp@first"])


@given(st.permutations(NAMES), st.integers(0, 11), st.integers(0, 11))
def test_the_choice_does_not_depend_on_the_order_of_names(
    names: list[str], one: int, other: int
) -> None:
    first, last = sorted((one, other))
    pattern = f"linear@{first}-{last}"
    assert choose_layers(names, [pattern]) == choose_layers(NAMES, [pattern])
    assert len(choose_layers(names, [pattern])) == 4 * (last - first + 1)
