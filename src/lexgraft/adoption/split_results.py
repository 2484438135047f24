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


def comparison_context(material: Material, use: Use) -> ComparisonContext:
    """Return what comparisons on one split need to know."""
    project = material.project
    documents = [text for _, texts in material.texts[use] for text in texts]
    return ComparisonContext(project.languages, documents, project.seed, project.gates.alpha)
