"""Plugins: of installed packages and of a project's own files; never of a model's folder."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lexgraft.errors import LexgraftError
from lexgraft.files.plugins import load_file, load_installed
from lexgraft.models import BACKENDS, backend_of
from lexgraft.models import load as load_model
from lexgraft.project import read_project
from lexgraft.terms.readers import FORMATS, recognise
from lexgraft.weights.methods import METHODS, get_method

METHOD = """
import lexgraft

@lexgraft.merge_method(paper="none")
def doubled(base, deltas, context, *, weight: float = 2.0):
    return base + weight * deltas[0]
"""
READER = """
from lexgraft.records import Concept, Term
from lexgraft.terms.readers import reader

def is_shouted(start):
    return "it shouts" if start.line.startswith("TERMS!") else ""

@reader("shouted", is_shouted)
def read_shouted(path, options, log):
    for number, line in enumerate(path.read_text().splitlines()[1:], 2):
        log.read += 1
        log.kept += 1
        yield number, Concept(line, (Term(line.lower(), "en"),))
"""
BACKEND = """
from lexgraft.errors import LexgraftError
from lexgraft.models import backend
from lexgraft.models.generation_only import GenerationOnly

class Echo(GenerationOnly):
    digest = "echo"
    scoring = "echo"
    def __init__(self, word): self.word = word
    def refusal(self): return LexgraftError("an echo scores nothing")
    def generate(self, prompts, max_tokens, stop): return [self.word for _ in prompts]

@backend("echo", "echo:")
def load_echo(reference, options):
    return Echo(reference.removeprefix("echo:"))
"""


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    """Forget what a test has registered."""
    backend_of("vllm:m")  # the package's own backends register when their modules are first loaded
    methods, formats, backends = dict(METHODS), list(FORMATS), dict(BACKENDS)
    load_installed.cache_clear()
    yield
    METHODS.clear()
    METHODS.update(methods)
    FORMATS[:] = formats
    BACKENDS.clear()
    BACKENDS.update(backends)
    load_installed.cache_clear()
    for name in [name for name in sys.modules if name.startswith(("lexgraft_plugin_", "shout"))]:
        del sys.modules[name]


def install(folder: Path, monkeypatch: pytest.MonkeyPatch, **modules: str) -> None:
    """Put a package with entry points on the path: group=source, the module named after it."""
    info = folder / "shout-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: shout\nVersion: 1.0\n")
    lines: list[str] = []
    for group, source in modules.items():
        (folder / f"shout_{group}.py").write_text(source)
        lines += [f"[lexgraft.{group}]", f"mine = shout_{group}"]
    (info / "entry_points.txt").write_text("\n".join(lines))
    monkeypatch.syspath_prepend(str(folder))


def test_a_packages_method_is_found_when_its_name_is_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(tmp_path, monkeypatch, methods=METHOD)
    assert "doubled" not in METHODS
    assert get_method("ties")
    assert "shout_methods" not in sys.modules  # not imported for a method of ours
    assert get_method("doubled").settings({}, ["a"]) == {"weight": 2.0}


def test_a_packages_reader_is_asked_before_a_table_is_assumed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from lexgraft import read_terms

    install(tmp_path, monkeypatch, readers=READER)
    file = tmp_path / "terms.txt"
    file.write_text("TERMS!\nHEART\nLUNG\n")
    assert recognise(file)[0].name == "shouted"
    assert [concept.names("en") for concept in read_terms(file)] == [("heart",), ("lung",)]


def test_a_packages_backend_runs_models_by_its_prefix(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(LexgraftError, match="no way to run a model is called `echo:`"):
        backend_of("echo:hello")
    load_installed.cache_clear()
    install(tmp_path, monkeypatch, models=BACKEND)
    assert load_model("echo:hello").generate(["a", "b"], 3, ()) == ["hello", "hello"]


def test_a_package_that_fails_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path, monkeypatch, methods="raise RuntimeError('no luck')")
    with pytest.raises(LexgraftError, match="`mine` cannot be loaded: RuntimeError: no luck") as it:
        get_method("doubled")
    assert it.value.where == "package shout, entry point lexgraft.methods"


def project(folder: Path, *plugins: str, method: str = "doubled") -> Path:
    """Write a project that names plugins."""
    form = {"kind": "definition-to-term", "question": "en", "answer": "ja"}
    values: dict[str, Any] = {
        "name": "tiny",
        "models": {"base": "b", "language": "g", "domain": "d"},
        "languages": {"target": "ja", "domain": "en"},
        "terms": {"files": ["terms.jsonl"]},
        "testset": {"forms": [form]},
        "merge": {"candidates": [{"method": method}]},
        "output": "run",
        "plugins": plugins,
    }
    folder.mkdir(exist_ok=True)
    file = folder / "project.yaml"
    file.write_text(json.dumps(values))
    return file


def test_a_projects_own_method_is_there_once_the_project_is_read(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(METHOD)
    read = read_project(project(tmp_path, "mine.py"))
    assert read.plugins == (str(tmp_path / "mine.py"),)
    assert get_method("doubled").code
    assert not (tmp_path / "__pycache__").exists()


def test_a_method_with_another_source_is_another_merge(tmp_path: Path) -> None:
    file = tmp_path / "mine.py"
    file.write_text(METHOD)
    load_file(file, tmp_path)
    before = get_method("doubled")
    load_file(file, tmp_path)
    assert get_method("doubled") is before  # read once
    file.write_text(METHOD.replace("2.0", "3.5"))
    load_file(file, tmp_path)
    after = get_method("doubled")
    assert after.settings({}, ["a"]) == {"weight": 3.5}
    assert before.code != after.code
    assert get_method("ties").code == ""


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("nowhere.py", "no such plugin"),
        ("notes.txt", "no such plugin"),
        ("../outside.py", "beside the project"),
        ("model/code.py", "nothing is run from a model's folder"),
        ("broken.py", "this plugin fails: SyntaxError"),
        ("ours.py", "there is a merge method `ties` already"),
    ],
)
def test_what_is_no_plugin_of_the_project_is_refused(tmp_path: Path, name: str, why: str) -> None:
    folder = tmp_path / "project"
    file = project(folder, name)
    (folder / "model").mkdir()
    (folder / "model" / "config.json").write_text("{}")
    for path in (tmp_path / "outside.py", folder / "model" / "code.py", folder / "notes.txt"):
        path.write_text("raise SystemExit('it was run')")
    (folder / "broken.py").write_text("def")
    (folder / "ours.py").write_text(METHOD.replace("doubled", "ties"))
    with pytest.raises(LexgraftError, match=why):
        read_project(file)


def test_a_name_that_is_taken_is_refused(tmp_path: Path) -> None:
    for number, source in enumerate(
        (READER.replace('"shouted"', '"TBX"'), BACKEND.replace('"echo:"', '"vllm:"'))
    ):
        backend_of("vllm:m")
        file = tmp_path / f"plugin{number}.py"
        file.write_text(source)
        with pytest.raises(LexgraftError, match="already"):
            load_file(file, tmp_path)
