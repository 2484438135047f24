"""A model's chat template, rendered in a process of its own with limits of time and size."""

import os
import signal
import subprocess
import sys
import threading
import weakref
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress

import msgspec
from msgspec import Struct

from lexgraft.errors import LexgraftError
from lexgraft.models import template_worker
from lexgraft.models.template_worker import MEMORY, SECONDS

_NEEDED = ("PATH", "PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "LD_LIBRARY_PATH", "TMPDIR")
"""What the process is given of the environment: no key that stands there."""
NO_SETTINGS: Mapping[str, bool] = {}


class _Rendered(Struct, frozen=True):
    """One line of the process."""

    text: str | None = None
    error: str = ""
    long: int = 0
    memory: int = 0


class ChatTemplate:
    """A template at work: its process is started when it is first asked, and when it has died."""

    def __init__(self, template: str, tokens: Mapping[str, str | Sequence[str]]) -> None:
        self._begin = msgspec.json.encode({"template": template, "tokens": tokens}) + b"\n"
        self._turn = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._end: Callable[[], object] = lambda: None

    def render(
        self,
        messages: Sequence[Mapping[str, str]],
        *,
        answer_begins: bool = True,
        settings: Mapping[str, bool] = NO_SETTINGS,
    ) -> str:
        """Return messages as the template writes them, up to where the answer begins.

        Args:
            messages: a role and a content each.
            answer_begins: write what an answer begins with after the last message.
            settings: of the template, such as `enable_thinking`; one that it lacks changes nothing.

        Raises:
            LexgraftError: the template refuses these messages, or needs more than the limits.
        """
        with self._turn:
            asked = {"messages": messages, "answer_begins": answer_begins, "settings": settings}
            line = self._ask(msgspec.json.encode(asked) + b"\n")
        rendered = msgspec.json.decode(line, type=_Rendered)
        if rendered.text is not None:
            return rendered.text
        if rendered.memory or rendered.long:
            size = f"{MEMORY >> 20} MB" if rendered.memory else f"{rendered.long:,} characters"
            raise LexgraftError(f"the model's chat template needs {size}, more than is allowed")
        raise LexgraftError(f"the model's chat template refuses these messages: {rendered.error}")

    def _ask(self, messages: bytes) -> bytes:
        """Return what the process says to messages."""
        if self._process is None:
            self._process = _started()
            self._end = weakref.finalize(self, _ended, self._process)
            messages = self._begin + messages
        assert self._process.stdin
        assert self._process.stdout
        line = b""
        with suppress(BrokenPipeError):
            self._process.stdin.write(messages)
            self._process.stdin.flush()
            line = self._process.stdout.readline()
        if line.endswith(b"\n"):
            return line
        status = self._process.wait()
        self._end()
        self._process = None
        if status == -signal.SIGALRM:
            raise LexgraftError(
                f"the model's chat template was not rendered within {SECONDS:g} seconds"
            )
        raise LexgraftError(
            f"the process that renders chat templates ended with status {status}",
            cure="pip install 'lexgraft[hf]' jinja2",
        )


def _started() -> subprocess.Popen[bytes]:
    environment = {name: os.environ[name] for name in _NEEDED if name in os.environ}
    return subprocess.Popen(  # noqa: S603 (this package's own file)
        [sys.executable, "-P", template_worker.__file__],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environment,
        start_new_session=True,
    )


def _ended(process: subprocess.Popen[bytes]) -> None:
    """End a process and its pipes."""
    process.kill()
    process.wait()
    for pipe in (process.stdin, process.stdout):
        if pipe:
            with suppress(BrokenPipeError):  # what it has not read
                pipe.close()
