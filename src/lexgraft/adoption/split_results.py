"""A model asked everything of one split."""

from lexgraft.adoption.experiment import EvaluatedModel, Experiment, Use
from lexgraft.adoption.metrics import ComparisonContext, SplitResults
from lexgraft.evaluation.grade import grade


def split_results(experiment: Experiment, subject: EvaluatedModel, use: Use) -> SplitResults:
    """Return what a model made of one split's terms, of everyday words and of running text.

    Everyday words belong to the judgement: they are not asked on `choose`.
    """
    items = experiment.testset.items[use]
    everyday = experiment.testset.general if use == "confirm" else ()
    return SplitResults(
        subject.name,
        grade(items, experiment.answers(subject, f"{use} terms", items)),
        grade(everyday, experiment.answers(subject, "everyday", everyday)) if everyday else [],
        experiment.bits(subject, use),
    )


def comparison_context(experiment: Experiment, use: Use) -> ComparisonContext:
    """Return what comparisons on one split need to know."""
    project = experiment.project
    documents = [text for _, texts in experiment.texts[use] for text in texts]
    return ComparisonContext(project.languages, documents, project.seed, project.gates.alpha)
