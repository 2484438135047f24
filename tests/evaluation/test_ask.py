"""Nothing is asked twice, nothing is ever another model's, a killed run goes on."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import torch

from lexgraft.evaluation.answer_store import AnswerStore
from lexgraft.evaluation.ask import ask, ask_generations, ask_texts
from lexgraft.models.transformers import TransformersModel
from lexgraft.records import Document, Item, digest, read_lines, silent, write_lines


def test_an_option_is_asked_once_after_a_neutral_context(
    items: list[Item], fake_model: Any, tmp_path: Path
) -> None:
    model = fake_model()
    answers = ask(items, model, tmp_path / "store.sqlite", silent)
    assert [answer.item for answer in answers] == [item.id for item in items]
    neutral = [pair for pair in model.asked if pair[0] == "A term: "]
    assert len(neutral) == len(set(neutral)) == 10
    for item, answer in zip(items, answers, strict=True):
        expected = [model._number(item.neutral, option) for option in item.options]
        assert list(answer.neutral) == expected
        assert list(answer.logliks) == [model._number(item.context, o) for o in item.options]
        assert list(answer.tokens) == [len(option) for option in item.options]


def test_a_second_run_asks_nothing(items: list[Item], fake_model: Any, tmp_path: Path) -> None:
    first, second = fake_model(), fake_model()
    answers = ask(items, first, tmp_path / "store.sqlite", silent)
    assert ask(items, second, tmp_path / "store.sqlite", silent) == answers
    assert second.asked == []


def test_two_models_never_share_an_answer(
    items: list[Item], fake_model: Any, tmp_path: Path
) -> None:
    store = tmp_path / "store.sqlite"
    one = ask(items, fake_model("one"), store, silent)
    two = ask(items, fake_model("two"), store, silent)
    assert all(a.logliks != b.logliks for a, b in zip(one, two, strict=True))
    assert ask(items, fake_model("one"), store, silent) == one
    other_scoring = fake_model("one")
    other_scoring.scoring = "plain"
    ask(items, other_scoring, store, silent)
    assert len(other_scoring.asked) == 70


def test_an_interrupted_run_asks_only_what_is_left(
    items: list[Item], fake_model: Any, tmp_path: Path
) -> None:
    whole = ask(items, fake_model(), tmp_path / "whole.jsonl", silent)
    stopped = fake_model()
    stopped.stop_after = 30
    with pytest.raises(KeyboardInterrupt):
        ask(items, stopped, tmp_path / "store.sqlite", silent)
    resumed = fake_model()
    assert ask(items, resumed, tmp_path / "store.sqlite", silent) == whole
    assert sorted(stopped.asked + resumed.asked) == sorted(set(stopped.asked + resumed.asked))


def test_a_changed_test_set_asks_only_what_is_new_in_it(
    items: list[Item], fake_model: Any, tmp_path: Path
) -> None:
    store = tmp_path / "store.sqlite"
    ask(items[:-2], fake_model(), store, silent)
    known = {(i.context, o) for i in items[:-2] for o in i.options}
    known |= {(i.neutral, o) for i in items[:-2] for o in i.options}
    wanted = {(context, o) for i in items for context in (i.context, i.neutral) for o in i.options}
    model = fake_model()
    answers = ask(items, model, store, silent)
    assert sorted(model.asked) == sorted(wanted - known)
    assert answers == ask(items, fake_model(), tmp_path / "whole.sqlite", silent)


def test_a_damaged_number_is_not_believed(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite"
    store = AnswerStore(path)
    assert store.get(["k"]) == {}
    store.put({"k": [1.25], "l": [2.5]})
    path.write_bytes(path.read_bytes().replace(b"1.25", b"9.25"))
    assert AnswerStore(path).get(["k", "l", "m"]) == {"l": b"[2.5]"}
    store.put({"k": [1.25]})
    assert set(store.get(["k", "l"])) == {"k", "l"}


def test_more_keys_than_one_statement_takes_are_found(tmp_path: Path) -> None:
    store = AnswerStore(tmp_path / "store.sqlite")
    store.put({str(n): n for n in range(1203)})
    assert len(store.get(str(n) for n in range(2000))) == 1203


def test_a_broken_model_is_kept_as_impossible_not_as_a_number_missing(
    items: list[Item], fake_model: Any, tmp_path: Path
) -> None:
    class Broken(fake_model):
        def _number(self, *_: str) -> float:
            return float("nan")

    for _ in range(2):
        answers = ask(items, Broken(), tmp_path / "store.sqlite", silent)
        assert {value for answer in answers for value in answer.logliks} == {-1e9}
        texts = [Document("d", "ja", "manual", "text")]
        [score] = ask_texts(texts, Broken(), tmp_path / "store.sqlite", 5, silent)
        assert score.bits == 1e9


def test_texts_and_prompts_are_asked_once_and_come_back_in_order(
    fake_model: Any, tmp_path: Path
) -> None:
    documents = [Document(f"d{i}", "ja", "manual", "文" * (i % 7 + 1)) for i in range(20)]
    prompts = [f"prompt {i % 40}" for i in range(50)]
    store = tmp_path / "store.sqlite"
    model, again = fake_model(), fake_model()
    scores = ask_texts(documents, model, store, 5, silent)
    answers = ask_generations(prompts, model, store, 9, ("\n",), silent)
    assert [score.document for score in scores] == [document.id for document in documents]
    assert [score.bytes for score in scores] == [min(i % 7 + 1, 5) for i in range(20)]
    assert [a.prompt for a in answers] == [digest(prompt) for prompt in prompts]
    assert [a.text for a in answers] == [digest("a", p, "\n")[:9] for p in prompts]
    assert len(model.asked) == 7 + 40
    assert ask_texts(documents, again, store, 5, silent) == scores
    assert ask_generations(prompts, again, store, 9, ("\n",), silent) == answers
    assert again.asked == []
    ask_texts(documents, again, store, 6, silent)
    ask_generations(prompts, again, store, 9, ("。",), silent)
    assert len(again.asked) == 7 + 40


def test_progress_reaches_its_total(items: list[Item], fake_model: Any, tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    ask(items, fake_model(), tmp_path / "s", lambda _what, done, total: told.append((done, total)))
    assert [done for done, _ in told] == sorted({done for done, _ in told})
    assert told[-1][0] == told[-1][1] == 70


RUN = """
import sys, time
from pathlib import Path
from lexgraft.errors import LexgraftError
from lexgraft.evaluation.ask import ask
from lexgraft.models.transformers import TransformersModel
import lexgraft.models.transformers as module
from lexgraft.records import Item, read_lines, write_lines
module.TOKEN_BUDGET = 300
folder, items, store, out, delay = Path(sys.argv[1]), *sys.argv[2:]
model = TransformersModel.load(folder, "m", 1)
items = read_lines(Path(items), Item)
answers = ask(items, model, Path(store), lambda *_: time.sleep(float(delay)))
write_lines(Path(out), answers)
"""


@pytest.mark.slow
def test_a_killed_run_goes_on_with_the_same_numbers(
    items: list[Item], tiny_model: Path, tmp_path: Path
) -> None:
    write_lines(tmp_path / "items", items)

    def command(store: str, out: str, delay: str) -> list[str]:
        paths = [str(tmp_path / name) for name in ("items", store, out)]
        return [sys.executable, "-c", RUN, str(tiny_model), *paths, delay]

    subprocess.run(command("whole-store", "whole", "0"), check=True)
    store = tmp_path / "killed-store"
    process = subprocess.Popen(command("killed-store", "killed", "0.5"))
    while len(rows(store)) < 3:
        time.sleep(0.05)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    kept = rows(store)
    assert not (tmp_path / "killed").exists()
    subprocess.run(command("killed-store", "killed", "0"), check=True)
    assert (tmp_path / "killed").read_bytes() == (tmp_path / "whole").read_bytes()
    assert rows(store) >= kept
    assert rows(store) == rows(tmp_path / "whole-store")


def rows(store: Path) -> set[tuple[object, ...]]:
    if not store.is_file():
        return set()
    with closing(sqlite3.connect(store)) as file:
        there = file.execute("SELECT name FROM sqlite_master WHERE name = 'answers'").fetchall()
        return set(file.execute("SELECT * FROM answers")) if there else set()


def test_a_real_model_is_asked_through_the_store(
    items: list[Item], tiny_model: Path, tmp_path: Path
) -> None:
    model = TransformersModel.load(tiny_model, "m", 1)
    answers = ask(items, model, tmp_path / "store.sqlite", silent)
    [scores] = model.loglikelihoods([(items[0].context, items[0].options)])
    [neutral] = model.loglikelihoods([(items[0].neutral, items[0].options)])
    assert answers[0].logliks == pytest.approx([s.loglik for s in scores], abs=1e-4)
    assert answers[0].neutral == pytest.approx([s.loglik for s in neutral], abs=1e-4)
    write_lines(tmp_path / "answers.jsonl", answers)
    assert read_lines(tmp_path / "answers.jsonl", type(answers[0])) == answers


def test_answers_do_not_depend_on_how_many_batches_are_asked_at_once(
    items: list[Item], tiny_model: Path, tmp_path: Path
) -> None:
    model = TransformersModel.load(tiny_model, "m", 1)
    alone = ask(items, model, tmp_path / "alone.sqlite", silent)
    texts = [Document(f"d{i}", "ja", "manual", "文書" * (i + 2)) for i in range(20)]
    bits = ask_texts(texts, model, tmp_path / "alone.sqlite", 20, silent)
    torch.set_num_threads(2)
    try:
        assert ask(items, model, tmp_path / "two.sqlite", silent) == alone
        assert ask_texts(texts, model, tmp_path / "two.sqlite", 20, silent) == bits
    finally:
        torch.set_num_threads(1)
