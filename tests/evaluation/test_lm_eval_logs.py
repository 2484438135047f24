"""Sample logs as lm-evaluation-harness writes them."""

import json
from pathlib import Path
from typing import Any

import pytest

from lexgraft.errors import LexgraftError
from lexgraft.evaluation.lm_eval_logs import read_samples
from lexgraft.evaluation.pairwise_comparison import compare

LOGS = Path(__file__).parent / "lm_eval_logs"
"""Written by `lm_eval run --log_samples` 0.4.13 about invented questions and random weights."""


def line(doc: int, scores: list[float], gold: int, **metrics: float) -> dict[str, Any]:
    best = max(range(len(scores)), key=lambda i: scores[i], default=0)
    return {
        "doc_id": doc,
        "doc": {"question": "?"},
        "target": str(gold),
        "arguments": {
            f"gen_args_{i}": {"arg_0": f"Question {doc}:", "arg_1": f" option {i}"}
            for i in range(len(scores))
        },
        "resps": [[[str(s), "False"]] for s in scores],
        "filtered_resps": [[str(s), "False"] for s in scores],
        "filter": "none",
        "metrics": ["acc"],
        "doc_hash": f"d{doc}",
        "prompt_hash": "p",
        "target_hash": f"t{gold}",
        **(metrics or {"acc": float(best == gold)}),
    }


def write(folder: Path, lines: list[dict[str, Any]], task: str = "arc_easy") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"samples_{task}_2026-11-23T10-00-00.123456.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in lines), encoding="utf-8")
    return path


def test_options_margins_and_verdicts_are_read(tmp_path: Path) -> None:
    path = write(tmp_path / "org__model", [line(0, [-1.0, -3.0], 0), line(1, [-5.0, -4.5], 0)])
    found = read_samples(path)
    assert found.name == "org__model"
    first, second = found.results.values()
    assert (first.concept, first.group, first.right, first.margin) == ("d0", "arc_easy", True, 2.0)
    assert (first.question, first.gold, first.chosen) == ("Question 0:", "option 0", "option 0")
    assert (second.right, second.margin, second.chosen) == (False, -0.5, "option 1")
    assert first.chance == 0.5


def test_logs_that_lm_eval_has_written_are_read_and_paired() -> None:
    [plain] = (LOGS / "org__model-a").glob("samples_organs_*.jsonl")
    [other] = (LOGS / "org__model-b").glob("samples_organs_*.jsonl")
    one, two = read_samples(plain), read_samples(other, metric="acc_norm")
    assert [s.right for s in one.results.values()] == [False, False, True, False, False, True]
    assert [s.right for s in two.results.values()] == [False, True, False, False, True, False]
    first = next(iter(one.results.values()))
    assert (first.question, first.gold, first.chosen) == (
        "Which organ is number 0?",
        "heart",
        "lung",
    )
    assert first.margin == pytest.approx(-33.616634 + 28.042097)
    [contest] = compare([one, two]).contests
    assert (contest.n, len(contest.gained), len(contest.lost)) == (6, 2, 2)
    whole = read_samples(LOGS / "org__model-a")
    assert {s.group for s in whole.results.values()} == {"organs", "named"}


def test_two_logs_are_paired_by_document_whatever_their_order(tmp_path: Path) -> None:
    rows = [line(i, [-1.0, -2.0], i % 2) for i in range(6)]
    better = [line(i, [-1.0, -2.0] if i % 2 == 0 else [-2.0, -1.0], i % 2) for i in range(6)]
    one = read_samples(write(tmp_path / "a", rows).parent)
    two = read_samples(write(tmp_path / "b", better[::-1]).parent)
    [contest] = compare([one, two]).contests
    assert (contest.reference, contest.model, contest.n) == ("a", "b", 6)
    assert (len(contest.gained), len(contest.lost)) == (3, 0)
    assert one.digest != two.digest


def test_a_changed_target_is_another_item(tmp_path: Path) -> None:
    one = read_samples(write(tmp_path / "a", [line(0, [-1.0, -2.0], 0)]))
    two = read_samples(write(tmp_path / "b", [line(0, [-1.0, -2.0], 1)]))
    with pytest.raises(LexgraftError, match="share no item"):
        compare([one, two])


def test_free_answers_have_a_verdict_and_no_margin(tmp_path: Path) -> None:
    row = line(0, [], 0, exact_match=1.0) | {"filtered_resps": ["42"], "target": "42"}
    [shown] = read_samples(write(tmp_path / "a", [row], "gsm8k")).results.values()
    assert (shown.right, shown.margin, shown.chosen, shown.gold) == (True, 0.0, "42", "42")


def test_another_metric_can_be_taken(tmp_path: Path) -> None:
    path = write(tmp_path / "a", [line(0, [-1.0, -2.0], 0, acc=1.0, acc_norm=0.0)])
    assert [one.right for one in read_samples(path).results.values()] == [True]
    assert [one.right for one in read_samples(path, metric="acc_norm").results.values()] == [False]


def test_mistakes_are_named_by_line(tmp_path: Path) -> None:
    path = write(tmp_path / "a", [line(0, [-1.0, -2.0], 0), line(1, [-1.0], 0, bleu=3.0)])
    with pytest.raises(LexgraftError, match=r"jsonl:2: this sample has no yes-or-no metric"):
        read_samples(path)
    path.write_text("{", encoding="utf-8")
    with pytest.raises(LexgraftError, match=r"jsonl:1: not a logged sample"):
        read_samples(path)
    with pytest.raises(LexgraftError, match="no sample logs"):
        read_samples(tmp_path)
    with pytest.raises(LexgraftError, match="did you mean `acc`"):
        read_samples(path, metric="acx")


def test_a_document_that_is_logged_twice_alike_counts_once(tmp_path: Path) -> None:
    rows = [line(0, [-1.0, -3.0], 0), line(1, [-5.0, -4.5], 0)]
    assert len(read_samples(write(tmp_path / "m", rows + rows)).results) == 2


def test_a_text_that_stands_twice_in_a_data_set_is_two_results_of_one_document(
    tmp_path: Path,
) -> None:
    rows = [line(0, [-1.0, -3.0], 0), line(0, [-4.0, -3.5], 0) | {"doc_id": 7}]
    one = read_samples(write(tmp_path / "m", rows))
    other = read_samples(write(tmp_path / "n", [rows[0] | {"acc": 0.0}, rows[1]]))
    assert [result.right for result in one.results.values()] == [True, False]
    assert {result.concept for result in one.results.values()} == {"d0"}
    assert list(one.results) == list(other.results)


@pytest.mark.parametrize("apart", ["one file", "two files"])
def test_a_document_that_is_logged_twice_with_other_answers_is_refused(
    tmp_path: Path, apart: str
) -> None:
    first, second = line(0, [-1.0, -3.0], 0), line(0, [-3.0, -1.0], 0)
    path = write(tmp_path / "m", [first, second] if apart == "one file" else [first])
    if apart == "two files":
        later = path.with_name(path.name.replace("2026-11-23", "2026-11-24"))
        later.write_text(json.dumps(second) + "\n", encoding="utf-8")
    with pytest.raises(LexgraftError, match="document 0 of `arc_easy` is logged twice"):
        read_samples(tmp_path / "m")


@pytest.mark.parametrize(
    "change",
    [
        {"acc": 5},
        {"acc": -1},
        {"acc": 1e300},
        {"filtered_resps": [["nan", "False"], ["-1.0", "False"]]},
        {"filtered_resps": [["inf", "False"], ["-1.0", "False"]]},
        {"filtered_resps": [["2.5", "False"], ["-1.0", "False"]]},
        {"filtered_resps": None},
        {"acc": True},
        {"doc_id": "x"},
    ],
    ids=str,
)
def test_figures_that_are_none_are_refused_by_line(
    tmp_path: Path, change: dict[str, object]
) -> None:
    path = write(tmp_path / "m", [line(1, [-1.0, -2.0], 0), line(0, [-1.0, -2.0], 0) | change])
    with pytest.raises(LexgraftError) as error:
        read_samples(path)
    assert error.value.where == f"{path}:2"


@pytest.mark.parametrize(
    "change",
    [
        {"target": "9" * 5000},
        {"target": [1]},
        {"target": None},
        {"arguments": 5},
        {"arguments": [5]},
        {"arguments": "text"},
        {"arguments": {"a": {"b": None}}},
        {"filtered_resps": []},
        {"filtered_resps": [[], []]},
        {"filtered_resps": [{}, {}]},
    ],
    ids=lambda change: str(change)[:40],
)
def test_what_is_only_shown_may_have_any_shape(tmp_path: Path, change: dict[str, object]) -> None:
    path = write(tmp_path / "m", [line(0, [-1.0, -2.0], 0) | change])
    assert [result.right for result in read_samples(path).results.values()] == [True]
