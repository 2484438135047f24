"""What the tool wrote is what it reads: changed, cut and emptied files are named."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from lexgraft.errors import LexgraftError
from lexgraft.files.checked_files import RECORD, is_on_record, read_checked, write_checked
from lexgraft.records import Term

ROWS = [Term("頻脈", "ja"), Term("tachycardia", "en")]


def test_what_was_written_is_read(tmp_path: Path) -> None:
    for name in ("a.jsonl", "b.jsonl"):
        write_checked(tmp_path / name, iter(ROWS))
    assert read_checked(tmp_path / "a.jsonl", Term, "") == ROWS
    write_checked(tmp_path / "a.jsonl", ROWS[:1])
    assert read_checked(tmp_path / "a.jsonl", Term, "") == ROWS[:1]
    assert read_checked(tmp_path / "b.jsonl", Term, "") == ROWS


def cut(file: Path) -> None:
    file.write_bytes(file.read_bytes().splitlines(keepends=True)[0])


def emptied(file: Path) -> None:
    file.write_bytes(b"")


def changed(file: Path) -> None:
    file.write_bytes(file.read_bytes().replace(b"tachy", b"brady"))


def gone(file: Path) -> None:
    file.unlink()


def forgotten(file: Path) -> None:
    (file.parent / RECORD).write_bytes(b"{}")


def damaged(file: Path) -> None:
    (file.parent / RECORD).write_bytes(b"{")


@pytest.mark.parametrize("harm", [cut, emptied, changed, gone, forgotten, damaged])
def test_what_is_not_as_it_was_written_is_named(
    tmp_path: Path, harm: Callable[[Path], None]
) -> None:
    file = tmp_path / "a.jsonl"
    write_checked(file, ROWS)
    harm(file)
    with pytest.raises(LexgraftError, match=r"\.json.*(\n.*→.*again)?"):
        read_checked(file, Term, "write it again")


@pytest.mark.parametrize("at", ["record", "file"])
def test_a_kill_leaves_no_file_that_seems_changed(tmp_path: Path, at: str) -> None:
    file = tmp_path / "a.jsonl"
    write_checked(file, ROWS)
    code = f"""
import os
from pathlib import Path
from lexgraft.files import checked_files
from lexgraft.records import Term
number = 0
def killed(write):
    def call(*arguments):
        global number
        number += 1
        if number == {2 if at == "file" else 3}:
            os._exit(9)
        write(*arguments)
    return call
checked_files.write_bytes = killed(checked_files.write_bytes)
checked_files.write_lines = killed(checked_files.write_lines)
checked_files.write_checked(Path({str(file)!r}), [Term("new", "en")])
"""
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 9
    assert not is_on_record(file)
    write_checked(file, [Term("new", "en")])
    assert read_checked(file, Term, "") == [Term("new", "en")]
