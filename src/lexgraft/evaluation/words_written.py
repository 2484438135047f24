"""Words written: named, translated and completed by one model, with the control; scores of them."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple, get_args

from lexgraft.evaluation.grade import grade
from lexgraft.evaluation.measures import (
    AGAINST_CONTROL,
    CONTROL_WRITTEN,
    IN_LANGUAGE,
    WORDS_WRITTEN,
    WRITTEN_GAIN,
)
from lexgraft.evaluation.output_language import in_language
from lexgraft.evaluation.term_grade import RIGHT, WritingTask, grade_term
from lexgraft.evaluation.term_in_sentence import line_of
from lexgraft.records import Answer, Concept, Item, Score
from lexgraft.stats.paired import NONE, paired_means, paired_shares, share_right

TASKS: tuple[WritingTask, ...] = get_args(WritingTask)
WRITTEN_TOKENS: Mapping[WritingTask, int] = {"named": 16, "translated": 24, "completed": 8}


class WordsWritten(NamedTuple):
    """What one model wrote, by way of writing and concept."""

    terms: Mapping[WritingTask, Mapping[str, bool]]  # the term was written
    controls: Mapping[WritingTask, Mapping[str, bool]]  # another concept's term was instead
    in_language: Mapping[WritingTask, Mapping[str, bool]]
    preferred: Mapping[str, float]  # P(term), of the term and its control, where a sentence is cut


def words_written(
    texts: Mapping[WritingTask, Mapping[str, str]],
    cut: Sequence[Item],
    answers: Sequence[Answer],
    concepts: Mapping[str, Concept],
) -> WordsWritten:
    """Return what a model wrote, graded.

    Args:
        texts: way of writing → concept → what was written.
        cut: sentences cut before the term, with the term and its control as options.
        answers: to these.
        concepts: by id.
    """
    controls = {item.concept: item.options[1 - item.gold].strip() for item in cut}
    target = cut[0].answer_language
    sought = {name: concepts[name].names(target) for name in controls}

    def written_terms(names: Mapping[str, Sequence[str]]) -> dict[WritingTask, dict[str, bool]]:
        return {
            task: {
                concept: grade_term(text, names[concept], task=task) in RIGHT
                for concept, text in written.items()
            }
            for task, written in texts.items()
        }

    return WordsWritten(
        written_terms(sought),
        written_terms({concept: (control,) for concept, control in controls.items()}),
        {
            task: {concept: in_language(line_of(text), target) for concept, text in written.items()}
            for task, written in texts.items()
        },
        {item.concept: item.probability_by_sum for item in grade(cut, answers)},
    )


def written_word_scores(
    model: str,
    pair: str,
    words: WordsWritten,
    recipient: WordsWritten,
    alpha: float = 0.05,
    families: Mapping[str, str] = NONE,
) -> Iterator[Score]:
    """Yield what of its words a model wrote, and what it gained on the recipient.

    Per way of writing the share of terms, of controls in their place and of answers in the
    language; then how much the term is preferred to its control. Gains are paired by concept;
    related concepts count as fewer.
    """
    for task in words.terms:
        for name, verdicts in (
            (WORDS_WRITTEN[task], words.terms[task]),
            (f"{WORDS_WRITTEN[task]}, {CONTROL_WRITTEN}", words.controls[task]),
            (f"{WORDS_WRITTEN[task]}, {IN_LANGUAGE}", words.in_language[task]),
        ):
            yield share_right(verdicts, alpha, families).score(name, model, pair)
        gained = paired_shares(recipient.terms[task], words.terms[task], alpha, families)
        yield gained.difference.score(f"{WORDS_WRITTEN[task]}, {WRITTEN_GAIN}", model, pair)
    gain = paired_means(recipient.preferred, words.preferred, alpha, families)
    yield gain.score(f"{AGAINST_CONTROL}, {WRITTEN_GAIN}", model, pair)
