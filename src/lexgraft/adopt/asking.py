"""A subject asked everything of one split."""

from lexgraft.adopt.findings import Seen, Setting
from lexgraft.adopt.session import Session, Subject, Use
from lexgraft.evaluate.grade import grade


def see(session: Session, subject: Subject, use: Use) -> Seen:
    """Return what a subject made of one split's terms, of everyday words and of running text.

    Everyday words belong to the judgement: they are not asked on `choose`.
    """
    items = session.testset.items[use]
    everyday = session.testset.general if use == "confirm" else ()
    return Seen(
        subject.name,
        grade(items, session.answers(subject, f"{use} terms", items)),
        grade(everyday, session.answers(subject, "everyday", everyday)) if everyday else [],
        session.bits(subject, use),
    )


def setting(session: Session, use: Use) -> Setting:
    """Return what comparisons on one split need to know."""
    project = session.project
    documents = [one for _, texts in session.texts[use] for one in texts]
    return Setting(project.languages, documents, project.seed, project.gates.alpha)
