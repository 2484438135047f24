"""Recipes whose models number their tokens differently: read, refused, brought together."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tiny_tokenizers import DOMAIN, GENERAL, train

from lexgraft.errors import LexgraftError
from lexgraft.weights.merge.multi_recipe import RecipeStep, plan_stages, run_stages
from lexgraft.weights.merge.recipe import (
    ModelName,
    TokenChoice,
    read_recipes,
    token_choices,
    vocabulary_of,
)
from lexgraft.weights.methods import METHODS
from lexgraft.weights.tokenizer.tokenizer_file import read_document

ModelOf = Callable[..., Path]
MODELS = "models: [{model: domain}]\nbase_model: general\nmerge_method: task_arithmetic\n"
MARK = "<|doctor|>"
EMBEDDING = "model.embed_tokens.weight"


def recipe(folder: Path, text: str) -> Path:
    (folder / "recipe.yaml").write_text(text, encoding="utf-8")
    return folder / "recipe.yaml"


def planned(folder: Path, text: str) -> list[RecipeStep]:
    recipes = read_recipes(recipe(folder, text))
    return [*plan_stages(recipes, lambda path, _: folder / path, 0)]


def merged(folder: Path, text: str, output: str = "out") -> Path:
    recipes = read_recipes(recipe(folder, text))
    run_stages(recipes, lambda path, _: folder / path, 0, folder / output)
    return folder / output


def test_the_keys_of_a_tokenizer_are_read_as_mergekit_means_them(tmp_path: Path) -> None:
    text = """
tokenizer:
  source: domain
  pad_to_multiple_of: 64
  tokens:
    <|a|>: {source: domain+adapter}
    <|b|>: {source: {kind: zero}, force: true}
    <|c|>: {source: {kind: model_token, model: base@v1, token_id: 7}}
    <|d|>: {source: {kind: model_token, model: {model: {path: base}}, token: <s>}}
"""
    (found,) = read_recipes(recipe(tmp_path, MODELS + text))
    assert vocabulary_of(found) == ModelName("domain")
    assert token_choices(found) == {
        "<|a|>": TokenChoice(ModelName("domain", adapter="adapter"), None, force=False),
        "<|b|>": TokenChoice(None, None, force=True),
        "<|c|>": TokenChoice(ModelName("base", "v1"), 7, force=False),
        "<|d|>": TokenChoice(ModelName("base"), "<s>", force=False),
    }
    (plain,) = read_recipes(recipe(tmp_path, MODELS + "tokenizer: {pad_to_multiple_of: 8}\n"))
    assert vocabulary_of(plain) == "union"
    (older,) = read_recipes(recipe(tmp_path, MODELS + "tokenizer_source: base\n"))
    assert vocabulary_of(older) == "base"
    (oldest,) = read_recipes(recipe(tmp_path, MODELS + "tokenizer_source: model:domain\n"))
    assert vocabulary_of(oldest) == ModelName("domain")


WRONG = {
    "did you mean `pad_to_multiple_of`": "{pad_to_multiple: 8}",
    "did you mean `force`": "{tokens: {x: {source: base, forced: true}}}",
    "did you mean `token_id`": "{tokens: {x: {source: {kind: model_token, tokenid: 1}}}}",
    "kinds: zero, model_token": "{tokens: {x: {source: {kind: zeros}}}}",
    "exactly one of token": "{tokens: {x: {source: {kind: model_token, model: base}}}}",
    "from no model": "{tokens: {x: {source: {kind: zero, model: base}}}}",
    "without a source": "{tokens: {x: {force: true}}}",
    ">= 1": "{pad_to_multiple_of: 0}",
    "does not name a model": "{tokens: {x: {source: {kind: model_token, model: 3, token: y}}}}",
}


@pytest.mark.parametrize("why", list(WRONG))
def test_what_a_tokenizer_cannot_mean_is_refused_when_it_is_read(tmp_path: Path, why: str) -> None:
    with pytest.raises(LexgraftError) as error:
        read_recipes(recipe(tmp_path, f"{MODELS}tokenizer: {WRONG[why]}\n"))
    assert why in str(error.value)


def marked(content: dict[str, Any], mark: str) -> dict[str, Any]:
    """Return a tokenizer with one more special token."""
    size = 1 + max(*content["model"]["vocab"].values(), *(r["id"] for r in content["added_tokens"]))
    flags = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False}
    row = {"id": size, "content": mark, "special": True} | flags
    return {**content, "added_tokens": [*content["added_tokens"], row]}


@pytest.fixture
def two(model_of: ModelOf) -> Path:
    """Return the folder with two models, each with a tokenizer of its own."""
    domain = marked(train("byte-level", 460, [*GENERAL, *DOMAIN]), MARK)
    model_of("byte-level", "domain", seed=2, content=domain)
    return model_of("byte-level", "general", seed=1).parent


@pytest.mark.slow
def test_different_vocabularies_need_a_policy_and_the_cure_is_named(two: Path) -> None:
    with pytest.raises(LexgraftError, match="tokenizer_source: union"):
        planned(two, MODELS)
    refused = {
        "no token 'nowhere'": "tokenizer: {tokens: {nowhere: {source: general}}}\n",
        "without base_model": "tokenizer_source: base\n",
        "others use it": "name: x\ntokenizer_source: union\n---\n"
        "models: [{model: x}, {model: general}]\nmerge_method: linear\n",
        "result of another document": "name: x\nmodels: [{model: domain}]\n"
        "merge_method: linear\n---\nmodels: [{model: x}, {model: general}]\n"
        "merge_method: linear\ntokenizer_source: union\n",
    }
    linear = "models: [{model: domain}, {model: general}]\nmerge_method: linear\n"
    for why, text in refused.items():
        start = "" if text.count("models:") > 1 else linear
        with pytest.raises(LexgraftError, match=why):
            planned(two, start + text)


@pytest.mark.slow
def test_a_plan_shows_the_common_vocabulary_and_writes_nothing(two: Path) -> None:
    before = sorted(two.rglob("*"))
    text = MODELS + "tokenizer: {source: union, pad_to_multiple_of: 64}\n"
    (stage,) = planned(two, text)
    assert sorted({*two.rglob("*")} - {two / "recipe.yaml"}) == before
    rows = stage.plan.layout.slots[EMBEDDING].shape[0]
    assert rows % 64 == 0
    out = merged(two, text)
    assert not (two / "out.stages").exists()
    config = json.loads((out / "config.json").read_text(encoding="utf-8"))
    assert config["vocab_size"] == rows
    assert MARK in read_document(out).specials


@pytest.mark.slow
def test_one_vocabulary_is_merged_as_before_whatever_the_policy(model_of: ModelOf) -> None:
    folder = model_of("byte-level", "general", seed=1).parent
    model_of("byte-level", "domain", seed=2)
    digests = []
    for line in ("", "tokenizer_source: base\n", "tokenizer_source: union\n"):
        (stage,) = planned(folder, MODELS + line)
        assert stage.joined is None
        digests.append(stage.plan.digest)
    assert len({*digests}) == 1


@pytest.mark.slow
@pytest.mark.parametrize("policy", ["general", "domain"])
def test_the_result_has_the_vocabulary_that_was_asked_for(two: Path, policy: str) -> None:
    out = merged(two, f"{MODELS}tokenizer_source: {policy}\n")
    assert read_document(out).tokens == read_document(two / policy).tokens


@pytest.mark.slow
def test_a_chosen_row_is_the_one_that_the_result_has(two: Path) -> None:
    from safetensors.torch import load_file

    text = "models: [{model: general}, {model: domain}]\nmerge_method: linear\n"
    rows = f"tokenizer: {{tokens: {{'{MARK}': {{source: {{kind: zero}}, force: true}}}}}}\n"
    out = merged(two, text + rows)
    number = read_document(out).added[MARK]
    found = load_file(out / "model.safetensors")[EMBEDDING]
    assert not found[number].any()
    assert found[number - 1].any()


def by(method: str) -> str:
    """Return a recipe of one method over models of two tokenizers."""
    text = f"merge_method: {method}\ndtype: float32\n"
    if method == "passthrough":
        return f"{text}models: [{{model: domain}}]\ntokenizer_source: general\n"
    few, many = METHODS[method].models
    other = ", {model: language}" if many is None or few > 1 else ""
    models = f"[{{model: domain}}{other}]"
    return f"{text}base_model: general\nmodels: {models}\ntokenizer_source: union\n"


@pytest.mark.slow
def test_models_of_two_tokenizers_merge_with_every_method(two: Path, model_of: ModelOf) -> None:
    from transformers import AutoModelForCausalLM, AutoTokenizer

    model_of("byte-level", "language", seed=3)
    for name in METHODS:
        out = merged(two, by(name), name)
        model = AutoModelForCausalLM.from_pretrained(out)
        ids = AutoTokenizer.from_pretrained(out)(DOMAIN[3], return_tensors="pt")["input_ids"]
        logits = model(ids).logits
        assert logits.isfinite().all(), name
        assert logits.shape[-1] >= read_document(out).size, name
