"""A model asked everything of one split."""

from lexgraft.adoption.material import Material, Use
from lexgraft.adoption.metrics import ComparisonContext, SplitResults
from lexgraft.adoption.models_under_test import EvaluatedModel, ModelsUnderTest
from lexgraft.evaluation.grade import grade


def split_results(
    models: ModelsUnderTest, material: Material, subject: EvaluatedModel, use: Use
) -> SplitResults:
    """Return what a model made of one split's terms, of everyday words and of running text.

    Everyday words belong to the judgement: they are not asked on `choose`.
    """
    items = material.testset.items[use]
    everyday = material.testset.general if use == "confirm" else ()
    return SplitResults(
        subject.name,
        grade(items, models.answers(subject, f"{use} terms", items)),
        grade(everyday, models.answers(subject, "everyday", everyday)) if everyday else [],
        models.bits(subject, use, material.texts[use]),
    )


def comparison_context(
    material: Material, use: Use, alpha: float | None = None
) -> ComparisonContext:
    """Return what comparisons on one split need to know; `alpha` is by default the project's."""
    project = material.project
    documents = [text for _, texts in material.texts[use] for text in texts]
    testset = material.testset
    levels = (level for level in testset.guessing if not level.needs_term)
    return ComparisonContext(
        project.languages,
        documents,
        project.seed,
        alpha or project.gates.alpha,
        material.families,
        material.judged,
        {level.pair: level.known.value for level in levels},
    )


def judged_concepts(material: Material) -> dict[str, int]:
    """Return, per direction to the target, how many `confirm` concepts a gate counts."""
    testset, target = material.testset, material.project.languages.target
    asked: dict[str, set[str]] = {}
    for item in testset.items["confirm"]:
        if item.answer_language == target and (item.pair not in material.judged or item.needs_term):
            asked.setdefault(item.pair, set()).add(item.concept)
    return {pair: len(concepts) for pair, concepts in asked.items()}
