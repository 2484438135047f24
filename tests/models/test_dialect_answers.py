"""Answers of servers with a field missing, null or of another kind: words, never a traceback."""

import asyncio
import json
from collections.abc import Iterator
from contextlib import suppress
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from stand_in_server import StandIn

from lexgraft.errors import LexgraftError
from lexgraft.models.dialects import ListedModel, ServedQuestion
from lexgraft.models.dialects.recognise import KINDS, dialect_of, listed_model
from lexgraft.models.server_client import ServerClient

URL = "http://127.0.0.1:9/v1"
GONE = object()
INSTEAD = (GONE, None, "x", -1, 1e300, 1 << 70, [], {})
QUESTION = ServedQuestion([0, 2], [[3, 4], [3]], "a", ["bc", "b"], [False, False])

Path_ = tuple[str | int, ...]


class Recorded(ServerClient):
    """A server without a connection: a stand-in's answers, of which one is changed."""

    def __init__(self, kind: str) -> None:
        super().__init__(URL)
        self._server = StandIn(kind, {"tiny": Path("-")})
        self.asked: dict[tuple[str, tuple[Path_, ...]], Any] = {}  # by route and shape
        self.changed: tuple[str, Path_, object] | None = None
        self.half = False  # llama-server: the first token that is asked for is half a character

    async def _try(self, address: object, route: str, data: bytes | None, kind: Any) -> Any:
        whole = route if route.startswith("/v1") else f"/v1{route}"
        known = whole if route in ("/models", "/completions") else route
        answer = json.loads(self._server.answer(known, json.loads(data or b"{}"))[1])
        if (
            self.half
            and route == "/completion"
            and len(json.loads(data or b"{}")["logit_bias"]) < 2
        ):
            self.half = False
            answer["completion_probabilities"] = []
        self.asked.setdefault((known, tuple(paths(answer))), answer)
        if self.changed is not None and self.changed[0] == known:
            with suppress(KeyError, IndexError, TypeError):  # another shape of answer has it
                answer = put(answer, *self.changed[1:])
        return self._understood(json.dumps(answer).encode(), kind)


def put(answer: Any, path: Path_, value: object) -> Any:
    """Return an answer with another value at a path, or without it."""
    if not path:
        return None if value is GONE else value
    changed = deepcopy(answer)
    inner = changed
    for step in path[:-1]:
        inner = inner[step]
    if value is GONE:
        del inner[path[-1]]
    else:
        inner[path[-1]] = value
    return changed


def paths(answer: Any, path: Path_ = ()) -> Iterator[Path_]:
    """Yield where something can be changed: of lists the first and the last."""
    yield path
    if isinstance(answer, dict):
        for name, inner in answer.items():
            yield from paths(inner, (*path, name))
    elif isinstance(answer, list) and answer:
        for place in sorted({0, len(answer) - 1}):
            yield from paths(answer[place], (*path, place))


async def ask_all(client: Recorded, kind: str, *, half: bool) -> None:
    """Ask a server everything that a dialect ever asks."""
    listed = await listed_model(client, "tiny")
    dialect = dialect_of(client, listed, kind)
    assert dialect is not None
    await dialect.version()
    await dialect.encode("ab")
    await dialect.encode("ab", special=True)
    await dialect.decode([1, 2])
    client.half = half
    await dialect.score(QUESTION)
    await dialect.continued(QUESTION)


def told(loop: asyncio.Runner, client: Recorded, kind: str) -> LexgraftError | None:
    """Return what is said of a server's answers; None: they pass."""
    try:
        for half in (True, False) if kind == "llama-server" else (False,):
            loop.run(ask_all(client, kind, half=half))
    except LexgraftError as error:
        return error
    return None


@pytest.mark.parametrize("kind", KINDS)
def test_every_field_of_an_answer_may_be_anything(kind: str) -> None:
    client, errors = Recorded(kind), list[LexgraftError]()
    with asyncio.Runner() as loop:
        assert told(loop, client, kind) is None
        for (route, _), answer in dict(client.asked).items():
            for path in paths(answer):
                for value in INSTEAD:
                    client.changed = (route, path, value)
                    error = told(loop, client, kind)
                    errors += [error] if error is not None else []
    assert len(errors) > len(INSTEAD)
    assert {error.where for error in errors} == {URL}
    assert all(error.what and error.cure for error in errors)


def test_a_model_without_an_owner_is_asked_by_the_kind_that_is_named() -> None:
    client = Recorded("vllm")
    client.changed = ("/v1/models", ("data", 0, "owned_by"), None)
    listed = asyncio.run(listed_model(client, ""))
    assert listed == ListedModel("tiny", None, "tiny", None)
    assert dialect_of(client, listed, "") is None
    assert dialect_of(client, listed, "vllm") is not None
