"""Words written by invented models: the term, the control, the language, the preference."""

from typing import TYPE_CHECKING

import pytest

from lexgraft.evaluation.words_written import WordsWritten, words_written, written_word_scores
from lexgraft.records import Answer, Concept, Item, Score, Term

if TYPE_CHECKING:
    from lexgraft.evaluation.term_grade import WritingTask

NUMBERS = [str(number) for number in range(20)]
CONCEPTS = {n: Concept(n, (Term(f"語彙{n}", "ja"), Term(f"word{n}", "en"))) for n in NUMBERS}
CUT = [
    Item(f"i{n}", n, "cloze", "en", "ja", 0, "昨日、", "昨日、", (f"語彙{n}", "別物"), 0)
    for n in NUMBERS
]


def model(text: str, log_odds: float) -> WordsWritten:
    texts: dict[WritingTask, dict[str, str]] = {
        "translated": {number: text.format(number) for number in NUMBERS}
    }
    answers = [Answer(one.id, (log_odds, 0.0), (0.0, 0.0), (1, 1)) for one in CUT]
    return words_written(texts, CUT, answers, CONCEPTS)


def figures(model_words: WordsWritten, recipient: WordsWritten) -> dict[str, Score]:
    scores = written_word_scores("m", "en->ja", model_words, recipient)
    return {score.name: score for score in scores}


def test_terms_controls_and_language_are_told_apart() -> None:
    recipient = model("word{0} is here", 0.0)
    found = figures(model("昨日、語彙{0}を読んだ", 1.0), recipient)
    assert found["term translated"].value == 1
    assert found["term translated, control"].value == 0
    assert found["term translated, in the language asked for"].value == 1
    assert found["term translated, over G"].value == 1
    assert found["P(term) against its control, over G"].value == pytest.approx(
        0.7311 - 0.5, abs=1e-3
    )
    of_recipient = figures(recipient, recipient)
    assert of_recipient["term translated"].value == 0
    assert of_recipient["term translated, in the language asked for"].value == 0
    assert of_recipient["term translated, over G"].value == 0
    assert (
        figures(model("昨日、別物を読んだ", 0.0), recipient)["term translated, control"].value == 1
    )


def test_the_placebo_gains_nothing() -> None:
    words = model("昨日、語彙{0}を読んだ", 2.0)
    found = figures(words, words)
    assert found["term translated, over G"].value == 0
    assert found["P(term) against its control, over G"].value == 0
