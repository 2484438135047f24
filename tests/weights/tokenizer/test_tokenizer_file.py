import json
from pathlib import Path
from typing import Any

import pytest

from lexgraft.errors import LexgraftError
from lexgraft.weights.tokenizer import tokenizer_file as limits
from lexgraft.weights.tokenizer.tokenizer_engine import TokenizerEngine
from lexgraft.weights.tokenizer.tokenizer_file import check_document, read_document


def bpe(**changes: Any) -> dict[str, Any]:
    model = {"type": "BPE", "vocab": {"a": 0, "b": 1, "ab": 2}, "merges": ["a b"]} | changes
    return {"version": "1.0", "added_tokens": [], "model": model}


def unigram(vocab: Any) -> dict[str, Any]:
    return {"added_tokens": [], "model": {"type": "Unigram", "unk_id": 0, "vocab": vocab}}


def added(*rows: dict[str, Any]) -> dict[str, Any]:
    return {**bpe(), "added_tokens": list(rows)}


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ({}, "no model of a known kind"),
        ({"model": {"type": "Pickle"}}, "no model of a known kind"),
        (bpe(vocab={}), "no vocabulary"),
        (bpe(vocab={"a": 0, "b": 0, "ab": 2}), "two tokens have one id"),
        (bpe(vocab={"a": -1, "b": 1, "ab": 2}), "no number in range"),
        (bpe(vocab={"a": True, "b": 1, "ab": 2}), "no number in range"),
        (bpe(vocab={"a": 0, "b": 1, "ab": 1 << 40}), "no number in range"),
        (bpe(vocab={"a": 0, "b": 1, "ab": 2, "x" * 2000: 3}), "a token of 2,000"),
        (bpe(merges=["a a"]), "makes no token"),
        (bpe(merges=["a z"]), "of no two tokens"),
        (bpe(merges=["a b", "a b"]), "occurs twice"),
        (bpe(merges=["a b c"]), "no pair"),
        (bpe(merges=[7]), "no pair"),
        (bpe(merges=None), "no merges"),
        (bpe(vocab={"": 3, "a": 0, "b": 1, "ab": 2}, merges=[["", "a"]]), "of no two tokens"),
        (bpe(dropout=0.1), "dropout"),
        (bpe(end_of_word_suffix="</w>"), "at the end of words"),
        (unigram([["a", float("nan")]]), "piece 0 is not"),
        (unigram([["a", -1.0], ["a", -2.0]]), "occurs twice"),
        (unigram({"a": 0}), "no vocabulary"),
        (added({"id": 9, "content": ""}), "without text or id"),
        (added({"id": 2, "content": "<x>"}), "another's id"),
        (added({"id": 9, "content": "a"}), "another's id"),
        (added({"id": 9, "content": "<x>"}, {"id": 9, "content": "<y>"}), "another's id"),
    ],
)
def test_a_tokenizer_that_contradicts_itself_is_refused(content: dict[str, Any], why: str):
    with pytest.raises(LexgraftError, match=why):
        check_document(content, "test")


def test_long_lists_are_refused_before_they_are_built(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(limits, "ADDED", 2)
    rows = [{"id": 3 + n, "content": f"<{n}>"} for n in range(3)]
    with pytest.raises(LexgraftError, match="more than 2 added"):
        check_document(added(*rows), "test")
    monkeypatch.setattr(limits, "MERGES", 0)
    with pytest.raises(LexgraftError, match="more than 0"):
        check_document(bpe(), "test")
    monkeypatch.setattr(limits, "TOKENS", 2)
    with pytest.raises(LexgraftError, match="more than 2 tokens"):
        check_document(bpe(), "test")


def test_nested_and_duplicate_json_is_refused(tmp_path: Path):
    (tmp_path / "tokenizer.json").write_text('{"model": ' + '{"a": ' * 90_000, encoding="utf-8")
    with pytest.raises(LexgraftError, match="nested too deeply"):
        read_document(tmp_path)
    (tmp_path / "tokenizer.json").write_text('{"model": 1, "model": 2}', encoding="utf-8")
    with pytest.raises(LexgraftError, match="occurs twice"):
        read_document(tmp_path)


def test_a_pattern_that_takes_forever_is_refused_wherever_it_stands():
    pattern = {
        "type": "Split",
        "pattern": {"Regex": "(a+)+$"},
        "behavior": "Isolated",
        "invert": False,
    }
    tree = {"type": "Sequence", "pretokenizers": [{"type": "Whitespace"}, pattern]}
    with pytest.raises(LexgraftError, match="repeats a group"):
        check_document({**bpe(), "pre_tokenizer": tree}, "test")


def test_a_component_that_does_not_exist_is_an_error_for_the_user():
    content = {**bpe(), "pre_tokenizer": {"type": "RunThisCode"}}
    with pytest.raises(LexgraftError, match="not a tokenizer that works"):
        TokenizerEngine(check_document(content, "test"))


def test_a_proper_tokenizer_is_read_from_a_folder(tmp_path: Path):
    (tmp_path / "tokenizer.json").write_text(json.dumps(bpe()), encoding="utf-8")
    document = read_document(tmp_path)
    assert (document.kind, document.size, document.alphabet) == ("BPE", 3, "spaces")
