"""A run's folder holds the report as record, page and table."""

from pathlib import Path

import pytest

from lexgraft.adoption.report import read_report, write_report
from lexgraft.adoption.report.page import render_page
from lexgraft.adoption.report.report_record import Report
from lexgraft.errors import LexgraftError


def test_what_is_written_is_read_back(report: Report, tmp_path: Path):
    write_report(report, tmp_path)
    assert sorted(file.name for file in tmp_path.iterdir()) == [
        "report.html",
        "report.json",
        "terms.csv",
        "written.json",
    ]
    assert read_report(tmp_path / "report.json") == report
    assert (tmp_path / "report.html").read_text(encoding="utf-8") == render_page(report)


def test_a_missing_report_is_named(tmp_path: Path):
    with pytest.raises(LexgraftError, match="no report here"):
        read_report(tmp_path / "report.json")


@pytest.mark.parametrize("data", [b"", b"{}", b"\xff\xfe", b'{"project": 1}', b'{"extra": 1}'])
def test_a_file_that_is_no_report_is_refused(tmp_path: Path, data: bytes):
    (tmp_path / "report.json").write_bytes(data)
    with pytest.raises(LexgraftError, match="not a report of this version"):
        read_report(tmp_path / "report.json")


def test_a_report_that_was_changed_is_named(report: Report, tmp_path: Path):
    write_report(report, tmp_path)
    file = tmp_path / "report.json"
    file.write_bytes(file.read_bytes().replace(b'"fail"', b'"pass"'))
    with pytest.raises(LexgraftError, match=r"report\.json: not as it was written"):
        read_report(file)
