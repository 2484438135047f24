"""Runs that die, disks that fill, inputs that change: an error that helps, and a way on."""

import os
import resource
import signal
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lexgraft.errors import LexgraftError
from lexgraft.files.folder_lock import locked
from lexgraft.weights.checkpoint import folder_writer as write
from lexgraft.weights.merge.disk_merge import run_merge
from lexgraft.weights.merge.merge_plan import MergePlan

pytestmark = pytest.mark.slow

Planner = Callable[..., MergePlan]
Folders = dict[str, Path]


def content(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def run_and_die(made: MergePlan, output: Path, after: int) -> int:
    """Merge in a process of its own that kills itself at a file operation; return its status."""
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    left = after
    try:
        for name in ("pwrite", "write", "fsync", "rename", "replace", "unlink", "ftruncate"):
            real = getattr(os, name)

            def deadly(*given: Any, real: Callable[..., Any] = real) -> Any:
                nonlocal left
                left -= 1
                if left < 0:
                    os.kill(os.getpid(), signal.SIGKILL)
                return real(*given)

            setattr(os, name, deadly)
        write.SYNC_EVERY = 1
        run_merge(made, output, workers=2)
        os._exit(0)
    finally:
        os._exit(1)


@pytest.mark.slow
def test_kill_9_at_random_moments_then_resume_gives_the_same_bytes(
    plan: Planner, tmp_path: Path
) -> None:
    run_merge(plan("dare_ties"), tmp_path / "whole")
    chance, killed = np.random.default_rng(5), 0
    for number in range(3):
        out = tmp_path / str(number)
        while (status := run_and_die(plan("dare_ties"), out, int(chance.integers(1, 40)))) != 0:
            assert status == -signal.SIGKILL
            killed += 1
            if killed > 60:
                break
        run_merge(plan("dare_ties"), out)
        assert content(out) == content(tmp_path / "whole")
    assert killed >= 3


@contextmanager
def file_size_limit(size: int) -> Generator[None]:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_limit_on_file_sizes_is_a_clean_error_and_the_run_goes_on_later(
    plan: Planner, tmp_path: Path
) -> None:
    run_merge(plan(), tmp_path / "whole")
    with file_size_limit(4500), pytest.raises(LexgraftError, match="not enough space"):
        run_merge(plan(), tmp_path / "out")
    assert "model.safetensors" not in content(tmp_path / "out")
    run_merge(plan(), tmp_path / "out")
    assert content(tmp_path / "out") == content(tmp_path / "whole")


@pytest.fixture
def small_disk(make_disk: Callable[[str], Path]) -> Path:
    """Return a file system of 64 KiB."""
    return make_disk("64k")


def test_a_disk_known_to_be_too_small_is_refused_before_a_byte(
    plan: Planner, small_disk: Path
) -> None:
    with pytest.raises(LexgraftError, match=r"not enough space on the disk: .* are needed"):
        run_merge(plan(), small_disk / "out")
    assert not (small_disk / "out").exists()


def test_a_full_disk_is_a_clean_error_and_the_run_goes_on_when_there_is_room(
    plan: Planner, tmp_path: Path, small_disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def enough(*_given: object) -> None:
        """Another program is faster in filling it."""

    monkeypatch.setattr(write, "_check_space", enough)
    run_merge(plan(), tmp_path / "whole")
    hog = small_disk / "hog"
    hog.write_bytes(bytes(56 << 10))
    for _ in range(2):
        with pytest.raises(LexgraftError, match="finished tensors are kept"):
            run_merge(plan(), small_disk / "out")
        assert "model.safetensors" not in content(small_disk / "out")
    hog.unlink()
    run_merge(plan(), small_disk / "out")
    assert content(small_disk / "out") == content(tmp_path / "whole")


def test_a_disk_that_fails_to_sync_ends_the_run_and_nothing_unsynced_is_trusted(
    plan: Planner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_merge(plan(), tmp_path / "whole")
    monkeypatch.setattr(write, "SYNC_EVERY", 1)
    real, calls = os.fsync, 0

    def failing(handle: int) -> None:
        nonlocal calls
        calls += 1
        if calls == 8:  # the pages count as clean afterwards: only once does it say so
            raise OSError(5, "Input/output error")
        real(handle)

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", failing)
        with pytest.raises(LexgraftError, match="cannot be written: Input/output error"):
            run_merge(plan(), tmp_path / "out", workers=1)
    journal = (tmp_path / "out" / "merge.journal").read_text().splitlines()
    assert len(journal) < 5
    run_merge(plan(), tmp_path / "out")
    assert content(tmp_path / "out") == content(tmp_path / "whole")


def meddling(at: int, change: Callable[[], object]) -> Callable[[str, int, int], None]:
    """Return a progress callback that changes something once, in the middle of a run."""

    def progress(_what: str, done: int, _total: int) -> None:
        if done == at:
            change()

    return progress


def test_an_input_cut_during_the_run_is_an_error_that_names_the_file(
    models: Folders, plan: Planner, tmp_path: Path
) -> None:
    path = models["domain"] / "model.safetensors"
    with pytest.raises(LexgraftError) as caught:
        run_merge(plan(), tmp_path / "out", meddling(0, lambda: os.truncate(path, 2000)))
    assert str(path) in str(caught.value)
    assert "manifest.json" not in content(tmp_path / "out")


def test_an_input_replaced_during_the_run_is_an_error_that_names_the_file(
    models: Folders, plan: Planner, tmp_path: Path
) -> None:
    path = models["base"] / "model.safetensors"
    other = tmp_path / "other"
    other.write_bytes(path.read_bytes())
    with pytest.raises(LexgraftError, match="changed while it was in use") as caught:
        run_merge(plan(), tmp_path / "out", meddling(4, lambda: other.rename(path)))
    assert str(path) in str(caught.value)
    assert "manifest.json" not in content(tmp_path / "out")


def test_an_unfinished_run_of_inputs_that_changed_is_not_taken_over(
    models: Folders, plan: Planner, tmp_path: Path
) -> None:
    def stop() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_merge(plan(), tmp_path / "out", meddling(3, stop))
    os.utime(models["base"] / "model.safetensors", ns=(1, 1))
    with pytest.raises(LexgraftError, match="unfinished merge of other models"):
        run_merge(plan(), tmp_path / "out")


def test_a_second_run_in_the_same_folder_is_refused(plan: Planner, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    with (
        locked(tmp_path / "out"),
        pytest.raises(LexgraftError, match="another run is writing here"),
    ):
        run_merge(plan(), tmp_path / "out")


def test_a_read_that_the_disk_fails_is_tried_again_and_then_named(
    models: Folders, plan: Planner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, failures = os.preadv, [0]

    def failing(handle: int, views: list[memoryview], offset: int) -> int:
        failures[0] += 1
        if failures[0] % 3 or len(failures) > 1:
            raise OSError(5, "Input/output error")
        return real(handle, views, offset)

    monkeypatch.setattr(os, "preadv", failing)
    run_merge(plan(), tmp_path / "out", workers=1)  # every third try succeeds
    failures.append(1)  # and now none
    with pytest.raises(LexgraftError, match="the disk cannot read it at byte") as caught:
        run_merge(plan("linear"), tmp_path / "other", workers=1)
    assert "model.safetensors" in caught.value.where
    assert models["base"].name in caught.value.where
