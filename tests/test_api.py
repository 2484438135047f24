"""The public names: light to import, documented with examples that run, the same as the verbs."""

import doctest
import importlib
import inspect
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from invented import concept

import lexgraft
from lexgraft.evaluation.evaluate_model import EvaluationKeywords
from lexgraft.evaluation.evaluation_request import EvaluationRequest
from lexgraft.records import Document, Term, write_lines
from lexgraft.terms.readers import ImportOptions
from lexgraft.terms.readers.read_terms import ImportKeywords
from lexgraft.weights.methods import METHODS

MakeModel = Callable[..., Path]
FUNCTIONS = sorted(set(lexgraft.__all__) - {"Concept", "LexgraftError"})
COMMIT = "0123456789abcdef0123456789abcdef01234567"
FORM = {"kind": "definition-to-term", "question": "en", "answer": "ja"}


@pytest.fixture(autouse=True)
def no_new_methods() -> Iterator[None]:
    """Forget the methods that a test or an example has registered."""
    before = dict(METHODS)
    yield
    METHODS.clear()
    METHODS.update(before)


def test_importing_it_imports_nothing_else() -> None:
    program = "import sys, lexgraft; print(*(m for m in sys.modules if m.startswith('lexgraft.')))"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == []


def test_every_name_is_there_listed_and_remembered() -> None:
    assert sorted(lexgraft.__all__) == lexgraft.__all__
    for name in lexgraft.__all__:
        assert getattr(lexgraft, name) is getattr(lexgraft, name)
        assert name in dir(lexgraft)
    with pytest.raises(AttributeError, match="no attribute `marge`"):
        _ = lexgraft.marge  # pyright: ignore[reportAttributeAccessIssue]


def test_type_checkers_see_its_types() -> None:
    assert (Path(lexgraft.__file__).parent / "py.typed").is_file()


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_docstring_explains_every_argument_what_comes_back_and_what_is_raised(name: str) -> None:
    function = getattr(lexgraft, name)
    text = inspect.getdoc(function) or ""
    for section in ("Args:", "Raises:", "Example:"):
        assert section in text, f"{name} has no {section}"
    arguments = text.partition("Args:")[2]
    for parameter in inspect.signature(function).parameters:
        assert f"{parameter}:" in arguments or f"{parameter}," in arguments, parameter


@pytest.mark.parametrize("name", ["lexgraft", *FUNCTIONS])
def test_its_examples_say_what_happens(name: str) -> None:
    subject: Any = lexgraft if name == "lexgraft" else getattr(lexgraft, name)
    module = importlib.import_module(subject.__name__ if name == "lexgraft" else subject.__module__)
    runner = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE)
    for example in doctest.DocTestFinder(recurse=False).find(subject, name, module=module):
        runner.run(example)
    assert runner.failures == 0


@pytest.mark.parametrize(
    ("keywords", "record", "others"),
    [
        (ImportKeywords, ImportOptions, set[str]()),
        (EvaluationKeywords, EvaluationRequest, {"model", "output", "items"}),
    ],
)
def test_keywords_are_those_of_the_record_that_holds_their_defaults(
    keywords: Any, record: Any, others: set[str]
) -> None:
    fields = {field.name for field in msgspec.structs.fields(record)}
    assert set(keywords.__annotations__) == fields - others


def test_an_error_says_what_where_and_what_to_do() -> None:
    with pytest.raises(lexgraft.LexgraftError) as caught:
        lexgraft.load_project("nowhere.yaml")
    error = caught.value
    assert (error.what, error.where) == ("no such project file", "nowhere.yaml")
    assert "example" in error.cure


# --- terms, test set, glossary: no model ---------------------------------------------------------


def test_terms_come_with_an_account_of_every_row(tmp_path: Path) -> None:
    file = tmp_path / "用語集.csv"
    file.write_text("id,term en,term ja\n1,heart|cor,心臓\n2,,\n", encoding="utf-8")
    terms = lexgraft.read_terms(file, separators=("|",), source="notes", languages=("en",))
    assert [term.names("en") for term in terms] == [("heart", "cor")]
    assert terms[0].source == "notes"
    (read,) = terms.files
    assert (read.tally.read, read.tally.kept) == (2, 1)
    with pytest.raises(lexgraft.LexgraftError, match="no term base"):
        lexgraft.read_terms()


def test_a_strict_reading_stops_at_the_first_row_that_cannot_be_used(tmp_path: Path) -> None:
    file = tmp_path / "terms.jsonl"
    write_lines(file, [concept("C", 1), concept("C", 1)])
    assert len(lexgraft.read_terms(file)) == 1
    with pytest.raises(lexgraft.LexgraftError, match="occurs twice"):
        lexgraft.read_terms(str(file), strict=True)


def test_a_glossary_answers_for_files_and_for_a_project(tmp_path: Path, project: Path) -> None:
    file = tmp_path / "terms.csv"
    file.write_text("id,term en,term ja\n1,heart,心臓\n", encoding="utf-8")
    glossary = lexgraft.open_glossary([file], source="en", target="ja")
    prompt = glossary.prompt("The heart beats.")
    assert "心臓" in prompt
    assert prompt.endswith("The heart beats.")
    assert glossary.prompt("Nothing here.") == "Nothing here."
    assert glossary.check("心臓は動く", "The heart beats.").faults == 0
    of_project = lexgraft.open_glossary(lexgraft.load_project(project))
    assert of_project.target == "ja"
    assert len(of_project.entries) == 40


def test_a_glossary_finds_forbidden_forms_in_an_answer(tmp_path: Path) -> None:
    file = tmp_path / "terms.jsonl"
    terms = (
        Term("heart", "en"),
        Term("心臓", "ja"),
        Term("ハート", "ja", status="forbidden"),
    )
    write_lines(file, [lexgraft.Concept("1", terms)])
    checked = lexgraft.open_glossary(file, "en", "ja").check("ハートは動く", "The heart beats.")
    assert checked.forbidden == ("ハート",)
    assert [entry.source for entry in checked.missed] == ["heart"]


def test_a_test_set_is_built_from_a_project(project: Path) -> None:
    test = lexgraft.build_testset(lexgraft.load_project(project))
    assert {split: len(group) for split, group in test.concepts.items()} == {
        "choose": 10,
        "confirm": 20,
        "sealed": 0,
    }


# --- merging --------------------------------------------------------------------------------------


@pytest.fixture
def folders(tmp_path: Path) -> Path:
    """Return a folder with base, language and domain: two tensors each, in bfloat16."""
    import torch
    from safetensors.torch import save_file

    for number, name in enumerate(("base", "language", "domain")):
        folder = tmp_path / "models" / name
        folder.mkdir(parents=True)
        generator = torch.Generator().manual_seed(number)
        tensors = {
            name: torch.randn(shape, generator=generator).bfloat16()
            for name, shape in (
                ("model.embed_tokens.weight", (12, 6)),
                ("model.layers.0.mlp.down_proj.weight", (6, 10)),
                ("model.layers.0.input_layernorm.weight", (6,)),
            )
        }
        save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
        (folder / "config.json").write_text('{"torch_dtype": "bfloat16"}')
        (folder / "tokenizer.json").write_text('{"model": {"vocab": {}}}')
    return tmp_path / "models"


def _project(folder: Path, **changes: Any) -> Path:
    write_lines(folder / "terms.jsonl", [concept("C", number) for number in range(40)])
    values: dict[str, Any] = {
        "name": "tiny",
        "models": {name: f"models/{name}" for name in ("base", "language", "domain")},
        "languages": {"target": "ja", "domain": "en"},
        "terms": {"files": ["terms.jsonl"]},
        "testset": {"forms": [FORM], "choose": 10, "confirm": 20},
        "merge": {
            "candidates": [{"method": "linear"}, {"method": "dare_ties"}],
            "dtype": "float32",
        },
        "output": "run",
    }
    file = folder / "project.yaml"
    file.write_text(json.dumps(values | changes), encoding="utf-8")
    return file


@pytest.fixture
def project(folders: Path) -> Path:
    return _project(folders.parent)


def _tensors(folder: Path) -> dict[str, Any]:
    from safetensors.torch import load_file

    return load_file(folder / "model.safetensors")


def test_a_hub_id_in_a_project_works_from_python(
    folders: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "cache"))
    repository = tmp_path / "cache" / "models--org--tiny"
    (repository / "refs").mkdir(parents=True)
    (repository / "refs" / "main").write_text(COMMIT)
    (repository / "snapshots").mkdir()
    (folders / "base").rename(repository / "snapshots" / COMMIT)
    models = {"base": "org/tiny", "language": "models/language", "domain": "models/domain"}
    loaded = lexgraft.load_project(str(_project(tmp_path, models=models)))
    assert loaded.models.base == str(repository / "snapshots" / COMMIT)
    assert lexgraft.merge(loaded, tmp_path / "merged").recipe["method"] == "linear"
    models["base"] = "org/other"
    with pytest.raises(lexgraft.LexgraftError, match="nor in the cache"):
        lexgraft.load_project(_project(tmp_path, models=models))


def test_a_project_merges_the_candidate_that_is_asked_for(project: Path, tmp_path: Path) -> None:
    first = lexgraft.merge(project, tmp_path / "first")
    other = lexgraft.merge(lexgraft.load_project(project), tmp_path / "b", method="dare_ties")
    assert (first.recipe["method"], other.recipe["method"]) == ("linear", "dare_ties")
    assert lexgraft.merge(str(project), tmp_path / "first").digest == first.digest
    with pytest.raises(lexgraft.LexgraftError, match="no candidate `ties`"):
        lexgraft.merge(project, tmp_path / "c", method="ties")
    with pytest.raises(lexgraft.LexgraftError, match="its own seed"):
        lexgraft.merge(project, tmp_path / "c", seed=99)
    with pytest.raises(lexgraft.LexgraftError):
        lexgraft.merge(project, project.parent / "models" / "base")


def test_a_recipe_merges_too(folders: Path, tmp_path: Path) -> None:
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text(
        json.dumps(
            {
                "merge_method": "task_arithmetic",
                "base_model": "models/base",
                "models": [{"model": "models/domain", "parameters": {"weight": 0.5}}],
                "dtype": "float32",
            }
        )
    )
    manifest = lexgraft.merge(recipe, tmp_path / "merged", workers=1)
    assert manifest.changed
    base, domain, merged = (
        _tensors(folder) for folder in (folders / "base", folders / "domain", tmp_path / "merged")
    )
    for name, tensor in merged.items():
        half = lexgraft.merge_tensors("task_arithmetic", base[name], [domain[name]], weight=0.5)
        assert half.equal(tensor)
    with pytest.raises(lexgraft.LexgraftError, match="a recipe has one method"):
        lexgraft.merge(recipe, tmp_path / "other", method="ties")


@pytest.mark.parametrize("method", list(METHODS))
def test_a_tensor_merged_in_memory_is_the_one_on_disk(
    method: str, folders: Path, tmp_path: Path
) -> None:
    labels, (fewest, limit) = ["language", "domain"], METHODS[method].models
    if not fewest <= len(labels) <= (limit or len(labels)):
        pytest.skip("a project has two models")
    if METHODS[method].learns:
        pytest.skip("it has to learn first: tests/weights/merge/test_guided_merge.py")
    candidates = {"candidates": [{"method": method}], "dtype": "float32"}
    loaded = lexgraft.load_project(_project(tmp_path, merge=candidates, seed=7))
    lexgraft.merge(loaded, tmp_path / "merged")
    on_disk = _tensors(tmp_path / "merged")
    whole = {label: _tensors(folders / label) for label in ("base", *labels)}
    for name, tensor in on_disk.items():
        models = {label: whole[label][name] for label in labels}
        merged = lexgraft.merge_tensors(
            method, whole["base"][name], models, name=name, layers=1, seed=7
        )
        assert merged.equal(tensor), name


def test_tensors_that_do_not_fit_are_refused() -> None:
    import torch

    base = torch.zeros(2, 3)
    with pytest.raises(lexgraft.LexgraftError, match=r"shape \[3, 2\]"):
        lexgraft.merge_tensors("linear", base, [torch.zeros(3, 2)])
    with pytest.raises(lexgraft.LexgraftError, match="no parameter `wait`"):
        lexgraft.merge_tensors("linear", base, [base], wait=1.0)
    with pytest.raises(lexgraft.LexgraftError, match="no merge method `tie`"):
        lexgraft.merge_tensors("tie", base, [base])
    by_label = {"a": base + 1, "b": base + 3}
    weights = {"a": 1.0, "b": 0.0}
    merged = lexgraft.merge_tensors("linear", base, by_label, weight=weights)
    assert merged.equal(base + 1)
    merged = lexgraft.merge_tensors("ties", base, [base + 1], density=1.0, lambda_=0.5)
    assert merged.equal(base + 0.5)


# --- models that are asked ------------------------------------------------------------------------


@pytest.mark.slow
def test_models_are_evaluated_on_a_test_set_and_compared(
    make_model: MakeModel, project: Path, tmp_path: Path
) -> None:
    test = lexgraft.build_testset(lexgraft.load_project(project))
    texts = tmp_path / "texts.jsonl"
    write_lines(texts, [Document(f"d{n}", "en", "plain", f"text {n} " * 3) for n in range(3)])
    outputs: list[Path] = []
    for seed in (0, 1):
        outputs.append(tmp_path / f"answers-{seed}")
        record = lexgraft.evaluate(
            make_model("llama", seed), test, output=outputs[-1], texts=str(texts), threads=1
        )
        named = {(score.name, score.group): score for score in record.scores}
        assert named["recognition", "en->ja"].n == 20
    comparison = lexgraft.compare(*outputs, groups=["en->ja"])
    assert len(comparison.contests) == 1
    with pytest.raises(lexgraft.LexgraftError, match="sealed concepts are asked from"):
        lexgraft.evaluate("m", test, output=tmp_path / "x", split="sealed")


def test_what_cannot_be_evaluated_or_compared_is_refused(tmp_path: Path) -> None:
    with pytest.raises(lexgraft.LexgraftError, match="nothing to ask"):
        lexgraft.evaluate("model", output=tmp_path / "answers")
    with pytest.raises(lexgraft.LexgraftError, match="nothing to compare"):
        lexgraft.compare()
    with pytest.raises(lexgraft.LexgraftError, match=r"`alpha` 0\.7"):
        lexgraft.compare(tmp_path, alpha=0.7)
    with pytest.raises(lexgraft.LexgraftError, match="no run here"):
        lexgraft.compare(str(tmp_path))


def test_what_is_no_path_is_told_where_one_is_wanted() -> None:
    """In a process of its own: under tests the types of arguments are checked before."""
    code = """
import lexgraft as lg
for call in (
    lambda: lg.read_terms(["a.csv"]),
    lambda: lg.compare(["a", "b"]),
    lambda: lg.compare(lm_eval=[3]),
    lambda: lg.load_project({"name": "x"}),
    lambda: lg.plan(["project.yaml"]),
    lambda: lg.merge(["recipe.yaml"], "out"),
    lambda: lg.evaluate("model", ["items.jsonl"], output="out"),
    lambda: lg.open_glossary([["a.csv"]]),
):
    try:
        call()
    except lg.LexgraftError as error:
        print("a path is wanted" in str(error))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True"] * 8


def test_an_option_of_reading_that_there_is_not_is_told(tmp_path: Path) -> None:
    with pytest.raises(lexgraft.LexgraftError, match="did you mean `separators`"):
        lexgraft.read_terms(tmp_path / "a.csv", seperator="|")  # pyright: ignore[reportCallIssue]


def test_an_array_is_told_where_a_tensor_is_wanted() -> None:
    import numpy as np
    import torch

    for values in ((np.zeros(3), [np.zeros(3)]), (torch.zeros(3), [[0.0, 0.0, 0.0]])):
        with pytest.raises(lexgraft.LexgraftError, match="a tensor of torch is wanted"):
            lexgraft.merge_tensors("linear", *values)  # pyright: ignore[reportArgumentType]
