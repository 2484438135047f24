"""Free answers: terms named and definitions written, graded without a judge."""

from collections.abc import Iterator, Sequence

from lexgraft.adoption.material import Material
from lexgraft.adoption.models_under_test import EvaluatedModel, ModelsUnderTest
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
from lexgraft.stats.paired import share_right

SHOWN = 6  # samples in the report


def free_scores(
    models: ModelsUnderTest, material: Material, subject: EvaluatedModel
) -> tuple[Score, ...]:
    """Return the shares of terms named right and of definitions that identify their term."""
    if not models.project.testset.generated:
        return ()
    return (*_named(models, material, subject), *_defined(models, material, subject))


def asked_freely(material: Material) -> list[Concept]:
    """Return the confirm concepts that are asked for free answers: of those that came first."""
    seed, rounds = material.project.seed, material.testset.rounds
    concepts = sorted(
        material.testset.concepts["confirm"],
        key=lambda concept: (rounds.get(concept.id, 1), digest(seed, "free", concept.id)),
    )
    return concepts[: material.project.testset.generated]


def written_terms(
    models: ModelsUnderTest, material: Material, subject: EvaluatedModel
) -> list[str]:
    """Return what a subject wrote where a term in the target language was asked for."""
    if not models.project.testset.generated:
        return []
    return [text for _, _, texts in _asked(models, material, subject) for text in texts]


def _named(models: ModelsUnderTest, material: Material, subject: EvaluatedModel) -> list[Score]:
    """Return, per direction that ends in the target language, the share of terms named right."""
    concepts = {concept.id: concept for concept in asked_freely(material)}
    scores: list[Score] = []
    for pair, items, texts in _asked(models, material, subject):
        terms = grade_written(items, texts, concepts)
        verdicts = {item.id: term.grade in RIGHT for item, term in zip(items, terms, strict=True)}
        families = {item.id: material.families.get(item.concept, item.concept) for item in items}
        right = share_right(verdicts, models.project.gates.alpha, families)
        scores.append(right.score(TERM_GENERATION, subject.name, pair))
    return scores


def _asked(
    models: ModelsUnderTest, material: Material, subject: EvaluatedModel
) -> Iterator[tuple[str, list[Item], list[str]]]:
    """Yield per direction to the target language the questions and what was written."""
    for pair, items in term_questions(material).items():
        what = f"terms {pair.replace('->', '-')}"
        prompts = [item.context for item in items]
        texts = models.generations(
            subject, what, prompts, TERM_TOKENS, models.project.languages.target
        )
        yield pair, items, [text.text for text in texts]


def term_questions(material: Material) -> dict[str, list[Item]]:
    """Return, per direction to the target language, the questions for a term to be written."""
    concepts = {concept.id: concept for concept in asked_freely(material)}
    return _by_pair(_first_draws(material, concepts))


def _first_draws(material: Material, concepts: dict[str, Concept]) -> list[Item]:
    target = material.project.languages.target
    return [
        item
        for item in material.testset.items["confirm"]
        if item.concept in concepts
        and item.draw == 0
        and item.answer_language == target
        and item.kind in {"definition-to-term", "term-to-term"}
    ]


def _defined(models: ModelsUnderTest, material: Material, subject: EvaluatedModel) -> list[Score]:
    """Return how far definitions identify their term to the frozen base, and their chrF.

    Definitions are asked for in the domain's language, of the term in either language.
    """

    def scorer(written: WrittenDefinitions, items: Sequence[Item]) -> list[Answer]:
        what = f"definitions {written.name_language} by {subject.digest[:12]}"
        return models.answers(models.parents["base"], what, items)

    return definition_scores(
        subject.name,
        _definitions(models, material, subject),
        material.testset.items["confirm"],
        asked_freely(material),
        material.families,
        scorer=scorer,
    )


def _definitions(
    models: ModelsUnderTest, material: Material, subject: EvaluatedModel
) -> list[WrittenDefinitions]:
    """Return a subject's definitions, of terms in the domain's and in the target language."""
    domain, target = models.project.languages.domain, models.project.languages.target

    def written_by_names_in(name_language: str) -> WrittenDefinitions:
        def generate(prompts: Sequence[str], language: str) -> list[str]:
            what = f"definitions {name_language}"
            answers = models.generations(subject, what, list(prompts), DEFINITION_TOKENS, language)
            return [answer.text for answer in answers]

        return write_definition(asked_freely(material), name_language, domain, generate)

    return [written_by_names_in(language) for language in dict.fromkeys((domain, target))]


def samples(
    models: ModelsUnderTest, material: Material, subjects: Sequence[EvaluatedModel]
) -> tuple[SampleAnswer, ...]:
    """Return a few definitions written by several models, in the domain's language."""
    if not models.project.testset.generated:
        return ()
    concepts = {concept.id: concept for concept in asked_freely(material)}
    by_model = {subject.name: _definitions(models, material, subject) for subject in subjects}
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
