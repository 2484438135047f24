"""What the viewer shows: every question of a run with what each model answered, as one record."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from msgspec import Struct

from lexgraft.evaluation.grade import pmi
from lexgraft.evaluation.term_grade import RIGHT, TermGrade
from lexgraft.records import Answer, Concept, Item
from lexgraft.terms.text.scripts import writing_of

EVERYDAY, WRITTEN, DEFINED = "everyday", "written", "defined"
GLOSSARY, GLOSSARY_WRITTEN = "glossary", "glossary written"
USES = ("confirm", "choose", "sealed", EVERYDAY, WRITTEN, DEFINED, GLOSSARY, GLOSSARY_WRITTEN)
"""What questions are asked for; the splits of the test set are called as everywhere."""

_SCORED = 100.0  # scores are kept in hundredths of a nat


class ViewedForm(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """What several questions share."""

    use: str  # one of USES
    pair: str
    kind: str


class ViewedConcept(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """A concept that something was asked about."""

    id: str
    names: dict[str, tuple[str, ...]] = {}  # language → usable terms, the preferred one first
    definitions: dict[str, str] = {}
    field: str = ""
    rarity: dict[str, float] = {}  # language → Zipf frequency
    taught: bool = False


class ViewedAnswer(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """What one model answered: it chose an option, or wrote a text."""

    choice: int = -1  # index of the option it prefers; of a text 1: right, 0: wrong, -1: no grade
    scores: tuple[int, ...] = ()  # PMI of the options, hundredths of a nat
    text: str = ""
    grade: str = ""


class ViewedQuestion(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """One question with the answers of all models, in their order; None: it was not asked."""

    concept: int  # index
    form: int  # index
    draw: int
    solvable_by: str
    script: str  # of the right answer
    context: str
    options: tuple[str, ...]  # none: an answer was written
    gold: int
    answers: tuple[ViewedAnswer | None, ...]
    blocks: dict[str, str] = {}  # model → glossary block that stood before the question


class ViewerRecord(Struct, frozen=True, forbid_unknown_fields=True):
    """All questions of a run: what the viewer shows, and what numbers of the report count."""

    models: tuple[str, ...]
    forms: tuple[ViewedForm, ...]
    concepts: tuple[ViewedConcept, ...]
    questions: tuple[ViewedQuestion, ...]


class ChosenAnswers(NamedTuple):
    """Multiple-choice items for one use, and what models answered to those they were asked."""

    use: str
    items: Sequence[Item]
    answers: Mapping[str, Sequence[Answer]]  # model → answers
    blocks: Mapping[str, Mapping[str, str]] = {}  # item → model → glossary block


class WrittenAnswer(NamedTuple):
    """A question that is answered freely, and what models wrote."""

    use: str
    concept: str
    pair: str
    kind: str
    prompt: str
    texts: Mapping[str, str]  # model → text
    grades: Mapping[str, TermGrade] = {}
    target: str = ""  # the right answer, where one text is
    blocks: Mapping[str, str] = {}  # model → glossary block


def viewer_record(
    concepts: Iterable[Concept],
    chosen: Iterable[ChosenAnswers],
    written: Iterable[WrittenAnswer],
    taught: frozenset[str] = frozenset(),
) -> ViewerRecord:
    """Return the record of everything that was asked; models in the order of their appearance."""
    by_id = {concept.id: concept for concept in concepts}
    chosen, written = list(chosen), list(written)
    names = [name for group in chosen for name in group.answers]
    models = tuple(dict.fromkeys([*names, *(name for row in written for name in row.texts)]))
    forms: dict[ViewedForm, int] = {}
    numbers: dict[str, int] = {}
    questions = [
        question
        for group in chosen
        for question in _chosen_questions(group, models, forms, numbers)
    ]
    questions += [_written_question(row, models, forms, numbers) for row in written]
    return ViewerRecord(
        models,
        tuple(forms),
        tuple(_viewed(name, by_id.get(name), taught=name in taught) for name in numbers),
        tuple(questions),
    )


def _viewed(name: str, concept: Concept | None, *, taught: bool) -> ViewedConcept:
    if concept is None:
        return ViewedConcept(name)
    languages = dict.fromkeys(term.language for term in concept.terms)
    return ViewedConcept(
        name,
        {language: concept.names(language) for language in languages},
        concept.definitions,
        concept.field,
        {language: round(value, 2) for language, value in concept.rarity.items()},
        taught,
    )


def _chosen_questions(
    group: ChosenAnswers,
    models: Sequence[str],
    forms: dict[ViewedForm, int],
    numbers: dict[str, int],
) -> list[ViewedQuestion]:
    by_model = {
        name: {answer.item: answer for answer in answers} for name, answers in group.answers.items()
    }
    questions: list[ViewedQuestion] = []
    for item in group.items:
        form = ViewedForm(group.use, item.pair, item.kind)
        answers = (by_model.get(name, {}).get(item.id) for name in models)
        questions.append(
            ViewedQuestion(
                numbers.setdefault(item.concept, len(numbers)),
                forms.setdefault(form, len(forms)),
                item.draw,
                item.solvable_by,
                writing_of(item.options[item.gold]),
                item.context,
                item.options,
                item.gold,
                tuple(answer and viewed_choice(item, answer) for answer in answers),
                dict(group.blocks.get(item.id, {})),
            )
        )
    return questions


def viewed_choice(item: Item, answer: Answer) -> ViewedAnswer:
    """Return the option a model prefers, with all scores; a tie with the right one is wrong."""
    scores = pmi(answer)
    wrong = [index for index in range(len(scores)) if index != item.gold]
    best = max(wrong, key=lambda index: scores[index])
    choice = item.gold if scores[item.gold] > scores[best] else best
    return ViewedAnswer(choice, tuple(round(score * _SCORED) for score in scores))


def _written_question(
    row: WrittenAnswer,
    models: Sequence[str],
    forms: dict[ViewedForm, int],
    numbers: dict[str, int],
) -> ViewedQuestion:
    form = ViewedForm(row.use, row.pair, row.kind)
    return ViewedQuestion(
        numbers.setdefault(row.concept, len(numbers)),
        forms.setdefault(form, len(forms)),
        0,
        "",
        writing_of(row.target) if row.target else "",
        row.prompt,
        (),
        0,
        tuple(_text(row, name) if name in row.texts else None for name in models),
        dict(row.blocks),
    )


def _text(row: WrittenAnswer, model: str) -> ViewedAnswer:
    grade = row.grades.get(model)
    right = -1 if grade is None else int(grade in RIGHT)
    return ViewedAnswer(right, (), row.texts[model], grade or "")
