"""Requests by chance: each is answered or closed, soon, and none is a fault of the gateway."""

import json
import socket
import time
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from served import MODEL, Served, request, served

from lexgraft.serving import GatewayLimits, RequestRefusal
from lexgraft.serving.requests import ROUTES, parse_request

pytestmark = pytest.mark.slow

LIMITS = GatewayLimits(header_seconds=0.5, body_seconds=0.5, silent_seconds=2, answer_seconds=4)
MEANT = {200, 400, 401, 403, 404, 405, 408, 413, 415, 429, 431, 501, 502, 504}
ROUTE_NAMES = st.sampled_from(
    [*ROUTES, "/v1/models", "/metrics", "/health", "/", "*", "//", "/%00", "/v1/models/é"]
)
FIELDS = [
    *("model", "messages", "prompt", "max_tokens", "max_completion_tokens", "temperature"),
    *("top_p", "stop", "stream", "stream_options", "seed", "n", "presence_penalty", "tools"),
    *("frequency_penalty", "user", "response_format", "tool_choice", "parallel_tool_calls"),
    *("max_new_tokens", "best_of", "chat_template", "", "model "),
]
NUMBERS = st.one_of(
    st.integers(), st.floats(), st.sampled_from([0, 1, 2, -1, 10**15, 2**63, 10**400, 1e308])
)
TEXTS = st.one_of(st.text(max_size=20), st.sampled_from([MODEL, "user", "fever", "text", "\x00"]))
VALUES: Any = st.recursive(
    st.one_of(st.none(), st.booleans(), NUMBERS, TEXTS),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(TEXTS, inner, max_size=4)),
    max_leaves=8,
)
MESSAGES = st.lists(
    st.fixed_dictionaries(
        {"role": st.sampled_from(["system", "user", "assistant", "tool", "root"])},
        optional={
            "content": st.one_of(TEXTS, st.none(), VALUES),
            "name": VALUES,
            "tool_calls": VALUES,
        },
    ),
    max_size=4,
)
BODIES = st.fixed_dictionaries(
    {"model": st.one_of(st.just(MODEL), VALUES)},
    optional={
        "messages": MESSAGES,
        "prompt": TEXTS,
        **{name: VALUES for name in FIELDS if name not in {"model", "messages", "prompt"}},
    },
)


@pytest.fixture(scope="module")
def gateway() -> Iterator[Served]:
    with served(LIMITS) as one:
        yield one


def answered(gateway: Served, data: bytes) -> bytes:
    """Return what comes for some bytes before the connection ends, which must be soon."""
    began, said = time.monotonic(), b""
    with socket.create_connection(("127.0.0.1", gateway.port), timeout=5) as sock:
        try:
            sock.sendall(data)
            while piece := sock.recv(1 << 16):
                said += piece
        except ConnectionError:
            pass  # closed while it was still sending
    assert time.monotonic() - began < 5
    assert not [line for line in gateway.lines if "fault" in line]
    return said


def statuses(said: bytes) -> set[int]:
    """Return the statuses of all answers in what came."""
    return {int(part[:3]) for part in said.split(b"HTTP/1.1 ")[1:] if part[:3].isdigit()}


@settings(max_examples=200)
@given(BODIES, st.sampled_from([*ROUTES]))
def test_bodies_by_chance_are_read_or_refused(body: dict[str, Any], route: str) -> None:
    parsed, status = None, 200
    try:
        parsed = parse_request(route, json.dumps(body).encode(), MODEL, LIMITS)
    except RequestRefusal as refusal:
        status = refusal.status
        json.dumps(refusal.record()).encode()
    assert status in ({200} if parsed else {400, 404})
    if parsed:
        assert all(count <= LIMITS.tokens for count in parsed.token_limits().values())
        assert parsed.tokens()


@settings(max_examples=60)
@given(BODIES, ROUTE_NAMES, st.dictionaries(TEXTS, TEXTS, max_size=2))
def test_requests_by_chance_have_an_answer_that_is_meant(
    gateway: Served, body: dict[str, Any], route: str, headers: dict[str, str]
) -> None:
    named = {
        name: text
        for name, text in headers.items()
        if name.isidentifier() and name.isascii() and text.isprintable()
    }
    said = answered(gateway, request({**body, "user": ""}, route, **named))
    assert statuses(said) <= MEANT
    assert statuses(said)


PLAIN = request(
    {"model": MODEL, "messages": [{"role": "user", "content": "A fever."}], "max_tokens": 7}
)
SPLICES = st.lists(
    st.tuples(
        st.integers(0, len(PLAIN)),
        st.integers(0, 40),
        st.one_of(
            st.binary(max_size=12),
            st.sampled_from(
                [b"\r\n", b"\r\n\r\n", b"\0", b": ", b"transfer-encoding: chunked\r\n"]
            ),
            st.sampled_from([b"content-length: 5\r\n", b"expect: 100-continue\r\n", PLAIN]),
        ),
    ),
    min_size=1,
    max_size=4,
)


@settings(max_examples=60)
@given(SPLICES)
def test_bytes_by_chance_have_an_answer_that_is_meant_or_none(
    gateway: Served, splices: list[tuple[int, int, bytes]]
) -> None:
    data = PLAIN
    for offset, cut, put in splices:
        data = data[:offset] + put + data[offset + cut :]
    assert statuses(answered(gateway, data)) <= MEANT


def test_after_all_that_it_serves_as_before(gateway: Served) -> None:
    assert gateway.post(gateway.chat("A fever."))[0] == 200
    end = time.monotonic() + 5
    while gateway.gateway.active and time.monotonic() < end:
        time.sleep(0.02)
    assert gateway.gateway.active == 0
