"""Spellings of one term, and of different terms."""

import pytest

from lexgraft.terms.text.spelling_keys import english_key, notation_key


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("コンピュータ", "コンピューター"),
        ("ｺﾝﾋﾟｭｰﾀ", "コンピュータ"),
        ("コンピュ―タ", "コンピュータ"),
        ("ヘモグロビンＡ１ｃ", "ヘモグロビンA1c"),
        ("β遮断薬", "ベータ遮断薬"),
        ("β-blocker", "Beta blocker"),
        ("β−blocker", "beta‐blocker"),
        ("non-small-cell carcinoma", "Non small cell carcinoma"),
        ("インスリン抵抗性", "インスリン 抵抗性"),
        ("マイコバクテリウム・ツベルクローシス", "マイコバクテリウムツベルクローシス"),
        ("がん", "ガン"),
        ("the myocardium", "myocardium."),
        ("「心筋」", "心筋"),
        ("µ受容体", "μ受容体"),
    ],
)
def test_spellings_that_differ_by_convention_are_one(one: str, other: str) -> None:
    assert notation_key(one) == notation_key(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ビル", "ビール"),
        ("キー", "キ"),
        ("心筋", "心膜"),
        ("梗塞", "こうそく"),
        ("CD4-", "CD4"),
        ("hypertension", "hypotension"),
        ("ニューロン", "ヌーロン"),
        ("α", "β"),
        ("ローン", "ロン"),
    ],
)
def test_spellings_of_different_words_stay_different(one: str, other: str) -> None:
    assert notation_key(one) != notation_key(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Anaemia", "anemia"),
        ("Tumour", "tumor"),
        ("Alzheimer's disease", "Alzheimer disease"),
        ("the Measles", "measle"),
        ("Non-Hodgkin lymphoma", "non Hodgkin lymphomas"),
    ],
)
def test_british_and_american_spellings_have_one_key(one: str, other: str):
    assert english_key(one) == english_key(other)


def test_the_latin_endings_is_and_us_are_no_plurals():
    assert english_key("cyanosis") == "cyanosis"
    assert english_key("lupus") == "lupus"
