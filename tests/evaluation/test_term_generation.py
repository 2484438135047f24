"""Free answers counted by grade and by language."""

from lexgraft.evaluation.term_generation import grade_written, term_questions, written_scores
from lexgraft.records import Concept, Item, Term

HEART = Concept("c", (Term("myocardium", "en"), Term("心筋", "ja"), Term("心臓筋", "ja")))


def item(draw: int, kind: str = "definition-to-term", concept: str = "c") -> Item:
    return Item(f"{draw}{kind}", concept, kind, "en", "ja", draw, "q", "n", ("心筋", "肺"), 0)  # pyright: ignore[reportArgumentType]


def test_a_concept_is_asked_once_for_its_term() -> None:
    asked = [item(1), item(0), item(0, "term-to-definition")]
    assert [one.draw for one in term_questions(asked)] == [0]


def test_every_answer_has_one_grade_and_synonyms_count() -> None:
    texts = ["心筋", "心 筋", "心臓筋", "Myocardium", "", "肺肺肺肺"]
    items = [item(0, concept=f"c{number}") for number in range(6)]
    found = grade_written(items, texts, {one.concept: HEART for one in items})
    grades = [one.grade for one in found]
    assert grades == ["exact", "variant", "exact", "other language", "empty", "wrong"]
    scores = {one.name: one.value for one in written_scores("m", found)}
    assert scores["term generation"] == 0.5
    assert scores["term generation, empty"] == scores["runs into a loop"] == 1 / 6
    assert scores["in the language asked for"] == 4 / 6


def test_without_concepts_the_right_option_is_the_name() -> None:
    [one] = grade_written([item(0)], ["心筋"], {})
    assert one.grade == "exact"


def test_relatives_that_are_named_together_count_as_fewer() -> None:
    items = [item(0, concept=f"c{number}") for number in range(40)]
    texts = ["心筋" if number // 4 % 2 else "肺" for number in range(40)]
    found = grade_written(items, texts, {one.concept: HEART for one in items})
    families = {f"c{number}": f"f{number // 4}" for number in range(40)}
    for name in ("term generation", "term generation, chrF"):
        alone, together = (
            next(score for score in scores if score.name == name)
            for scores in (written_scores("m", found), written_scores("m", found, families))
        )
        assert alone.value == together.value
        assert together.high - together.low > 1.7 * (alone.high - alone.low)
