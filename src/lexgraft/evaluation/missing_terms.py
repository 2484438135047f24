"""Why a term is not there: unknown, known elsewhere, not named, wrong language, lost (pure)."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Literal, get_args

from lexgraft.evaluation.term_grade import RIGHT, TermGrade

Diagnosis = Literal[
    "known",
    "known but not named",
    "wrong language",
    "lost by the merge",
    "known in the domain's language only",
    "not known anywhere",
]


def diagnose(
    *, source: bool, target: bool, parents: bool, named: TermGrade | None = None
) -> Diagnosis:
    """Return why one concept is or is not known in the target language.

    `own` and `target` say whether the model recognises the term in the domain's and in the target
    language, `parents` whether a parent recognises it in the target language, `named` how the
    model wrote it when asked freely (None: it was not asked).
    """
    if target:
        if named is None or named in RIGHT:
            return "known"
        return "wrong language" if named == "other language" else "known but not named"
    if parents:
        return "lost by the merge"
    return "known in the domain's language only" if source else "not known anywhere"


def diagnoses(
    source: Mapping[str, bool],
    target: Mapping[str, bool],
    parents: Iterable[Mapping[str, bool]],
    named: Mapping[str, TermGrade],
) -> dict[str, Diagnosis]:
    """Return concept → diagnosis, over the concepts asked for in the target language."""
    before = tuple(parents)
    return {
        concept: diagnose(
            source=source.get(concept, False),
            target=yes,
            parents=any(parent.get(concept, False) for parent in before),
            named=named.get(concept),
        )
        for concept, yes in target.items()
    }


def diagnosis_counts(concepts: Mapping[str, Diagnosis]) -> dict[str, int]:
    """Return diagnosis → concepts, in the order from best to worst, zeros included."""
    counts = Counter(concepts.values())
    return {name: counts[name] for name in get_args(Diagnosis)}
