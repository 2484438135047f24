"""One model without a project: folder, adapter, server; two merges in one place."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from adapters import save_adapter
from msgspec.structs import replace

from lexgraft.cli import main
from lexgraft.errors import LexgraftError
from lexgraft.evaluation.evaluation_request import EvaluationRequest
from lexgraft.evaluation.item_results import AnswerResult
from lexgraft.evaluation.load_runs import read_run
from lexgraft.evaluation.pairwise_comparison import compare
from lexgraft.evaluation.standalone import evaluate_alone
from lexgraft.records import Concept, Document, Item, Score, Term, read_lines, write_lines

pytestmark = pytest.mark.slow

Maker = Callable[..., Path]


@pytest.fixture
def own(tmp_path: Path) -> Path:
    rows = [
        {"question": f"Which is {n}?", "options": [f"a{n}", f"b{n}", "c"], "answer": n % 3}
        for n in range(4)
    ]
    file = tmp_path / "own.jsonl"
    file.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    return file


@pytest.mark.slow
def test_a_folder_is_asked_and_leaves_documented_lines(
    make_model: Maker, own: Path, tmp_path: Path
) -> None:
    texts = tmp_path / "texts.jsonl"
    write_lines(texts, [Document(f"d{n}", "en", "plain", f"text {n} " * 3) for n in range(3)])
    question = EvaluationRequest(
        model=str(make_model("llama")),
        output=tmp_path / "out",
        items=own,
        written=True,
        texts=texts,
        against=make_model("llama"),
        threads=1,
    )
    told: list[str] = []
    found = evaluate_alone(question, lambda what, _done, _total: told.append(what))
    named = {(one.name, one.group): one for one in found.scores}
    assert named["recognition", "en->en"].n == 4
    assert named["recognition, by sum", "en->en"].chance == pytest.approx(1 / 3)
    assert named["term generation", "en->en"].n == 4
    assert named["same next token", f"against {make_model('llama').name}"].value == 1.0
    assert named["drift, bits a token", f"against {make_model('llama').name}"].value < 1e-6
    assert "at most" in told[0]
    folder = tmp_path / "out" / "answers" / found.digest
    lines = read_lines(folder / "results.jsonl", AnswerResult)
    assert [line.right for line in lines].count(True) == round(
        4 * named["recognition", "en->en"].value
    )
    assert all(line.characters == (2, 2, 1) for line in lines)
    assert read_lines(folder / "scores.jsonl", Score) == list(found.scores)
    again = evaluate_alone(question)
    assert again.scores == found.scores


@pytest.mark.slow
def test_two_models_written_to_one_path_never_share_an_answer(
    make_model: Maker, own: Path, tmp_path: Path
) -> None:
    place, output = tmp_path / "merged", tmp_path / "out"
    question = EvaluationRequest(model=str(place), output=output, items=own, threads=1)
    found: list[Any] = []
    for seed in (0, 1):
        shutil.rmtree(place, ignore_errors=True)
        shutil.copytree(make_model("llama", seed), place)
        found.append(evaluate_alone(question))
    assert found[0].digest != found[1].digest
    first, second = (
        read_lines(output / "answers" / one.digest / "results.jsonl", AnswerResult) for one in found
    )
    assert all(a.logliks != b.logliks for a, b in zip(first, second, strict=True))
    entrants = read_run(output)
    assert [one.name for one in entrants] == ["merged", "merged"]
    renamed = [one._replace(name=one.digest) for one in entrants]
    assert compare(renamed).contests[0].n == 4


def test_vllm_is_asked_for_by_its_name(make_model: Maker, own: Path, tmp_path: Path) -> None:
    model = f"vllm:{make_model('llama')}"
    with pytest.raises(LexgraftError, match="vLLM is not installed"):
        evaluate_alone(EvaluationRequest(model=model, output=tmp_path, items=own))


def test_an_adapter_needs_its_base(own: Path, tiny_model: Path, tmp_path: Path) -> None:
    save_adapter(tiny_model, tmp_path / "adapter", 2)
    question: dict[str, Any] = {
        "model": str(tmp_path / "adapter"),
        "output": tmp_path / "answers",
        "items": own,
        "threads": 1,
    }
    with pytest.raises(LexgraftError, match="needs the model it was trained on"):
        evaluate_alone(EvaluationRequest(**question))
    tuned = evaluate_alone(EvaluationRequest(**question, base=tiny_model))
    question["model"] = str(tiny_model)
    plain = evaluate_alone(EvaluationRequest(**question))
    assert tuned.digest != plain.digest
    assert tuned.scores != plain.scores


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ([], "nothing to ask"),
        (["--general", "--drift-from", "x"], "--drift-from has no effect without --texts"),
        (["--project", "p.yaml", "--general"], "--general has no effect beside --project"),
        (["--items", "none.jsonl"], "no items here"),
        (["--items", "none.jsonl", "--split", "sealed"], "needs a test set's concepts"),
        (["--items", ".", "--defined"], "who is to read the definitions"),
        (["--items", ".", "--judge", "x"], "--judge has no effect without --defined"),
    ],
)
def test_mistakes_are_told_before_a_model_is_loaded(
    options: list[str], message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["evaluate", "model", "-o", str(tmp_path / "out"), *options]) == 2
    assert message in capsys.readouterr().err


def test_too_little_memory_is_told_before_a_model_is_loaded(
    make_model: Maker, own: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lexgraft.evaluation.memory_check._free_memory", lambda: 1000)
    with pytest.raises(LexgraftError, match="GB of memory are needed"):
        evaluate_alone(
            EvaluationRequest(model=str(make_model("llama")), output=tmp_path, items=own)
        )


def test_two_languages_are_compared_on_the_same_options(make_model: Maker, tmp_path: Path) -> None:
    concepts = [Concept(f"c{n}", (Term(f"term{n}", "en"), Term(f"語{n}", "ja"))) for n in range(4)]
    items = [
        Item(
            f"{n}{answer}",
            f"c{n}",
            "definition-to-term",
            "en",
            answer,
            0,
            f"q{n}:",
            ":",
            tuple(f"{stem}{(n + k) % 4}" for k in range(3)),
            0,
        )
        for n in range(4)
        for answer, stem in (("en", " term"), ("ja", "語"))
    ]
    write_lines(tmp_path / "set" / "items-confirm.jsonl", items)
    write_lines(tmp_path / "set" / "concepts-confirm.jsonl", concepts)
    question = EvaluationRequest(
        model=str(make_model("llama")),
        output=tmp_path / "out",
        items=tmp_path / "set",
        aligned=True,
        threads=1,
    )
    [score] = [s for s in evaluate_alone(question).scores if s.name.startswith("consistency")]
    assert (score.group, score.n) == ("en->en and en->ja", 4)
    assert score.low <= score.value <= score.high <= 1


def defined_set(folder: Path, split: str = "confirm") -> Path:
    """A test set's folder whose items quote definitions."""
    texts = {f"c{n}": f"what pumps number {n}" for n in range(4)}
    concepts = [
        Concept(name, (Term(f"pump{name}", "en"),), definitions={"en": text})
        for name, text in texts.items()
    ]
    items = [
        Item(
            f"i{name}",
            name,
            "definition-to-term",
            "en",
            "en",
            0,
            f"Meaning: {text}\nTerm:",
            ":",
            (f" pump{name}", " valve", " seal"),
            0,
        )
        for name, text in texts.items()
    ]
    write_lines(folder / f"items-{split}.jsonl", items)
    write_lines(folder / f"concepts-{split}.jsonl", concepts)
    return folder


JUDGE = """
import json, sys
for line in sys.stdin:
    print(json.dumps({"id": json.loads(line)["id"], "score": 0.75}))
"""


def test_definitions_are_read_by_a_scorer_likened_and_judged(
    make_model: Maker, tmp_path: Path
) -> None:
    asked: dict[str, Any] = {
        "model": str(make_model("llama")),
        "output": tmp_path / "out",
        "threads": 1,
        "items": defined_set(tmp_path / "set"),
        "defined": True,
        "scorer": make_model("llama", 1),
    }
    first = evaluate_alone(EvaluationRequest(**asked))
    file = tmp_path / "out" / "answers" / first.digest / "definitions.jsonl"
    rows = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    assert [row["reference"] for row in rows] == [f"what pumps number {n}" for n in range(4)]
    labels = tmp_path / "labels.jsonl"
    labels.write_text(
        "".join(json.dumps(row | {"label": n % 2}) + "\n" for n, row in enumerate(rows))
    )
    (tmp_path / "judge.py").write_text(JUDGE)
    judge = f"{sys.executable} {tmp_path / 'judge.py'}"
    found = evaluate_alone(EvaluationRequest(**asked, judge=judge, labels=labels))
    named = {one.name: one for one in found.scores if one.group == "en->en"}
    assert named["definition generation"].n == 4
    assert 0 <= named["definitions, chrF"].value < 1
    assert named["definitions, judged"].value == 0.75
    assert named["bias of the judge"].value == 0.25
    assert named["definitions, judged less bias"].value == 0.5
    assert found.announced_bytes > 2 * 700_000_000


def test_sealed_concepts_are_shown_to_one_model(make_model: Maker, tmp_path: Path) -> None:
    asked: dict[str, Any] = {
        "output": tmp_path / "out",
        "threads": 1,
        "split": "sealed",
        "items": defined_set(tmp_path / "set", "sealed"),
    }
    first = evaluate_alone(EvaluationRequest(**asked, model=str(make_model("llama"))))
    assert (
        evaluate_alone(EvaluationRequest(**asked, model=str(make_model("llama")))).scores
        == first.scores
    )
    with pytest.raises(LexgraftError, match="can confirm nothing any more"):
        evaluate_alone(EvaluationRequest(**asked, model=str(make_model("llama", 1))))
    asked |= {"items": tmp_path / "set" / "items-sealed.jsonl", "split": "confirm"}
    with pytest.raises(LexgraftError, match="they are asked once"):
        evaluate_alone(EvaluationRequest(**asked, model=str(make_model("llama"))))


@pytest.mark.slow
def test_a_process_stays_within_the_memory_it_announced(
    make_model: Maker, own: Path, tmp_path: Path
) -> None:
    command = [
        sys.executable,
        "-m",
        "lexgraft",
        "evaluate",
        str(make_model("llama")),
        "--items",
        str(own),
        "-o",
        str(tmp_path),
        "--general",
        "--json",
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found = json.loads(done.stdout)
    assert 0 < found["peak_bytes"] <= found["announced_bytes"]
    assert "at most" in done.stderr
    assert {score["name"] for score in found["scores"]} >= {"recognition", "grammar", "probes"}


CHAT = (
    "{% for m in messages %}[{{ m.role }}]\n{{ m.content }}\n{% endfor %}"
    "{% if add_generation_prompt %}[assistant]\n{% endif %}"
)


@pytest.mark.slow
def test_a_chat_model_is_asked_in_its_template_and_a_folder_holds_one_way_of_asking(
    make_model: Maker, own: Path, tmp_path: Path
) -> None:
    model = tmp_path / "chat model"
    shutil.copytree(make_model("llama"), model)
    file = model / "tokenizer_config.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), "chat_template": CHAT}))
    question = EvaluationRequest(
        model=str(model),
        output=tmp_path / "out",
        items=own,
        threads=1,
        dtype="float32",
        prompt="auto",
    )
    chat = evaluate_alone(question)
    assert chat.scoring == "shared chat"
    again = evaluate_alone(replace(question, prompt="chat"))
    assert again.scores == chat.scores
    plainly = replace(question, prompt="plain")
    with pytest.raises(LexgraftError, match="asked for in another way"):
        evaluate_alone(plainly)
    plain = evaluate_alone(replace(plainly, output=tmp_path / "plain"))
    assert plain.scoring == "shared"
    asked = next((tmp_path / "out" / "answers" / chat.digest).glob("items-*.jsonl")).read_bytes()
    other = next((tmp_path / "plain" / "answers" / chat.digest).glob("items-*.jsonl")).read_bytes()
    assert asked != other


def test_a_chat_without_a_template_is_refused_before_a_weight_is_read(
    make_model: Maker, own: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def load(*_: object) -> None:
        raise AssertionError

    monkeypatch.setattr("lexgraft.models.transformers.load_network", load)
    question = EvaluationRequest(model=str(make_model("llama")), output=tmp_path, items=own)
    with pytest.raises(LexgraftError, match="no chat template here"):
        evaluate_alone(replace(question, prompt="chat"))
    with pytest.raises(LexgraftError, match="a system prompt is written in a chat template"):
        evaluate_alone(replace(question, prompt="auto", system_prompt="Be brief."))
