"""What is asked on a terminal: a real one, with a person's answers."""

import os
import pty
import select
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pytest
from adapters import save_adapter
from pairs import translated

pytestmark = pytest.mark.slow
SECONDS = 120


def talk(
    arguments: Sequence[str], answers: Sequence[tuple[str, str]], folder: Path
) -> tuple[int, str]:
    """Run the command line on a terminal; answer each question when it is there.

    Args:
        arguments: of `lexgraft`.
        answers: what a question ends like, and what is typed then.
        folder: where it runs.

    Returns:
        The exit status and all that was shown.
    """
    ours, its = pty.openpty()
    command = [sys.executable, "-m", "lexgraft", *arguments]
    process = subprocess.Popen(command, stdin=its, stdout=its, stderr=its, cwd=folder)
    os.close(its)
    shown, waiting, seen, end = "", list(answers), 0, time.monotonic() + SECONDS
    while time.monotonic() < end:
        if waiting and waiting[0][0] in shown[seen:]:
            seen = len(shown)
            os.write(ours, f"{waiting.pop(0)[1]}\n".encode())
        if select.select([ours], [], [], 0.2)[0]:
            try:
                shown += os.read(ours, 1 << 16).decode(errors="replace")
            except OSError:  # its end is closed
                break
    os.close(ours)
    assert process.wait(SECONDS) is not None
    assert not waiting, shown
    return process.returncode, shown


def test_init_asks_for_all_that_it_needs_and_what_the_glossary_does_not_say(
    tiny_model: Path, tmp_path: Path
):
    rows = [translated("en", "fr", number) for number in range(80)]
    text = "".join(f"{one.names('en')[0]},{one.names('fr')[0]}\n" for one in rows)
    (tmp_path / "pairs.csv").write_text(text, encoding="utf-8")
    for number, name in enumerate(("language", "domain"), 1):
        save_adapter(tiny_model, tmp_path / name, number)
    status, shown = talk(
        ["init", "--leave-out-refused"],
        [
            ("Base model", "nowhere at all"),
            ("Base model", str(tiny_model)),
            ("Language model", "nobody/nothing"),
            ("Language model", "language"),
            ("Domain model", "domain"),
            ("Glossary", "pair.csv"),
            ("Glossary", "pairs.csv"),
            ("number, another value", "1"),
            ("number, another value", "1=word en"),
            ("number, another value", "1=term en"),
            ("number, another value", "2=term fr"),
            ("Language in which the domain", "klingonese"),
            ("Language in which the domain", "de"),
            ("Language in which the domain", "en"),
            ("Language in which they should", "fr"),
        ],
        tmp_path,
    )
    assert (status, "next: lexgraft plan project.yaml" in shown) == (0, True), shown
    assert "[en (80), fr (80)]" in shown
    for wrong in ("no such folder", "no such term base", "unknown meaning `word en`"):
        assert wrong in shown
    for wrong in ("unknown language `klingonese`", "no term is in `de`"):
        assert wrong in shown
    project = (tmp_path / "project.yaml").read_text(encoding="utf-8")
    assert "no_header: true" in project
    assert "refused: leave-out" in project
    status, shown = talk(["plan", "project.yaml"], [], tmp_path)
    assert status == 0, shown


def test_an_import_that_is_not_clear_asks_and_a_person_may_stop(tmp_path: Path):
    (tmp_path / "t.csv").write_text("MT,en\nklappa,valve\nbieb,door\n", encoding="utf-8")
    import_ = ["terms", "import", "t.csv", "-o", "out.jsonl"]
    again = [("number, another value", "MT=term xx")] * 4
    status, shown = talk(import_, again, tmp_path)
    assert (status, shown.count("unknown language")) == (2, 4), shown
    assert not (tmp_path / "out.jsonl").exists()
    status, shown = talk(import_, [("number, another value", "")], tmp_path)
    assert (status, "not clear, so nothing is taken" in shown) == (2, True), shown
    status, shown = talk(import_, [("number, another value", "MT=term mt")], tmp_path)
    assert (status, (tmp_path / "out.jsonl").exists()) == (0, True), shown


def test_the_end_of_input_is_no_answer(tmp_path: Path):
    status, shown = talk(["init"], [("Base model", "\x04")], tmp_path)
    assert (status, "no answer to: Base model" in shown) == (2, True), shown
