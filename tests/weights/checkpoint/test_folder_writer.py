"""Folders appear whole or not at all, and unfinished ones go on."""

import errno
import json
import os
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from safetensors import safe_open
from xxhash import xxh3_128

from lexgraft.errors import LexgraftError
from lexgraft.weights.checkpoint import folder_writer as write
from lexgraft.weights.checkpoint.file_layout import plan_layout
from lexgraft.weights.checkpoint.folder_writer import open_folder
from lexgraft.weights.checkpoint.journal import JOURNAL, Journal

LAYOUT = plan_layout([("a", "U8", (4,)), ("b", "U8", (4,)), ("c", "U8", (4,))], shard_limit=8)
DATA = {"a": b"aaaa", "b": b"bbbb", "c": b"cccc"}
SIDES = {"config.json": b"{}"}
Files = dict[str, bytes]


def run(
    folder: Path, key: str = "key", stop_after: int = 3, inputs: Sequence[Path] = ()
) -> list[str]:
    """Write the folder, or the first tensors of it; return the tensors written now."""
    written: list[str] = []
    with open_folder(folder, LAYOUT, key, inputs) as writer:
        for name, data in DATA.items():
            if len(written) == stop_after:
                raise KeyboardInterrupt
            if name not in writer.done:
                writer.note(name, writer.write(name, [data[:1], data[1:]]))
                writer.sync()
                written.append(name)
        writer.finish(SIDES, json.dumps(writer.digests()).encode())
    return written


def content(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


@pytest.fixture
def finished(tmp_path: Path) -> Files:
    run(tmp_path / "reference")
    return content(tmp_path / "reference")


def test_a_finished_folder_holds_shards_index_sides_and_manifest(
    tmp_path: Path, finished: Files
) -> None:
    assert list(finished) == [
        "config.json",
        "manifest.json",
        "model-00001-of-00002.safetensors",
        "model-00002-of-00002.safetensors",
        "model.safetensors.index.json",
    ]
    with safe_open(tmp_path / "reference/model-00001-of-00002.safetensors", "pt") as file:
        assert bytes(file.get_tensor("b").tolist()) == b"bbbb"
    assert json.loads(finished["manifest.json"]) == {
        name: xxh3_128(data).hexdigest() for name, data in DATA.items()
    }


@pytest.mark.parametrize("stop_after", [0, 1, 2])
def test_a_stopped_run_goes_on_to_the_same_bytes(
    tmp_path: Path, finished: Files, stop_after: int
) -> None:
    out = tmp_path / "out"
    with pytest.raises(KeyboardInterrupt):
        run(out, stop_after=stop_after)
    names = set(content(out))
    assert names == {JOURNAL, *(f"{file}.part" for file in LAYOUT.sizes)}
    assert run(out) == list(DATA)[stop_after:]
    assert content(out) == finished


def test_an_interrupt_keeps_what_was_written(tmp_path: Path, finished: Files) -> None:
    def stop() -> None:
        with open_folder(tmp_path / "out", LAYOUT, "key", []) as writer:
            writer.note("b", writer.write("b", [DATA["b"]]))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stop()
    assert run(tmp_path / "out") == ["a", "c"]
    assert content(tmp_path / "out") == finished


@pytest.mark.parametrize("step", range(3, 9))
def test_a_run_stopped_while_finishing_goes_on_to_the_same_bytes(
    tmp_path: Path, finished: Files, step: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = 0
    sync = write.sync_folder
    put = write.replace_file

    def counted(call: Callable[..., None]) -> Callable[..., None]:
        def wrapper(*args: object) -> None:
            nonlocal calls
            calls += 1
            if calls == step:
                raise KeyboardInterrupt
            call(*args)

        return wrapper

    with monkeypatch.context() as patch:
        patch.setattr(write, "sync_folder", counted(sync))
        patch.setattr(write, "replace_file", counted(put))
        with pytest.raises(KeyboardInterrupt):
            run(tmp_path / "out")
    assert JOURNAL in content(tmp_path / "out")
    assert run(tmp_path / "out") == []
    assert content(tmp_path / "out") == finished


def test_a_finished_tensor_that_rotted_is_written_again(tmp_path: Path, finished: Files) -> None:
    out = tmp_path / "out"
    with pytest.raises(KeyboardInterrupt):
        run(out, stop_after=2)
    slot = LAYOUT.slots["a"]
    with (out / f"{slot.file}.part").open("r+b") as file:
        file.seek(slot.offset)
        file.write(b"x")
    assert run(out) == ["a", "c"]
    assert content(out) == finished


@pytest.mark.parametrize("tail", [b"torn", b"00000000 {}\n", b"\xff\n", b"\n"])
def test_a_torn_journal_costs_work_not_correctness(
    tmp_path: Path, finished: Files, tail: bytes
) -> None:
    out = tmp_path / "out"
    with pytest.raises(KeyboardInterrupt):
        run(out, stop_after=2)
    with (out / JOURNAL).open("r+b") as file:
        file.seek(-3, os.SEEK_END)
        file.write(tail)
    assert run(out) == ["b", "c"]
    assert content(out) == finished


def test_another_merge_does_not_take_over_an_unfinished_one(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path / "out", stop_after=1)
    before = content(tmp_path / "out")
    with pytest.raises(LexgraftError, match="unfinished merge of other models"):
        run(tmp_path / "out", key="other")
    assert content(tmp_path / "out") == before


def test_a_doubled_journal_is_its_first_half(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "j", "key")
    journal.add({"a": {"digest": "1"}})
    journal.close()
    once = (tmp_path / "j").read_bytes()
    (tmp_path / "j").write_bytes(once * 2)
    again = Journal(tmp_path / "j", "key")
    again.close()
    assert again.done == {"a": {"digest": "1"}}
    assert (tmp_path / "j").read_bytes() == once


def test_a_journal_without_a_first_line_is_refused(tmp_path: Path) -> None:
    (tmp_path / JOURNAL).write_bytes(b"torn")
    with pytest.raises(LexgraftError, match="journal is damaged"):
        Journal(tmp_path / JOURNAL, "key")


def test_a_folder_with_other_content_is_refused_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(LexgraftError, match=r"holds 'thesis\.txt'"):
        run(tmp_path)
    assert content(tmp_path) == {"thesis.txt": b"mine"}


def test_an_input_is_never_the_output(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "model")
    for out, given in (
        ("model", "model"),
        ("model/out", "model"),
        (".", "model"),
        ("link", "model"),
    ):
        with pytest.raises(LexgraftError, match="never overwritten"):
            run(tmp_path / out, inputs=[tmp_path / given])


def test_two_runs_in_one_folder_are_refused(tmp_path: Path) -> None:
    with (
        open_folder(tmp_path / "out", LAYOUT, "key", []),
        pytest.raises(LexgraftError, match="another run"),
    ):
        run(tmp_path / "out")


def test_a_disk_too_small_is_refused_before_a_byte(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nearly_full(_folder: Path) -> SimpleNamespace:
        return SimpleNamespace(free=1000)

    monkeypatch.setattr(shutil, "disk_usage", nearly_full)
    with pytest.raises(LexgraftError, match="not enough space"):
        run(tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_disk_that_fills_up_leaves_a_folder_that_can_go_on(
    tmp_path: Path, finished: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, calls = os.pwrite, 0

    def full(*args: Any) -> int:
        nonlocal calls
        calls += 1
        if calls == 4:
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(*args)

    with monkeypatch.context() as patch:
        patch.setattr(os, "pwrite", full)
        with pytest.raises(LexgraftError, match="finished tensors are kept"):
            run(tmp_path / "out")
    assert run(tmp_path / "out") == ["b", "c"]
    assert content(tmp_path / "out") == finished


def test_short_writes_are_continued(
    tmp_path: Path, finished: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.pwrite

    def short(handle: int, data: memoryview, at: int) -> int:
        return real(handle, data[:1], at)

    monkeypatch.setattr(os, "pwrite", short)
    run(tmp_path / "out")
    assert content(tmp_path / "out") == finished


def test_a_file_system_without_fallocate_is_fine(
    tmp_path: Path, finished: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unsupported(*_args: object) -> None:
        raise OSError(errno.EOPNOTSUPP, "not supported")

    monkeypatch.setattr(os, "posix_fallocate", unsupported)
    run(tmp_path / "out")
    assert content(tmp_path / "out") == finished


def test_a_tensor_of_the_wrong_length_is_a_mistake_of_the_program(tmp_path: Path) -> None:
    with (
        open_folder(tmp_path / "out", LAYOUT, "key", []) as writer,
        pytest.raises(ValueError, match="a: 3 bytes of 4"),
    ):
        writer.write("a", [b"aaa"])
