"""Scripts of texts."""

import pytest

from lexgraft.terms.text.scripts import is_dense, is_loanword, script_of, writing_of


@pytest.mark.parametrize(
    ("text", "name"),
    [("頻脈", "kanji"), ("コレラ", "kana"), ("くる病", "mixed"), ("Cholera", "Latin")],
)
def test_scripts_are_told_apart(text: str, name: str):
    assert script_of(text) == name


def test_loanwords_are_a_writing_of_their_own():
    assert [writing_of(text) for text in ("コレラ", "ｺﾚﾗ", "くる", "心筋")] == [
        "katakana",
        "katakana",
        "kana",
        "kanji",
    ]
    assert is_loanword("コレラ菌")
    assert not is_loanword("くる病")


def test_kana_kanji_and_full_width_letters_are_dense():
    assert is_dense("Ａ")
    assert is_dense("type II 糖尿病")
    assert not is_dense("Ménière's disease")
