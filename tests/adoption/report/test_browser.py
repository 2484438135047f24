"""The page in a real browser without a network: figures, both languages, search, no request."""

import base64
import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from lexgraft.adoption.report import write_report
from lexgraft.adoption.report.report_record import Report

if TYPE_CHECKING:
    from selenium.webdriver.chrome.webdriver import WebDriver
    from selenium.webdriver.remote.webelement import WebElement

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def address(report: Report, tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("run")
    write_report(report, folder)
    return Path(folder / "report.html").as_uri()


@pytest.fixture
def browser(driver: "WebDriver", address: str) -> "WebDriver":
    driver.get("about:blank")
    driver.get_log("browser")
    driver.get_log("performance")
    driver.get(f"{address}#en")
    return driver


def _all(browser: "WebDriver", selector: str) -> "list[WebElement]":
    return browser.find_elements("css selector", selector)


def _shown(browser: "WebDriver", selector: str) -> "list[WebElement]":
    """Return the elements that take up room on the page."""
    script = "return [...document.querySelectorAll(arguments[0])].filter(e => e.checkVisibility())"
    return browser.execute_script(script, selector)


def test_the_figures_are_drawn_with_their_points(browser: "WebDriver"):
    assert len(_shown(browser, "#central svg.scatter g.point path")) == 12
    assert len(_shown(browser, "#front svg.scatter g.point path")) == 3
    assert len(_shown(browser, "svg.interval path")) > 40
    box = _all(browser, "#central svg.scatter")[0].rect
    for point in _all(browser, "#central svg.scatter g.point path"):
        place = point.rect
        assert box["x"] <= place["x"] + place["width"] / 2 <= box["x"] + box["width"]
        assert box["y"] <= place["y"] + place["height"] / 2 <= box["y"] + box["height"]


def test_the_languages_switch(browser: "WebDriver"):
    assert _all(browser, "#verdicts h2")[0].text == "Verdicts"
    assert browser.title.endswith("Adoption report")
    english, japanese = _shown(browser, ".tongues button")
    japanese.click()
    assert _all(browser, "html")[0].get_attribute("lang") == "ja"
    assert _all(browser, "#verdicts h2")[0].text == "判定"
    assert browser.title.endswith("導入評価レポート")
    assert japanese.get_attribute("aria-pressed") == "true"
    assert not _shown(browser, ".t[lang=en]")
    english.click()
    assert not _shown(browser, ".t[lang=ja]")


def test_a_link_may_ask_for_japanese(browser: "WebDriver", address: str):
    browser.get("about:blank")
    browser.get(f"{address}#ja")
    assert _all(browser, "#verdicts h2")[0].text == "判定"


def test_hostile_terms_are_only_text(browser: "WebDriver"):
    assert "<script>alert(1)</script>" in _all(browser, "#term-table")[0].text
    assert _all(browser, "img, iframe, #term-table script") == []
    assert browser.execute_script("return document.scripts.length") == 1


def test_no_request_leaves_the_page_and_nothing_complains(browser: "WebDriver", address: str):
    for button in _shown(browser, "button"):
        button.click()
    assert browser.get_log("browser") == []
    assert browser.execute_script("return performance.getEntriesByType('resource').length") == 0
    messages = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    requests = [
        message["params"]["request"]["url"]
        for message in messages
        if message["method"] == "Network.requestWillBeSent"
    ]
    asked = [url for url in requests if not url.startswith("data:")]
    assert asked == [address]


def test_a_request_would_have_been_seen_and_refused(browser: "WebDriver"):
    script = "fetch('https://example.invalid/x').catch(() => 0); document.title = 'asked'"
    browser.execute_script(script)
    assert browser.title == "asked"
    log = " ".join(entry["message"] for entry in browser.get_log("browser"))
    assert "Content Security Policy" in log


def test_a_foreign_script_does_not_run(browser: "WebDriver"):
    browser.execute_script(
        "const s = document.createElement('script'); s.textContent = 'window.ran = 1';"
        "document.body.append(s); document.body.insertAdjacentHTML("
        "'beforeend', '<p onclick=\"window.ran = 2\" id=bait>x</p>');"
        "document.getElementById('bait').click()"
    )
    assert browser.execute_script("return window.ran") is None


def test_without_scripts_the_page_is_whole_and_english(browser: "WebDriver", address: str):
    browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        browser.get("about:blank")
        browser.get(address)
        assert _all(browser, "#verdicts h2")[0].text == "Verdicts"
        assert _shown(browser, ".tongues, .viewer") == []
        assert len(_shown(browser, "#term-table tbody tr")) == 8
    finally:
        browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})


@pytest.mark.parametrize("width", [320, 390, 768, 1400])
@pytest.mark.parametrize("language", ["en", "ja"])
def test_the_page_never_scrolls_sideways(
    browser: "WebDriver", address: str, width: int, language: str
):
    size = {"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": width < 500}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    try:
        browser.get("about:blank")
        browser.get(f"{address}#{language}")
        assert browser.execute_script("return document.documentElement.scrollWidth") <= width
    finally:
        browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


@pytest.mark.parametrize("language", ["en", "ja"])
def test_one_sheet_of_a4_holds_the_first_page(
    browser: "WebDriver", address: str, tmp_path: Path, language: str
):
    """All ten answers are on the first sheet, none of the sections that follow."""
    reader = shutil.which("pdftotext")
    if reader is None:
        pytest.skip("needs pdftotext")
    browser.get("about:blank")
    browser.get(f"{address}#{language}")
    script = "return [...document.querySelectorAll('[data-question]')].map(e => e.innerText)"
    answers = browser.execute_script(script)
    assert len(answers) == 11  # the sentence on cost answers two of the ten questions again
    size = {"printBackground": True, "preferCSSPageSize": True}
    printed = browser.execute_cdp_cmd("Page.printToPDF", size)
    file = tmp_path / "report.pdf"
    file.write_bytes(base64.b64decode(printed["data"]))
    first, second = (
        re.sub(
            r"\s", "", subprocess.run([reader, "-f", n, "-l", n, str(file), "-"],
                                      capture_output=True, text=True, check=True).stdout
        )
        for n in ("1", "2")
    )  # fmt: skip
    last = re.sub(r"\s", "", answers[-1].splitlines()[0]).strip("D")  # its own font is apart
    assert last in first
    assert last not in second


@pytest.mark.parametrize("language", ["en", "ja"])
def test_the_first_page_shows_one_language_and_its_cells_are_named_on_a_phone(
    browser: "WebDriver", address: str, language: str
):
    size = {"width": 390, "height": 800, "deviceScaleFactor": 1, "mobile": True}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    try:
        browser.get("about:blank")
        browser.get(f"{address}#{language}")
        names = _shown(browser, ".options .cell-name")
        assert len(names) == 7 * 7
        assert _shown(browser, ".options thead") == []
        other = "ja" if language == "en" else "en"
        assert _shown(browser, f"#first .t[lang={other}]") == []
    finally:
        browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
