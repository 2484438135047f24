import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tiny_tokenizers import DOMAIN, GENERAL, train

from lexgraft.errors import LexgraftError
from lexgraft.project import Candidate
from lexgraft.weights.checkpoint.checkpoint_index import open_checkpoint
from lexgraft.weights.checkpoint.input_model import InputModel
from lexgraft.weights.checkpoint.safetensors_header import TensorEntry
from lexgraft.weights.checkpoint.tensor_reading import read_flat
from lexgraft.weights.merge.disk_merge import run_merge
from lexgraft.weights.merge.merge_plan import plan_merge
from lexgraft.weights.methods import METHODS
from lexgraft.weights.tokenizer.tokenizer_file import check_document, read_document
from lexgraft.weights.vocabulary.align import AlignedVocabulary, AlignmentMember, align_vocabularies
from lexgraft.weights.vocabulary.token_alignment import check_map, map_vocabularies

pytestmark = pytest.mark.slow

ModelOf = Callable[..., Path]
EMBEDDING, HEAD = "model.embed_tokens.weight", "lm_head.weight"


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
        with pytest.raises(LexgraftError, match=why):
            check_map(plan, base, other)


def test_vocabularies_with_nothing_in_common_are_refused():
    def one(*tokens: str) -> dict[str, Any]:
        vocab = {token: number for number, token in enumerate(tokens)}
        return {"added_tokens": [], "model": {"type": "WordPiece", "vocab": vocab}}

    with pytest.raises(LexgraftError, match="nothing in common"):
        map_vocabularies(check_document(one("a", "b"), "x"), check_document(one("c", "d"), "y"))


def flat(entry: TensorEntry) -> torch.Tensor:
    return read_flat(entry, 0, entry.size)


def together(output: Path, *folders: Path, policy: str = "base") -> AlignedVocabulary:
    """Return models in one vocabulary, named by their folders."""
    return align_vocabularies(
        [AlignmentMember(f.name, open_checkpoint(f), f) for f in folders], output, policy
    )


def test_a_renumbered_model_is_the_same_model_in_the_bases_order(
    model_of: ModelOf, contents: dict[str, dict[str, Any]], tmp_path: Path
):
    base = model_of("byte-level", "base", tied=False)
    turned = renumbered(base, tmp_path / "turned", shuffled(contents["byte-level"]))
    one, other = together(tmp_path / "work", base, turned).checkpoints
    for name, entry in one.tensors.items():
        assert torch.equal(flat(entry), flat(other.tensors[name]))


def swapped(content: dict[str, Any], special: str, text: str) -> dict[str, Any]:
    """Return a tokenizer in which a special token and a word of text have changed numbers."""
    vocab = dict(content["model"]["vocab"])
    vocab[special], vocab[text] = vocab[text], vocab[special]
    rows = [row | {"id": vocab[row["content"]]} for row in content["added_tokens"]]
    return {**content, "added_tokens": rows, "model": {**content["model"], "vocab": vocab}}


def without(content: dict[str, Any], token: str) -> dict[str, Any]:
    """Return a tokenizer that has lost a token, and the merges it stands in."""
    vocab = {text: number for text, number in content["model"]["vocab"].items() if text != token}
    merges = [
        pair for pair in content["model"]["merges"] if "".join(pair) in vocab and token not in pair
    ]
    return {**content, "model": {**content["model"], "vocab": vocab, "merges": merges}}


PLANTS: dict[str, tuple[Callable[[dict[str, Any]], dict[str, Any]], str]] = {
    "permuted ids": (shuffled, "does not belong to its weights"),
    "one token missing": (lambda content: without(content, "Ġthe"), "lost a token"),
    "special as text": (lambda content: swapped(content, "<s>", "Ġthe"), "not belong to its"),
}


@pytest.mark.parametrize("policy", ["base", "union", "other"])
@pytest.mark.parametrize("plant", PLANTS)
def test_a_tokenizer_that_is_not_the_weights_is_caught_under_every_policy(
    model_of: ModelOf, contents: dict[str, dict[str, Any]], tmp_path: Path, plant: str, policy: str
):
    """Both models have the same weights: only the tokenizer beside one of them is wrong."""
    make, why = PLANTS[plant]
    content = make(contents["byte-level"])
    folders = model_of("byte-level", "base"), model_of("byte-level", "other", content=content)
    if plant == "one token missing":  # its row is still there
        for name in ("model.safetensors", "config.json"):
            (folders[1] / name).write_bytes((folders[0] / name).read_bytes())
    with pytest.raises(LexgraftError, match=why):
        together(tmp_path / "work", *folders, policy=policy)
    assert not (tmp_path / "work").exists()


FAST = ("linear", "ties")


@pytest.mark.parametrize(
    "method",
    [pytest.param(name, marks=[] if name in FAST else [pytest.mark.slow]) for name in METHODS],
)
def test_models_of_two_tokenizers_merge_by_every_method(
    model_of: ModelOf, tmp_path: Path, method: str
):
    from transformers import AutoModelForCausalLM

    base = model_of("byte-level", "base", tied=False)
    content = train("byte-level", 460, [*GENERAL, *DOMAIN])
    domain = model_of("byte-level", "domain", tied=False, seed=4, content=content)
    language = model_of("byte-level", "language", tied=False, seed=5)
    first, *others = together(tmp_path / "work", base, language, domain).checkpoints
    parts = {
        label: InputModel(label, first, other)
        for label, other in zip(("language", "domain"), others, strict=True)
    }
    try:
        plan = plan_merge(Candidate(method), first, parts, "float32", 1)
    except LexgraftError:  # a method of one model
        plan = plan_merge(Candidate(method), first, {"domain": parts["domain"]}, "float32", 1)
    run_merge(plan, tmp_path / "merged")
    model = AutoModelForCausalLM.from_pretrained(tmp_path / "merged")
    assert torch.isfinite(model(torch.arange(8, 40)[None]).logits).all()


def test_a_tied_model_fills_a_separate_head_and_not_the_other_way_round(
    model_of: ModelOf, tmp_path: Path
):
    content = train("unigram", 300, DOMAIN)
    untied = model_of("unigram", "untied", tied=False)
    tied = model_of("unigram", "tied", seed=2, content=content)
    _, filled = together(tmp_path / "work", untied, tied).checkpoints
    plan = map_vocabularies(read_document(untied), read_document(tied))
    shared = np.flatnonzero(plan.ids >= 0).tolist()
    rows = [flat(filled.tensors[name]).view(-1, 16)[shared] for name in (HEAD, EMBEDDING)]
    assert len(shared) > 10
    assert torch.equal(*rows)
    with pytest.raises(LexgraftError, match="tied in the other"):
        together(tmp_path / "more", tied, untied)


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
