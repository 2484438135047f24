"""A subject asked everything of one split."""

from lexgraft.adoption.experiment import EvaluatedModel, Experiment, Use
from lexgraft.adoption.metrics import ComparisonContext, SplitResults
from lexgraft.evaluation.grade import grade


def see(session: Experiment, subject: EvaluatedModel, use: Use) -> SplitResults:
    """Return what a subject made of one split's terms, of everyday words and of running text.

    Everyday words belong to the judgement: they are not asked on `choose`.
    """
    items = session.testset.items[use]
    everyday = session.testset.general if use == "confirm" else ()
    return SplitResults(
        subject.name,
        grade(items, session.answers(subject, f"{use} terms", items)),
        grade(everyday, session.answers(subject, "everyday", everyday)) if everyday else [],
        session.bits(subject, use),
    )


def setting(session: Experiment, use: Use) -> ComparisonContext:
    """Return what comparisons on one split need to know."""
    project = session.project
    documents = [text for _, texts in session.texts[use] for text in texts]
    return ComparisonContext(project.languages, documents, project.seed, project.gates.alpha)
