"""Stage sealed: the recommended model on concepts that were never looked at, once."""

from lexgraft.adopt.asking import setting
from lexgraft.adopt.findings import Seen, acquisitions, criteria, scores_of
from lexgraft.adopt.sentences import verdict_sentence
from lexgraft.adopt.session import Session, Subject
from lexgraft.adopt.stages import Sealed
from lexgraft.decide import combine
from lexgraft.errors import UserError
from lexgraft.evaluate.grade import grade
from lexgraft.project import Gate
from lexgraft.records import Verdict, digest
from lexgraft.seal import Opening, open_sealed, openings

SEALED = "sealed"


def require_sealed(session: Session) -> None:
    """Refuse an adoption that is to open sealed concepts and has none.

    Raises:
        UserError: the project keeps no concept sealed.
    """
    if not session.testset.items["sealed"]:
        raise UserError("no concept is sealed", cure="say how many are: `testset.sealed: 100`")


def was_opened_for(session: Session, subject: Subject) -> bool:
    """Return whether the sealed concepts were opened for this model already."""
    found = openings(session.run.path / "testset")
    return any(one.result == subject.digest for one in found)


def sealed_stage(session: Session, subject: Subject, gate: Gate) -> Sealed:
    """Return a model's findings on the sealed concepts; the opening is recorded before.

    Raises:
        UserError: the concepts were opened before, for another model.
    """
    items = session.testset.items["sealed"]
    parents = session.parents
    open_sealed(
        session.run.path / "testset",
        Opening(
            name=subject.name,
            result=subject.digest,
            references=tuple(one.digest for one in parents.values()),
            concepts=tuple(one.id for one in session.testset.concepts["sealed"]),
            gates=digest(session.project.gates),
        ),
    )
    seen = {
        name: Seen(one.name, grade(items, session.answers(one, "sealed terms", items)), [], [])
        for name, one in {**parents, "result": subject}.items()
    }
    where = setting(session, "confirm")._replace(documents=())
    result, language, domain = seen["result"], seen["G"], seen["D"]
    asked = criteria(result, language, domain, where, gate)
    outcome = combine(asked)
    return Sealed(
        verdict=Verdict(SEALED, outcome, verdict_sentence(SEALED, outcome, asked), asked),
        scores=tuple(score for one in seen.values() for score in scores_of(one, where)),
        acquisitions=acquisitions(result, language, domain, where, "sealed"),
    )
