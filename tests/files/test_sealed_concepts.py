"""The sealed concepts open once."""

from pathlib import Path

import pytest

from lexgraft.errors import LexgraftError
from lexgraft.files.sealed_concepts import (
    FILE,
    SealedOpening,
    askable_sealed,
    open_sealed,
    opened_for,
    openings,
)


def opening(result: str, *concepts: str) -> SealedOpening:
    return SealedOpening(name=result, result=result, references=("G", "D"), concepts=concepts)


def test_the_first_opening_is_recorded_and_the_same_one_carries_on(tmp_path: Path) -> None:
    first = open_sealed(tmp_path, opening("merge", "a", "b"))
    assert first.opened
    assert open_sealed(tmp_path, opening("merge", "a", "b")) == first
    assert openings(tmp_path) == [first]
    assert opened_for(tmp_path) == ["merge", "G", "D"]


def test_another_result_is_refused_on_any_concept_that_was_shown(tmp_path: Path) -> None:
    open_sealed(tmp_path, opening("merge", "a", "b"))
    with pytest.raises(LexgraftError, match="1 of these sealed concepts were opened"):
        open_sealed(tmp_path, opening("other", "b", "c"))
    open_sealed(tmp_path, opening("other", "c", "d"))
    assert [one.result for one in openings(tmp_path)] == ["merge", "other"]


def test_the_same_result_beside_other_models_is_another_look(tmp_path: Path) -> None:
    open_sealed(tmp_path, opening("merge", "a"))
    with pytest.raises(LexgraftError, match="can confirm nothing any more"):
        open_sealed(tmp_path, SealedOpening("merge", "merge", ("base",), ("a",)))


def test_what_was_never_opened_is_not_compared(tmp_path: Path) -> None:
    with pytest.raises(LexgraftError, match="never opened"):
        opened_for(tmp_path)


def test_an_opening_that_was_taken_off_the_record_is_missed(tmp_path: Path) -> None:
    open_sealed(tmp_path, opening("merge", "a"))
    (tmp_path / FILE).unlink()
    with pytest.raises(LexgraftError, match="gone since it was written"):
        open_sealed(tmp_path, opening("other", "a"))


def test_more_that_are_sealed_later_stay_closed_to_a_result_and_serve_another(tmp_path: Path):
    open_sealed(tmp_path, opening("merge", "a", "b"))
    now = ("a", "b", "c")
    assert askable_sealed(tmp_path, "merge", ("G", "D"), now) == ("a", "b")
    assert askable_sealed(tmp_path, "other", ("G", "D"), now) == ("c",)
    assert askable_sealed(tmp_path, "other", ("G", "D"), ("a", "b")) == ("a", "b")
