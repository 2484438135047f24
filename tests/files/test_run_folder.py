import subprocess
import sys
from pathlib import Path

import pytest

from lexgraft.errors import LexgraftError
from lexgraft.files.file_digest import file_digest
from lexgraft.files.run_folder import StageEntry, hold
from lexgraft.records import Term

RECORD = Term("頻脈", "ja")


def test_a_finished_stage_is_found_again_only_under_its_key(tmp_path: Path):
    with hold(tmp_path) as run:
        run.finish("merge", "key", RECORD)
    with hold(tmp_path) as run:
        assert run.finished("merge", "key", Term) == RECORD
        assert run.finished("merge", "other", Term) is None
        assert run.finished("tune", "key", Term) is None


def test_a_record_that_was_edited_is_not_trusted(tmp_path: Path):
    with hold(tmp_path) as run:
        run.finish("merge", "key", RECORD)
    file = tmp_path / "stages" / "merge.json"
    file.write_text(file.read_text(encoding="utf-8").replace("頻脈", "徐脈"), encoding="utf-8")
    message = r"merge\.json: not what the stage merge wrote(.|\n)*delete it"
    with hold(tmp_path) as run, pytest.raises(LexgraftError, match=message):
        run.finished("merge", "key", Term)
    file.unlink()
    with hold(tmp_path) as run:
        assert run.finished("merge", "key", Term) is None


def test_a_record_of_another_shape_is_made_again(tmp_path: Path):
    with hold(tmp_path) as run:
        run.finish("merge", "key", RECORD)
        assert run.finished("merge", "key", StageEntry) is None


def test_a_second_run_in_the_folder_is_refused_and_the_first_is_named(tmp_path: Path):
    code = f"""
from pathlib import Path
from lexgraft.files.run_folder import StageEntry, hold
with hold(Path({str(tmp_path)!r})):
    print("held", flush=True)
    input()
"""
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout
        assert other.stdin
        assert other.stdout.readline() == "held\n"
        with pytest.raises(LexgraftError, match=str(other.pid)), hold(tmp_path):
            pass
        other.stdin.write("\n")
        other.stdin.close()
        assert other.wait(10) == 0
    with hold(tmp_path):
        pass


@pytest.mark.parametrize("content", [b"[]", b"", b'{"merge\xff": {}}'])
def test_a_broken_lock_file_is_named(tmp_path: Path, content: bytes):
    (tmp_path / "lock.json").write_bytes(content)
    with pytest.raises(LexgraftError, match=r"lock\.json"), hold(tmp_path):
        pass


def test_a_folders_digest_sees_names_and_contents(tmp_path: Path):
    (tmp_path / "a").write_text("1", encoding="utf-8")
    before = file_digest(tmp_path)
    (tmp_path / "a").rename(tmp_path / "b")
    renamed = file_digest(tmp_path)
    (tmp_path / "b").write_text("2", encoding="utf-8")
    assert len({before, renamed, file_digest(tmp_path)}) == 3


def test_a_missing_file_is_named(tmp_path: Path):
    with pytest.raises(LexgraftError, match="none"):
        file_digest(tmp_path / "none")
