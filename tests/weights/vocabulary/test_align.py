import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from tiny_tokenizers import DOMAIN, GENERAL, train

from lexgraft.errors import LexgraftError
from lexgraft.project import Candidate
from lexgraft.weights.checkpoint.checkpoint_index import open_checkpoint
from lexgraft.weights.checkpoint.input_model import InputModel
from lexgraft.weights.checkpoint.tensor_reading import read_flat
from lexgraft.weights.merge.disk_merge import run_merge
from lexgraft.weights.merge.merge_plan import plan_merge
from lexgraft.weights.tokenizer.tokenizer_engine import TokenizerEngine
from lexgraft.weights.tokenizer.tokenizer_file import check_document, read_document
from lexgraft.weights.vocabulary.align import (
    AlignedVocabulary,
    AlignmentMember,
    TokenSource,
    align_vocabularies,
)
from lexgraft.weights.vocabulary.expanded_folder import write_model
from lexgraft.weights.vocabulary.expansion_plan import ExpansionRequest, plan_vocabulary
from lexgraft.weights.vocabulary.union import unite

ModelOf = Callable[..., Path]
EMBEDDING = "model.embed_tokens.weight"
MARK = "<|doctor|>"


def marked(content: dict[str, Any], *marks: str) -> dict[str, Any]:
    """Return a tokenizer with further special tokens."""
    size = 1 + max(*content["model"]["vocab"].values(), *(r["id"] for r in content["added_tokens"]))
    flags = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False}
    rows = [
        {"id": size + n, "content": mark, "special": True} | flags for n, mark in enumerate(marks)
    ]
    return {**content, "added_tokens": [*content["added_tokens"], *rows]}


@pytest.fixture
def members(model_of: ModelOf) -> list[AlignmentMember]:
    """Return a base and two models, each with words and a mark of its own."""
    medical = marked(train("byte-level", 460, [*GENERAL, *DOMAIN]), MARK)
    japanese = marked(train("byte-level", 440, DOMAIN * 4), "<|ja|>")
    made = [
        ("base", model_of("byte-level", "base", seed=1)),
        ("medical", model_of("byte-level", "medical", seed=2, content=medical)),
        ("japanese", model_of("byte-level", "japanese", seed=3, content=japanese)),
    ]
    return [AlignmentMember(label, open_checkpoint(folder), folder) for label, folder in made]


def row(common: AlignedVocabulary, place: int, number: int) -> torch.Tensor:
    entry = common.checkpoints[place].tensors[EMBEDDING]
    width = entry.shape[1]
    return read_flat(entry, number * width, (number + 1) * width).float()


def own(member: AlignmentMember, spelled: str) -> torch.Tensor:
    document = read_document(member.tokenizer)
    number = {**document.ids, **document.added}[spelled]
    entry = member.checkpoint.tensors[EMBEDDING]
    return read_flat(entry, number * 16, (number + 1) * 16).float()


@pytest.mark.slow
def test_a_union_holds_what_every_model_can_say(members: list[AlignmentMember], tmp_path: Path):
    common = align_vocabularies(members, tmp_path / "work", "union", multiple=8)
    union, base = read_document(common.folder), read_document(members[0].tokenizer)
    assert {n: union.tokens[n] for n in base.tokens} == dict(base.tokens)
    assert {MARK, "<|ja|>"} <= union.specials
    assert common.size % 8 == 0
    assert [one.tensors[EMBEDDING].shape[0] for one in common.checkpoints] == [common.size] * 3
    mark = union.added[MARK]
    assert torch.equal(row(common, 1, mark), own(members[1], MARK))
    assert common.counts["base"]["others', sparse"] > 10  # these models have spaces of their own
    assert torch.equal(row(common, 2, mark), row(common, 0, mark))  # lacking: no delta
    again = align_vocabularies(members, tmp_path / "work", "union", multiple=8)
    assert again.checkpoints[0].digest == common.checkpoints[0].digest
    config = json.loads((common.folder / "config.json").read_text(encoding="utf-8"))
    assert config["vocab_size"] == common.size


@pytest.mark.slow
def test_a_token_that_one_model_of_the_space_has_gets_its_row(model_of: ModelOf, tmp_path: Path):
    base = model_of("byte-level", "base")
    passages = [("ja", "心筋梗塞"), ("en", "photosynthesis")]
    expansion = plan_vocabulary(ExpansionRequest(base, passages, general=GENERAL)).expansion
    write_model(expansion, open_checkpoint(base), tmp_path / "grown")
    folders = {"base": base, "grown": tmp_path / "grown"}
    members = [AlignmentMember(name, open_checkpoint(one), one) for name, one in folders.items()]
    common = align_vocabularies(members, tmp_path / "work", "union", general=GENERAL)
    union = read_document(common.folder)
    assert len(expansion.words) >= 2
    for word in expansion.words:
        expected = own(members[1], word.token)
        assert torch.equal(row(common, 0, union.ids[word.token]), expected)
        assert torch.equal(row(common, 1, union.ids[word.token]), expected)


@pytest.mark.slow
@pytest.mark.parametrize("policy", ["base", "union", "medical"])
def test_models_of_three_tokenizers_merge_under_every_policy(
    members: list[AlignmentMember], tmp_path: Path, policy: str
):
    from transformers import AutoModelForCausalLM, AutoTokenizer

    common = align_vocabularies(members, tmp_path / "work", policy)
    base, *others = common.checkpoints
    parts = {
        member.label: InputModel(member.label, base, other)
        for member, other in zip(members[1:], others, strict=True)
    }
    run_merge(plan_merge(Candidate("ties"), base, parts, "float32", 1), tmp_path / "merged")
    model = AutoModelForCausalLM.from_pretrained(tmp_path / "merged")
    tokenizer = AutoTokenizer.from_pretrained(tmp_path / "merged")
    ids = tokenizer(DOMAIN[3], return_tensors="pt", add_special_tokens=False)["input_ids"]
    assert torch.isfinite(model(ids).logits).all()
    assert model.config.vocab_size == common.size > int(ids.max())


@pytest.mark.slow
def test_a_token_takes_the_row_that_was_chosen_for_it(
    members: list[AlignmentMember], tmp_path: Path
):
    choices = {
        "Ġ": TokenSource("medical", force=True),
        MARK: TokenSource("japanese", token="<|ja|>"),
        "</s>": TokenSource("zero", force=True),
        "a": TokenSource("medical"),  # every model has it: nothing to choose
    }
    common = align_vocabularies(members, tmp_path / "work", "union", choices)
    union = read_document(common.folder)
    for place in range(3):
        assert torch.equal(row(common, place, union.ids["Ġ"]), own(members[1], "Ġ"))
        assert not row(common, place, union.added["</s>"]).any()
        assert torch.equal(row(common, place, union.ids["a"]), own(members[place], "a"))
    assert torch.equal(row(common, 2, union.added[MARK]), own(members[2], "<|ja|>"))
    assert torch.equal(row(common, 1, union.added[MARK]), own(members[1], MARK))


@pytest.mark.slow
def test_names_that_nothing_has_are_refused_with_the_nearest(
    members: list[AlignmentMember], tmp_path: Path
):
    for policy, choices, why in (
        ("unjon", {}, "no vocabulary `unjon`"),
        ("base", {"<|docter|>": TokenSource("zero")}, "no token"),
        ("base", {"a": TokenSource("medicla")}, "no model `medicla`"),
        ("base", {"a": TokenSource("medical", token="<|ja|>")}, "no token"),
        ("base", {"a": TokenSource("medical", token=10_000)}, "no id 10000"),
    ):
        with pytest.raises(LexgraftError, match=why):
            align_vocabularies(members, tmp_path / "work", policy, choices)


@pytest.mark.slow
def test_a_finished_alignment_is_kept_only_as_it_was_written(
    members: list[AlignmentMember], tmp_path: Path
) -> None:
    common = align_vocabularies(members, tmp_path / "out")
    again = align_vocabularies(members, tmp_path / "out")
    assert again.folder == common.folder
    (common.folder / "tokenizer_config.json").write_text("{}")
    with pytest.raises(LexgraftError, match=r"not as it was written: tokenizer_config\.json"):
        align_vocabularies(members, tmp_path / "out")


def test_models_that_number_alike_are_read_where_they_lie(model_of: ModelOf, tmp_path: Path):
    folders = [model_of("byte-level", name, seed=seed) for seed, name in enumerate("ab")]
    members = [AlignmentMember(one.name, open_checkpoint(one), one) for one in folders]
    common = align_vocabularies(members, tmp_path / "work", "union")
    assert common.checkpoints == tuple(one.checkpoint for one in members)
    assert not (tmp_path / "work").exists()


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["byte-level", "byte-fallback", "unigram", "wordpiece"])
def test_a_union_cuts_text_without_its_new_words_as_before(
    contents: dict[str, dict[str, Any]], kind: str
):
    base = check_document(contents[kind], "base")
    others = [check_document(train("byte-level", 500, DOMAIN * 4), "other")]
    union = unite(base, others)
    before, after = TokenizerEngine(base), TokenizerEngine(union.document)
    new = [addition.text for addition in union.expansion.additions if addition.role != "step"]
    assert len(new) >= 8
    texts = [*GENERAL, *(a + b for a in GENERAL for b in DOMAIN)]
    for text, old, now in zip(texts, before.encode(texts), after.encode(texts), strict=True):
        assert old == now or any(word.strip() in text for word in new)
    spoken = [f"x{word.text}" for word in union.expansion.words]
    made = {number for ids in after.encode(spoken) for number in ids}
    assert sum(word.id in made for word in union.expansion.words) >= 0.9 * len(
        union.expansion.words
    )


def beyond(folder: Path, *marks: str) -> Path:
    """Give a model's tokenizer special tokens for which the model has no rows."""
    content = json.loads((folder / "tokenizer.json").read_text(encoding="utf-8"))
    text = json.dumps(marked(content, *marks), ensure_ascii=False)
    (folder / "tokenizer.json").write_text(text, encoding="utf-8")
    return folder


@pytest.mark.slow
@pytest.mark.parametrize("policy", ["union", "base", "other"])
@pytest.mark.parametrize("owner", ["base", "other", "both"])
def test_tokens_beyond_the_rows_get_rows_like_tokens_that_a_model_lacks(
    model_of: ModelOf, tmp_path: Path, policy: str, owner: str
) -> None:
    folders = {
        "base": model_of("byte-level", "base", seed=1),
        "other": model_of("byte-level", "other", seed=2),
    }
    marks = [f"<|mark {number}|>" for number in range(40)]
    for label, folder in folders.items():
        if owner in {label, "both"}:
            beyond(folder, *marks)
    members = [AlignmentMember(name, open_checkpoint(one), one) for name, one in folders.items()]
    common = align_vocabularies(members, tmp_path / "work", policy)
    document = read_document(common.folder)
    assert common.size >= document.size
    for checkpoint in common.checkpoints:
        assert checkpoint.tensors[EMBEDDING].shape[0] == common.size
    if (marks[0] in document.added) and policy != "base":
        number = document.added[marks[0]]
        assert row(common, 0, number).isfinite().all()
        assert torch.equal(row(common, 0, number), row(common, 1, number))  # no delta


@pytest.mark.slow
def test_a_row_that_a_model_does_not_have_is_no_choice(model_of: ModelOf, tmp_path: Path) -> None:
    base, other = model_of("byte-level", "base", seed=1), model_of("byte-level", "other", seed=2)
    beyond(other, *(f"<|mark {number}|>" for number in range(40)))
    members = [
        AlignmentMember(name, open_checkpoint(one), one)
        for name, one in (("base", base), ("other", other))
    ]
    last = read_document(other).size - 1
    choices = {"<|mark 39|>": TokenSource("other", last, force=True)}
    with pytest.raises(LexgraftError, match="has no row"):
        align_vocabularies(members, tmp_path / "work", "union", choices)
