"""Rows are token trees only as far as these agree with plain forwards."""

from collections.abc import Sequence
from typing import Any

import pytest
import torch
from causal_architectures import VOCABULARY, build

from lexgraft.models.agreed_trees import AgreedTrees
from lexgraft.models.length_limit import longest_input
from lexgraft.models.scoring import score_plainly
from lexgraft.models.token_tree import TokenTree, build_rows
from lexgraft.models.tree_probes import COMPARED, long_probes


def ids(seed: int, count: int) -> list[int]:
    return [(seed * 7919 + place * 104729) % VOCABULARY for place in range(count)]


def rows(*contexts: int) -> list[TokenTree]:
    options = [ids(5, 9), ids(7, 3)]
    return [row for size in contexts for row in build_rows(ids(3, size), options, 1 << 20)]


def apart(model: Any, scorer: AgreedTrees, asked: Sequence[TokenTree]) -> float:
    """Return the most nats by which a token's score differs from a plain forward's."""
    with torch.inference_mode():
        plain = score_plainly(model, asked)
    pairs = zip(scorer.score(asked), plain, strict=True)
    return max(
        abs(a.logprob - b.logprob) for one, two in pairs for a, b in zip(one, two, strict=True)
    )


def scorer_of(model: Any) -> AgreedTrees:
    return AgreedTrees(model, 1024, longest_input(model))


def test_a_window_by_another_name_is_found_when_the_model_is_loaded() -> None:
    """GPT-Neo's `window_size` was wrong by more than a nat, unnoticed."""
    model = build("gpt_neo", window_size=24)
    scorer = scorer_of(model)
    assert not scorer.shares
    assert "one by one" in scorer.warning
    assert apart(model, scorer, rows(5, 60)) < 1e-4


def test_a_limit_beyond_the_first_look_is_found_by_the_first_row_that_long() -> None:
    model = build("gpt_neo", window_size=300)
    scorer = scorer_of(model)
    assert (scorer.shares, scorer.warning) == (True, "")
    assert apart(model, scorer, rows(5, 60, 200)) < 1e-4
    assert scorer.warning == ""
    assert apart(model, scorer, rows(200, 400)) < 1e-4
    assert "of more than 256 tokens" in scorer.warning


def test_how_a_row_is_scored_does_not_depend_on_what_was_scored_before() -> None:
    model = build("gpt_neo", window_size=300)
    fresh, used = scorer_of(model), scorer_of(model)
    used.score(rows(500))
    used.forget()
    assert used.warning == ""
    assert used.score(rows(100, 270)) == fresh.score(rows(100, 270))


def test_what_limits_nothing_is_a_tree_at_any_length() -> None:
    model = build("llama", num_hidden_layers=2)
    scorer = scorer_of(model)
    assert apart(model, scorer, rows(5, 300, 700)) < 1e-4
    assert scorer.warning == ""
    assert scorer.shares_headers


@pytest.mark.parametrize("columns", [32, 100, 256])
def test_probes_are_as_long_as_they_say_and_shift_the_short_option(columns: int) -> None:
    long, other = long_probes(VOCABULARY, columns)
    assert len(long.tokens) == columns - 2  # the last token of an option is never an input
    assert len(other.tokens) == columns // 2 + COMPARED - 1
    last = {want.option: want for want in long.wanted}
    shifted = long.wanted[-1].column - long.positions()[long.wanted[-1].column]
    assert last[1].column - last[0].column >= 0
    assert shifted == columns // 4 - 1
    assert len(long.wanted) == 2 * COMPARED
