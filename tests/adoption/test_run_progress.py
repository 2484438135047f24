"""How far a run is, while another process works in it, after it was killed, and when it ended."""

import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING

import pytest
from browsing import close_page, open_page, violations

from lexgraft.adoption.report.progress_page import progress_page
from lexgraft.adoption.run_progress import is_held, run_progress
from lexgraft.cli.view import run_pages
from lexgraft.serving.loopback_pages import ServedPage, open_pages

if TYPE_CHECKING:
    from collections.abc import Generator

    from selenium.webdriver.chrome.webdriver import WebDriver

_WORKER = """
import sys
from pathlib import Path
from lexgraft.evaluation.cost_log import CostLog
from lexgraft.files.run_folder import hold

folder = Path(sys.argv[1])
costs = CostLog(folder, answers=lambda: 7)
with hold(folder), costs.measure("headroom"):
    costs.note()
    print("working", flush=True)
    sys.stdin.readline()
print("ended", flush=True)
sys.stdin.readline()
"""


@contextmanager
def working(folder: Path) -> "Generator[subprocess.Popen[str]]":
    """Have another process work in a run's folder until it is told to end, and killed after."""
    worker = subprocess.Popen(
        [sys.executable, "-c", _WORKER, str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert worker.stdout
    try:
        assert worker.stdout.readline() == "working\n"
        yield worker
    finally:
        worker.kill()
        worker.communicate()


def end_work(worker: "subprocess.Popen[str]") -> None:
    """Let the stage end, while its process lives on."""
    assert worker.stdin
    assert worker.stdout
    worker.stdin.write("\n")
    worker.stdin.flush()
    assert worker.stdout.readline() == "ended\n"


def _states(folder: Path) -> dict[str, str]:
    return {row.stage: row.state for row in run_progress(folder).stages}


def test_a_stage_under_way_is_running_until_it_ends(tmp_path: Path):
    folder = tmp_path / "run"
    with working(folder) as worker:
        progress = run_progress(folder)
        assert progress.running
        assert not progress.report
        assert _states(folder) == {"plan": "waiting", "headroom": "running"}
        assert progress.stages[1].foreseen is None
        end_work(worker)
        assert worker.poll() is None
        assert not run_progress(folder).running


def test_a_killed_run_is_not_running(tmp_path: Path):
    folder = tmp_path / "run"
    with working(folder):
        assert is_held(folder)
    assert not is_held(folder)
    assert not run_progress(folder).running


def test_looking_leaves_the_folder_as_it_is(tmp_path: Path):
    folder = tmp_path / "run"
    with working(folder):
        pass
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    run_progress(folder)
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b'{"host": 1}', b'{"pid": -1}', b'{"host":"\xff"}']
)
def test_a_holder_that_is_not_readable_is_none(tmp_path: Path, content: bytes):
    (tmp_path / ".in-use").write_bytes(content)
    assert not is_held(tmp_path)


def test_only_the_pages_of_a_report_are_found(tmp_path: Path):
    folder = tmp_path / "run"
    (folder / "report").mkdir(parents=True)
    for name in (".in-use", "report.html", "lock.json", "report/answers-0001.html", "secret.txt"):
        (folder / name).write_text("<p>", encoding="utf-8")
    (folder / "report" / "answers-0002.html").symlink_to(folder / "secret.txt")
    find = run_pages(folder)
    assert find("/") == "/report.html"
    assert find("/report.html") == ServedPage(b"<p>", "text/html")
    assert find("/report/answers-0001.html") == ServedPage(b"<p>", "text/html")
    for path in (
        "/lock.json",
        "/secret.txt",
        "/.in-use",
        "/report/../secret.txt",
        "/report/..%2fsecret.txt",
        "/report/answers-0002.html",
        "/report/answers-0003.html",
        "/../run/report.html",
        "//report.html",
        "",
    ):
        assert find(path) is None


def test_a_name_of_a_folder_stays_text(tmp_path: Path):
    page = progress_page("<script>alert(1)</script>", run_progress(tmp_path))
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert page.count("<script>") == 1


@pytest.mark.slow
def test_the_page_follows_a_run_to_its_end(driver: "WebDriver", tmp_path: Path):
    folder = tmp_path / "run"
    with working(folder) as worker:
        server = open_pages(run_pages(folder), 0, print)
        thread = Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            open_page(driver, f"{server.address}#en")
            shown = "return document.getElementById('progress-running').checkVisibility()"
            assert driver.current_url.partition("#")[0].endswith("/progress")
            assert driver.execute_script(shown)
            assert violations(driver) == []
            end_work(worker)
            waited = """
                const done = arguments[0];
                (function look() {
                  const resting = document.getElementById("progress-resting");
                  if (resting.checkVisibility()) { done(true); } else { setTimeout(look, 50); }
                }())"""
            assert driver.execute_async_script(waited)
            assert driver.get_log("browser") == []
        finally:
            close_page(driver)
            server.shutdown()
            thread.join()
            server.server_close()
