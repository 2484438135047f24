"""The examples for continuous integration in docs/gate.md, carried out on tiny models."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from adopt_project import MakeProject
from invented import concept

from lexgraft.adoption.history.ledger import read_ledger
from lexgraft.files.safe_yaml import read_yaml
from lexgraft.records import write_lines

pytestmark = pytest.mark.slow

PAGE = Path(__file__).parents[3] / "docs" / "gate.md"
BRANCH, MAIN = "more-terms", "main"
INSTALL = "pip install lexgraft[hf]"  # the package under test is there


def examples() -> tuple[Any, Any]:
    """Return the workflow of GitHub Actions and the pipeline of GitLab, read from the page."""
    texts = re.findall(r"```yaml\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    github, gitlab = (read_yaml(text, PAGE.name) for text in texts)
    return github, gitlab


class Runner:
    """A checkout with a remote, a `lexgraft` on the path, and the variables of a runner."""

    def __init__(self, folder: Path, project: Path) -> None:
        self.repository, tools = folder / "checkout", folder / "bin"
        remote = folder / "remote.git"
        tools.mkdir()
        tool = tools / "lexgraft"
        tool.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m lexgraft "$@"\n', encoding="utf-8")
        tool.chmod(0o755)
        self.environment = os.environ | {
            "PATH": f"{tools}{os.pathsep}{os.environ['PATH']}",
            "CI_COMMIT_TAG": "v1",
            "CI_DEFAULT_BRANCH": MAIN,
            "CI_MERGE_REQUEST_SOURCE_BRANCH_NAME": BRANCH,
            **{f"GIT_{role}_NAME": "Runner" for role in ("AUTHOR", "COMMITTER")},
            **{f"GIT_{role}_EMAIL": "runner@example.org" for role in ("AUTHOR", "COMMITTER")},
        }
        self.must(f"git init -q --bare '{remote}'", folder)
        self.must(f"git init -q -b {MAIN} checkout", folder)
        (self.repository / ".gitignore").write_text("runs\nhistory.html\n", encoding="utf-8")
        project.rename(self.repository / "project.yaml")
        self.must(f"git add . && git commit -qm Begun && git remote add origin '{remote}'")
        self.must(f"git push -q -u origin {MAIN}")

    def run(self, command: str, folder: Path | None = None) -> subprocess.CompletedProcess[str]:
        where = folder or self.repository
        return subprocess.run(
            ["bash", "-e", "-c", command],
            cwd=where,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )

    def must(self, command: str, folder: Path | None = None) -> str:
        done = self.run(command, folder)
        assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
        return done.stdout


def pushed(runner: Runner, branch: str) -> int:
    """Return how many lines the ledger has that was pushed to a branch."""
    return len(runner.must(f"git show origin/{branch}:releases.jsonl").splitlines())


@pytest.fixture
def runner(make_project: MakeProject, tmp_path: Path) -> Runner:
    write_lines(tmp_path / "terms.jsonl", [concept("C", n) for n in range(40)])

    def change(values: dict[str, Any]) -> None:
        values["terms"]["files"] = [str(tmp_path / "terms.jsonl")]
        values["output"] = "runs/terms"
        values["stages"] = ["headroom", "merge", "measure"]

    folder = tmp_path / "ci"
    folder.mkdir()
    made = Runner(folder, make_project(change))
    made.must("lexgraft adopt project.yaml --underpowered")
    return made


def test_the_examples_do_what_they_say(runner: Runner, tmp_path: Path):
    github, gitlab = examples()
    for command in gitlab["release"]["script"]:
        runner.must(command)
    ledger = read_ledger(runner.repository / "releases.jsonl")
    assert len(ledger.releases) == 1
    first = pushed(runner, MAIN)
    runner.must(f"git checkout -q -b {BRANCH} && git push -q -u origin {BRANCH}")

    write_lines(tmp_path / "terms.jsonl", [concept("C", n) for n in range(50)])
    steps = [step["run"] for step in github["jobs"]["gate"]["steps"] if "run" in step]
    scripts = gitlab["terms"]["script"] + gitlab["terms"]["after_script"]
    for commands in (steps, scripts):
        assert commands[0] == INSTALL
        for command in commands[1:]:
            told = command.replace("adopt project.yaml", "adopt project.yaml --underpowered")
            if told.startswith("git commit") and not runner.run("git diff --quiet").returncode:
                continue  # the same answers judged again are the same look
            runner.must(told)
        assert (runner.repository / "history.html").is_file()
        (runner.repository / "history.html").unlink()
    assert pushed(runner, BRANCH) == first + 1
    [upload] = [s for s in github["jobs"]["gate"]["steps"] if "upload" in s.get("uses", "")]
    assert upload["with"]["path"] == "history.html"


def test_a_model_of_another_folder_is_gated_by_the_items_of_the_first(
    runner: Runner, tmp_path: Path
):
    runner.must("lexgraft history runs/terms --ledger releases.jsonl")
    project = runner.repository / "project.yaml"
    text = project.read_text(encoding="utf-8")
    other = text.replace("runs/terms", "runs/other").replace('"choose": 10', '"choose": 11')
    project.write_text(other, encoding="utf-8")
    write_lines(tmp_path / "terms.jsonl", [concept("C", n) for n in range(60)])
    runner.must("lexgraft adopt project.yaml --underpowered")
    gate = "lexgraft gate {} --against releases.jsonl --project-name tiny"
    alone = runner.run(gate.format("runs/other"))
    assert alone.returncode == 2  # hardly an item is the same
    asked = "--items runs/terms/testset --dtype float32 -o answers"
    runner.must(f"lexgraft evaluate runs/other/model {asked}")
    done = runner.run(gate.format("answers"))
    assert done.returncode in (0, 3), done.stderr
    assert "regression was found" in done.stdout
