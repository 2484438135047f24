"""Free answers: terms named and definitions written, graded without a judge."""

from collections.abc import Sequence

from lexgraft.adoption.experiment import EvaluatedModel, Experiment
from lexgraft.adoption.report.report_record import SampleAnswer
from lexgraft.evaluation.definitions import (
    DEFINITION_TOKENS,
    WrittenDefinitions,
    definition_scores,
    write_definition,
)
from lexgraft.evaluation.measures import TERM_GENERATION
from lexgraft.evaluation.term_generation import TERM_TOKENS, grade_written
from lexgraft.evaluation.term_grade import RIGHT
from lexgraft.records import Answer, Concept, Item, Score, digest
from lexgraft.stats.intervals import wilson

SHOWN = 6  # samples in the report


def free_scores(experiment: Experiment, subject: EvaluatedModel) -> tuple[Score, ...]:
    """Return the shares of terms named right and of definitions that identify their term."""
    if not experiment.project.testset.generated:
        return ()
    return (*_named(experiment, subject), *_defined(experiment, subject))


def asked_freely(experiment: Experiment) -> list[Concept]:
    """Return the confirm concepts that are asked for free answers."""
    seed = experiment.project.seed
    concepts = sorted(
        experiment.testset.concepts["confirm"], key=lambda one: digest(seed, "free", one.id)
    )
    return concepts[: experiment.project.testset.generated]


def _named(experiment: Experiment, subject: EvaluatedModel) -> list[Score]:
    """Return, per direction that ends in the target language, the share of terms named right."""
    concepts = {concept.id: concept for concept in asked_freely(experiment)}
    scores: list[Score] = []
    for pair, items in _by_pair(_first_draws(experiment, concepts)).items():
        texts = experiment.generations(
            subject,
            f"terms {pair.replace('->', '-')}",
            [item.context for item in items],
            TERM_TOKENS,
        )
        terms = grade_written(items, [text.text for text in texts], concepts)
        right = sum(term.grade in RIGHT for term in terms)
        scores.append(wilson(right, len(items)).score(TERM_GENERATION, subject.name, pair))
    return scores


def _first_draws(experiment: Experiment, concepts: dict[str, Concept]) -> list[Item]:
    target = experiment.project.languages.target
    return [
        item
        for item in experiment.testset.items["confirm"]
        if item.concept in concepts
        and item.draw == 0
        and item.answer_language == target
        and item.kind in {"definition-to-term", "term-to-term"}
    ]


def _defined(experiment: Experiment, subject: EvaluatedModel) -> list[Score]:
    """Return how far definitions identify their term to the frozen base, and their chrF.

    Definitions are asked for in the domain's language, of the term in either language.
    """

    def scorer(written: WrittenDefinitions, items: Sequence[Item]) -> list[Answer]:
        what = f"definitions {written.name_language} by {subject.digest[:12]}"
        return experiment.answers(experiment.parents["base"], what, items)

    return definition_scores(
        subject.name,
        _definitions(experiment, subject),
        experiment.testset.items["confirm"],
        asked_freely(experiment),
        seed=experiment.project.seed,
        scorer=scorer,
    )


def _definitions(experiment: Experiment, subject: EvaluatedModel) -> list[WrittenDefinitions]:
    """Return a subject's definitions, of terms in the domain's and in the target language."""
    domain, target = experiment.project.languages.domain, experiment.project.languages.target

    def written_by_names_in(name_language: str) -> WrittenDefinitions:
        def generate(prompts: Sequence[str]) -> list[str]:
            what = f"definitions {name_language}"
            answers = experiment.generations(subject, what, list(prompts), DEFINITION_TOKENS)
            return [answer.text for answer in answers]

        return write_definition(asked_freely(experiment), name_language, domain, generate)

    return [written_by_names_in(language) for language in dict.fromkeys((domain, target))]


def samples(experiment: Experiment, subjects: Sequence[EvaluatedModel]) -> tuple[SampleAnswer, ...]:
    """Return a few definitions written by several models, in the domain's language."""
    if not experiment.project.testset.generated:
        return ()
    concepts = {concept.id: concept for concept in asked_freely(experiment)}
    by_model = {subject.name: _definitions(experiment, subject) for subject in subjects}
    return tuple(
        SampleAnswer(
            concepts[concept].names(first.name_language)[0],
            first.name_language,
            prompt,
            {
                name: definitions[index].texts[concept].strip()
                for name, definitions in by_model.items()
            },
        )
        for index, first in reversed(list(enumerate(next(iter(by_model.values())))))
        for concept, prompt in list(first.prompts.items())[: SHOWN // 2]
    )


def _by_pair(items: Sequence[Item]) -> dict[str, list[Item]]:
    grouped: dict[str, list[Item]] = {}
    for item in items:
        grouped.setdefault(item.pair, []).append(item)
    return grouped
