"""Choosing layers: patterns, ranges, and what is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lexgraft.errors import LexgraftError
from lexgraft.tuning.trainable_names import choose_names

NAMES = [
    f"model.layers.{layer}.{part}"
    for layer in range(12)
    for part in ("self_attn.q_proj", "self_attn.o_proj", "mlp.up_proj", "mlp.down_proj")
]


def test_linear_is_every_layer() -> None:
    assert choose_names(NAMES, ["linear"]) == tuple(sorted(NAMES))


def test_a_role_chooses_its_layers() -> None:
    chosen = choose_names(NAMES, ["attention"])
    assert len(chosen) == 24
    assert all(".self_attn." in name for name in chosen)


def test_a_range_counts_layers_as_numbers() -> None:
    chosen = choose_names(NAMES, ["mlp@9-10"])
    assert {name.split(".")[2] for name in chosen} == {"9", "10"}
    assert choose_names(NAMES, ["mlp@1"]) == (
        "model.layers.1.mlp.down_proj",
        "model.layers.1.mlp.up_proj",
    )


def test_a_wildcard_chooses_by_whole_name_and_patterns_add_up() -> None:
    assert len(choose_names(NAMES, ["*.q_proj@0-3", "*.up_proj@0", "*.up_proj@0-1"])) == 6


PARAMETERS = [
    *(f"{name}.weight" for name in NAMES),
    "model.embed_tokens.weight",
    "model.norm.weight",
    "model.layers.0.self_attn.q_norm.weight",
    "lm_head.weight",
]


def test_parameters_are_chosen_by_the_part_they_play() -> None:
    assert choose_names(PARAMETERS, ["linear"]) == tuple(sorted(f"{name}.weight" for name in NAMES))
    assert choose_names(PARAMETERS, ["embedding"]) == ("model.embed_tokens.weight",)
    assert choose_names(PARAMETERS, ["head"]) == ("lm_head.weight",)
    assert len(choose_names(PARAMETERS, ["norm"])) == 2
    assert choose_names(PARAMETERS, ["everything"]) == tuple(sorted(PARAMETERS))


@pytest.mark.parametrize("pattern", ["q_proj", "mlp@40", "norm", "attention@5-4"])
def test_a_pattern_that_chooses_nothing_is_refused_with_what_there_is(pattern: str) -> None:
    with pytest.raises(
        LexgraftError, match=r"attention, mlp, .*linear, everything, \*\.down_proj.*layers 0-11"
    ):
        choose_names(NAMES, [pattern])


def test_what_is_no_pattern_is_refused() -> None:
    with pytest.raises(LexgraftError, match="not a pattern"):
        choose_names(NAMES, ["mlp@first"])


@given(st.permutations(NAMES), st.integers(0, 11), st.integers(0, 11))
def test_the_choice_does_not_depend_on_the_order_of_names(
    names: list[str], one: int, other: int
) -> None:
    first, last = sorted((one, other))
    pattern = f"linear@{first}-{last}"
    assert choose_names(names, [pattern]) == choose_names(NAMES, [pattern])
    assert len(choose_names(names, [pattern])) == 4 * (last - first + 1)
