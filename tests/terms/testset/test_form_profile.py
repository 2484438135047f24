"""What gives an answer away, and who is too close to be a wrong option."""

import pytest

from lexgraft.project import Form
from lexgraft.records import Concept, Term
from lexgraft.terms.testset.form_profile import (
    FormProfile,
    could_be_right,
    generic_stems,
    gives_away,
    profile,
    profile_of_option,
    text_length,
)

FORM = Form("definition-to-term", "en", "ja")
NOTHING = frozenset[str]()


def concept(key: str, english: str, japanese: str, meaning: str, broader: tuple[str, ...] = ()):
    terms = (Term(english, "en"), Term(japanese, "ja"))
    return Concept(key, terms, {"en": meaning}, broader=broader)


def seen(*parts: str, broader: tuple[str, ...] = (), form: Form = FORM) -> FormProfile:
    found = profile_of_option(concept(*parts, broader=broader), form)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("question", "answer", "given"),
    [
        ("Inflammation of the colon.", "Colitis", False),
        ("Inflammation of the pancreas.", "Pancreatitis", True),  # pancr-
        ("Phocomelia of all four extremities.", "Tetraphocomelia", True),  # inside the word
        ("frozen water; ice", "ice", True),  # a short word, whole
        ("An icy thing.", "ice", False),
        ("血が固まらない病気。", "血友病", False),
        ("大腸に炎症が起こる。", "大腸炎", True),  # two kanji in a row
        ("Infection by the HIV virus.", "HIV感染症", False),
        ("コレラ菌による病気。", "コレラ", True),
        ("Abnormally fast heart rate.", "頻脈", False),
    ],
)
def test_a_question_that_gives_the_answer_away_is_told(question: str, answer: str, given: bool):  # noqa: FBT001
    assert gives_away(question, answer) is given
    assert gives_away(answer, question) is given


def test_a_concept_that_a_form_cannot_ask_for_says_why():
    other = concept("A", "Colitis", "大腸炎", "Inflammation of the colon.")
    assert profile(other, Form("definition-to-term", "ja", "en")) == "no definition in ja"
    assert profile(other, Form("definition-to-term", "en", "de")) == "no term in de"
    leaky = concept("A", "Colitis", "大腸炎", "A colitis.")
    assert "gives the answer away" in str(profile(leaky, Form("definition-to-term", "en", "en")))


COLITIS = ("A", "Colitis", "大腸炎", "Inflammation of the colon.")


@pytest.mark.parametrize(
    ("other", "broader"),
    [
        (("B", "Colonic inflammation", "大腸炎", "Swelling."), ()),  # one name
        (("B", "COLITIS", "腸炎症", "Swelling."), ()),  # one name in the other language
        (("B", "Gastroenterocolitis", "胃大腸炎", "Swelling."), ()),  # one name inside the other
        (("B", "Typhlitis", "盲腸", "Swelling."), ("A",)),  # broader
        (("B", "Bowel trouble", "腹痛", "An inflammation of a colon."), ()),  # same meaning
        (("B", "Infected colon", "腸の大腸炎", "Swelling."), ()),  # says all that the other says
    ],
)
def test_a_relative_is_no_wrong_option(other: tuple[str, ...], broader: tuple[str, ...]):
    one, two = seen(*COLITIS), seen(*other, broader=broader)
    assert could_be_right(one, two, NOTHING)
    assert could_be_right(two, one, NOTHING)


def test_a_stranger_is_a_wrong_option():
    assert not could_be_right(
        seen(*COLITIS), seen("B", "Glaucoma", "緑内障", "Raised pressure in the eye."), NOTHING
    )


def test_a_name_that_shares_a_piece_and_differs_in_another_is_a_sibling():
    cancer = seen("B", "Cancer of the bowel", "大腸癌", "A tumour.")
    assert not could_be_right(seen(*COLITIS), cancer, NOTHING)


@pytest.mark.parametrize(
    ("name", "other", "same"),
    [
        ("nephritis", "nephrosis", False),
        ("myocardial infarct", "infarction, myocardial", True),
        ("acute hepatitis", "chronic hepatitis", False),
        ("hepatitis A", "hepatitis B", True),  # short words do not tell them apart
        ("急性腎炎", "慢性腎炎", False),
    ],
)
def test_names_say_the_same_whatever_the_order_and_ending_of_their_words(
    name: str, other: str, *, same: bool
):
    form = Form("term-to-term", "fr", "ja" if name[0] > "z" else "en")
    one, two = (
        profile_of_option(Concept(text, (Term(text, form.answer),)), form) for text in (name, other)
    )
    assert one is not None
    assert two is not None
    assert could_be_right(one, two, NOTHING) is same


def test_endings_that_many_names_share_tell_nothing():
    english = Form("definition-to-term", "en", "en")
    group = [
        seen(f"C{n}", f"{name} syndrome", chr(0x5000 + n), f"{word} meaning.", form=english)
        for n, (name, word) in enumerate(
            zip(
                ("Down", "Reye", "Foix", "Good", "Lynn"),
                ["first", "second", "third", "fourth", "fifth"],
                strict=True,
            )
        )
    ]
    generic = generic_stems(group)
    assert generic >= {"syndr"}
    assert could_be_right(group[0], group[1], NOTHING)
    assert not could_be_right(group[0], group[1], generic)


def test_length_is_in_characters_for_names_and_words_for_sentences():
    assert text_length("Acute colitis") == 13
    assert text_length("A swelling of the large bowel.") == 6
