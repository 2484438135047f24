"""What is the matter with a concept, case by case."""

import pytest

from lexgraft.evaluation.missing_terms import Diagnosis, diagnose, diagnoses, diagnosis_counts
from lexgraft.evaluation.term_grade import TermGrade


@pytest.mark.parametrize(
    ("own", "target", "parents", "named", "expected"),
    [
        (True, True, True, "exact", "known"),
        (False, True, False, None, "known"),
        (True, True, False, "wrong", "known but not named"),
        (True, True, False, "empty", "known but not named"),
        (True, True, False, "other language", "wrong language"),
        (True, False, True, "exact", "lost by the merge"),
        (True, False, False, None, "known in the domain's language only"),
        (False, False, False, None, "not known anywhere"),
    ],
)
def test_every_case_has_one_name(
    *, own: bool, target: bool, parents: bool, named: TermGrade | None, expected: Diagnosis
) -> None:
    assert diagnose(source=own, target=target, parents=parents, named=named) == expected


def test_concepts_are_diagnosis_counts_in_a_fixed_order() -> None:
    found = diagnoses(
        {"a": True, "b": True}, {"a": True, "b": False, "c": False}, [{"c": True}], {"a": "exact"}
    )
    assert found == {
        "a": "known",
        "b": "known in the domain's language only",
        "c": "lost by the merge",
    }
    assert list(diagnosis_counts(found).values()) == [1, 0, 0, 1, 1, 0]
