import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from lexgraft.cli import main
from lexgraft.cli.verb_parser import VERBS, parser
from lexgraft.project import schema

HEAVY = ("torch", "transformers", "numpy", "rich", "wordfreq", "h11", "asyncio")


def test_no_help_loads_a_heavy_package():
    code = f"""
import sys
from lexgraft.cli import main
for arguments in [["--help"], *[[verb, "--help"] for verb in {VERBS!r}]]:
    try:
        main(arguments)
    except SystemExit as stop:
        assert stop.code == 0
    loaded = [name for name in {HEAVY!r} if name in sys.modules]
    assert not loaded, (arguments, loaded)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("usage: lexgraft") == len(VERBS) + 1


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_shows_an_example(verb: str, capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit):
        main([verb, "--help"])
    shown = capsys.readouterr().out
    assert f"lexgraft {verb}" in shown.split("options:")[1]


def test_a_mistake_is_one_message_with_a_cure_and_status_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    file = tmp_path / "project.yaml"
    file.write_text("nmae: x\n", encoding="utf-8")
    assert main(["adopt", str(file)]) == 2
    said = capsys.readouterr().err
    assert said.count("lexgraft:") == 1
    assert "`nmae`" in said
    assert "did you mean `name`?" in said
    assert "Traceback" not in said


def test_schema_is_json_for_editors_and_describes_every_key(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["schema"]) == 0
    described = json.loads(capsys.readouterr().out)
    assert described["$defs"].keys() == schema()["$defs"].keys()
    for name, record in described["$defs"].items():
        for key, value in record["properties"].items():
            assert value.get("description"), (name, key)
    gate = described["$defs"]["MergeGate"]["properties"]
    assert gate["general_loss"]["description"].startswith("largest relative loss in a language")


def test_the_page_of_the_project_file_is_up_to_date(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schema", "--page"]) == 0
    page = Path(__file__).parents[2] / "docs" / "project.md"
    cure = "run: lexgraft schema --page > docs/project.md"
    assert page.read_text(encoding="utf-8") == capsys.readouterr().out, cure


def test_an_unknown_verb_is_refused_with_the_known_ones(capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit) as stop:
        main(["adpot"])
    assert stop.value.code == 2
    assert "adopt" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "size"), [("4096", 4096), ("64k", 64 << 10), ("96M", 96 << 20), ("2G", 2 << 30)]
)
def test_memory_is_given_in_bytes_or_with_a_letter(text: str, size: int) -> None:
    given = parser().parse_args(["merge", "p.yaml", "-o", "out", "--memory", text])
    assert given.memory == size


@pytest.mark.parametrize(
    "option", ["--memory=0", "--memory=-1M", "--memory=2T", "--workers=0", "--workers=1e3"]
)
def test_amounts_that_mean_nothing_are_refused(
    option: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        parser().parse_args(["merge", "p.yaml", "-o", "out", option])
    assert "is not a" in capsys.readouterr().err


def test_a_glossary_that_finds_nothing_says_in_which_direction_it_looked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    terms, letter = tmp_path / "terms.csv", tmp_path / "letter.txt"
    terms.write_text("id,term ja,term en\n1,心臓,heart\n", encoding="utf-8")
    letter.write_text("The heart beats.", encoding="utf-8")
    assert main(["glossary", "match", str(terms), str(letter)]) == 0
    assert capsys.readouterr().out == "no term found: 1 entries into `en`\n"
    assert main(["glossary", "lint", str(terms)]) == 0
    assert capsys.readouterr().out == "no fault: 1 entries into `en`\n"


def test_report_writes_the_page_of_a_run_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    golden = Path(__file__).parents[1] / "golden" / "report"
    shutil.copy(golden / "report.json", tmp_path)
    assert main(["report", str(tmp_path)]) == 0
    assert (tmp_path / "report.html").read_bytes().startswith(b"<!DOCTYPE html>")
    assert "report.html" in capsys.readouterr().out
