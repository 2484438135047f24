"""Tokenizers and templates of several models, whatever shape their files have."""

import json
from pathlib import Path

import pytest

from lexgraft.errors import LexgraftError
from lexgraft.weights.merge.tokenizer_check import chat_template, difference

PROPER = {"model": {"vocab": {"a": 0}}, "added_tokens": [{"content": "<s>", "id": 1}]}


def folder(path: Path, file: str, content: object) -> Path:
    path.mkdir(exist_ok=True)
    (path / file).write_text(json.dumps(content), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    "odd",
    [
        {"model": None},
        {"model": 5},
        {"model": {"vocab": 5}},
        {"model": {"vocab": [5]}},
        {"model": {"vocab": [[]]}},
        {"added_tokens": 5},
        {"added_tokens": [5]},
        {"added_tokens": [{"content": "x"}]},
        {"added_tokens": {"id": 5}},
    ],
    ids=str,
)
def test_a_tokenizer_of_odd_shape_is_refused_with_its_file(
    odd: dict[str, object], tmp_path: Path
) -> None:
    first = folder(tmp_path / "first", "tokenizer.json", PROPER)
    second = folder(tmp_path / "second", "tokenizer.json", PROPER | odd)
    with pytest.raises(LexgraftError) as error:
        difference(first, second)
    assert error.value.where == str(second / "tokenizer.json")
    assert error.value.cure


@pytest.mark.parametrize("odd", [["x"], [{"a": 1}], [None], 5, {"default": "y"}, [], None], ids=str)
def test_templates_of_odd_shape_are_none(odd: object, tmp_path: Path) -> None:
    named = [{"name": "default", "template": "{{ 1 }}"}]
    first = folder(tmp_path / "first", "tokenizer_config.json", {"chat_template": odd})
    second = folder(tmp_path / "second", "tokenizer_config.json", {"chat_template": named})
    assert chat_template("auto", [first]) is None
    assert chat_template("auto", [first, second]) == "{{ 1 }}"
