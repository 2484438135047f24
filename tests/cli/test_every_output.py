"""Every argument of the live parser that writes, with outputs where something is: it stays."""

import json
import shlex
from pathlib import Path

import pytest
from cli.conftest import PROJECT
from cli.test_every_option import LEAVES
from test_nothing_lost import lost, run, snapshot

pytestmark = pytest.mark.slow

GROWTH = "vocabulary extend base --terms terms.csv --text notes.txt --common 1000000 --tokens 9"
WRITES = {
    ("merge", "out"): "merge recipe.yaml {}",
    ("merge", "output"): "merge recipe.yaml -o {}",
    ("diagnose", "html"): "diagnose recipe.yaml --html {}",
    ("terms import", "output"): "terms import terms.csv -o {}",
    ("terms export", "output"): "terms export terms.csv --format tbx -o {}",
    ("terms join", "output"): "terms join terms.csv other.csv -o {}",
    ("testset", "output"): "testset project.yaml -o {}",
    ("testset", "lm_eval_tasks"): "testset project.yaml -o tests --lm-eval-tasks {}"
    " --tokenizer base",
    ("extract", "output"): "extract base domain --rank 1 -o {}",
    ("vocabulary extend", "output"): f"{GROWTH} -o {{}}",
    ("vocabulary align", "output"): "vocabulary align base domain --pad-to-multiple-of 7 -o {}",
    ("evaluate", "output"): "evaluate base --items questions.jsonl -o {}",
    ("compare", "output"): "compare --lm-eval logs/org__model-a logs/org__model-b -o {}",
    ("key", "file"): "key {} alice",
    ("tune", "output"): "tune project.yaml -o {}",
    ("tune", "merged"): "tune project.yaml -o tuning --merged {}",
    ("report", "run"): "report {}",
    ("history", "ledger"): "history answered-may --project-name terms --ledger {}",
    ("history", "html"): "history answered-may --project-name terms --html {}",
    ("gate", "against"): "gate answered-june --project-name terms --against {}",
    ("init", "output"): "init --base base --language-model language --domain-model domain "
    "--terms many.csv --no-header --column 1=id --column '2=term en' --column '3=term ja' "
    "--source-language en --target-language ja -o {}",
}
"""By verb and argument: a command that writes there; a project names the output of `adopt`."""
READS = {
    *("project", "recipe", "base", "other", "tuned", "folder", "items", "labels", "texts"),
    *("terms", "text", "general", "held_out", "donor", "read", "choices", "common_words", "answer"),
    *("question", "glossary", "keys", "judge", "task_files", "lm_eval", "runs", "tokenizer"),
    *("files", "scorer", "drift_from", "model", "parents", "first", "second"),
    "check_against",
}
TAKEN = (
    *("base", "language", "domain/model.safetensors", "terms.csv", "other.csv", "recipe.yaml"),
    *("project.yaml", "questions.jsonl", "logs", "logs/org__model-a", "users", "users/thesis.txt"),
    *("users/thesis.txt/below", "link", "link-to-file", "dangling", "hard", ".", "..", "/dev/null"),
    *("BASE", "Terms.csv", "base/within", "link/within", "old/report.json", "x" * 250),
    "answered-may/new",
)
"""Where something is already, or that leads there."""
WITHIN = ("base/within", "answered-may/new")
"""Places in what some commands read: nothing of theirs comes to lie there."""


def test_every_argument_that_names_a_path_writes_or_reads() -> None:
    named = {
        (name, action.dest)
        for name, leaf in LEAVES.items()
        for action in leaf.options()
        if (action.type is Path or (name, action.dest) in WRITES)  # a store's address is text
        and not name.startswith(("glossary", "serve", "upkeep", "view"))  # these only read
        and (name, action.dest) != ("gate", "run")
    }
    assert {key for key in named if key[1] not in READS} <= set(WRITES)
    assert set(WRITES) <= named


def furnish(work: Path) -> None:
    """Put a user's files and links beside the inputs."""
    (work / "users").mkdir()
    (work / "users" / "thesis.txt").write_text("years of work")
    (work / "link").symlink_to("users")
    (work / "link-to-file").symlink_to("terms.csv")
    (work / "dangling").symlink_to("users/new")
    (work / "hard").hardlink_to(work / "terms.csv")


@pytest.mark.parametrize("command", WRITES.values())
def test_no_argument_that_writes_touches_what_was_there(work: Path, command: str) -> None:
    furnish(work)
    before = snapshot(work)
    within = [name for name in WITHIN if Path(name).parent.name in shlex.split(command)]
    for place in TAKEN:
        status = run(*shlex.split(command.format(place)))
        assert status in (0, 1, 2), (command, place)
        assert lost(before, work) == [], (command, place)
        assert not (work / "users" / "new").exists(), (command, place)
        assert not any((work / name).exists() for name in within), (command, place)


def test_a_project_whose_output_is_taken_touches_nothing(work: Path) -> None:
    furnish(work)
    file, before = work / "elsewhere.yaml", snapshot(work)
    for place in TAKEN:
        file.write_text(json.dumps(PROJECT | {"output": place}), encoding="utf-8")
        planned = run("plan", file)
        assert planned in (0, 2), place
        if planned == 2:  # else a run may lie there, beside what it does not write
            assert run("adopt", file) == 2, place
        assert lost(before, work) == [], place
