import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from tiny_tokenizers import DOMAIN, GENERAL, TERMS

from lexgraft.errors import LexgraftError
from lexgraft.weights.checkpoint.checkpoint_index import open_checkpoint
from lexgraft.weights.vocabulary.expanded_folder import open_donor, write_model, write_tokenizer
from lexgraft.weights.vocabulary.expansion import Expansion
from lexgraft.weights.vocabulary.expansion_plan import ExpansionRequest, plan_vocabulary
from lexgraft.weights.vocabulary.written_answers import grown_answers

pytestmark = pytest.mark.slow

ModelOf = Callable[..., Path]
PASSAGES = [(language, term) for language, terms in TERMS.items() for term in terms]


def plan(folder: Path, donor: Path | None = None) -> Expansion:
    return plan_vocabulary(
        ExpansionRequest(folder, PASSAGES, donor=donor, general=GENERAL)
    ).expansion


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "tied"), [("byte-level", True), ("unigram", False)])
def test_a_grown_model_loads_and_says_the_same_about_general_text(
    model_of: ModelOf, tmp_path: Path, kind: str, *, tied: bool
):
    from transformers import AutoModelForCausalLM, AutoTokenizer

    base, output = model_of(kind, "base", tied=tied), tmp_path / "grown"
    expansion = plan(base)
    origins = write_model(expansion, open_checkpoint(base), output, multiple=64)
    assert set(origins) == {"model.embed_tokens.weight"} | (set() if tied else {"lm_head.weight"})
    assert {n for counts in origins.values() for n in counts} == {"mean"}
    model: Any = AutoModelForCausalLM.from_pretrained(output, dtype=torch.float32)
    before = AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32)
    tokenizer = AutoTokenizer.from_pretrained(output)
    size = expansion.base.size
    assert model.config.vocab_size % 64 == 0
    assert model.config.vocab_size >= size + len(expansion.additions)
    assert model.get_input_embeddings().weight.shape[0] == model.config.vocab_size
    ids = tokenizer(GENERAL[1], return_tensors="pt", add_special_tokens=False)["input_ids"]
    assert int(ids.max()) < size
    assert torch.equal(model(ids).logits[..., :size], before(ids).logits)
    words = tokenizer(DOMAIN[3], add_special_tokens=False)["input_ids"]
    assert sum(number >= size for number in words) >= 4
    assert model.generate(torch.tensor([words]), max_new_tokens=3, do_sample=False).shape[1] > len(
        words
    )


def test_a_grown_folder_is_held_against_its_base(model_of: ModelOf, tmp_path: Path):
    base, output = model_of("byte-level", "base"), tmp_path / "grown"
    write_model(plan(base), open_checkpoint(base), output, multiple=64)
    answers = grown_answers(base, output, 1)
    assert answers.agrees
    assert answers.logits == 0.0
    assert json.loads((output / "manifest.json").read_text())["answers"]["prompts"] > 6
    tensors = load_file(output / "model.safetensors")
    tensors["model.norm.weight"] = tensors["model.norm.weight"] * 2
    save_file(tensors, output / "model.safetensors", metadata={"format": "pt"})
    assert not grown_answers(base, output, 1).agrees


def test_saved_by_transformers_the_tokenizer_stays_as_it_is(model_of: ModelOf, tmp_path: Path):
    from transformers import AutoTokenizer

    base, output = model_of("byte-level", "base"), tmp_path / "grown"
    write_model(plan(base), open_checkpoint(base), output)
    AutoTokenizer.from_pretrained(output).save_pretrained(tmp_path / "saved")
    first, second = (
        json.loads((folder / "tokenizer.json").read_text(encoding="utf-8"))
        for folder in (output, tmp_path / "saved")
    )
    assert first["model"]["vocab"] == second["model"]["vocab"]
    assert [list(m) if isinstance(m, list) else m.split(" ") for m in first["model"]["merges"]] == [
        list(m) if isinstance(m, list) else m.split(" ") for m in second["model"]["merges"]
    ]


def test_files_agree_as_a_converter_asks(model_of: ModelOf, tmp_path: Path):
    """Vocabulary size, ids in range, no hole, rows for all: what GGUF conversion checks."""
    base, output = model_of("byte-level", "base", extra=10), tmp_path / "grown"
    expansion = plan(base)
    write_model(expansion, open_checkpoint(base), output)
    config = json.loads((output / "config.json").read_text(encoding="utf-8"))
    content = json.loads((output / "tokenizer.json").read_text(encoding="utf-8"))
    ids = sorted(content["model"]["vocab"].values())
    rows = load_file(output / "model.safetensors")["model.embed_tokens.weight"].shape[0]
    assert ids == list(range(len(ids)))
    assert all(token["id"] < len(ids) for token in content["added_tokens"])
    assert config["vocab_size"] == rows == max(expansion.base.size + 10, len(ids))
    listed = json.loads((output / "vocabulary.json").read_text(encoding="utf-8"))
    assert [new["id"] for new in listed["additions"]] == list(range(expansion.base.size, len(ids)))


def test_new_rows_are_means_of_their_pieces_with_the_pieces_length(
    model_of: ModelOf, tmp_path: Path
):
    base, output = model_of("byte-level", "base"), tmp_path / "grown"
    expansion = plan(base)
    write_model(expansion, open_checkpoint(base), output)
    old = load_file(base / "model.safetensors")
    new = load_file(output / "model.safetensors")
    name = "model.embed_tokens.weight"
    addition = expansion.words[-1]
    pieces = old[name][list(addition.parts)].float()
    expected = pieces.mean(0) * pieces.norm(dim=1).mean() / pieces.mean(0).norm()
    assert torch.equal(new[name][: expansion.base.size], old[name])
    assert torch.allclose(new[name][addition.id].float(), expected, rtol=1e-2)
    assert all(torch.equal(new[key], old[key]) for key in old if key != name)


@pytest.mark.slow
@pytest.mark.parametrize("how", ["auto", "sparse"])
def test_rows_come_from_a_donor_that_has_the_tokens(model_of: ModelOf, tmp_path: Path, how: Any):
    base = model_of("byte-level", "base", seed=1)
    grown = tmp_path / "donor"
    write_model(plan(base), open_checkpoint(base), grown)
    expansion = plan(base, grown)
    output = tmp_path / "grown"
    origins = write_model(expansion, open_checkpoint(base), output, open_donor(grown), how)
    counted = origins["model.embed_tokens.weight"]
    assert counted["donor" if how == "auto" else "sparse"] >= len(expansion.words)
    old = load_file(grown / "model.safetensors")["model.embed_tokens.weight"]
    new = load_file(output / "model.safetensors")["model.embed_tokens.weight"]
    places = list(range(expansion.base.size, expansion.base.size + 20))
    near = torch.nn.functional.cosine_similarity(old[places].float(), new[places].float())
    assert how == "sparse" or float(near.min()) > 0.99


def test_models_that_contradict_themselves_and_busy_folders_are_refused(
    model_of: ModelOf, tmp_path: Path
):
    base = model_of("byte-level", "base")
    expansion = plan(base)
    config = json.loads((base / "config.json").read_text(encoding="utf-8"))
    for changes, why in (
        ({"vocab_size": 100}, "the tokenizer has"),
        ({"eos_token_id": 399_999}, "eos_token_id is 399999"),
        ({"vocab_size": None}, "names no vocab_size"),
        ({"vocab_size": expansion.base.size + 1}, "no embedding of"),
    ):
        (base / "config.json").write_text(json.dumps(config | changes), encoding="utf-8")
        with pytest.raises(LexgraftError, match=why):
            write_model(expansion, open_checkpoint(base), tmp_path / "out")
    (base / "config.json").write_text(json.dumps(config), encoding="utf-8")
    with pytest.raises(LexgraftError, match="one lies in the other"):
        write_model(expansion, open_checkpoint(base), base)
    with pytest.raises(LexgraftError, match="give --donor"):
        write_model(expansion, open_checkpoint(base), tmp_path / "out", how="donor")


def test_a_tokenizer_alone_is_extended_with_all_its_files(
    folder_of: Callable[[str], Path], tmp_path: Path
):
    base = folder_of("byte-level")
    content = json.loads((base / "tokenizer.json").read_text(encoding="utf-8"))["model"]
    (base / "vocab.json").write_text(json.dumps(content["vocab"]), encoding="utf-8")
    (base / "merges.txt").write_text("#version: 0.2\n", encoding="utf-8")
    (base / "tokenizer_config.json").write_text("{}", encoding="utf-8")
    expansion = plan(base)
    write_tokenizer(expansion, base, tmp_path / "out")
    vocab = json.loads((tmp_path / "out" / "vocab.json").read_text(encoding="utf-8"))
    lines = (tmp_path / "out" / "merges.txt").read_text(encoding="utf-8").splitlines()
    assert len(vocab) == expansion.base.size + len(expansion.additions)
    assert len(lines) == 1 + len(content["merges"]) + len(expansion.merges)
    assert (tmp_path / "out" / "tokenizer_config.json").exists()
    with pytest.raises(LexgraftError, match="not empty"):
        write_tokenizer(expansion, base, tmp_path / "out")
