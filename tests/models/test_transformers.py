"""Scores, free answers and bits of tiny real models, against ordinary forwards."""

import math
from pathlib import Path

import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from lexgraft.errors import UserError
from lexgraft.models.transformers import TransformersModel

ITEMS = [
    (
        "The muscle of the heart is called",
        [" myocardium", " myometrium", " mitral valve", " atrium"],
    ),
    ("心臓の筋肉の層:", ["心筋", "心膜", "子宮筋層"]),
    ("A:", ["x", "xy", "xyz"]),
    ("Trailing space: ", ["one", "two"]),
]


def plain(folder: Path, context: str, option: str) -> float:
    """The score of one option by the ordinary route, written without the package."""
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    tokenizer = AutoTokenizer.from_pretrained(folder)
    bare = context.rstrip()
    context, option = bare, context[len(bare) :] + option
    start = len(tokenizer(context)["input_ids"])
    ids = tokenizer(context + option, return_tensors="pt")["input_ids"]
    with torch.inference_mode():
        logprobs = model(ids).logits[0].double().log_softmax(-1)
    return sum(float(logprobs[i - 1, ids[0, i]]) for i in range(start, ids.shape[1]))


def load(folder: Path) -> TransformersModel:
    return TransformersModel.load(folder, "d" * 8, 1)


@pytest.mark.parametrize("architecture", ["gemma3", "gemma2", "llama", "qwen2", "gpt2", "mistral"])
def test_sharing_the_context_changes_no_score(architecture: str, make_model) -> None:
    folder = make_model(architecture)
    model = load(folder)
    assert model.scoring == "shared"
    for (context, options), scores in zip(ITEMS, model.loglikelihoods(ITEMS), strict=True):
        for option, score in zip(options, scores, strict=True):
            assert score.loglik == pytest.approx(plain(folder, context, option), abs=1e-4)


def test_an_architecture_with_scaled_logits_is_scored_plainly_and_rightly(make_model) -> None:
    folder = make_model("granite")
    model = load(folder)
    assert model.scoring == "plain"
    context, options = ITEMS[0]
    for option, score in zip(options, model.loglikelihoods([ITEMS[0]])[0], strict=True):
        assert score.loglik == pytest.approx(plain(folder, context, option), abs=1e-4)
