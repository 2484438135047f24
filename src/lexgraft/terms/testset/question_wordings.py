"""Questions put into words: a wording of the language's file, filled in, another for each draw."""

from typing import NamedTuple

from lexgraft.project import Form
from lexgraft.records import digest
from lexgraft.terms.testset.question_forms import PARTS
from lexgraft.terms.wordings.filled_text import closed, filled
from lexgraft.terms.wordings.language_file import frame_of, language_name


class WordedQuestion(NamedTuple):
    """A context with the question in it, and the same place without a question."""

    context: str
    neutral: str


def wording(form: Form, question: str, key: str, draw: int) -> WordedQuestion:
    """Return one question put into words, another wording for each draw.

    The frame is in the answer's language, else in the question's, else in English, and names both.
    Which wording comes first depends on the key (a concept), so that no result rests on one wording
    alone. A definition is ended as a sentence, so that it does not run into the frame.
    """
    frame = frame_of(form)
    choices = frame.test[form.kind]
    chosen = choices[(int(digest("wording", form, key), 16) + draw) % len(choices)]
    if PARTS[form.kind][0] == "definition":
        question = closed(question, form.question)
    values = {
        "question": question,
        "question_language": language_name(frame, form.question),
        "answer_language": language_name(frame, form.answer),
    }
    place = filled(chosen.place, values)
    return WordedQuestion(
        filled(chosen.asking + chosen.place, values),
        filled(chosen.neutral, values) if chosen.neutral else place,
    )
