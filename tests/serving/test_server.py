"""Where the gateway listens, and the verb in a process of its own."""

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from lexgraft.cli import main
from lexgraft.errors import LexgraftError
from lexgraft.serving import GatewayLimits
from lexgraft.serving.bearer_keys import add_key
from lexgraft.serving.loopback_hosts import is_loopback
from lexgraft.serving.server import listen
from lexgraft.serving.upstream_engine import UpstreamEngine

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "example.org"])
def test_without_keys_only_this_machine_is_listened_to(host: str) -> None:
    with pytest.raises(LexgraftError, match="there are no keys"):
        listen(host, 0, guarded=False)


def test_with_keys_it_may_be_wider() -> None:
    with listen("0.0.0.0", 0, guarded=True) as sock:
        assert sock.getsockname()[0] == "0.0.0.0"


def test_an_address_that_is_taken_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(LexgraftError, match="cannot listen on"):
            listen("127.0.0.1", port, guarded=False)


def test_loopback_is_told_from_the_rest() -> None:
    assert all(map(is_loopback, ("127.0.0.1", "127.9.9.9", "::1", "localhost")))
    assert not any(map(is_loopback, ("", "10.0.0.1", "localhost.evil.example", "0.0.0.0", "::")))


@pytest.mark.parametrize(
    "url", ["file:///etc/passwd", "127.0.0.1:80", "http://", "http://a:b@host/", "http://h/?x=1"]
)
def test_an_upstream_is_an_address_and_nothing_else(url: str) -> None:
    with pytest.raises(LexgraftError, match=r"no address of a server|more than a path|a password"):
        UpstreamEngine(url, "", GatewayLimits())


@pytest.mark.slow
def test_the_verb_serves_rereads_its_keys_and_ends_when_told(tmp_path: Path) -> None:
    keys, terms = tmp_path / "keys.jsonl", tmp_path / "terms.csv"
    add_key(keys, "alice")
    terms.write_text("en,ja\nfever,発熱\nevil,https://evil.example\n", encoding="utf-8")
    command = [
        sys.executable,
        "-m",
        "lexgraft",
        "serve",
        "tiny",
        "--upstream",
        "http://127.0.0.1:9/v1",
        "--glossary",
        str(terms),
        "--keys",
        str(keys),
        "--port",
        "0",
    ]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=os.environ) as gateway:
        assert gateway.stderr
        said = json.loads(gateway.stderr.readline())
        assert (said["entries"], said["refused"]) == (1, 1)
        port = int(said["address"].rpartition(":")[2].removesuffix("/v1"))

        def ask(key: str) -> bytes:
            with socket.create_connection(("127.0.0.1", port), timeout=5) as sock:
                sock.sendall(
                    f"GET /v1/models HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {key}\r\n"
                    "connection: close\r\n\r\n".encode()
                )
                return sock.recv(12)

        assert ask("wrong") == b"HTTP/1.1 401"
        fresh = add_key(keys, "bob")
        gateway.send_signal(signal.SIGHUP)
        for _ in range(100):
            if ask(fresh) == b"HTTP/1.1 200":
                break
        assert ask(fresh) == b"HTTP/1.1 200"
        keys.write_text("broken", encoding="utf-8")
        gateway.send_signal(signal.SIGHUP)
        assert ask(fresh) == b"HTTP/1.1 200"
        gateway.send_signal(signal.SIGTERM)
        assert gateway.wait(15) == 0
        assert "not read again" in gateway.stderr.read()


def test_the_verb_refuses_to_listen_wider_without_keys(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["serve", "m", "--upstream", "http://127.0.0.1:9", "--host", "0.0.0.0"]) == 2
    assert "there are no keys" in capsys.readouterr().err
