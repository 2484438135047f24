"""The README's path for localisation leads: its commands print what it shows."""

import re
import shlex
import shutil
from pathlib import Path

import pytest

from lexgraft.cli import main

ROOT = Path(__file__).parents[2]
_BLOCK = re.compile(r"^```console\n(.*?)^```", re.MULTILINE | re.DOTALL)
_LEFT_OUT = "…"


def steps() -> list[tuple[str, list[str]]]:
    """Return the commands of the README and the lines it shows below each."""
    (block,) = _BLOCK.findall((ROOT / "README.md").read_text(encoding="utf-8"))
    pieces = re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]
    return [(piece.splitlines()[0], piece.splitlines()[1:]) for piece in pieces]


def is_shown(shown: list[str], printed: list[str]) -> bool:
    """Tell whether the lines are those that are shown, with others at every ellipsis."""
    lines = (r"(?:.*\n)*?" if line == _LEFT_OUT else re.escape(line) + r"\n" for line in shown)
    return (
        re.fullmatch("".join(lines), "".join(f"{line.rstrip()}\n" for line in printed)) is not None
    )


def test_the_path_has_five_commands_at_most() -> None:
    assert 1 <= len(steps()) <= 5


@pytest.mark.slow
def test_every_command_prints_what_the_readme_shows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    work = tmp_path / "work"
    shutil.copytree(ROOT / "examples" / "spreadsheet-ja", work)
    monkeypatch.chdir(work)
    for command, shown in steps():
        assert main(shlex.split(command)[1:]) == (1 if " check " in command else 0)
        printed = capsys.readouterr().out.splitlines()
        assert is_shown(shown, printed), (command, printed)
