"""What a store may answer: each refusal in words, each broken line asked again, a few times."""

import re
import time
from collections.abc import Generator
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from lexgraft.errors import LexgraftError
from lexgraft.files import object_store
from lexgraft.files.object_store import file_system, list_folder, read_range, state_of
from lexgraft.files.object_uploads import begin_upload
from lexgraft.files.stand_ins import stand_in
from lexgraft.files.store_url import StoredObject, StoreUrl

pytestmark = pytest.mark.slow

CONTENT = bytes(range(256))
URL = StoreUrl("s3", "bucket/model/weights")
STORED = StoredObject(URL, len(CONTENT), '"tag"')


@dataclass
class Script:
    """What the store answers: code and body in turn, the last for ever."""

    answers: list[tuple[int, bytes]] = field(default_factory=list[tuple[int, bytes]])
    tag: str = '"tag"'
    announced: int = 0  # bytes that are promised beyond those that come
    requests: int = 0
    pause: float = 0.0  # seconds before each byte

    def answer(self) -> tuple[int, bytes]:
        self.requests += 1
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


def refusal(code: str) -> bytes:
    return f"<Error><Code>{code}</Code><Message>no</Message></Error>".encode()


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> Generator[Script]:
    """Run a store on loopback that answers by a script."""
    script = Script()

    class Scripted(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            code, body = script.answer()
            self.send_response(code)
            self.send_header("ETag", script.tag)
            self.send_header("Content-Length", str(len(body) + script.announced))
            self.end_headers()
            step = 1 if script.pause else len(body)
            with suppress(BrokenPipeError):  # who asked waits no longer
                for start in range(0, len(body), step or 1):
                    time.sleep(script.pause)
                    self.wfile.write(body[start : start + step])
            self.close_connection = True

        def do_HEAD(self) -> None:
            self.do_GET()

        def do_POST(self) -> None:
            self.do_GET()

        def log_message(self, *_: object, **__: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Scripted)
    Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{server.server_port}")
    monkeypatch.setitem(object_store._CONFIG, "retries", {"total_max_attempts": 1})
    file_system.cache_clear()
    yield script
    file_system.cache_clear()
    server.shutdown()
    server.server_close()


def test_a_range_is_what_was_asked_for(script: Script) -> None:
    script.answers = [(206, CONTENT[3:10])]
    assert read_range(STORED, 3, 10) == CONTENT[3:10]
    assert read_range(STORED, 3, 3) == b""


def test_a_busy_store_is_asked_again(script: Script) -> None:
    script.answers = [(503, refusal("SlowDown")), (206, CONTENT[:7])]
    assert read_range(STORED, 0, 7) == CONTENT[:7]


@pytest.mark.parametrize("announced", [0, 4])
def test_an_answer_that_breaks_off_is_asked_for_again_a_few_times(
    script: Script, announced: int
) -> None:
    script.answers, script.announced = [(206, CONTENT[:3])], announced
    with pytest.raises(LexgraftError, match=r"s3://bucket/model/weights: the store (ends|does)"):
        read_range(STORED, 0, 7)
    assert 2 < script.requests < 20


def test_a_slow_line_is_waited_for_as_long_as_bytes_come(
    script: Script, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(object_store, "_READ_SECONDS", 0.3)
    script.answers, script.pause = [(206, CONTENT[:7])], 0.1
    assert read_range(STORED, 0, 7) == CONTENT[:7]
    script.pause = 0.6
    with pytest.raises(LexgraftError, match=r"the store does not answer \(.*TimeoutError\)"):
        read_range(STORED, 0, 2)


def test_another_object_under_the_name_is_noticed_by_its_tag(script: Script) -> None:
    script.answers, script.tag = [(206, CONTENT[:7])], '"another"'  # a store without If-Match
    with pytest.raises(LexgraftError, match="replaced while it was in use"):
        read_range(STORED, 0, 7)


@pytest.mark.parametrize(
    ("code", "name", "what", "cure"),
    [
        (412, "PreconditionFailed", "replaced while it was in use", "run again"),
        (403, "AccessDenied", "no permission", "rights"),
        (403, "InvalidAccessKeyId", "does not take these credentials", "AWS_ACCESS_KEY_ID"),
        (403, "SignatureDoesNotMatch", "does not take these credentials", "clock"),
        (404, "NoSuchBucket", "no such bucket", r"127\.0\.0\.1"),
        (404, "NoSuchKey", "no such object", "check the name"),
        (503, "SlowDown", "too busy", "kept"),
        (400, "Unheard", r"refuses it \(Unheard\)", "endpoint"),
    ],
)
def test_each_refusal_is_said_in_words(
    script: Script, code: int, name: str, what: str, cure: str
) -> None:
    script.answers = [(code, refusal(name))]
    with pytest.raises(LexgraftError, match=what) as refused:
        read_range(STORED, 0, 7)
    assert refused.value.where == str(URL)
    assert re.search(cure, refused.value.cure)


def test_what_is_no_store_says_so(script: Script) -> None:
    script.answers = [(200, b"<html>welcome</html>")]
    with pytest.raises(LexgraftError, match="nothing in it") as refused:
        stand_in(StoreUrl("s3", "bucket/model"))
    assert "127.0.0.1" in refused.value.cure
    with pytest.raises(LexgraftError, match="no store of S3's protocol"):
        begin_upload(URL, "run")


def test_nobody_at_the_endpoint(script: Script, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://me:hunter2@127.0.0.1:9")
    file_system.cache_clear()
    with pytest.raises(LexgraftError, match="does not answer") as refused:
        state_of(URL)
    assert "http://127.0.0.1:9" in refused.value.cure
    assert "hunter2" not in str(refused.value)


def test_nobody_s_credentials(
    script: Script, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("HOME", str(tmp_path))
    with pytest.raises(LexgraftError, match="no credentials") as refused:
        list_folder(URL)
    assert "AWS_ACCESS_KEY_ID" in refused.value.cure


def test_a_scheme_without_its_package_says_what_to_install() -> None:
    with pytest.raises(LexgraftError, match="not installed") as refused:
        list_folder(StoreUrl("gs", "bucket/model"))
    assert refused.value.cure == "pip install 'gcsfs'"
