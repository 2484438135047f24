from collections.abc import Callable
from pathlib import Path

import pytest

from lexgraft.weights.tokenizer.tokenizer_engine import TokenizerEngine
from lexgraft.weights.tokenizer.tokenizer_file import read_document
from lexgraft.weights.vocabulary.candidates import (
    affix_candidates,
    is_usable,
    term_candidates,
    terms_of_texts,
    words_of,
    writes_spaces,
)

FolderOf = Callable[[str], Path]


@pytest.mark.parametrize(
    "text",
    [
        "<|im_start|>",
        "[INST]",
        "{{bos}}",
        "a b",
        "x",
        "２",
        "1234",
        "\u202eabc",
        "ab\x00c",
        "<s>",
        "…",
        "a" * 41,
    ],
)
def test_control_template_and_other_unsafe_texts_are_never_words(text: str):
    assert not is_usable(text)


def test_words_are_runs_of_letters_marks_and_numbers():
    assert words_of("<|x|> T-cell (B12), 心筋梗塞の") == ["x", "T", "cell", "B12", "心筋梗塞の"]
    assert words_of("का रोग") == ["का", "रोग"]  # vowel signs are marks
    assert is_usable("アルツハイマー病")


def test_scripts_without_spaces_are_known():
    assert all(writes_spaces(word) for word in ("heart", "сердце", "심장"))
    assert not any(writes_spaces(word) for word in ("心臓", "ハート", "หัวใจ"))


def test_a_word_is_expected_after_a_space_and_seldom_without(folder_of: FolderOf):
    engine = TokenizerEngine(read_document(folder_of("byte-level")))
    candidates = {
        candidate.raw.decode(): candidate
        for candidate in term_candidates(engine, {"Eigenvalue": 2.0, "脳症": 1.0})
    }
    weights = {text: candidate.weight for text, candidate in candidates.items()}
    assert weights == {
        " eigenvalue": 2.0,
        "eigenvalue": 0.5,
        " Eigenvalue": 0.5,
        "Eigenvalue": 0.125,
        "脳症": 1.0,
    }
    for text, candidate in candidates.items():
        assert b"".join(engine.raw[number] for number in candidate.cut).decode() == text
        assert len(candidate.cut) > 1


def test_common_beginnings_and_ends_are_candidates(folder_of: FolderOf):
    engine = TokenizerEngine(read_document(folder_of("unigram")))
    terms: dict[str, float] = dict.fromkeys(("心筋梗塞", "脳梗塞", "光梗塞"), 1.0)
    parts = {
        part.raw.decode() for part in affix_candidates(term_candidates(engine, terms), engine, 3)
    }
    assert parts == {"梗塞"}
    alike: dict[str, float] = dict.fromkeys(("心筋梗塞", "大心筋梗塞", "小心筋梗塞"), 1.0)
    assert (
        affix_candidates(term_candidates(engine, alike), engine, 3) == []
    )  # 梗塞 has always the same neighbour


def test_texts_are_cut_where_the_script_changes():
    assert terms_of_texts(["心筋梗塞の治療 and データベース"]) == {
        "心筋梗塞": 1.0,
        "治療": 1.0,
        "and": 1.0,
        "データベース": 1.0,
    }
