"""A server in a thread that speaks just enough of the protocol."""

import json
import threading
from collections.abc import Generator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from lexgraft.errors import LexgraftError
from lexgraft.models import LanguageModel
from lexgraft.models.openai_server import connect
from lexgraft.models.server_client import KEY


class Handler(BaseHTTPRequestHandler):
    asked: list[dict[str, Any]]
    busy: int
    keys: list[str]

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing."""

    def _answer(self, status: int, body: object) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def do_GET(self) -> None:
        self._answer(200, {"data": [{"id": "heart-1b"}]})

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        kind = type(self)
        kind.asked.append(asked)
        kind.keys.append(self.headers.get("Authorization", ""))
        if kind.busy:
            kind.busy -= 1
            self._answer(503, {"error": "busy"})
        elif asked["prompt"] == "bad":
            self._answer(400, {"error": "no such prompt"})
        else:
            self._answer(200, {"choices": [{"text": f" {asked['prompt']}!\nmore"}]})


@pytest.fixture
def server() -> Generator[tuple[str, type[Handler]]]:
    Handler.asked, Handler.keys, Handler.busy = [], [], 0
    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{http.server_port}/v1", Handler
    http.shutdown()
    thread.join()
    http.server_close()


def test_prompts_are_answered_greedily_in_order(
    server: tuple[str, type[Handler]], monkeypatch: pytest.MonkeyPatch
) -> None:
    url, handler = server
    monkeypatch.setenv(KEY, "secret")
    model = connect(url)
    assert isinstance(model, LanguageModel)
    prompts = [f"p{i}" for i in range(12)]
    assert model.generate(prompts, 5, ("\n",)) == [f" p{i}!" for i in range(12)]
    assert {(one["temperature"], one["max_tokens"]) for one in handler.asked} == {(0, 5)}
    assert set(handler.keys) == {"Bearer secret"}


def test_a_busy_server_is_asked_again_and_a_refusal_is_told(
    server: tuple[str, type[Handler]],
) -> None:
    url, handler = server
    model = connect(f"{url}#heart-1b")
    handler.busy = 1
    assert model.generate(["p"], 5, ()) == [" p!\nmore"]
    with pytest.raises(LexgraftError, match=r"400 .*no such prompt"):
        model.generate(["bad"], 5, ())
    assert len(handler.asked) == 3


def test_options_are_refused_clearly(server: tuple[str, type[Handler]]) -> None:
    model = connect(server[0])
    for ask in (model.plan_batches, model.loglikelihoods):
        with pytest.raises(LexgraftError, match="no kind that gives log-likelihoods"):
            ask([("q", ["a", "b"])])
    with pytest.raises(LexgraftError, match="no kind that gives log-likelihoods"):
        model.text_bits(["a"], 3)


def test_another_address_has_another_digest(server: tuple[str, type[Handler]]) -> None:
    url = server[0]
    digests = [connect(name).digest for name in (url, f"{url}/", f"{url}#heart-1b")]
    assert len(set(digests)) == 1
    assert connect(url.replace("127.0.0.1", "localhost")).digest not in digests


def test_mistakes_are_named(
    server: tuple[str, type[Handler]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lexgraft.models.server_client.CONNECT_SECONDS", 0.0)
    with pytest.raises(LexgraftError, match="did you mean `heart-1b`"):
        connect(f"{server[0]}#heart-2b")
    with pytest.raises(LexgraftError, match="no address"):
        connect("file:///etc/passwd")
    with pytest.raises(LexgraftError, match="no answer from the server"):
        connect("http://127.0.0.1:9/v1")
