"""Documents: one id and one text count once, wherever they are read from."""

from pathlib import Path

import pytest

from lexgraft.errors import LexgraftError
from lexgraft.files.running_text import read_running_text, united
from lexgraft.records import Document, write_lines


def texts(*words: str, register: str = "news", first: int = 0) -> list[Document]:
    return [Document(str(first + n), "ja", register, text) for n, text in enumerate(words)]


def test_an_id_that_occurs_twice_is_refused_by_line(tmp_path: Path) -> None:
    write_lines(tmp_path / "t.jsonl", [*texts("a", "b"), *texts("c", first=1)])
    with pytest.raises(LexgraftError, match=r"t\.jsonl:3: the document id '1' .* line 2"):
        read_running_text(tmp_path / "t.jsonl")


def test_a_text_that_occurs_twice_is_one_document(tmp_path: Path) -> None:
    write_lines(tmp_path / "t.jsonl", texts("a b", "c", " a  b\n", " ", "a b"))
    read = read_running_text(tmp_path / "t.jsonl")
    assert [document.id for document in read.documents] == ["0", "1"]
    assert (read.repeated, read.blank) == (2, 1)
    assert read.notes("t.jsonl") == [
        "t.jsonl: texts that occur again and count once: 2",
        "t.jsonl: blank texts, left out: 1",
    ]


def test_a_register_of_blank_texts_is_named(tmp_path: Path) -> None:
    write_lines(tmp_path / "t.jsonl", [*texts("a"), *texts("", " ", register="mail", first=5)])
    with pytest.raises(LexgraftError, match="all texts of ja/mail are blank"):
        read_running_text(tmp_path / "t.jsonl")


def test_two_files_of_one_numbering_share_neither_ids_nor_texts() -> None:
    first, second = united([texts("a", "b"), texts("c", "a")])
    assert len({document.id for document in (*first, *second)}) == 3
    assert [document.text for document in second] == ["c"]


def test_blank_and_repeated_texts_are_counted_for_the_reader_alone(tmp_path: Path) -> None:
    write_lines(tmp_path / "t.jsonl", texts("a", "b"))
    assert read_running_text(tmp_path / "t.jsonl").notes("t") == []
