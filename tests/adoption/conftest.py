"""A whole project on tiny random models: invented terms, two LoRA adapters, running text."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from adapters import save_adapter
from adopt_project import FinishedRun, MakeProject
from invented import concept, word
from msgspec.structs import replace

from lexgraft.adoption.adopt import run_project
from lexgraft.project import read_project
from lexgraft.records import Concept, Document, Term, digest, write_lines


def document(kind: str, language: str, number: int) -> Document:
    text = " ".join(word(f"{kind} {language} {number} {at}", 2) for at in range(12))
    return Document(digest(kind, language, number), language, "plain", text, "invented", "CC0-1.0")


def settings(base: Path, folder: Path) -> dict[str, Any]:
    """Return the project as plain values, ready to be changed by a test."""
    own = {"kind": "definition-to-term", "question": "en", "answer": "en"}
    into = {"kind": "definition-to-term", "question": "en", "answer": "ja"}
    back = {"kind": "term-to-term", "question": "ja", "answer": "en"}
    margins = {"general_loss": 0.5}
    return {
        "name": "tiny",
        "models": {
            "base": str(base),
            "language": str(folder / "language"),
            "domain": str(folder / "domain"),
        },
        "languages": {"target": "ja", "domain": "en"},
        "terms": {"files": [str(folder / "terms.jsonl")]},
        "testset": {"forms": [own, into, back], "choose": 10, "confirm": 14, "generated": 4},
        "general": {
            "texts": [{"file": str(folder / "texts.jsonl"), "documents": 4, "tokens": 24}],
            "concepts": [str(folder / "everyday.jsonl")],
            "forms": [own],
            "items": 8,
        },
        "merge": {
            "candidates": [{"method": "linear"}, {"method": "ties"}],
            "search": {"method": "dare_ties", "trials": 2},
        },
        "glossary": {"entries": 4, "concepts": 6},
        "tune": {
            "terms": 6,
            "steps": 6,
            "batch": 3,
            "rank": 2,
            "learning_rate": 1e-2,
            "own_answers": 4,
            "replay_texts": [str(folder / "replay.jsonl")],
        },
        "gates": {
            "headroom": 0.0,
            "merge": {"target_gain": 0.3, **margins},
            "glossary": {"target_gain": 0.3},
            "tune": {"taught_gain": 0.3, **margins},
            "stop_early": False,
        },
        "compute": {"threads": 1, "dtype": "float32"},
        "output": str(folder / "run"),
    }


@pytest.fixture(scope="session")
def material(tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with terms, texts and the two adapters."""
    folder = tmp_path_factory.mktemp("material")
    write_lines(folder / "terms.jsonl", [concept("C", n) for n in range(40)])
    write_lines(folder / "everyday.jsonl", [concept("E", n) for n in range(12)])
    write_lines(folder / "texts.jsonl", [document("text", "ja", n) for n in range(8)])
    write_lines(folder / "replay.jsonl", [document("replay", "ja", n) for n in range(6)])
    save_adapter(tiny_model, folder / "language", 1)
    save_adapter(tiny_model, folder / "domain", 2)
    return folder


@pytest.fixture
def make_project(tiny_model: Path, material: Path, tmp_path: Path) -> MakeProject:
    """Return a maker of project files; `change` may edit the settings first."""

    def make(change: Callable[[dict[str, Any]], object] = lambda _: None) -> Path:
        values = settings(tiny_model, material)
        values["output"] = str(tmp_path / "run")
        change(values)
        file = tmp_path / "project.yaml"
        file.write_text(json.dumps(values), encoding="utf-8")  # JSON is YAML
        return file

    return make


HOSTILE = (
    "<script>document.title = 'ran'</script>",
    "<img src=x onerror=alert(1)>",
    "=1+1&quot;'\"",
)
"""Names of concepts that try to break out of a page."""


def hostile(number: int) -> Concept:
    """Return an invented concept whose English name is markup, or a formula."""
    own = concept("H", number)
    terms = (Term(f"{HOSTILE[number]} {number}", "en", "noun"), *own.terms[1:])
    meaning = f"{HOSTILE[number]}: {own.definitions['en']}"
    return replace(own, terms=terms, definitions={"en": meaning})


@pytest.fixture(scope="session")
def finished_run(
    tiny_model: Path, material: Path, tmp_path_factory: pytest.TempPathFactory
) -> FinishedRun:
    """Return an adoption through all stages, some of its terms hostile."""
    folder = tmp_path_factory.mktemp("finished")
    concepts = [*(concept("C", n) for n in range(40)), *map(hostile, range(len(HOSTILE)))]
    write_lines(folder / "terms.jsonl", concepts)
    values = settings(tiny_model, material)
    values["terms"]["files"] = [str(folder / "terms.jsonl")]
    values["output"] = str(folder / "run")
    file = folder / "project.yaml"
    file.write_text(json.dumps(values), encoding="utf-8")
    report, _ = run_project(read_project(file), underpowered=True)
    return FinishedRun(folder / "run", file, report)
