"""What makes a verdict worth less than it looks is told, and only then."""

import pytest

from lexgraft.adoption.validity import (
    collapse,
    contamination,
    donor_at_chance,
    few_need_the_term,
    named_in_card,
    parent_as_good,
    parents_at_chance,
    writes_fewer_served,
    writes_no_term,
)
from lexgraft.evaluation.measures import TERM_GENERATION, WORDS_WRITTEN, WRITTEN_GAIN
from lexgraft.records import Concept, Criterion, Outcome, Score, Term

TERM = "杓子定規"


def concept(number: int, definition: str) -> Concept:
    terms = (Term(f"term {number}", "en"), Term(f"{TERM}{number}", "ja"))
    return Concept(f"C{number}", terms, {"en": definition})


def test_a_model_that_read_the_tests_definitions_is_named_with_how_many():
    asked = [concept(1, "A valve that opens."), concept(2, "A seat of a valve.")]
    texts = {"D": ['{"text": "a  VALVE that opens."}'], "G": ["nothing of it"]}
    (mark,) = contamination(asked, "en", texts)
    assert mark.name == "D trained on the test"
    assert "1 / 2 of the definitions" in mark.sentence["en"]
    assert contamination(asked, "en", {"D": ["other texts"]}) == ()
    assert contamination(asked, "de", texts) == ()


def test_a_card_that_names_the_terms_source_is_told():
    (mark,) = named_in_card("Trained on Valve Terms 3.", ["valve terms 3", "", "other"], "D")
    assert "names valve terms 3" in mark.sentence["en"]
    assert named_in_card("Trained on prose.", ["valve terms 3"], "D") == ()


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        ([f"{TERM}"] * 6 + [f"{TERM}{n}" for n in range(4)], "one answer to many questions (60%)"),
        ([f"{TERM}{n}" + "はい" * 8 for n in range(10)], "loops (100%)"),
        ([f"the answer {n}" for n in range(10)], "another language than asked for (100%)"),
    ],
)
def test_free_answers_that_fall_apart_are_told_by_how(answers: list[str], said: str):
    sound = [f"{TERM}{n}" for n in range(10)]
    (mark,) = collapse("merge", answers, sound, "ja")
    assert said in mark.sentence["en"]
    assert mark.sentence["ja"]
    assert collapse("merge", sound, sound, "ja") == ()
    assert collapse("merge", answers, answers, "ja") == ()  # the recipient does no better
    assert collapse("merge", answers[:7], sound, "ja") == ()  # too few to say


def test_a_donor_that_is_not_ahead_is_named_with_what_it_is_not_ahead_of():
    def lead(rival: str, outcome: Outcome) -> Criterion:
        return Criterion(f"donor's lead, {rival}", "en->en", 0.1, -0.1, 0.3, 0.0, outcome, 30)

    assert donor_at_chance([lead("base", "pass")]) == ()
    (mark,) = donor_at_chance([lead("base", "pass"), lead("random donor", "undecided")])
    assert "better than: random donor." in mark.sentence["en"]


def test_a_model_that_no_question_reaches_is_named_whichever_of_the_three_it_is():
    def right(model: str, group: str, low: float, name: str = "recognition") -> Score:
        return Score(name, model, group, low + 0.05, low, low + 0.1, 60, chance=0.1)

    scores = [
        right("base", "en->ja", 0.05),
        right("base", "en->en", 0.12, "general items"),  # above chance somewhere: it can be asked
        right("G", "en->ja", 0.05),
        right("G", "ja->en", 0.1, "general items"),
        right("D", "en->en", 0.5),
        Score("bits per byte", "G", "ja/manual", 1.5, 1.4, 1.6, 30),
    ]
    (mark,) = parents_at_chance(scores)
    assert mark.name == "G at chance"
    assert "better than guessing" in mark.sentence["en"]


def test_a_parent_that_knows_the_terms_as_well_is_named():
    def gain(parent: str, low: float) -> Score:
        name = f"gain over the best parent, {parent}"
        return Score(name, "linear", "en->ja", 0.02, low, 0.1, 60)

    assert parent_as_good([gain("D", 0.01), gain("G", -0.1)]) == ()
    (mark,) = parent_as_good([gain("D", -0.05)])
    assert mark.sentence["en"].startswith("D alone is not shown to know these terms worse")
    assert "+2.0 pt [−5.0, +10.0]" in mark.sentence["en"]


def test_a_direction_with_few_items_that_need_their_term_is_marked():
    assert "only 12 concepts" in few_need_the_term("en->ja", 12).sentence["en"]


def test_a_model_that_is_handed_on_and_writes_no_term_is_marked():
    def scores(**right: float) -> list[Score]:
        return [
            Score(TERM_GENERATION, who, "en->ja", value, 0, 1, 12) for who, value in right.items()
        ]

    (mark,) = writes_no_term(scores(G=0, linear=0, tuned=0.1), "linear")
    assert mark.sentence["en"].startswith("linear wrote none of the 12 terms")
    (mark,) = writes_no_term(scores(G=0, linear=0), "linear")
    assert mark.sentence["en"].startswith("No model wrote a single one of the 12 terms")
    assert writes_no_term(scores(G=0, linear=0.1), "linear") == ()
    assert writes_no_term([], "linear") == ()


def test_a_model_that_writes_terms_in_one_of_two_directions_writes_terms():
    def score(who: str, pair: str, value: float) -> Score:
        return Score(TERM_GENERATION, who, pair, value, 0, 1, 12)

    both = [score("linear", "en->ja", 0.6), score("linear", "ja->ja", 0), score("G", "en->ja", 0)]
    assert writes_no_term(both, "linear") == ()
    (mark,) = writes_no_term([score("linear", pair, 0) for pair in ("en->ja", "ja->ja")], "linear")
    assert "of the 24 terms" in mark.sentence["en"]


def test_a_merge_that_writes_fewer_terms_than_g_with_the_same_glossary_is_marked():
    def gain(way: str, who: str, low: float, high: float) -> Score:
        name = f"{WORDS_WRITTEN[way]}, {WRITTEN_GAIN}"
        return Score(name, who, "en->ja", (low + high) / 2, low, high, 104)

    served = "guided, proper terms"
    (mark,) = writes_fewer_served(
        [
            gain("named", served, -0.2, 0.1),
            gain("translated", served, -0.25, -0.05),
            gain("completed", "guided", -0.4, -0.3),  # without the glossary: another question
        ]
    )
    assert mark.name == "guided writes fewer terms"
    assert "G with the same entries (translated −15.0 pt [−25.0, −5.0])" in mark.sentence["en"]
    assert "（翻訳 −15.0 pt [−25.0, −5.0]）" in mark.sentence["ja"]


@pytest.mark.parametrize(
    ("who", "low", "high"),
    [
        ("linear, proper terms", 0.07, 0.28),
        ("linear, proper terms", -0.1, 0.0),
        ("G, proper terms", -0.3, -0.1),  # against itself without entries
        ("linear", -0.3, -0.1),
        ("linear, random terms", -0.3, -0.1),
    ],
)
def test_only_an_interval_below_g_with_the_glossary_is_a_mark(who: str, low: float, high: float):
    name = f"{WORDS_WRITTEN['translated']}, {WRITTEN_GAIN}"
    share = Score(WORDS_WRITTEN["translated"], who, "en->ja", low, low, high, 104)
    assert writes_fewer_served([share, Score(name, who, "en->ja", low, low, high, 104)]) == ()
