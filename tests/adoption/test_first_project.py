"""A first project: numbers that the glossary has, thresholds that they serve, and its text."""

from collections.abc import Callable
from pathlib import Path

import pytest
from invented import concept, word

from lexgraft.adoption.first_project import (
    FirstProject,
    ProjectRequest,
    first_project,
    languages_in,
)
from lexgraft.adoption.gate_chances import LEAST
from lexgraft.adoption.project_text import project_text
from lexgraft.errors import LexgraftError
from lexgraft.files.safe_yaml import read_yaml
from lexgraft.project import read_project
from lexgraft.records import Concept, Term, write_lines

Draft = Callable[..., FirstProject]


def translated(number: int) -> Concept:
    return Concept(
        f"T{number:05d}",
        (Term(word(f"en {number}", 4), "en"), Term(word(f"fr {number}", 5), "fr")),
    )


@pytest.fixture
def draft(material: Path, tiny_model: Path, tmp_path: Path) -> Draft:
    """Return a maker of first projects for so many concepts on the tiny models."""

    def make(
        count: int,
        target: str = "ja",
        made: Callable[[int], Concept] = lambda number: concept("C", number),
    ) -> FirstProject:
        write_lines(tmp_path / "terms.jsonl", [made(number) for number in range(count)])
        models = {"base": tiny_model, "language": material / "language"}
        models["domain"] = material / "domain"
        request = ProjectRequest(
            "tiny: ' # 用語",
            {name: str(folder) for name, folder in models.items()},
            ("terms.jsonl",),
            "en",
            target,
            "run",
        )
        return first_project(request, tmp_path / "project.yaml")

    return make


@pytest.mark.parametrize(
    "count",
    [
        60,
        pytest.param(150, marks=pytest.mark.slow),
        pytest.param(300, marks=pytest.mark.slow),
        pytest.param(1000, marks=pytest.mark.slow),
        pytest.param(10_000, marks=pytest.mark.slow),
    ],
)
def test_every_gate_has_its_chance_whatever_the_number_of_concepts(draft: Draft, count: int):
    first = draft(count)
    testset = first.settings["testset"]
    assert testset["choose"] + testset["confirm"] + testset["sealed"] <= count
    assert first.settings["tune"] is None or first.settings["tune"]["terms"] <= testset["choose"]
    assert {gate.gate for gate in first.gates} >= {"headroom", "merge"}
    assert all(gate.chance >= LEAST for gate in first.gates)


def test_the_text_says_what_the_settings_say(draft: Draft, tmp_path: Path):
    first = draft(60)
    text = project_text(first)
    assert read_yaml(text, "") == first.settings
    (tmp_path / "project.yaml").write_text(text, encoding="utf-8")
    assert read_project(tmp_path / "project.yaml").languages.target == "ja"
    assert "60 concepts can be asked for" in text


def test_without_definitions_translations_are_asked_for(draft: Draft):
    first = draft(70, "fr", translated)
    (form,) = first.settings["testset"]["forms"]
    assert form == {"kind": "term-to-term", "question": "en", "answer": "fr"}
    assert "general" not in first.settings  # running text comes in French


def test_too_few_concepts_are_refused_with_the_reasons(draft: Draft):
    with pytest.raises(LexgraftError, match=r"12 of 12 concepts can be asked for, 16 are needed\n"):
        draft(12)


def test_a_language_that_the_terms_lack_is_refused_with_those_they_have(draft: Draft):
    with pytest.raises(LexgraftError, match="no term in `fr`; the term base has en, ja"):
        draft(60, "fr")


def test_languages_are_counted_by_concepts():
    rows = [concept("C", number) for number in range(3)]
    assert languages_in([*rows, translated(1)]) == {"en": 4, "ja": 3, "fr": 1}


@pytest.mark.parametrize(
    "name", ["No", "True", "Null", ".inf", "a\x85b", "a\u2028b", "./a", "medical"]
)
def test_a_name_that_yaml_would_read_otherwise_stays_what_it_is(name: str) -> None:
    first = FirstProject({"name": name, "output": "run"}, 1, {}, (f"{name}\r!",), ())
    assert read_yaml(project_text(first), "project") == {"name": name, "output": "run"}
