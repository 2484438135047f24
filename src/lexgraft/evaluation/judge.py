"""A judge by plug-in: any program that grades texts, and the labels that it is measured on."""

import shlex
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from lexgraft.errors import LexgraftError
from lexgraft.records import read_lines

PATIENCE = 3600  # seconds for one call of the program
Share = Annotated[float, Meta(ge=0, le=1)]


class JudgeCase(Struct, frozen=True, forbid_unknown_fields=True):
    """One line of the program's input: a text written to a prompt, and a reference."""

    id: str
    prompt: str
    reference: str
    text: str


class JudgeLabel(Struct, frozen=True):
    """A case that somebody has graded: 0 is wrong, 1 is right."""

    prompt: str
    reference: str
    text: str
    label: Share


class _Grade(Struct, frozen=True):
    """One line of the program's output; cases in any order."""

    id: str
    score: Share


def ask_judge(command: str, cases: Sequence[JudgeCase]) -> list[float]:
    """Return the program's score of every case, in order.

    The command is split as a shell would and run without one; it reads JSON lines from its
    standard input and writes `{"id": …, "score": 0 … 1}` lines.

    Raises:
        LexgraftError: it cannot be run, fails, or leaves a case out.
    """
    output = _run(command, b"".join(msgspec.json.encode(case) + b"\n" for case in cases))
    decode = msgspec.json.Decoder(_Grade).decode
    try:
        grades = [decode(line) for line in output.splitlines() if line.strip()]
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise LexgraftError(
            f"the judge did not write a grade: {error}",
            where=command,
            cure='write one line {"id": "…", "score": 0.5} per case',
        ) from error
    scores = {grade.id: grade.score for grade in grades}
    missing = [case.id for case in cases if case.id not in scores]
    if missing:
        raise LexgraftError(
            f"the judge left {len(missing)} cases out, `{missing[0]}` first", where=command
        )
    return [scores[case.id] for case in cases]


def _run(command: str, lines: bytes) -> bytes:
    try:
        done = subprocess.run(  # noqa: S603 (the user's own program)
            shlex.split(command), input=lines, capture_output=True, check=True, timeout=PATIENCE
        )
    except (OSError, ValueError, IndexError, subprocess.SubprocessError) as error:
        message = getattr(error, "stderr", None) or str(error).encode()
        raise LexgraftError(
            f"the judge failed: {message.decode(errors='replace').strip()[-300:]}",
            where=command,
            cure="give a program that reads and writes JSON lines: see docs/evaluate.md",
        ) from error
    return done.stdout


def read_labels(path: Path) -> list[JudgeLabel]:
    """Return the labelled sample of a file.

    Raises:
        LexgraftError: not such a file, or fewer than two lines.
    """
    labels = read_lines(path, JudgeLabel)
    if len(labels) < 2:
        raise LexgraftError("a bias cannot be measured on fewer than two labels", where=str(path))
    return labels
