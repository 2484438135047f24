"""Names within sentences, by both kinds of error: an answer overlooked, an accident counted."""

import pytest

from lexgraft.evaluation.term_grade import grade_term
from lexgraft.evaluation.term_in_sentence import begins_with, places

GIVEN = [  # the answer gives the name
    ("The Japanese term is 「腎炎」.", "腎炎"),
    ("答えは「腎炎」です。", "腎炎"),
    ("答えは、腎炎です", "腎炎"),
    ("日本語では腎炎と呼ばれます。", "腎炎"),
    ("これは腎炎である。腎臓の病気だ", "腎炎"),
    ("腎炎とは、腎臓の炎症のことである", "腎炎"),
    ("The term is nephritis.", "nephritis"),
    ("It is called **nephritis** by doctors who treat the kidneys", "nephritis"),
    ("This is known as nephritis in English.", "nephritis"),
    ("Nephritis is an inflammation of the kidneys", "nephritis"),
    ("Man nennt das „Nierenentzündung“ so in etwa, glaube ich", "Nierenentzündung"),
    ("Das ist eine Nierenentzündung.", "Nierenentzündung"),
    ("C’est la néphrite.", "néphrite"),
    ("这是肾炎。", "肾炎"),
    ("이것은 「신장염」입니다", "신장염"),
]
NOT_GIVEN = [  # the name occurs, and is no answer
    ("腎炎の患者が増えているので注意が必要", "腎炎"),
    ("腎炎、膀胱炎、肝炎、肺炎", "腎炎"),
    ("急性腎炎です", "腎炎"),
    ("これは「腎炎」ではない別の病気", "腎炎"),
    ("糸球体腎炎と呼ばれます", "腎炎"),
    ("弁座です", "弁"),
    ('{"term":"nephritis","使用":"腎炎"}', "腎炎"),
    ("not nephritis", "nephritis"),
    ("It is not a nephritis.", "nephritis"),
    ("nephritis, hepatitis, cystitis", "nephritis"),
    ("Patients with nephritis often have high blood pressure and other signs", "nephritis"),
    ("Das ist keine Nierenentzündung.", "Nierenentzündung"),
    ("hepatitis. Nephritis", "nephritis"),
    ("The aneurysmal kind is meant.", "aneurysm"),
]


@pytest.mark.parametrize(("text", "name"), GIVEN)
def test_a_sentence_that_gives_the_name_counts(text: str, name: str) -> None:
    assert grade_term(text, [name]) in {"exact", "variant", "in a sentence"}


@pytest.mark.parametrize(("text", "name"), NOT_GIVEN)
def test_a_name_that_only_occurs_does_not(text: str, name: str) -> None:
    assert grade_term(text, [name]) == "wrong"


@pytest.mark.parametrize(
    ("text", "name", "expected"),
    [
        ("報告書では腎炎が何度か取り上げられている。", "腎炎", "in a sentence"),
        ("報告書では「腎炎」が取り上げられている", "腎炎", "in a sentence"),
        ("糖尿病患者について読んだ", "糖尿病", "in a sentence"),
        ("各腎炎について読んだ", "腎炎", "in a sentence"),
        ("鼠径ヘルニアについて", "ヘルニア", "wrong"),
        ("急性腎炎について読んだ", "腎炎", "wrong"),
        ("弁座について読んだ", "弁", "wrong"),
        ("ポリープ状のものを見た", "ポリープ", "in a sentence"),
        ("ポリープスについて読んだ", "ポリープ", "wrong"),
        ("报告多次提到肾炎。", "肾炎", "in a sentence"),
        ("Der Bericht nennt die Nephritis mehrmals.", "Nephritis", "in a sentence"),
        ("報告書ではnephritisが取り上げられている", "腎炎", "other language"),
        ("報告書では血圧が\n腎炎", "腎炎", "wrong"),  # the translation is one line
        ("", "腎炎", "empty"),
    ],
)
def test_a_translation_has_the_term_as_a_word_of_its_own(
    text: str, name: str, expected: str
) -> None:
    assert grade_term(text, [name], ["nephritis"], "translated") == expected


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("腎炎が何度か", True),
        ("「腎炎」が", True),
        ("この腎炎が", False),
        ("腎炎症が", False),
        ("慢性腎炎が", False),
    ],
)
def test_a_cut_sentence_goes_on_with_its_term(text: str, *, right: bool) -> None:
    assert begins_with(text, ["腎炎"]) is right
    assert (grade_term(text, ["腎炎"], task="completed") == "in a sentence") is right


def test_spellings_that_differ_by_convention_are_one_term() -> None:
    assert places("私たちはコンピュータについて読んだ", ["コンピューター"])
    assert places("Hemorrhages of the eye", ["hemorrhage"])
