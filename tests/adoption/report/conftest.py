"""A whole report by hand (golden/report/report.json), some of its terms trying to break out."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from lexgraft.adoption.report import read_report
from lexgraft.adoption.report.report_record import Report

GOLDEN = Path(__file__).parents[2] / "golden" / "report"
WRITE = "LEXGRAFT_WRITE_GOLDEN"  # set it to take the present output as the right one

SameAsGolden = Callable[[str, bytes], None]


@pytest.fixture(scope="session")
def report() -> Report:
    return read_report(GOLDEN / "report.json")


@pytest.fixture(scope="session")
def same_as_golden() -> SameAsGolden:
    def compare(name: str, found: bytes) -> None:
        if os.environ.get(WRITE):
            (GOLDEN / name).write_bytes(found)
        assert found == (GOLDEN / name).read_bytes(), f"{name} differs; {WRITE}=1 accepts it"

    return compare
