"""Free answers counted by grade and by language."""

from lexgraft.evaluation.term_generation import grade_written, term_questions, written_scores
from lexgraft.records import Concept, Item, Term

HEART = Concept("c", (Term("myocardium", "en"), Term("心筋", "ja"), Term("心臓筋", "ja")))


def item(draw: int, kind: str = "definition-to-term") -> Item:
    return Item(f"{draw}{kind}", "c", kind, "en", "ja", draw, "q", "n", ("心筋", "肺"), 0)  # pyright: ignore[reportArgumentType]


def test_a_concept_is_asked_once_for_its_term() -> None:
    asked = [item(1), item(0), item(0, "term-to-definition")]
    assert [one.draw for one in term_questions(asked)] == [0]


def test_every_answer_has_one_grade_and_synonyms_count() -> None:
    texts = ["心筋", "心 筋", "心臓筋", "Myocardium", "", "肺肺肺肺"]
    found = grade_written([item(0)] * 6, texts, {"c": HEART})
    grades = [one.grade for one in found]
    assert grades == ["exact", "variant", "exact", "other language", "empty", "wrong"]
    scores = {one.name: one.value for one in written_scores("m", found)}
    assert scores["term generation"] == 0.5
    assert scores["term generation, empty"] == scores["runs into a loop"] == 1 / 6
    assert scores["in the language asked for"] == 4 / 6


def test_without_concepts_the_right_option_is_the_name() -> None:
    [one] = grade_written([item(0)], ["心筋"], {})
    assert one.grade == "exact"
