"""A judge by plug-in: any program that grades texts, and the labels that it is measured on."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from lexgraft.errors import LexgraftError
from lexgraft.evaluation.judge_process import run_judge
from lexgraft.records import read_lines

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
        LexgraftError: it cannot be run, fails, leaves a case out, grades one twice or another.
    """
    output = run_judge(command, b"".join(msgspec.json.encode(case) + b"\n" for case in cases))
    decode = msgspec.json.Decoder(_Grade).decode
    try:
        grades = [decode(line) for line in output.splitlines() if line.strip()]
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise LexgraftError(
            f"the judge did not write a grade: {error}",
            where=command,
            cure='write one line {"id": "…", "score": 0.5} per case',
        ) from error
    scores = {grade.id: grade.score for grade in grades}
    _check_ids([case.id for case in cases], [grade.id for grade in grades], command)
    return [scores[case.id] for case in cases]


def _check_ids(asked: Sequence[str], graded: Sequence[str], command: str) -> None:
    """Raise unless every case was asked for once and has one grade."""
    wanted, given = Counter(asked), Counter(graded)
    faults = {
        "left {} cases out": [name for name in wanted if not given[name]],
        "graded {} cases more than once": [name for name in given if given[name] > 1],
        "graded {} cases that it was not asked for": [name for name in given if not wanted[name]],
        "was asked about {} ids more than once": [name for name in wanted if wanted[name] > 1],
    }
    for fault, names in faults.items():
        if names:
            raise LexgraftError(
                f"the judge {fault.format(len(names))}, `{names[0]:.80}` first",
                where=command,
                cure="write one line per case, with the id that it was given",
            )


def read_labels(path: Path) -> list[JudgeLabel]:
    """Return the labelled sample of a file.

    Raises:
        LexgraftError: not such a file, or fewer than two lines.
    """
    labels = read_lines(path, JudgeLabel)
    if len(labels) < 2:
        raise LexgraftError("a bias cannot be measured on fewer than two labels", where=str(path))
    return labels
