"""Answers on a disk that is full or fails: kept, and never to be deleted."""

import resource
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path

import pytest

from lexgraft.errors import LexgraftError
from lexgraft.evaluation.answer_store import AnswerStore

SMALL = {str(number): "x" * 100 for number in range(20)}
LARGE = {f"large {number}": "x" * 1000 for number in range(400)}


@contextmanager
def files_of_at_most(size: int) -> Generator[None]:
    """Let no file grow beyond a size while the context lasts; the signal is ignored by Python."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def check_kept(store: AnswerStore, attempt: Callable[[], None]) -> None:
    """The attempt fails with a cure that loses nothing; what was there still is."""
    with pytest.raises(LexgraftError) as refusal:
        attempt()
    assert "what was answered is kept" in refusal.value.cure
    assert "delete" not in refusal.value.cure
    assert len(store.get(SMALL)) == len(SMALL)


def test_a_file_that_may_not_grow_keeps_its_answers(tmp_path: Path) -> None:
    store = AnswerStore(tmp_path / "answers.sqlite")
    store.put(SMALL)

    def attempt() -> None:
        with files_of_at_most((tmp_path / "answers.sqlite").stat().st_size + 20_000):
            store.put(LARGE)

    check_kept(store, attempt)
    store.put(LARGE)
    assert len(store.get([*SMALL, *LARGE])) == len(SMALL) + len(LARGE)


def test_a_full_disk_keeps_its_answers(make_disk: Callable[[str], Path]) -> None:
    store = AnswerStore(make_disk("100k") / "answers.sqlite")
    store.put(SMALL)
    check_kept(store, lambda: store.put(LARGE))


def test_a_folder_in_the_place_of_a_store_is_named(tmp_path: Path) -> None:
    (tmp_path / "answers.sqlite").mkdir()
    with pytest.raises(LexgraftError, match=r"answers\.sqlite: the answers cannot be stored"):
        AnswerStore(tmp_path / "answers.sqlite").put(SMALL)


def test_a_damaged_store_is_to_be_moved_away(tmp_path: Path) -> None:
    (tmp_path / "answers.sqlite").write_bytes(b"no database" * 100)
    with pytest.raises(LexgraftError, match="not a store of answers") as refusal:
        AnswerStore(tmp_path / "answers.sqlite").get(["a"])
    assert refusal.value.cure.startswith("move it away")
