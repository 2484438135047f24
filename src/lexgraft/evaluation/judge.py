"""A judge by plug-in: any program that grades texts, its bias measured on a labelled sample."""

import shlex
import subprocess
from collections.abc import Sequence
from math import sqrt
from pathlib import Path
from statistics import fmean, variance
from typing import Annotated, NamedTuple

import msgspec
from msgspec import Meta, Struct

from lexgraft.errors import LexgraftError
from lexgraft.records import read_lines
from lexgraft.stats.intervals import Interval, student

PATIENCE = 3600  # seconds for one call of the program
Share = Annotated[float, Meta(ge=0, le=1)]


class JudgeCase(Struct, frozen=True, forbid_unknown_fields=True):
    """What the program reads, one line each: a text written to a prompt, and a reference."""

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
    """What the program answers, one line per case, in any order."""

    id: str
    score: Share


class JudgedText(NamedTuple):
    """What the judge says of all cases, its bias on the labelled ones, and the first less both."""

    raw: Interval
    bias: Interval
    corrected: Interval


def ask_judge(command: str, cases: Sequence[JudgeCase]) -> list[float]:
    """Return the program's score of every case, in order.

    The command is split as a shell would and run without one; it reads JSON lines from its
    standard input and writes `{"id": …, "score": 0 … 1}` lines.

    Raises:
        LexgraftError: it cannot be run, fails, or leaves a case out.
    """
    said = _run(command, b"".join(msgspec.json.encode(case) + b"\n" for case in cases))
    decode = msgspec.json.Decoder(_Grade).decode
    try:
        grades = [decode(line) for line in said.splitlines() if line.strip()]
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
        said = getattr(error, "stderr", None) or str(error).encode()
        raise LexgraftError(
            f"the judge failed: {said.decode(errors='replace').strip()[-300:]}",
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


def judged(
    scores: Sequence[float],
    sample: Sequence[float],
    labels: Sequence[float],
    alpha: float = 0.05,
) -> JudgedText:
    """Return the mean score with the judge's bias taken off.

    mean(scores) − mean(sample − labels), where `sample` is what the judge said of labelled cases;
    the variances of both means add up (prediction-powered inference: Angelopoulos et al. 2023,
    arXiv 2301.09633, section 2.1). Student's t with Welch's degrees of freedom.
    """
    wrong = [said - label for said, label in zip(sample, labels, strict=True)]
    raw, bias = fmean(scores), fmean(wrong)
    parts = [(variance(one) / len(one), len(one) - 1) for one in (scores, wrong)]
    whole = _around(raw - bias, parts, len(scores), alpha)
    return JudgedText(
        _around(raw, parts[:1], len(scores), alpha),
        _around(bias, parts[1:], len(wrong), alpha),
        whole._replace(low=max(0.0, whole.low), high=min(1.0, whole.high)),
    )


def _around(value: float, parts: Sequence[tuple[float, int]], n: int, alpha: float) -> Interval:
    """Return value ± t·√Σv with (Σv)² / Σ(v²/f) degrees of freedom (Welch 1947)."""
    total = sum(part for part, _ in parts)
    below = sum(part**2 / freedom for part, freedom in parts)
    half = student(total**2 / below, alpha) * sqrt(total) if below else 0.0
    return Interval(value, value - half, value + half, n)
