"""A user's program with limits of time and output, ended together with what it started."""

import os
import shlex
import signal
import subprocess
import tempfile
import time
from contextlib import suppress
from typing import IO

from lexgraft.errors import LexgraftError

PATIENCE = 3600.0  # seconds for one call of the program
OUTPUT = 64 << 20  # bytes that it may write to its output, and to its errors
_GLANCE = 0.05  # seconds between two looks at what it has written
_LAST = 2_000  # bytes of its errors, of which the last are shown


def run_judge(command: str, lines: bytes) -> bytes:
    """Return what a program writes to its standard output.

    The command is split as a shell would and run without one, in a process group of its own, which
    is killed when the program has ended, whatever of it still runs. It reads from a file and writes
    to files: a child that keeps them open holds up nobody.

    Raises:
        LexgraftError: it cannot be run, fails, takes too long, or writes too much.
    """
    with (
        tempfile.TemporaryFile() as asked,
        tempfile.TemporaryFile() as output,
        tempfile.TemporaryFile() as errors,
    ):
        asked.write(lines)
        asked.seek(0)
        try:
            program = subprocess.Popen(  # noqa: S603 (the user's own program)
                shlex.split(command), stdin=asked, stdout=output, stderr=errors, process_group=0
            )
        except (OSError, ValueError, IndexError) as error:
            raise _failed(command, str(error)) from error
        try:
            fault = _watched(program, output, errors)
        finally:
            _end(program)
        if fault:
            raise _failed(command, fault)
        if program.returncode:
            raise _failed(command, _last_words(errors) or f"status {program.returncode}")
        output.seek(0)
        return output.read()


def _watched(program: subprocess.Popen[bytes], *files: IO[bytes]) -> str:
    """Wait for a program; return why it must be ended before that, or nothing."""
    end = time.monotonic() + PATIENCE
    while True:
        with suppress(subprocess.TimeoutExpired):
            program.wait(_GLANCE)
        if any(os.fstat(file.fileno()).st_size > OUTPUT for file in files):
            return f"it wrote more than {OUTPUT:,} bytes"
        if program.returncode is not None:
            return ""
        if time.monotonic() > end:
            return f"it took more than {PATIENCE:g} seconds"


def _end(program: subprocess.Popen[bytes]) -> None:
    """Kill a program's group: also the children that it has left behind."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(program.pid, signal.SIGKILL)
    program.wait()


def _last_words(errors: IO[bytes]) -> str:
    size = errors.seek(0, os.SEEK_END)
    errors.seek(max(0, size - _LAST))
    said = errors.read().decode(errors="replace").strip()[-300:]
    return "".join(sign if sign.isprintable() else " " for sign in said)


def _failed(command: str, why: str) -> LexgraftError:
    return LexgraftError(
        f"the judge failed: {why}",
        where=command,
        cure="give a program that reads and writes JSON lines: see docs/evaluate.md",
    )
