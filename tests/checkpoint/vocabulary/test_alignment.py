import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tiny_tokenizers import DOMAIN, GENERAL, train

from lexgraft.checkpoint.index import open_checkpoint
from lexgraft.checkpoint.vocabulary.aligned import aligned_constituent
from lexgraft.checkpoint.vocabulary.alignment import check_map, map_vocabularies
from lexgraft.checkpoint.vocabulary.document import check_document
from lexgraft.checkpoint.vocabulary.folder import write_aligned
from lexgraft.errors import UserError
from lexgraft.merge.blocks import run_merge
from lexgraft.merge.plan import plan_merge
from lexgraft.methods import METHODS
from lexgraft.project import Candidate

pytestmark = pytest.mark.slow

ModelOf = Callable[..., Path]
EMBEDDING = "model.embed_tokens.weight"


def shuffled(content: dict[str, Any]) -> dict[str, Any]:
    """Return the same tokenizer with its text tokens numbered backwards."""
    vocab: dict[str, int] = content["model"]["vocab"]
    top = max(vocab.values())
    special = {row["content"] for row in content["added_tokens"]}
    turned = {t: n if t in special else top + len(special) - n for t, n in vocab.items()}
    return {**content, "model": {**content["model"], "vocab": turned}}


def test_tokens_meet_by_their_bytes_whatever_the_spelling(contents: dict[str, dict[str, Any]]):
    base = check_document(contents["byte-level"], "base")
    other = check_document(contents["byte-fallback"], "other")
    found = map_vocabularies(base, other)
    joined = {base.tokens[n]: other.tokens[i] for n, i in enumerate(found.ids.tolist()) if i >= 0}
    assert joined["Ġ"] == "▁"
    assert joined["ãĢĤ"] == "。"
    assert joined["å"] == "<0xE5>"
    assert int(found.ids[base.added["<s>"]]) == other.added["<s>"]
    assert found.lacking == int((found.ids < 0).sum())
    check_map(found, base, other)


def test_the_same_vocabulary_is_a_plain_map(contents: dict[str, dict[str, Any]]):
    base = check_document(contents["unigram"], "base")
    assert map_vocabularies(base, base).is_plain
    turned = check_document(shuffled(contents["byte-level"]), "turned")
    assert not map_vocabularies(check_document(contents["byte-level"], "base"), turned).is_plain


def test_wrong_maps_are_caught(contents: dict[str, dict[str, Any]]):
    base = check_document(contents["byte-level"], "base")
    other = check_document(shuffled(contents["byte-level"]), "other")
    right = map_vocabularies(base, other)

    def planted(**places: int) -> Any:
        ids = right.ids.copy()
        for place, value in places.items():
            ids[int(place[1:])] = value
        return replace(right, ids=ids)

    check_map(right, base, other)
    wrong = {
        "id 3 is": replace(right, ids=np.arange(base.size)),  # permuted ids taken as they are
        "left out": planted(_7=-1),  # one token missing
        "is special": planted(_1=int(right.ids[9]), _9=-1),  # a special token mapped to text
        "have one row": planted(_7=int(right.ids[8])),
        "another size": replace(right, ids=right.ids[:-1]),
    }
    for why, plan in wrong.items():
        with pytest.raises(UserError, match=why):
            check_map(plan, base, other)


def test_vocabularies_with_nothing_in_common_are_refused():
    def one(*tokens: str) -> dict[str, Any]:
        vocab = {token: number for number, token in enumerate(tokens)}
        return {"added_tokens": [], "model": {"type": "WordPiece", "vocab": vocab}}

    with pytest.raises(UserError, match="nothing in common"):
        map_vocabularies(check_document(one("a", "b"), "x"), check_document(one("c", "d"), "y"))


def test_a_renumbered_model_is_the_same_model_in_the_bases_order(
    model_of: ModelOf, contents: dict[str, dict[str, Any]], tmp_path: Path
):
    base_folder = model_of("byte-level", "base", tied=False)
    base = open_checkpoint(base_folder)
    turned = renumbered(base_folder, tmp_path / "turned", shuffled(contents["byte-level"]))
    part = aligned_constituent(turned, base, "domain")
    for name in base.tensors:
        delta = part.delta(name)
        assert delta is None or not delta.any()
    assert torch.equal(part.tensor(EMBEDDING)[7:11], part.tensor(EMBEDDING)[7:11])
    piece = part.delta(EMBEDDING, 7, 11)
    assert piece is not None
    assert piece.shape == (4, 16)


def test_a_tokenizer_that_is_not_the_weights_is_caught(
    model_of: ModelOf, contents: dict[str, dict[str, Any]]
):
    base = open_checkpoint(model_of("byte-level", "base"))
    other = model_of("byte-level", "other", content=shuffled(contents["byte-level"]))
    with pytest.raises(UserError, match="does not belong to its weights"):
        aligned_constituent(other, base, "domain")


FAST = ("linear", "ties")


@pytest.mark.parametrize(
    "method",
    [pytest.param(name, marks=[] if name in FAST else [pytest.mark.slow]) for name in METHODS],
)
def test_models_of_two_tokenizers_merge_by_every_method(
    model_of: ModelOf, tmp_path: Path, method: str
):
    from transformers import AutoModelForCausalLM

    base = open_checkpoint(model_of("byte-level", "base", tied=False))
    content = train("byte-level", 460, [*GENERAL, *DOMAIN])
    other = model_of("byte-level", "other", tied=False, seed=4, content=content)
    third = model_of("byte-level", "third", tied=False, seed=5)
    parts = {
        "language": aligned_constituent(third, base, "language"),
        "domain": aligned_constituent(other, base, "domain"),
    }
    try:
        plan = plan_merge(Candidate(method), base, parts, "float32", 1)
    except UserError:  # a method of one model
        plan = plan_merge(Candidate(method), base, {"domain": parts["domain"]}, "float32", 1)
    run_merge(plan, tmp_path / "merged")
    model = AutoModelForCausalLM.from_pretrained(tmp_path / "merged")
    assert torch.isfinite(model(torch.arange(8, 40)[None]).logits).all()


def test_a_tied_model_fills_a_separate_head_and_not_the_other_way_round(
    model_of: ModelOf, tmp_path: Path
):
    untied = open_checkpoint(model_of("unigram", "untied", tied=False))
    tied = model_of("unigram", "tied", seed=2)
    part = aligned_constituent(tied, untied, "domain")
    assert torch.equal(part.tensor("lm_head.weight"), part.tensor(EMBEDDING))
    with pytest.raises(UserError, match="tied in the other"):
        aligned_constituent(untied.folder, open_checkpoint(tied), "domain")
    counts = write_aligned(untied, tied, tmp_path / "out")
    assert counts["only in the base"] == 0
    written = open_checkpoint(tmp_path / "out")
    assert written.tensors.keys() == untied.tensors.keys()


def renumbered(folder: Path, output: Path, content: dict[str, Any]) -> Path:
    """Save a model again with its rows in the order of another numbering of its tokens."""
    from safetensors.torch import load_file, save_file

    output.mkdir()
    old = json.loads((folder / "tokenizer.json").read_text(encoding="utf-8"))["model"]["vocab"]
    order = [0] * len(old)
    for token, number in content["model"]["vocab"].items():
        order[number] = old[token]
    tensors = load_file(folder / "model.safetensors")
    for name in (EMBEDDING, "lm_head.weight"):
        tensors[name] = tensors[name][order].clone()
    save_file(tensors, output / "model.safetensors")
    for name in ("config.json", "tokenizer_config.json"):
        (output / name).write_bytes((folder / name).read_bytes())
    (output / "tokenizer.json").write_text(json.dumps(content), encoding="utf-8")
    return output
