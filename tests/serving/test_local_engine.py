"""A tiny model behind the gateway, asked with OpenAI's own client."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import openai
import pytest
from openai import OpenAI
from served import Served, request, served

from lexgraft.errors import LexgraftError
from lexgraft.models.transformers import TransformersModel
from lexgraft.serving import GatewayLimits
from lexgraft.serving.local_engine import LocalEngine

pytestmark = pytest.mark.slow

LIMITS = GatewayLimits(tokens=64, silent_seconds=20)


@pytest.fixture(scope="module")
def model(tiny_model: Path) -> TransformersModel:
    return TransformersModel.load(tiny_model, "tiny", 1)


@pytest.fixture(scope="module")
def gateway(model: TransformersModel) -> Iterator[Served]:
    with served(LIMITS, engine=LocalEngine(model, "tiny", LIMITS)) as one:
        yield one


@pytest.fixture
def client(gateway: Served) -> Iterator[OpenAI]:
    with OpenAI(base_url=gateway.url, api_key="any", max_retries=0) as one:
        yield one


MESSAGES: list[Any] = [{"role": "user", "content": "hello"}]


def test_a_chat_is_the_models_own_greedy_answer(client: OpenAI, model: TransformersModel) -> None:
    answer = client.chat.completions.create(model="tiny", messages=MESSAGES, max_tokens=6)
    (expected,) = model.generate([model.chat_prompt(MESSAGES)], 6, ())
    assert answer.choices[0].message.content == expected
    assert answer.choices[0].finish_reason in ("stop", "length")
    assert answer.usage
    assert answer.usage.prompt_tokens == model.count(model.chat_prompt(MESSAGES)) + 1
    assert 1 <= answer.usage.completion_tokens <= 6


def test_a_stream_says_the_same_as_the_whole(client: OpenAI) -> None:
    whole = client.chat.completions.create(model="tiny", messages=MESSAGES, max_tokens=8)
    events = list(
        client.chat.completions.create(
            model="tiny",
            messages=MESSAGES,
            max_tokens=8,
            stream=True,
            stream_options={"include_usage": True},
        )
    )
    text = "".join(one.choices[0].delta.content or "" for one in events)
    assert text == whole.choices[0].message.content
    assert events[-1].choices[0].finish_reason == whole.choices[0].finish_reason
    assert events[-1].usage == whole.usage


def test_a_completion_stops_where_it_is_told(client: OpenAI, model: TransformersModel) -> None:
    (long,) = model.generate(["hello"], 12, ())
    stop = long[4:6]
    answer = client.completions.create(model="tiny", prompt="hello", max_tokens=12, stop=stop)
    assert answer.choices[0].text == long[: long.index(stop)]
    streamed = client.completions.create(
        model="tiny", prompt="hello", max_tokens=12, stop=stop, stream=True
    )
    assert "".join(one.choices[0].text for one in streamed) == answer.choices[0].text


@pytest.mark.slow
def test_drawn_answers_come_from_their_seed(client: OpenAI) -> None:
    def draw(seed: int | None) -> str:
        answer = client.completions.create(
            model="tiny", prompt="hello", max_tokens=8, temperature=2.0, seed=seed
        )
        return answer.choices[0].text

    assert draw(1) == draw(1)
    assert draw(None) == draw(None)
    assert len({draw(seed) for seed in range(4)}) > 1


def test_terms_change_the_prompt_and_their_absence_changes_no_byte(
    gateway: Served, client: OpenAI
) -> None:
    asked = {"model": "tiny", "messages": MESSAGES, "max_tokens": 6}
    _, headers, body = gateway.post(asked)
    assert headers["x-glossary-terms"] == ""
    assert body == gateway.post(asked, x_glossary="off")[2]
    raw = client.chat.completions.with_raw_response.create(
        model="tiny", messages=[{"role": "user", "content": "fever"}], max_tokens=2
    )
    assert raw.headers["x-glossary-terms"] == "H:1"
    usage = raw.parse().usage
    assert usage
    assert usage.prompt_tokens > 100


def test_the_clients_errors_are_its_own(client: OpenAI) -> None:
    with pytest.raises(openai.NotFoundError, match="there is no model `other`"):
        client.chat.completions.create(model="other", messages=MESSAGES)
    with pytest.raises(openai.BadRequestError, match="needs another engine"):
        client.chat.completions.create(
            model="tiny", messages=MESSAGES, max_tokens=2, presence_penalty=1.0
        )
    with pytest.raises(openai.BadRequestError, match="the model takes"):
        client.completions.create(model="tiny", prompt="a" * 5000, max_tokens=2)
    assert [one.id for one in client.models.list()] == ["tiny"]


def test_an_abandoned_answer_stops_the_writing(client: OpenAI) -> None:
    with client.chat.completions.create(
        model="tiny", messages=MESSAGES, max_tokens=64, stream=True, temperature=1.0
    ) as events:
        next(iter(events))
    again = client.chat.completions.create(model="tiny", messages=MESSAGES, max_tokens=1)
    assert again.usage
    assert again.usage.completion_tokens == 1


def test_an_error_in_a_stream_reaches_the_client() -> None:
    with served() as one, OpenAI(base_url=one.url, api_key="x", max_retries=0) as client:
        events = client.chat.completions.create(
            model="tiny",
            messages=[{"role": "user", "content": "a b c d"}],
            stream=True,
            user="dies",
        )
        with pytest.raises(openai.APIError, match="in the middle of its answer"):
            list(events)


@pytest.fixture
def templated(
    model: TransformersModel, monkeypatch: pytest.MonkeyPatch
) -> Iterator[TransformersModel]:
    """Return the model, to be given a template that is forgotten afterwards."""
    monkeypatch.setattr(model, "_chat", None)
    yield model
    model._tokenizer.chat_template = None


def test_a_template_that_refuses_is_a_mistake_of_the_request(templated: TransformersModel) -> None:
    templated._tokenizer.chat_template = "{{ raise_exception('no system') }}"
    with pytest.raises(LexgraftError, match="no system"):
        templated.chat_prompt(MESSAGES)


def test_a_template_writes_what_comes_after_the_start_token(templated: TransformersModel) -> None:
    templated._tokenizer.chat_template = (
        "{{ bos_token }}{% for m in messages %}[{{ m.content }}]{% endfor %}"
    )
    assert templated.chat_prompt(MESSAGES) == "[hello]"


def test_of_several_templates_without_a_default_none_is_chosen(
    templated: TransformersModel,
) -> None:
    templated._tokenizer.chat_template = {"rag": "a", "tools": "b"}
    with pytest.raises(LexgraftError, match="no chat template to choose"):
        templated.chat_prompt(MESSAGES)


def test_a_template_without_end_holds_up_nobody_else(templated: TransformersModel) -> None:
    loops = "{% for a in range(9999) %}" * 3 + "{% endfor %}" * 3
    templated._tokenizer.chat_template = loops
    engine = LocalEngine(templated, "tiny", LIMITS)
    with served(LIMITS, engine=engine) as one, ThreadPoolExecutor() as pool:
        chat = pool.submit(one.raw, request(one.chat("hello")), 30)
        health = b"GET /health HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n"
        taken: list[float] = []
        while not chat.done():
            began = time.monotonic()
            assert one.raw(health)[0] == 200
            taken.append(time.monotonic() - began)
            time.sleep(0.1)
        assert len(taken) > 20
        assert sorted(taken)[len(taken) // 2] < 0.2
        status, _, body = chat.result()
        assert (status, b"not rendered within 5 seconds" in body) == (400, True)
        asked = {"model": "tiny", "prompt": "hello", "max_tokens": 1}
        assert one.post(asked, "/v1/completions")[0] == 200
        assert "not rendered within" in engine.warm_up()
