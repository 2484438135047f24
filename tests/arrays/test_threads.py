from types import SimpleNamespace

import pytest

from lexgraft.arrays import threads as threads_file
from lexgraft.arrays.threads import threads


@pytest.fixture
def counts(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Return the numbers of threads that a stand-in for torch was given, the last one valid."""
    given = [8]
    torch = SimpleNamespace(get_num_threads=lambda: given[-1], set_num_threads=given.append)
    monkeypatch.setattr(threads_file, "torch", torch)
    return given


def test_contexts_within_each_other_bring_back_what_was_there(counts: list[int]) -> None:
    with threads(4):
        with threads(1):
            assert counts[-1] == 1
        assert counts[-1] == 4
    assert counts[-1] == 8


def test_a_context_that_ends_leaves_one_beside_it_its_thread(counts: list[int]) -> None:
    """As two shares of a merge do in one process, of which either may end first."""
    first, second = threads(1), threads(1)
    with first:
        second.__enter__()
    assert counts[-1] == 1
    second.__exit__(None, None, None)
    assert counts[-1] == 8
