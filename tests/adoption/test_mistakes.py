import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from adopt_project import MakeProject
from invented import concept
from msgspec import structs

from lexgraft.adoption.adopt import plan_project
from lexgraft.cli import main
from lexgraft.errors import LexgraftError
from lexgraft.project import read_project
from lexgraft.records import Concept, read_lines, write_lines


def set_at(*path: Any) -> Callable[[dict[str, Any]], object]:
    """Return a change that sets the value at a path (the last of the arguments)."""

    def change(values: Any) -> None:
        for key in path[:-2]:
            values = values[key]
        values[path[-2]] = path[-1]

    return change


def leave_texts_to_us(values: dict[str, Any]) -> None:
    values["languages"]["target"] = "tlh"
    del values["general"]["texts"]


def budget_without_texts(values: dict[str, Any]) -> None:
    values["merge"]["loss_budget"] = 0.01
    values["general"]["texts"] = []


def replay_nothing(values: dict[str, Any]) -> None:
    values["tune"].update(replay_texts=[], own_answers=0)


@pytest.mark.parametrize(
    ("change", "said", "cure"),
    [
        (set_at("languages", "target", "xx"), "`xx`", "answer: xx"),
        (leave_texts_to_us, "no running text comes with lexgraft for `tlh`", "`general.texts: []`"),
        (set_at("models", "langauge", "x"), "`models.langauge`", "did you mean `language`?"),
        (set_at("models", "base", "nowhere"), "nowhere", "folder"),
        (set_at("models", "domain", "nowhere"), "nowhere", "folder"),
        (set_at("models", "domain", "org/name@v1"), "org/name@v1", "--download"),
        (set_at("merge", "candidates", [{"method": "teis"}]), "`teis`", "did you mean `ties`?"),
        (
            set_at("merge", "candidates", [{"method": "ties", "parameters": {"densty": 1}}]),
            "`densty`",
            "did you mean `density`?",
        ),
        (budget_without_texts, "no text by which it could be kept", "leave the budget out"),
        (set_at("testset", "confirm", 4000), "4010 are wanted", "add concepts"),
        (replay_nothing, "replay", "replay_texts"),
        (set_at("tune", "terms", 11), "11 terms are to be taught", "teach fewer"),
        (set_at("tune", "curve", [4, 40]), "40 terms are to be taught", "teach fewer"),
        (
            set_at("general", "texts", 0, "documents", 400),
            "documents",
            "`general.texts.0.documents: 5`",
        ),
    ],
)
def test_a_mistake_is_told_before_any_model_is_loaded(
    make_project: MakeProject,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    change: Callable[[dict[str, Any]], object],
    said: str,
    cure: str,
):
    from lexgraft.models.transformers import TransformersModel

    def refuse(*_: object) -> None:
        raise AssertionError("a model was loaded")

    monkeypatch.setattr(TransformersModel, "load", refuse)
    assert main(["adopt", str(make_project(change))]) == 2
    message = capsys.readouterr().err
    assert said in message
    assert cure in message
    assert message.count("lexgraft:") == 1


def test_an_empty_term_base_is_named(
    make_project: MakeProject, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    empty = tmp_path / "empty.jsonl"
    empty.write_bytes(b"")
    assert main(["adopt", str(make_project(set_at("terms", "files", [str(empty)])))]) == 2
    assert "empty.jsonl" in capsys.readouterr().err


@pytest.mark.parametrize("verb", ["adopt", "merge"])
def test_a_model_whose_numbers_mean_other_tokens_is_refused_with_the_cure(
    make_project: MakeProject, tmp_path: Path, capsys: pytest.CaptureFixture[str], verb: str
):
    base = Path(read_project(make_project(replay_nothing)).models.base)
    other = tmp_path / "other"
    shutil.copytree(base, other)
    tokenizer = json.loads((other / "tokenizer.json").read_bytes())
    vocabulary = tokenizer["model"]["vocab"]
    first, second = list(vocabulary)[-2:]
    vocabulary[first], vocabulary[second] = vocabulary[second], vocabulary[first]
    (other / "tokenizer.json").write_text(json.dumps(tokenizer))
    project = make_project(set_at("models", "domain", str(other)))
    output = [] if verb == "adopt" else ["--method", "linear", "-o", str(tmp_path / "merged")]
    assert main([verb, str(project), *output]) == 2
    message = capsys.readouterr().err
    assert "(2 tokens so)" in message
    assert f"lexgraft vocabulary align {base} {other}" in message
    assert not (tmp_path / "merged").exists()


def test_an_adapter_of_another_base_is_refused(
    make_project: MakeProject, material: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    import shutil

    other = tmp_path / "other"
    shutil.copytree(material / "domain", other)
    (other / "lexgraft.json").write_text(json.dumps({"base_digest": "0" * 64}), encoding="utf-8")
    assert main(["adopt", str(make_project(set_at("models", "domain", str(other))))]) == 2
    message = capsys.readouterr().err
    assert "another base" in message
    assert str(other) in message


def test_gates_that_so_few_concepts_cannot_pass_are_refused_before_a_model_is_asked(
    make_project: MakeProject, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    project = make_project(set_at("gates", "merge", {"target_gain": 0.01}))
    planned = plan_project(read_project(project))
    merge = next(gate for gate in planned.gates if gate.gate == "merge")
    assert merge.chance < 0.5
    assert any(row[0].startswith("P(pass) merge, if ") for row in planned.rows())
    assert main(["adopt", str(project)]) == 2
    said = capsys.readouterr().err
    assert "the merge gate would pass with a chance of 0." in said
    assert "--underpowered" in said
    assert not (tmp_path / "run" / "answers").exists()


def test_equal_models_are_refused_in_the_plan(make_project: MakeProject, tiny_model: Path):
    same = make_project(set_at("models", "language", str(tiny_model)))
    with pytest.raises(LexgraftError, match="the base and the language model are the same weights"):
        plan_project(read_project(same))


def test_a_donor_trained_on_the_tests_definitions_is_marked_in_the_plan(
    make_project: MakeProject, material: Path
):
    def change(values: dict[str, Any]) -> None:
        values["models"]["trained_on"] = {"domain": [str(material / "terms.jsonl")]}

    marks = plan_project(read_project(make_project(change))).marks
    names = [mark.name for mark in marks]
    assert "D trained on the test" in names
    trained = marks[names.index("D trained on the test")]
    assert "24 / 24 of the definitions" in trained.sentence["en"]


def test_a_plan_says_in_both_languages_what_the_licences_of_its_terms_ask(
    make_project: MakeProject, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    project = make_project()
    values: Any = read_project(project)
    licences = ("UMLS Metathesaurus Licence", "CC BY-SA 4.0")
    concepts = [
        structs.replace(one, licence=licences[number % 2])
        for number, one in enumerate(read_lines(Path(values.terms.files[0]), Concept))
    ]
    write_lines(tmp_path / "mixed.jsonl", concepts)
    project = make_project(set_at("terms", "files", [str(tmp_path / "mixed.jsonl")]))
    warnings = plan_project(read_project(project)).warnings
    assert any("are mixed" in one["en"] and "混ざっています" in one["ja"] for one in warnings)
    assert main(["plan", str(project)]) == 0
    assert "warning: share-alike and restricted sources are mixed" in capsys.readouterr().out


@pytest.fixture
def french(tmp_path: Path) -> Callable[[dict[str, Any]], None]:
    """Return a change that makes French the target; every third word is one in both languages."""
    terms = []
    for number in range(40):
        row = concept("F", number)
        english = row.names("en")[0]
        target = english if number % 3 == 0 else english[::-1]
        terms.append(
            structs.replace(
                row, terms=(row.terms[0], structs.replace(row.terms[0], text=target, language="fr"))
            )
        )
    file = tmp_path / "terms-fr.jsonl"
    write_lines(file, terms)
    form = {"kind": "definition-to-term", "question": "en"}

    def change(values: dict[str, Any]) -> None:
        values["languages"]["target"] = "fr"
        values["terms"]["files"] = [str(file)]
        values["testset"]["forms"] = [{**form, "answer": "en"}, {**form, "answer": "fr"}]

    return change


def test_one_word_in_both_languages_is_passed_over_by_the_glossary_stage(
    make_project: MakeProject, french: Callable[[dict[str, Any]], None]
):
    def change(values: dict[str, Any]) -> None:
        french(values)
        values["glossary"]["concepts"] = 14
        values["tune"] = None

    planned = plan_project(read_project(make_project(change)))
    assert any(estimate.stage == "glossary" for estimate in planned.estimates)
