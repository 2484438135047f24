"""A user's own questions become items."""

import json
from codecs import BOM_UTF8
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec import structs

from lexgraft.errors import LexgraftError
from lexgraft.evaluation.custom_items import read_items
from lexgraft.records import Document, Item, read_lines, write_lines


def write(path: Path, *rows: dict[str, Any]) -> Path:
    path.write_text("\n".join(json.dumps(row) for row in rows) + "\n\n", encoding="utf-8")
    return path


def test_a_question_in_either_language_is_framed_in_it(tmp_path: Path) -> None:
    file = write(
        tmp_path / "own.jsonl",
        {"question": "Which organ pumps blood?", "options": ["lung", "heart"], "answer": 1},
        {"question": "血液を送る臓器は？", "options": ["肺", "心臓"], "answer": "心臓"},
    )
    english, japanese = read_items(file)
    assert english.context == "Which organ pumps blood?\nAnswer:"
    assert (english.options, english.gold, english.pair) == ((" lung", " heart"), 1, "en->en")
    assert japanese.context == "血液を送る臓器は？\n答え："
    assert (japanese.options, japanese.gold, japanese.neutral) == (("肺", "心臓"), 1, "答え：")
    assert english.concept != japanese.concept


def test_files_as_editors_of_windows_save_them_are_read(tmp_path: Path) -> None:
    file, texts = tmp_path / "questions.jsonl", tmp_path / "texts.jsonl"
    question = '{"question": "Which?", "options": ["a", "b"], "answer": 0}\r\n\r\n'
    file.write_bytes(BOM_UTF8 + question.encode())
    assert len(read_items(file)) == 1
    document = Document("1", "en", "plain", "A valve.", "invented", "CC0-1.0")
    texts.write_bytes(BOM_UTF8 + msgspec.json.encode(document) + b"\r\n\r\n")
    assert read_lines(texts, Document) == [document]


def test_questions_of_one_concept_are_counted_together(tmp_path: Path) -> None:
    one = {"question": "a?", "options": ["x", "y"], "answer": 0, "concept": "c"}
    items = read_items(write(tmp_path / "own.jsonl", one, one | {"question": "b?"}, one))
    assert [item.concept for item in items] == ["c", "c"]


def test_a_test_sets_folder_gives_its_split(tmp_path: Path, items: list[Item]) -> None:
    write_lines(tmp_path / "items-confirm.jsonl", items)
    assert read_items(tmp_path) == items
    with pytest.raises(LexgraftError, match="no items here"):
        read_items(tmp_path, "choose")


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"question": "q", "options": ["a", "b"], "answer": 2}, "none of the options"),
        ({"question": "q", "options": ["a", "b"], "answer": "c"}, "none of the options"),
        ({"question": "q", "options": ["a", "a "], "answer": 0}, "different options"),
        ({"question": "q", "option": ["a"], "answer": 0}, "not a question"),
    ],
)
def test_mistakes_are_named_by_line(tmp_path: Path, row: dict[str, Any], message: str) -> None:
    good = {"question": "q", "options": ["a", "b"], "answer": 0}
    with pytest.raises(LexgraftError, match=rf"own\.jsonl:2: .*{message}"):
        read_items(write(tmp_path / "own.jsonl", good, row))


QUESTION = {"question": "q", "options": ["a", "b"], "answer": 0}


@pytest.mark.parametrize(
    "again", [QUESTION | {"answer": 1}, {"question": "q", "options": ["b", "a"], "answer": "b"}]
)
def test_a_question_given_twice_with_other_answers_is_refused(
    tmp_path: Path, again: dict[str, Any]
) -> None:
    with pytest.raises(LexgraftError, match=r"own\.jsonl:3: the question of line 1 again"):
        read_items(write(tmp_path / "own.jsonl", QUESTION, QUESTION | {"question": "r"}, again))


def test_a_question_given_twice_counts_once_whatever_the_order_of_its_options(
    tmp_path: Path,
) -> None:
    other = {"question": "q", "options": ["b", "a"], "answer": "a"}
    assert len(read_items(write(tmp_path / "own.jsonl", QUESTION, QUESTION, other))) == 1


def test_items_of_one_id_and_two_contents_are_refused(tmp_path: Path, items: list[Item]) -> None:
    other = structs.replace(items[1], id=items[0].id)
    write_lines(tmp_path / "items.jsonl", [items[0], other])
    with pytest.raises(LexgraftError, match=r"items\.jsonl:2: the question of line 1 again"):
        read_items(tmp_path / "items.jsonl")


def test_another_right_answer_is_another_item(tmp_path: Path) -> None:
    [first] = read_items(write(tmp_path / "one.jsonl", QUESTION))
    [second] = read_items(write(tmp_path / "two.jsonl", QUESTION | {"answer": 1}))
    assert first.id != second.id
