"""Judges as programs: what they read and write, their failures."""

import sys
import time
from pathlib import Path

import pytest

from lexgraft.errors import LexgraftError
from lexgraft.evaluation import judge_process
from lexgraft.evaluation.judge import JudgeCase, ask_judge, read_labels

LENIENT = """
import json, sys
for line in sys.stdin:
    case = json.loads(line)
    good = case["text"] == case["reference"]
    print(json.dumps({"id": case["id"], "score": 1.0 if good else 0.25}))
"""


TWO = 'print(\'{"id": "0", "score": 1}\\n{"id": "1", "score": 1}\')\n'


def program(folder: Path, source: str) -> str:
    (folder / "judge.py").write_text(source, encoding="utf-8")
    return f"{sys.executable} {folder / 'judge.py'}"


def cases(*texts: str) -> list[JudgeCase]:
    return [JudgeCase(str(n), "心臓とは", "心臓", text) for n, text in enumerate(texts)]


@pytest.mark.slow
def test_a_program_grades_every_case(tmp_path: Path) -> None:
    assert ask_judge(program(tmp_path, LENIENT), cases("心臓", "肺", "")) == [1.0, 0.25, 0.25]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("import sys; sys.exit('no key')", "the judge failed: no key"),
        ("print('fine')", "did not write a grade"),
        ('print(\'{"id": "0", "score": 7}\')', "did not write a grade"),
        ('print(\'{"id": "0", "score": 1}\')', "left 1 cases out, `1` first"),
        (TWO + 'print(\'{"id": "0", "score": 0}\')', "graded 1 cases more than once, `0` first"),
        (TWO + 'print(\'{"id": "2", "score": 1}\')', "graded 1 cases that it was not asked for"),
        ('print(\'{"id": "0", "score": NaN}\')', "did not write a grade"),
        ('print(\'{"id": "0", "score": null}\')', "did not write a grade"),
        ("print('{\"id\": ' + '[' * 100000)", "did not write a grade"),
        ("import sys; sys.stdout.buffer.write(bytes([255]) * 9)", "did not write a grade"),
        ("import os; os.kill(os.getpid(), 9)", "the judge failed: status -9"),
        ("import sys; sys.exit('\\x1b[2Jgone')", "the judge failed:  .2Jgone"),
    ],
)
def test_what_is_wrong_with_a_judge_is_said(source: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(LexgraftError, match=message):
        ask_judge(program(tmp_path, source), cases("a", "b"))


HOLDING = """
import subprocess, sys, pathlib
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
pathlib.Path(sys.argv[1]).write_text(str(child.pid))
"""
WAITS = "import time; time.sleep(60)"
FLOODS = "import sys\nwhile True: sys.stdout.write('x' * 100_000)"


def is_gone(process: int) -> bool:
    """Return whether a process has ended, waiting a moment for it."""
    for _ in range(100):
        status = Path(f"/proc/{process}/stat")
        if not status.exists() or status.read_text().split()[2] == "Z":
            return True
        time.sleep(0.02)
    return False


@pytest.mark.slow
@pytest.mark.parametrize("then", [LENIENT, "sys.exit('no')", WAITS, FLOODS])
def test_what_a_judge_has_started_ends_with_it(
    then: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(judge_process, "PATIENCE", 2.0)
    monkeypatch.setattr(judge_process, "OUTPUT", 1 << 20)
    noted, began = tmp_path / "child", time.monotonic()
    command = f"{program(tmp_path, HOLDING + then)} {noted}"
    if then == LENIENT:
        assert ask_judge(command, cases("心臓")) == [1.0]
    else:
        with pytest.raises(LexgraftError, match=r"the judge failed: (no|it took|it wrote)"):
            ask_judge(command, cases("心臓"))
    assert time.monotonic() - began < 8
    assert is_gone(int(noted.read_text()))


def test_two_cases_of_one_id_are_refused() -> None:
    command = """printf '{"id": "0", "score": 1}'"""
    assert ask_judge(command, cases("a")) == [1.0]
    with pytest.raises(LexgraftError, match="asked about 1 ids more than once"):
        ask_judge(command, [*cases("a"), *cases("b")])


@pytest.mark.parametrize("command", ["/no/such/program", "", "'unclosed"])
def test_a_program_that_is_none_is_named(command: str) -> None:
    with pytest.raises(LexgraftError, match="the judge failed"):
        ask_judge(command, cases("a"))


def test_one_label_is_too_few(tmp_path: Path) -> None:
    file = tmp_path / "labels.jsonl"
    file.write_text('{"prompt": "p", "reference": "r", "text": "t", "label": 1, "group": "x"}\n')
    with pytest.raises(LexgraftError, match="fewer than two labels"):
        read_labels(file)
