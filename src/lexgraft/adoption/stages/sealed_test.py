"""Stage sealed: the recommended model on concepts that were never looked at, once."""

from lexgraft.adoption.experiment import EvaluatedModel, Experiment
from lexgraft.adoption.metrics import SplitResults, acquisitions, scores_of, term_criteria
from lexgraft.adoption.split_results import setting
from lexgraft.adoption.stage_records import SealedTestResult
from lexgraft.adoption.verdict_text import verdict_sentence
from lexgraft.errors import LexgraftError
from lexgraft.evaluation.grade import grade
from lexgraft.files.sealed_concepts import SealedOpening, open_sealed, openings
from lexgraft.records import Verdict, digest
from lexgraft.stats.gates import combine

SEALED = "sealed"


def require_sealed(session: Experiment) -> None:
    """Refuse an adoption that is to open sealed concepts and has none.

    Raises:
        LexgraftError: the project keeps no concept sealed.
    """
    if not session.testset.items["sealed"]:
        raise LexgraftError("no concept is sealed", cure="say how many are: `testset.sealed: 100`")


def was_opened_for(session: Experiment, subject: EvaluatedModel) -> bool:
    """Return whether the sealed concepts were opened for this model already."""
    found = openings(session.run.path / "testset")
    return any(one.result == subject.digest for one in found)


def sealed_stage(session: Experiment, subject: EvaluatedModel) -> SealedTestResult:
    """Return a model's findings on the sealed concepts; the opening is recorded before.

    No model was taught these concepts: whichever it is, its terms are judged by the merge's gate.

    Raises:
        LexgraftError: the concepts were opened before, for another model.
    """
    items = session.testset.items["sealed"]
    parents = session.parents
    open_sealed(
        session.run.path / "testset",
        SealedOpening(
            name=subject.name,
            result=subject.digest,
            references=tuple(parent.digest for parent in parents.values()),
            concepts=tuple(concept.id for concept in session.testset.concepts["sealed"]),
            gates=digest(session.project.gates),
        ),
    )
    seen = {
        name: SplitResults(
            one.name, grade(items, session.answers(one, "sealed terms", items)), [], []
        )
        for name, one in {**parents, "result": subject}.items()
    }
    where = setting(session, "confirm")._replace(documents=())
    result, language, domain = seen["result"], seen["G"], seen["D"]
    asked = term_criteria(result, language, domain, where, session.project.gates.merge)
    outcome = combine(asked)
    return SealedTestResult(
        verdict=Verdict(SEALED, outcome, verdict_sentence(SEALED, outcome, asked), asked),
        scores=tuple(score for one in seen.values() for score in scores_of(one, where)),
        acquisitions=acquisitions(result, language, domain, where, "sealed"),
    )
