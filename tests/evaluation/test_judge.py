"""Judges as programs: what they read and write, their failures."""

import sys
from pathlib import Path

import pytest

from lexgraft.errors import LexgraftError
from lexgraft.evaluation.judge import JudgeCase, ask_judge, read_labels

LENIENT = """
import json, sys
for line in sys.stdin:
    case = json.loads(line)
    good = case["text"] == case["reference"]
    print(json.dumps({"id": case["id"], "score": 1.0 if good else 0.25}))
"""


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
    ],
)
def test_what_is_wrong_with_a_judge_is_said(source: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(LexgraftError, match=message):
        ask_judge(program(tmp_path, source), cases("a", "b"))


@pytest.mark.parametrize("command", ["/no/such/program", "", "'unclosed"])
def test_a_program_that_is_none_is_named(command: str) -> None:
    with pytest.raises(LexgraftError, match="the judge failed"):
        ask_judge(command, cases("a"))


def test_one_label_is_too_few(tmp_path: Path) -> None:
    file = tmp_path / "labels.jsonl"
    file.write_text('{"prompt": "p", "reference": "r", "text": "t", "label": 1, "group": "x"}\n')
    with pytest.raises(LexgraftError, match="fewer than two labels"):
        read_labels(file)
