"""A run's folder holds the report as record, page and table."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from viewed import invented_viewer

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
        "words.csv",
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


PAGES = {3: 0, 3000: 3, 4500: 4, 7500: 6}  # concepts → pages of answers
KILLED = """
import os, sys
from pathlib import Path
tests, record, folder, concepts, at, after = sys.argv[1:]
sys.path.insert(0, tests)
from viewed import invented_viewer
from lexgraft.adoption.report import read_report, write_report
met = []
def kill(event, arguments):
    if event in ("os.rename", "os.remove") and at in str(arguments[event == "os.rename"]):
        met.append(event)
        if len(met) > int(after):
            os._exit(9)
report = read_report(Path(record))
sys.addaudithook(kill)
write_report(report, Path(folder), invented_viewer(int(concepts)))
"""


def dead_links(folder: Path) -> set[str]:
    """Return what the report, or a page that it leads to, names and what is not there."""
    dead, seen, waiting = set[str](), set[Path](), [folder / "report.html"]
    while waiting:
        page = waiting.pop()
        if page in seen:
            continue
        seen.add(page)
        within = "report/" if page.parent == folder else ""
        pattern = within + "(?:index|answers-[0-9]{4})[.]html"
        names = re.findall(pattern, page.read_text("utf-8"))
        targets = [page.parent / name for name in set(names)]
        waiting += [target for target in targets if target.is_file()]
        dead |= {target.name for target in targets if not target.is_file()}
    return dead


@pytest.mark.slow
@pytest.mark.parametrize("concepts", [3, 3000, 7500])
@pytest.mark.parametrize(("at", "after"), [("report.html", 0), ("answers-", 0), ("answers-", 2)])
def test_a_kill_while_a_report_is_rewritten_leaves_no_dead_links(
    report: Report, tmp_path: Path, concepts: int, at: str, after: int
):
    write_report(report, tmp_path, invented_viewer(4500))
    assert len(list(tmp_path.glob("report/answers-*"))) == PAGES[4500]
    tests = Path(__file__).parents[2]
    arguments = [tests, tests / "golden" / "report" / "report.json", tmp_path, concepts, at, after]
    killed = subprocess.run([sys.executable, "-c", KILLED, *map(str, arguments)], check=False)
    assert killed.returncode == 9
    assert dead_links(tmp_path) == set()
    write_report(report, tmp_path, invented_viewer(concepts))
    assert dead_links(tmp_path) == set()
    assert len(list(tmp_path.glob("report/answers-*"))) == PAGES[concepts]
    assert (tmp_path / "report").is_dir() == bool(PAGES[concepts])
