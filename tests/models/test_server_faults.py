"""Servers that fail while they score: the run goes on or ends in words, not in wrong numbers."""

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from stand_in_server import Fault, StandIn, serving, unchecked

from lexgraft.errors import LexgraftError
from lexgraft.evaluation.ask import ask_questions
from lexgraft.models import Question, server_client
from lexgraft.models.openai_server import connect
from lexgraft.models.served_model import ServedModel
from lexgraft.records import silent

QUESTIONS: list[Question] = [(f"Term {number} means", [" one", " two"]) for number in range(6)]
COMPLETIONS = "/v1/completions"


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_client, "FIRST_WAIT", 0.01)
    monkeypatch.setattr(server_client, "LONGEST_WAIT", 0.02)
    monkeypatch.setattr(server_client, "RUN_SECONDS", 0.5)
    monkeypatch.setattr(server_client, "PATIENCE", 5.0)
    monkeypatch.setattr("lexgraft.models.openai_server.check_server", unchecked)


def first(count: int, status: int, said: bytes) -> Fault:
    """Return a fault of the first requests for scores."""
    left = [count]

    def fault(route: str, body: dict[str, Any]) -> tuple[int, bytes] | None:
        if route != COMPLETIONS or not left[0]:
            return None
        left[0] -= 1
        return status, said

    return fault


def changed(change: Callable[[dict[str, Any]], None], server: StandIn) -> Fault:
    """Return a fault that changes every answer to a question."""

    def fault(route: str, body: dict[str, Any]) -> tuple[int, bytes] | None:
        if route != COMPLETIONS:
            return None
        answer: Any = server._complete(body)
        for choice in answer["choices"]:
            change(choice)
        return 200, json.dumps(answer).encode()

    return fault


def scores(model: object) -> object:
    assert isinstance(model, ServedModel)
    return model.loglikelihoods(QUESTIONS)


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize(
    ("count", "status", "said"),
    [(9, 429, b"slow down"), (5, 503, b"starting"), (2, 500, b"oops"), (2, 200, b'{"choices": [{')],
)
def test_a_failure_that_passes_changes_nothing(
    count: int, status: int, said: bytes, tiny_model: Path
) -> None:
    server = StandIn("vllm", {"tiny": tiny_model})
    with serving(server) as address:
        model = connect(address)
        undisturbed = scores(model)
        server.fault = first(count, status, said)
        assert scores(model) == undisturbed


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize(
    ("status", "said", "words"),
    [
        (429, b"slow down", "429 slow down"),
        (500, b"out of memory", "500 out of memory"),
        (400, b"longer than 512", "400 longer than 512"),
        (200, b'{"choices": [{', "half an answer"),
    ],
)
def test_a_failure_that_stays_is_told_in_the_servers_words(
    status: int, said: bytes, words: str, tiny_model: Path
) -> None:
    server = StandIn("vllm", {"tiny": tiny_model})
    with serving(server) as address:
        model = connect(address)
        server.fault = first(10**9, status, said)
        with pytest.raises(LexgraftError, match=words):
            scores(model)


def cut_short(choice: dict[str, Any]) -> None:
    choice["prompt_logprobs"] = choice["prompt_logprobs"][:-1]


def not_a_number(choice: dict[str, Any]) -> None:
    for entry in (choice["prompt_logprobs"] or [])[-1].values():
        entry["logprob"] = None


def positive(choice: dict[str, Any]) -> None:
    for entry in (choice["prompt_logprobs"] or [])[-1].values():
        entry["logprob"] = 3.0


def other_token(choice: dict[str, Any]) -> None:
    choice["prompt_logprobs"][-1] = {"999": {"logprob": -1.0}}


def none_at_all(choice: dict[str, Any]) -> None:
    choice["prompt_logprobs"] = None


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize(
    ("change", "words"),
    [
        (cut_short, "cuts long prompts|of .* tokens came"),
        (not_a_number, "gives nan for the log-probability"),
        (positive, "gives 3.0 for the log-probability"),
        (other_token, "gives nan for the log-probability"),
        (none_at_all, "no log-probabilities of the prompt"),
    ],
)
def test_numbers_that_are_none_are_no_scores(
    change: Callable[[dict[str, Any]], None], words: str, tiny_model: Path
) -> None:
    server = StandIn("vllm", {"tiny": tiny_model})
    with serving(server) as address:
        model = connect(address)
        server.fault = changed(change, server)
        with pytest.raises(LexgraftError, match=words):
            scores(model)


def test_numbers_that_change_from_one_time_to_the_next_are_refused(tiny_model: Path) -> None:
    server = StandIn("vllm", {"tiny": tiny_model})
    times = [0.0]

    def drifting(choice: dict[str, Any]) -> None:
        times[0] += 0.3
        steps: list[dict[str, Any]] = (choice.get("prompt_logprobs") or [])[1:]
        for step in steps:
            for entry in step.values():
                entry["logprob"] -= times[0]

    with serving(server) as address:
        server.fault = changed(drifting, server)
        with pytest.raises(LexgraftError, match="the same question twice differs by"):
            connect(address)


def test_a_server_killed_and_started_again_gives_the_same_answers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lexgraft.models.served_model.BATCH", 2)
    monkeypatch.setattr("lexgraft.models.openai_server.check_server", unchecked)

    def start(port: int) -> tuple[subprocess.Popen[bytes], int]:
        script = Path(__file__).parents[1] / "stand_in_server.py"
        command = [sys.executable, str(script), "vllm", str(port), "tiny="]
        process = subprocess.Popen(command, stdout=subprocess.PIPE)
        assert process.stdout
        return process, int(process.stdout.readline())

    process, port = start(0)
    processes = [process]
    model = connect(f"http://127.0.0.1:{port}/v1")
    undisturbed = ask_questions(QUESTIONS, model, tmp_path / "whole.sqlite", silent)

    def kill_and_start(title: str, done: int, total: int) -> None:
        if done == 4 and len(processes) == 1:
            processes[0].kill()
            processes[0].wait()
            threading.Thread(target=lambda: processes.append(start(port)[0])).start()
            time.sleep(0.1)

    try:
        assert ask_questions(QUESTIONS, model, tmp_path / "k.sqlite", kill_and_start) == undisturbed
        processes[-1].kill()
        processes[-1].wait()
        assert isinstance(model, ServedModel)
        monkeypatch.setattr(vars(model.dialect)["_client"], "retry_seconds", 0.0)
        # all is stored: the server is not needed
        assert ask_questions(QUESTIONS, model, tmp_path / "k.sqlite", silent) == undisturbed
        more = [*QUESTIONS, ("Term 9 means", [" x"])]
        with pytest.raises(LexgraftError, match="no answer from the server"):
            ask_questions(more, model, tmp_path / "k.sqlite", silent)
    finally:
        for running in processes:
            running.kill()
            running.wait()
            assert running.stdout
            running.stdout.close()
