"""A command that is refused leaves nothing behind, however deep its output was to lie."""

import shlex
from pathlib import Path

import pytest

from lexgraft.cli import main

REFUSED = (
    "merge nothere.yaml n/m/o",
    "merge recipe.yaml n/m/o --memory 1K",
    "plan small.yaml",
    "testset small.yaml -o n/m/t",
    "tune small.yaml -o n/m/tuned",
    "extract base base -o n/m/a",
    "vocabulary extend base --terms nothere.csv --general-text general.txt -o n/m/g",
    "terms import letter.txt -o n/m/t.jsonl",
    "evaluate base --items nothere.jsonl -o n/m/e",
    "evaluate nothere --items questions.jsonl -o n/m/e",
    "evaluate base --texts letter.txt -o n/m/e",
    "compare --lm-eval logs -o n/m/c.json",
    "diagnose nothere.yaml --html n/m/d.html",
)


def test_a_refused_command_leaves_no_folder(work: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = (work / "project.yaml").read_text().replace('"output": "run"', '"output": "n/m/run"')
    (work / "small.yaml").write_text(text.replace('"confirm": 14', '"confirm": 1400'))
    for line in REFUSED:
        assert main(shlex.split(line)) == 2, line
        assert "→" in capsys.readouterr().err, line
        assert not (work / "n").exists(), line


def test_a_run_writes_into_no_folder_of_another_kind(
    work: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["plan", "project.yaml"]) == 0
    assert main(["tune", "project.yaml", "-o", "run"]) == 2
    said = capsys.readouterr().err
    assert "the folder of `lexgraft adopt`, and `tune` would write into it" in said
    assert main(["evaluate", "base", "--items", "questions.jsonl", "-o", "run"]) == 2


def test_what_is_no_models_folder_is_refused_before_anything_heavy_is_imported(
    work: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["serve", str(work), "--port", "0"]) == 2
    assert "no config.json there" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("adopt project.yaml --opne", "`--open-sealed`"),
        ("adopt project.yaml --jsn", "`--json`"),
        ("adopt project.yaml --zzz", "known: "),
    ],
)
def test_only_a_name_that_is_near_is_offered(
    work: Path, capsys: pytest.CaptureFixture[str], given: str, said: str
) -> None:
    assert main(shlex.split(given)) == 2
    assert said in capsys.readouterr().err
