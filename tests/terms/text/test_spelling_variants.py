"""Spelling variants in Japanese and English."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lexgraft.terms.text.spelling_variants import kinds_of_variant, variant_key


@pytest.mark.parametrize(
    ("one", "other", "kinds"),
    [
        ("ユーザ", "ユーザー", ("long vowel",)),
        ("サーバ室", "サーバー室", ("long vowel",)),
        ("データベース", "データ・ベース", ("中黒",)),
        ("データ ベース", "データベース", ("中黒",)),
        ("焼入れ", "焼き入れ", ("送り仮名",)),
        ("取扱説明書", "取り扱い説明書", ("送り仮名",)),
        ("組合せ", "組み合わせ", ("送り仮名",)),
        ("頸部", "頚部", ("kanji",)),
        ("髙圧", "高圧", ("kanji",)),
        ("ﾎﾞﾙﾄ", "ボルト", ("width",)),
        ("ヴァルブ", "バルブ", ("loanword",)),
        ("Tumour", "tumor", ("spelling",)),
        ("コンピューター・ウイルス", "コンピュータウイルス", ("long vowel", "中黒")),
    ],
)
def test_spellings_of_one_term_are_told_with_their_kind(
    one: str, other: str, kinds: tuple[str, ...]
):
    assert kinds_of_variant(one, other) == kinds
    assert kinds_of_variant(other, one) == kinds


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("上がる", "上げる"),  # one kanji: its kana tell two words apart
        ("ビル", "ビール"),
        ("コピー", "コピ"),
        ("取り入れ", "取り入る"),
        ("爪", "釘"),
        ("発熱", "発熱"),
    ],
)
def test_other_words_and_equal_ones_are_no_variants(one: str, other: str):
    assert kinds_of_variant(one, other) == ()


@given(st.text(max_size=12), st.text(max_size=12))
def test_variants_have_one_key(one: str, other: str):
    if kinds_of_variant(one, other):
        assert variant_key(one) == variant_key(other)
