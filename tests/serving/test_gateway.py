"""The gateway on a real socket: terms go in, ids come out, everything else is refused."""

import asyncio
import gc
import json
import socket
import time
import traceback
from pathlib import Path
from typing import Any

import pytest
from served import DRIPS, MODEL, QUICK, Served, read_answer, request, served

from lexgraft.serving import GatewayLimits, RequestRefusal
from lexgraft.serving.bearer_keys import add_key, read_keys

pytestmark = pytest.mark.slow


def content(body: bytes) -> str:
    return json.loads(body)["choices"][0]["message"]["content"]


def message(body: bytes) -> str:
    return json.loads(body)["error"]["message"]


def events(body: bytes) -> list[str]:
    return [line[6:] for line in body.decode().split("\n") if line.startswith("data: ")]


def wait_until(holds: Any, seconds: float = 5) -> None:
    end = time.monotonic() + seconds
    while not holds() and time.monotonic() < end:
        time.sleep(0.01)
    assert holds()


def test_matched_terms_go_before_the_last_user_message_and_their_ids_come_back(
    gateway: Served,
) -> None:
    status, headers, body = gateway.post(gateway.chat("A fever, a heart attack."))
    assert status == 200
    assert headers["x-glossary-terms"] == "H:1,H%202"
    said = content(body)
    assert said.startswith("用語集")
    assert said.endswith(">>\nA fever, a heart attack.")
    assert headers["x-glossary-missed"] == ""  # the echo has the whole block


def test_without_a_match_the_request_goes_on_as_it_came(gateway: Served) -> None:
    asked = gateway.chat("Nothing of the kind.", max_tokens=7, temperature=0.0)
    status, headers, body = gateway.post(asked)
    assert status == 200
    assert headers["x-glossary-terms"] == ""
    assert content(body) == "Nothing of the kind."
    assert gateway.engine.bodies[-1] == asked


def test_the_glossary_can_be_left_off(gateway: Served) -> None:
    _, headers, body = gateway.post(gateway.chat("A fever."), x_glossary="off")
    assert content(body) == "A fever."
    assert headers["x-glossary-terms"] == ""
    assert gateway.post(gateway.chat("A fever."), x_glossary="maybe")[0] == 400


def test_completions_have_the_block_before_the_prompt(gateway: Served) -> None:
    asked = {"model": MODEL, "prompt": "A fever"}
    _, headers, body = gateway.post(asked, "/v1/completions")
    assert headers["x-glossary-terms"] == "H:1"
    assert json.loads(body)["choices"][0]["text"].endswith(">>\nA fever")


def test_parts_of_text_are_looked_through_too(gateway: Served) -> None:
    parts = [{"type": "text", "text": "A "}, {"type": "text", "text": "fever"}]
    asked = {"model": MODEL, "messages": [{"role": "user", "content": parts}]}
    assert gateway.post(asked)[1]["x-glossary-terms"] == "H:1"


def test_nothing_of_a_client_but_its_request_reaches_the_engine(gateway: Served) -> None:
    gateway.post(gateway.chat("hello"), cookie="a=b", x_forwarded_for="1.2.3.4")
    head = gateway.engine.heads[-1].lower()
    assert "cookie" not in head
    assert "x-forwarded-for" not in head
    assert "authorization: bearer secret" in head
    assert head.startswith("post /v1/chat/completions http/1.1")


def test_a_stream_passes_event_by_event_and_ends_with_what_became_of_the_terms(
    gateway: Served,
) -> None:
    asked = gateway.chat("no terms here", stream=True)
    status, headers, body = gateway.post(asked)
    assert (status, headers["content-type"]) == (200, "text/event-stream; charset=utf-8")
    found = events(body)
    assert found[-1] == "[DONE]"
    texts = [json.loads(one)["choices"][0]["delta"]["content"] for one in found[:-1]]
    assert texts == ["no ", "terms ", "here "]
    _, headers, body = gateway.post(gateway.chat("fever", stream=True))
    assert headers["x-glossary-terms"] == "H:1"
    assert ': {"x-glossary-missed":"","x-glossary-forbidden":"1"}' in body.decode()


@pytest.mark.parametrize("repair", [True, False])
def test_wrong_terms_are_asked_for_once_more_if_wanted(*, repair: bool) -> None:
    with served(repair=repair) as one:
        asked = one.chat("A fever", "obedient")
        asked["messages"] += [{"role": "assistant", "content": "熱病です"}]
        status, headers, body = one.post(asked)
        assert status == 200
        if repair:
            assert headers["x-glossary-repaired"] == "yes"
            assert (headers["x-glossary-missed"], headers["x-glossary-forbidden"]) == ("", "0")
            turn = one.engine.bodies[-1]["messages"][-1]["content"]
            assert '"使用":"発熱"' in turn
            assert content(body) == "発熱です"
        else:
            assert headers["x-glossary-missed"] == "H:1"
            assert headers["x-glossary-forbidden"] == "1"
            assert len(one.engine.bodies) == 1


def test_a_connection_may_be_used_again(gateway: Served) -> None:
    first = request(gateway.chat("one")).replace(b"connection: close", b"connection: keep-alive")
    with socket.create_connection(("127.0.0.1", gateway.port), timeout=5) as sock:
        sock.sendall(first + request(gateway.chat("two")))
        data = b""
        while piece := sock.recv(1 << 16):
            data += piece
    assert data.count(b"HTTP/1.1 200") == 2
    assert data.index(b'"one"') < data.index(b'"two"')


def test_health_metrics_and_models(gateway: Served) -> None:
    def get(path: str) -> tuple[int, str]:
        line = f"GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n"
        status, _, body = gateway.raw(line.encode())
        return status, body.decode()

    assert json.loads(get("/health")[1])["status"] == "ok"
    assert json.loads(get("/v1/models")[1])["data"][0]["id"] == MODEL
    assert json.loads(get(f"/v1/models/{MODEL}")[1])["id"] == MODEL
    gateway.post(gateway.chat("A fever."))
    status, text = get("/metrics")
    assert status == 200
    assert 'lexgraft_requests_total{route="/v1/chat/completions",status="200"}' in text
    assert "lexgraft_active_requests 0" in text
    assert get("/v1/models/other")[0] == get("/pause")[0] == get("/v1/embeddings")[0] == 404
    assert get("/v1/chat/completions")[0] == 405
    assert gateway.lines[-5]["terms"] != ["fever"]


def test_the_log_has_ids_and_no_text() -> None:
    with served() as one:
        one.post(one.chat("A secret fever"))
        wait_until(lambda: one.lines)
        assert one.lines[0]["terms"] == ["H:1"]
        assert "secret" not in json.dumps(one.lines)


def frames_held() -> int:
    """Return how many frames the refusals that are alive keep with all their locals."""
    frames = 0
    for refusal in [one for one in gc.get_objects() if type(one) is RequestRefusal]:
        frames += sum(1 for _ in traceback.walk_tb(refusal.__traceback__))
    return frames


# H21: hostile requests


@pytest.mark.parametrize(
    ("change", "status", "said"),
    [
        ({"messages": "hello"}, 400, "Expected `array`"),
        ({"messages": []}, 400, "length >= 1"),
        ({"messages": [{"role": "user", "content": "x"}] * 1001}, 400, "1000 are allowed"),
        ({"messages": [{"role": "root", "content": "x"}]}, 400, "Invalid enum value 'root'"),
        ({"max_tokens": -1}, 400, "max_tokens"),
        ({"max_tokens": 1e12}, 400, "got `float`"),
        ({"max_tokens": 10**12}, 400, "may have 1024 tokens"),
        ({"max_completion_tokens": 5000}, 400, "may have 1024 tokens"),
        ({"max_tokens": "7"}, 400, "Expected `int | null`"),
        ({"max_tokens": float("nan")}, 400, "not a request that is answered here"),
        ({"chat_template": "{{ 1 }}"}, 400, "unknown field `chat_template`"),
        ({"mm_processor_kwargs": {}}, 400, "unknown field `mm_processor_kwargs`"),
        ({"n": 5}, 400, "Invalid enum value 5"),
        ({"temperature": 99}, 400, "temperature"),
        ({"stop": ["x"] * 9}, 400, "stop"),
        ({"model": "other"}, 404, "there is no model `other` here"),
        (
            {
                "messages": [
                    {
                        "role": "user",
                        "content": [
                            {"type": "image_url", "image_url": {"url": "http://169.254.169.254/"}}
                        ],
                    }
                ]
            },
            400,
            "image_url",
        ),
    ],
)
def test_a_request_that_asks_for_more_than_is_allowed_is_refused(
    gateway: Served, change: dict[str, object], status: int, said: str
) -> None:
    before = len(gateway.engine.bodies)
    found, _, body = gateway.post({**gateway.chat("hello"), **change})
    assert (found, said in message(body)) == (status, True), body
    assert len(gateway.engine.bodies) == before


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"not json", 400),
        (b"[]", 400),
        (b"[" * 200_000, 400),
        (b"\xff\xfe", 400),
        (b'{"model": "tiny", "messages": [{"role": "user", "content": "\\ud800"}]}', 400),
        (b" " * (2 << 20), 413),
    ],
    ids=["empty", "words", "list", "deep", "bytes", "surrogate", "2 MiB"],
)
def test_a_body_that_is_no_request_is_refused(gateway: Served, body: bytes, status: int) -> None:
    assert gateway.post(body)[0] == status


def test_another_content_type_is_refused(gateway: Served) -> None:
    assert gateway.post(gateway.chat("x"), content_type="text/plain")[0] == 415


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"GET / HTTP/1.1\r\nx: " + b"a" * (1 << 20) + b"\r\n\r\n", 431),
        (b"GET /health HTTP/1.1\r\n\r\n", 400),
        (b"GET /health HTTP/1.1\r\nhost: localhost\r\nhost: localhost\r\n\r\n", 400),
        (b"GET /health HTTP/1.1\r\nhost: a\r\nx-glossary: on\r\nx-glossary: off\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 3\r\ncontent-length: 4\r\n\r\nabcd", 400),
        (b"POST / HTTP/1.1\r\nhost: localhost\r\ncontent-length: -5\r\n\r\n", 400),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400),
        (b"NONSENSE\r\n\r\n", 400),
        (b"GET /metrics HTTP/1.1\r\nhost: evil.example\r\n\r\n", 403),
        (
            (
                b"POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n"
                b"content-length: 4\r\n\r\n"
                b"0\r\n\r\nGET /health HTTP/1.1\r\nhost: localhost\r\n\r\n"
            ),
            400,
        ),
        (b"HEAD /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\n\r\n", 405),
        (b"HEAD /nothing HTTP/1.1\r\nhost: localhost\r\n\r\n", 404),
    ],
    ids=[
        "1 MB header",
        "no host",
        "two hosts",
        "two orders",
        "two lengths",
        "negative",
        "TLS",
        "nonsense",
        "another host",
        "chunks and a length",
        "HEAD of what is posted",
        "HEAD of nothing",
    ],
)
def test_a_head_that_is_no_request_is_refused(gateway: Served, data: bytes, status: int) -> None:
    try:
        assert gateway.raw(data)[0] == status
    except ConnectionResetError:
        assert status == 431  # still sending when the answer came


def test_a_head_is_answered_as_a_get_is_without_the_body(gateway: Served) -> None:
    line = b" /health HTTP/1.1\r\nhost: localhost\r\n\r\n"
    with socket.create_connection(("127.0.0.1", gateway.port), 5) as client:
        client.sendall(b"HEAD" + line)
        begun = client.recv(1 << 16)
        client.sendall(b"GET" + line)
        whole = client.recv(1 << 16)
    assert begun.startswith(b"HTTP/1.1 200 ")
    assert begun.endswith(b"\r\n\r\n")
    assert whole.startswith(begun)


@pytest.mark.parametrize("cut", [20, 150, -2])
def test_a_slow_request_is_ended(gateway: Served, cut: int) -> None:
    began = time.monotonic()
    assert gateway.raw(request(gateway.chat("slow"))[:cut])[0] == 408
    assert time.monotonic() - began < 3


def test_a_chunked_body_may_not_be_larger_than_allowed_either() -> None:
    with served(GatewayLimits(body_bytes=1000, header_seconds=1, body_seconds=1)) as one:
        head = (
            b"POST /v1/completions HTTP/1.1\r\nhost: localhost\r\n"
            b"content-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n"
        )
        assert one.raw(head + b"400\r\n" + b"a" * 1024 + b"\r\n")[0] == 413


# keys


def test_wrong_keys_learn_nothing(keys_file: Any) -> None:
    good, old = add_key(keys_file, "alice"), add_key(keys_file, "old", days=-1)
    with served(keys=read_keys(keys_file)) as one:
        answers = [
            one.post(one.chat("A fever."), **({"authorization": text} if text else {}))
            for text in (
                "",
                "Bearer",
                "Bearer wrong",
                f"Bearer {good}x",
                f"Basic {good}",
                f"Bearer {old}",
                "Bearer " + "a" * 9000,
            )
        ]
        answers.append(one.post(b"x", "/nowhere", authorization="Bearer wrong"))
        assert {(status, body) for status, _, body in answers} == {answers[0][::2]}
        assert answers[0][0] == 401
        assert len({tuple(sorted(headers)) for _, headers, _ in answers}) == 1
        assert one.engine.bodies == []
        status, headers, _ = one.post(one.chat("A fever."), authorization=f"Bearer {good}")
        assert (status, headers["x-glossary-terms"]) == (200, "H:1")
        wait_until(lambda: one.lines)
        assert one.lines[-1]["key"] == "alice"
        assert good not in json.dumps(one.lines)


def test_a_key_that_asks_too_often_is_told_when_to_come_again(keys_file: Any) -> None:
    slow, free = add_key(keys_file, "slow", per_minute=2), add_key(keys_file, "free")
    with served(GatewayLimits(per_minute=100), keys=read_keys(keys_file)) as one:
        found = [one.post(one.chat("x"), authorization=f"Bearer {slow}") for _ in range(3)]
        assert [status for status, _, _ in found] == [200, 200, 429]
        assert 1 <= int(found[2][1]["retry-after"]) <= 30
        assert "2 requests a minute" in message(found[2][2])
        assert one.post(one.chat("x"), authorization=f"Bearer {free}")[0] == 200
        assert len(one.engine.bodies) == 3


def test_a_wrong_key_is_refused_before_the_body_is_read(keys_file: Any) -> None:
    add_key(keys_file, "alice")
    with served(keys=read_keys(keys_file)) as one:
        head = request(b"", content_length=str(1 << 19))
        began = time.monotonic()
        assert one.raw(head)[0] == 401
        assert time.monotonic() - began < 2


# F13: an engine that fails


@pytest.mark.parametrize(
    ("act", "status"),
    [
        ("silent", 504),
        ("nonsense", 502),
        ("junk", 502),
        ("redirect", 502),
        ("status 500", 502),
        ("status 401", 502),
        ("status 400", 400),
        ("status 429", 429),
    ],
)
@pytest.mark.parametrize("stream", [False, True])
def test_an_engine_that_fails_is_an_error_of_its_own(
    gateway: Served, act: str, status: int, *, stream: bool
) -> None:
    before = len(gateway.engine.bodies)
    found, _, body = gateway.post(gateway.chat("hello", act, stream=stream))
    assert found == status
    assert message(body)
    assert len(gateway.engine.bodies) == before + 1  # no second try
    wait_until(lambda: gateway.gateway.active == 0)


@pytest.mark.parametrize("act", ["dies", "babbles", "stalls"])
def test_an_engine_that_fails_in_a_stream_ends_it_with_an_error_event(
    gateway: Served, act: str
) -> None:
    before = len(gateway.engine.bodies)
    status, _, body = gateway.post(gateway.chat("a b c d", act, stream=True))
    assert status == 200
    text = body.decode()
    assert text.count('"content"') == 2
    assert "event: error\ndata: " in text
    assert "[DONE]" not in text
    assert len(gateway.engine.bodies) == before + 1
    wait_until(lambda: gateway.gateway.active == 0)


SHORT = GatewayLimits(silent_seconds=0.4, answer_seconds=0.8, answer_bytes=1 << 18)


@pytest.mark.parametrize("act", DRIPS)
@pytest.mark.parametrize("stream", [False, True])
def test_an_engine_that_drips_or_floods_holds_neither_slot_nor_memory(
    act: str, *, stream: bool
) -> None:
    with served(SHORT) as one:
        began = time.monotonic()
        status, _, body = one.post(one.chat("hello", act, stream=stream))
        assert time.monotonic() - began < 3
        wait_until(lambda: one.gateway.active == 0 and one.engine.open == 0)
    said = body.decode()
    assert status in (200, 502, 504)
    assert '"error"' in said
    assert len(said) < 1 << 19
    if act == "drips pieces" and stream:
        assert "not whole after 0.8 seconds" in said


def test_a_client_that_sips_holds_its_slot_no_longer_than_an_answer_may_take() -> None:
    limits = GatewayLimits(silent_seconds=9, answer_seconds=0.5, write_seconds=1)
    with served(limits) as one, socket.create_connection(("127.0.0.1", one.port)) as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        sock.sendall(request(one.chat("x", "endless", stream=True)))
        wait_until(lambda: one.gateway.active == 1)
        end = time.monotonic() + 4
        while one.gateway.active and time.monotonic() < end:
            sock.recv(1000)
            time.sleep(0.01)
        assert one.gateway.active == 0


def test_events_are_read_and_written_as_the_standard_says(gateway: Served) -> None:
    status, _, body = gateway.post(gateway.chat("hello", "bomless", stream=True))
    first, second, last, rest = body.decode().split("\n\n")
    assert (status, rest, last) == (200, "", "data: [DONE]")
    lines = [line.removeprefix("data: ") for line in first.split("\n")]
    assert json.loads("\n".join(lines))["choices"][0]["delta"]["content"] == "one"
    assert first.count("data: ") == 3
    assert second == 'data: {"choices": []}'


def test_a_connection_that_is_used_again_answers_as_fast_as_a_fresh_one(gateway: Served) -> None:
    asked = request(gateway.chat("one")).replace(b"connection: close", b"connection: keep-alive")
    taken: list[float] = []
    with socket.create_connection(("127.0.0.1", gateway.port), timeout=5) as sock:
        for _ in range(15):
            began, data = time.perf_counter(), b""
            sock.sendall(asked)
            while b"]}" not in data:
                data += sock.recv(1 << 16)
            taken.append(time.perf_counter() - began)
    assert sorted(taken)[7] < 0.03  # a delayed acknowledgement takes 0.04


def test_a_gateway_that_is_told_to_end_says_nothing_of_connections_without_work(
    capfd: pytest.CaptureFixture[str],
) -> None:
    with served() as one:
        idle = [socket.create_connection(("127.0.0.1", one.port)) for _ in range(3)]
        time.sleep(0.05)
    for sock in idle:
        sock.close()
    assert capfd.readouterr().err == ""


def test_a_refusal_that_is_given_often_holds_nothing_of_what_was_refused() -> None:
    with (
        served(GatewayLimits(concurrent=1, silent_seconds=20)) as one,
        socket.create_connection(("127.0.0.1", one.port)) as busy,
    ):
        busy.sendall(request(one.chat("hello", "silent")))
        wait_until(lambda: one.gateway.active == 1)
        before = frames_held()
        for _ in range(20):
            assert one.post(one.chat("x" * 10_000))[0] == 429
        assert frames_held() - before < 5


def test_an_engine_that_is_not_there_is_502() -> None:
    from lexgraft.serving.upstream_engine import UpstreamEngine

    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    with served(engine=UpstreamEngine(f"http://127.0.0.1:{port}", "", QUICK)) as one:
        assert one.post(one.chat("hello"))[0] == 502


# many at once


def test_thirty_two_streams_at_once_lose_and_mix_nothing() -> None:
    async def one_stream(port: int, number: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        words = " ".join(f"w{number}-{place}" for place in range(20))
        message = {"role": "user", "content": words}
        writer.write(request({"model": MODEL, "messages": [message], "stream": True}))
        data = await reader.read()
        while piece := await reader.read():
            data += piece
        writer.close()
        _, _, body = data.partition(b"\r\n\r\n")
        texts = [
            json.loads(line[6:])["choices"][0]["delta"]["content"]
            for line in body.decode().split("\n")
            if line.startswith("data: {")
        ]
        assert "".join(texts) == words + " "
        assert b"data: [DONE]" in body

    async def all_streams(port: int) -> None:
        await asyncio.gather(*(one_stream(port, number) for number in range(32)))

    with served(GatewayLimits()) as one:
        asyncio.run(all_streams(one.port))
        wait_until(lambda: one.gateway.active == 0)
        assert len(one.engine.bodies) == 32


def test_abandoned_streams_free_their_slots_and_more_than_all_are_told_to_wait() -> None:
    with served(GatewayLimits(concurrent=4, silent_seconds=20)) as one:
        asked = request(one.chat("x", "endless", stream=True))
        socks = [socket.create_connection(("127.0.0.1", one.port)) for _ in range(4)]
        for sock in socks:
            sock.sendall(asked)
            assert sock.recv(12) == b"HTTP/1.1 200"
        status, headers, _ = one.post(one.chat("hello"))
        assert (status, headers["retry-after"]) == (429, "1")
        for sock in socks:
            sock.close()
        wait_until(lambda: one.gateway.active == 0 and one.engine.open == 0)
        assert one.post(one.chat("hello"))[0] == 200


def test_a_client_that_leaves_before_the_answer_frees_its_slot() -> None:
    with served(GatewayLimits(silent_seconds=20)) as one:
        with socket.create_connection(("127.0.0.1", one.port)) as sock:
            sock.sendall(request(one.chat("hello", "silent")))
            wait_until(lambda: one.gateway.active == 1)
        wait_until(lambda: one.gateway.active == 0 and one.engine.open == 0)


def test_a_client_that_does_not_read_loses_its_slot_and_its_connection() -> None:
    with served(QUICK) as one, socket.create_connection(("127.0.0.1", one.port)) as sock:
        time.sleep(0.05)
        before = len(list(Path("/proc/self/fd").iterdir()))  # the gateway's end among them
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        sock.sendall(request(one.chat("x", "endless", stream=True)))
        wait_until(lambda: one.gateway.active == 1)
        wait_until(lambda: one.gateway.active == 0, 10)
        wait_until(lambda: len(list(Path("/proc/self/fd").iterdir())) < before)


def test_more_connections_than_allowed_are_closed() -> None:
    with served(GatewayLimits(connections=2)) as one:
        idle = [socket.create_connection(("127.0.0.1", one.port)) for _ in range(2)]
        time.sleep(0.05)
        with socket.create_connection(("127.0.0.1", one.port), timeout=5) as more:
            assert more.recv(1) == b""
        for sock in idle:
            sock.close()


def test_answers_under_way_come_to_their_end_when_the_gateway_is_told_to() -> None:
    with served(GatewayLimits()) as one:
        sock = socket.create_connection(("127.0.0.1", one.port), timeout=10)
        sock.sendall(request(one.chat(" ".join("abcdefgh" * 20), stream=True)))
        wait_until(lambda: one.engine.bodies)
    with sock:
        assert read_answer(sock)[2].endswith(b"data: [DONE]\n\n")
