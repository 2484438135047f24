"""Free answers: terms named and definitions written, graded without a judge."""

from collections import Counter
from collections.abc import Sequence

from lexgraft.adoption.experiment import EvaluatedModel, Experiment
from lexgraft.adoption.report.report_record import SampleAnswer
from lexgraft.evaluation.definitions import (
    CHRF,
    DEFINITION_GENERATION,
    DEFINITION_TOKENS,
    WrittenDefinition,
    cases,
    definition_prompts,
    identified,
    likeness,
)
from lexgraft.evaluation.measures import TERM_GENERATION
from lexgraft.evaluation.term_generation import TERM_TOKENS
from lexgraft.evaluation.term_grade import TermGrade, grade_term
from lexgraft.records import Concept, Item, Score, digest
from lexgraft.stats.intervals import wilson

SHOWN = 6  # samples in the report


def free_scores(session: Experiment, subject: EvaluatedModel) -> tuple[Score, ...]:
    """Return the shares of terms named right and of definitions that identify their term."""
    if not session.project.testset.generated:
        return ()
    return (*_named(session, subject), *_defined(session, subject))


def asked_freely(session: Experiment) -> list[Concept]:
    """Return the confirm concepts that are asked for free answers."""
    seed = session.project.seed
    concepts = sorted(
        session.testset.concepts["confirm"], key=lambda one: digest(seed, "free", one.id)
    )
    return concepts[: session.project.testset.generated]


def _named(session: Experiment, subject: EvaluatedModel) -> list[Score]:
    """Return, per direction that ends in the target language, the share of terms named right."""
    concepts = {one.id: one for one in asked_freely(session)}
    found: list[Score] = []
    for pair, items in _by_pair(_first_draws(session, concepts)).items():
        texts = session.generations(
            subject,
            f"terms {pair.replace('->', '-')}",
            [item.context for item in items],
            TERM_TOKENS,
        )
        answer = items[0].answer_language
        grades = Counter(
            _graded(text.text, concepts[item.concept], answer)
            for item, text in zip(items, texts, strict=True)
        )
        right = grades["exact"] + grades["variant"]
        found.append(wilson(right, len(items)).score(TERM_GENERATION, subject.name, pair))
    return found


def _first_draws(session: Experiment, concepts: dict[str, Concept]) -> list[Item]:
    target = session.project.languages.target
    return [
        item
        for item in session.testset.items["confirm"]
        if item.concept in concepts
        and item.draw == 0
        and item.answer_language == target
        and item.kind in {"definition-to-term", "term-to-term"}
    ]


def _defined(session: Experiment, subject: EvaluatedModel) -> list[Score]:
    """Return how far definitions identify their term to the frozen base, and their chrF.

    Definitions are asked for in the domain's language, of the term in either language.
    """
    scorer, found = session.parents["base"], list[Score]()
    concepts, items = asked_freely(session), session.testset.items["confirm"]
    for definition in _definitions(session, subject):
        what = f"definitions {definition.named} by {subject.digest[:12]}"
        share = identified(
            definition,
            items,
            concepts,
            lambda asked, what=what: session.answers(scorer, what, asked),
        )
        if share:
            found.append(share.score(DEFINITION_GENERATION, subject.name, definition.group))
        if beside := cases(definition, concepts):
            like = likeness(beside, session.project.seed)
            found.append(like.score(CHRF, subject.name, definition.group))
    return found


def _definitions(session: Experiment, subject: EvaluatedModel) -> list[WrittenDefinition]:
    """Return a subject's definitions, of terms in the domain's and in the target language."""
    domain, target = session.project.languages.domain, session.project.languages.target
    found: list[WrittenDefinition] = []
    for named in dict.fromkeys((domain, target)):
        prompts = definition_prompts(asked_freely(session), named, domain)
        said = session.generations(
            subject, f"definitions {named}", list(prompts.values()), DEFINITION_TOKENS
        )
        texts = {one: text.text for one, text in zip(prompts, said, strict=True)}
        found.append(WrittenDefinition(named, domain, prompts, texts))
    return found


def samples(session: Experiment, subjects: Sequence[EvaluatedModel]) -> tuple[SampleAnswer, ...]:
    """Return a few definitions written by several models, in the domain's language."""
    if not session.project.testset.generated:
        return ()
    concepts = {one.id: one for one in asked_freely(session)}
    by_model = {subject.name: _definitions(session, subject) for subject in subjects}
    return tuple(
        SampleAnswer(
            concepts[concept].names(first.named)[0],
            first.named,
            prompt,
            {name: found[place].texts[concept].strip() for name, found in by_model.items()},
        )
        for place, first in reversed(list(enumerate(next(iter(by_model.values())))))
        for concept, prompt in list(first.prompts.items())[: SHOWN // 2]
    )


def _by_pair(items: Sequence[Item]) -> dict[str, list[Item]]:
    grouped: dict[str, list[Item]] = {}
    for item in items:
        grouped.setdefault(item.pair, []).append(item)
    return grouped


def _graded(text: str, concept: Concept, language: str) -> TermGrade:
    """Return how a written term relates to its concept."""
    elsewhere = tuple(term.text for term in concept.terms if term.language != language)
    return grade_term(text, concept.names(language), elsewhere)
