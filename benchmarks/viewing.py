"""How long single answers take to open and to scroll in a real browser.

    python benchmarks/viewing.py [--concepts 10000]

Answers are invented (tests/viewed.py): two questions a concept, four models. Opening counts from
the navigation to the first frame with rows; scrolling is 200 steps of three rows, a frame each,
then the whole list in 50. Needs chromium and chromedriver; five times each: median and worst.
"""

import argparse
import shutil
import sys
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from selenium import webdriver

from lexgraft.adoption.report import read_report, write_report

TESTS = Path(__file__).parents[1] / "tests"
sys.path.insert(0, str(TESTS))
from viewed import invented_viewer

FLAGS = ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage")
TIMES = 5
_OPENED = """
    const done = arguments[0];
    requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now())))"""
_FRAMES = """
    const list = document.getElementById("answers-list"), done = arguments[0];
    const gaps = [];
    let step = 0, before = performance.now();
    function next(now) {
      gaps.push(now - before);
      before = now;
      list.scrollTop = step < 200 ? 132 * step : list.scrollHeight * (step - 200) / 50;
      step += 1;
      if (step <= 250) { requestAnimationFrame(next); } else { done(gaps.slice(2)); }
    }
    requestAnimationFrame(next)"""
_FILTERED = """
    const field = document.querySelector("#answers [name=q]"), before = performance.now();
    const counter = document.getElementById("answers-count"), done = arguments[0];
    const seen = new MutationObserver(() => done(performance.now() - before));
    seen.observe(counter, {childList: true});
    field.value = "term 77";
    field.dispatchEvent(new Event("input"))"""


def main() -> None:
    """Print the sizes, and the times of opening, of filtering and between frames."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--concepts", type=int, default=10_000)
    concepts = parser.parse_args().concepts
    report = read_report(TESTS / "golden" / "report" / "report.json")
    with TemporaryDirectory() as name:
        folder = Path(name)
        written = write_report(report, folder, invented_viewer(concepts))
        page = folder / written.answers_at.partition("#")[0]
        page = page if page.is_file() else folder / "report.html"
        sizes = [file.stat().st_size for file in folder.rglob("*.html")]
        print(f"{2 * concepts:,} questions: {len(sizes)} pages, {sum(sizes) / 1e6:.1f} MB")
        print(f"{page.relative_to(folder)}: {page.stat().st_size / 1e6:.1f} MB")
        _measure(page.as_uri())


def _measure(address: str) -> None:
    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium") or ""
    for flag in FLAGS:
        options.add_argument(flag)
    service = webdriver.ChromeService(executable_path=shutil.which("chromedriver"))
    driver = webdriver.Chrome(options=options, service=service)
    opened: list[float] = []
    filtered: list[float] = []
    gaps: list[float] = []
    driver.set_script_timeout(300)
    try:
        for _ in range(TIMES):
            driver.get("about:blank")
            driver.get(f"{address}#answers?lang=en")
            opened.append(driver.execute_async_script(_OPENED))
            gaps += driver.execute_async_script(_FRAMES)
            filtered.append(driver.execute_async_script(_FILTERED))
    finally:
        driver.quit()
    print(f"opened: {median(opened):.0f} ms, worst {max(opened):.0f}")
    print(f"filtered: {median(filtered):.0f} ms, worst {max(filtered):.0f}")
    slow = sum(gap > 50 for gap in gaps) / len(gaps)
    print(f"between frames while scrolling: {median(gaps):.0f} ms, over 50 ms: {slow:.1%}")


if __name__ == "__main__":
    main()
