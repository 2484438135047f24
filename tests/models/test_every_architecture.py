"""Every causal architecture of transformers is scored as a plain loop scores it."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from causal_architectures import NOT_CAUSAL, VOCABULARY, build, names

from lexgraft.errors import LexgraftError
from lexgraft.models.agreed_trees import AgreedTrees
from lexgraft.models.length_limit import longest_input
from lexgraft.models.load_checks import check_causal
from lexgraft.models.token_tree import TokenTree, build_rows

pytestmark = pytest.mark.slow


def ids(seed: int, count: int) -> list[int]:
    return [(seed * 7919 + place * 104729) % VOCABULARY for place in range(count)]


OPTIONS = [ids(5, 6), ids(7, 3), [*ids(5, 2), 9]]


def rows(*contexts: int) -> list[TokenTree]:
    """Return a question per length of its context; all begin alike."""
    return [row for size in contexts for row in build_rows(ids(3, size), OPTIONS, 1 << 20)]


def by_a_plain_loop(model: Any, context: Sequence[int], option: Sequence[int]) -> float:
    """Return log P(option) by one ordinary forward, every logit."""
    with torch.inference_mode():
        logits = model(input_ids=torch.tensor([[*context, *option]])).logits[0]
    logprobs = logits.double().log_softmax(-1)
    return sum(float(logprobs[len(context) + i - 1, token]) for i, token in enumerate(option))


def check(model: Any, scorer: AgreedTrees, contexts: Sequence[int]) -> None:
    asked = rows(*contexts)
    for size, row, scores in zip(contexts, asked, scorer.score(asked), strict=True):
        found = [0.0] * len(OPTIONS)
        for want, score in zip(row.wanted, scores, strict=True):
            found[want.option] += score.logprob
        expected = [by_a_plain_loop(model, ids(3, size), option) for option in OPTIONS]
        assert found == pytest.approx(expected, abs=1e-4)


def scorer_of(model: Any) -> AgreedTrees:
    return AgreedTrees(model, 1024, longest_input(model))


@pytest.mark.parametrize("name", [name for name in names() if name not in NOT_CAUSAL])
def test_scores_are_those_of_a_plain_loop_or_a_warning_says_why_they_are_asked_plainly(
    name: str,
) -> None:
    model = build(name)
    check_causal(model, Path())
    scorer = scorer_of(model)
    assert scorer.shares or "one by one" in scorer.warning
    check(model, scorer, (3, 40, 90, 110))


@pytest.mark.parametrize("name", sorted(NOT_CAUSAL))
def test_a_model_that_sees_what_follows_is_refused(name: str) -> None:
    with pytest.raises(LexgraftError, match="what follows"):
        check_causal(build(name), Path())


LIMIT = 300
LONGROPE = {
    "rope_type": "longrope",
    "rope_theta": 10000.0,
    "short_factor": [1.0] * 4,
    "long_factor": [3.0, 2.0, 4.0, 5.0],
    "original_max_position_embeddings": LIMIT,
}
BEYOND: dict[str, tuple[dict[str, Any], bool]] = {
    "gpt_neo": ({"window_size": LIMIT, "attention_types": [[["global", "local"], 2]]}, True),
    "phi3": (
        {
            "rope_parameters": LONGROPE,
            "original_max_position_embeddings": LIMIT,
            "sliding_window": None,
        },
        True,
    ),
    "llama4_text": ({"attention_chunk_size": LIMIT}, True),
    "mistral": ({"sliding_window": LIMIT}, False),
    "gemma3_text": ({"sliding_window": LIMIT}, False),
    "deepseek_v32": ({"index_topk": LIMIT}, False),
}
"""A limit longer than what is looked at on loading, and whether rows beyond it are no trees."""


@pytest.mark.parametrize("name", BEYOND)
def test_a_limit_of_attention_is_found_however_long_it_is(name: str) -> None:
    changed, ends = BEYOND[name]
    model = build(name, **changed)
    scorer = scorer_of(model)
    check(model, scorer, (200, 210, 420, 500))  # in one batch, on both sides of the limit
    assert ("one by one" in scorer.warning) == (ends or not scorer.shares)
