"""Files that cannot be read, whatever the reason: a line that names them, never a traceback."""

import os
import shlex
from collections.abc import Callable
from pathlib import Path

import pytest

from lexgraft.cli import main

Harm = Callable[[Path], object]


def nothing_but_zeros(path: Path) -> None:
    path.symlink_to("/dev/zero")


def fails_to_read(path: Path) -> None:
    """Reading the first page of one's own memory is an input/output error (EIO)."""
    path.symlink_to("/proc/self/mem")


def leads_to_itself(path: Path) -> None:
    path.symlink_to(path.name)


def leads_nowhere(path: Path) -> None:
    path.symlink_to("nowhere")


def no_text(path: Path) -> None:
    path.write_bytes(b"\xff\xfe\xe9\n\0" * 5)


def cut(path: Path) -> None:
    path.write_bytes(b"{")


HARMS: tuple[Harm, ...] = (
    Path.mkdir,
    os.mkfifo,
    nothing_but_zeros,
    fails_to_read,
    leads_to_itself,
    leads_nowhere,
    no_text,
    cut,
)
READ = (
    ("plan project.yaml", "project.yaml terms.jsonl everyday.jsonl texts.jsonl replay.jsonl"),
    ("plan project.yaml", "base/config.json domain/model.safetensors"),
    ("terms import terms.csv -o out.jsonl", "terms.csv"),
    ("terms join terms.csv other.csv -o out.jsonl", "other.csv"),
    ("terms export terms.csv --format csv -o out.csv", "terms.csv"),
    ("testset project.yaml -o testset --lm-eval-tasks t --tokenizer base", "base/tokenizer.json"),
    ("merge recipe.yaml merged", "recipe.yaml language/config.json language/model.safetensors"),
    ("extract base domain -o adapter", "domain/model.safetensors"),
    ("vocabulary plan base --terms terms.csv --general-text general.txt", "base/tokenizer.json"),
    ("compare --lm-eval logs/org__model-a logs/org__model-b", "logs/org__model-a/samples_*"),
    ("glossary lint terms.csv --from en --to ja", "terms.csv"),
    ("report old", "old/report.json"),
    ("serve n --upstream http://127.0.0.1:9/v1 --port 0 --keys keys.jsonl", "keys.jsonl"),
)


@pytest.mark.slow
@pytest.mark.parametrize("harm", HARMS, ids=lambda harm: harm.__name__)
def test_a_file_that_cannot_be_read_is_told_in_a_line(
    work: Path, capsys: pytest.CaptureFixture[str], harm: Harm
) -> None:
    assert main(["key", "keys.jsonl", "alice"]) == 0
    for line, names in READ:
        for name in names.split():
            path = next(work.glob(name))
            aside = path.rename(work / "aside")
            harm(path)
            capsys.readouterr()
            status = main(shlex.split(line))
            said = capsys.readouterr().err
            assert status == 2, (line, name, said)
            assert "Traceback" not in said
            assert said.count("lexgraft: ") == 1
            path.rmdir() if path.is_dir() else path.unlink()
            aside.rename(path)


@pytest.mark.parametrize("harm", HARMS, ids=lambda harm: harm.__name__)
def test_a_term_base_that_cannot_be_read_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], harm: Harm
) -> None:
    harm(tmp_path / "terms.csv")
    command = ["terms", "import", str(tmp_path / "terms.csv"), "-o", str(tmp_path / "out.jsonl")]
    assert main(command) == 2
    assert "terms.csv" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("error", "what"),
    [
        (MemoryError(), "out of memory"),
        (RecursionError(), "nested too deeply"),
        (UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid"), "not text as expected here"),
    ],
)
def test_what_is_too_much_for_the_machine_is_told_with_the_file_at_hand(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    error: Exception,
    what: str,
) -> None:
    def fail(path: Path) -> None:
        raise error

    monkeypatch.setattr("lexgraft.adoption.report.read_report", fail)
    assert main(["report", str(tmp_path / "run")]) == 2
    assert f"report.json: {what}" in capsys.readouterr().err
