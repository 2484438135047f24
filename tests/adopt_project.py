"""What the adoption fixtures hand to tests."""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from lexgraft.adoption.report.report_record import Report

MakeProject = Callable[..., Path]


class FinishedRun(NamedTuple):
    """A whole adoption of tiny models, with its folder and the project's file."""

    folder: Path
    project: Path
    report: Report
