"""The viewer in a real browser: filters, sorting, two models, links, CSV, 20,000 questions."""

import csv
import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest
from browsing import close_page, keyboard, open_page, press, violations
from viewed import HOSTILE, invented_viewer

from lexgraft.adoption.report import write_report
from lexgraft.adoption.report.report_record import Report

if TYPE_CHECKING:
    from collections.abc import Iterator

    from selenium.webdriver.chrome.webdriver import WebDriver

pytestmark = pytest.mark.slow

CONCEPTS = 60
_COUNT = "return document.getElementById('answers-count').textContent"
_ROWS = "return [...document.querySelectorAll('#answers-rows .row')].map(row => row.innerText)"
_CSV = """
    window.kept = [];
    const own = URL.createObjectURL;
    URL.createObjectURL = blob => { window.kept.push(blob); return own(blob); };
    document.getElementById("answers-csv").click();
    const done = arguments[0];
    window.kept[0].text().then(done)"""
_SET = """
    const control = document.querySelector(`#answers [name=${arguments[0]}]`);
    control.value = arguments[1];
    control.dispatchEvent(new Event("change"));
    control.dispatchEvent(new Event("input"));
    const done = arguments[2];
    setTimeout(done, 150)"""


@pytest.fixture(scope="module")
def address(report: Report, tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("small")
    write_report(report, folder, invented_viewer(CONCEPTS))
    return (folder / "report.html").as_uri()


@pytest.fixture(scope="module")
def large(report: Report, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("large")
    write_report(report, folder, invented_viewer(10_000))
    return folder


@pytest.fixture
def browser(driver: "WebDriver") -> "Iterator[WebDriver]":
    driver.get("about:blank")
    driver.get_log("browser")
    driver.get_log("performance")
    yield driver
    close_page(driver)


def _ask(browser: "WebDriver", address: str, **what: str) -> None:
    """Open the page with a fragment that asks for these answers."""
    query = "&".join(f"{key.rstrip('_')}={quote(value)}" for key, value in what.items())
    browser.get("about:blank")
    browser.get(f"{address}#answers?{query}&lang=en")


def _table(browser: "WebDriver") -> list[dict[str, str]]:
    text = browser.execute_async_script(_CSV)
    return list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))


def _set(browser: "WebDriver", name: str, value: str) -> None:
    browser.execute_async_script(_SET, name, value)


def test_fates_add_up_and_turn_around_with_the_models(browser: "WebDriver", address: str):
    counts = {}
    for fate in ("", "acquired", "kept", "lost", "never"):
        _ask(browser, address, model="merge:ties", with_="G", fate=fate)
        shown, whole = browser.execute_script(_COUNT).split(" / ")
        assert whole == str(CONCEPTS)
        counts[fate] = int(shown)
    assert sum(counts.values()) == 2 * counts[""] == 2 * CONCEPTS
    assert counts["acquired"] > 0
    _ask(browser, address, model="G", with_="merge:ties", fate="lost")
    assert browser.execute_script(_COUNT) == f"{counts['acquired']} / {CONCEPTS}"


@pytest.mark.parametrize(
    ("name", "value", "wanted"),
    [
        ("field", "field 3", range(3, CONCEPTS, 5)),
        ("band", "Zipf 2–3", range(2, CONCEPTS, 6)),
        ("needs", "pieces", range(0, CONCEPTS, 3)),
        ("q", "ｔｅｒｍ 7", (7, 17, 27, 37, 47, 57)),
        ("q", "no such term", ()),
    ],
)
def test_a_filter_shows_what_fits(
    browser: "WebDriver", address: str, name: str, value: str, wanted: Sequence[int]
):
    _ask(browser, address)
    _set(browser, name, value)
    concepts = [f"C{number:05d}" for number in wanted]
    assert sorted(row["concept"] for row in _table(browser)) == concepts
    assert browser.execute_script(_COUNT).startswith(f"{len(concepts)} / ")


def test_the_list_is_sorted_both_ways(browser: "WebDriver", address: str):
    _ask(browser, address, model="merge:ties", with_="G")
    browser.execute_script("document.getElementById('answers-sort-change').click()")
    rising = [float(row["merge:ties: margin"]) - float(row["G: margin"]) for row in _table(browser)]
    assert rising == sorted(rising)
    browser.execute_script("document.getElementById('answers-sort-change').click()")
    falling = [row["concept"] for row in _table(browser)]
    assert len(falling) == CONCEPTS
    head = browser.find_element("css selector", "[aria-sort=descending]")
    assert head.text.startswith("Change")


def test_a_link_brings_somebody_else_to_the_same_answers(browser: "WebDriver", address: str):
    _ask(browser, address, model="D", with_="base", fate="acquired", sort="-change", needs="term")
    rows, count = browser.execute_script(_ROWS), browser.execute_script(_COUNT)
    browser.execute_script("document.querySelector('#answers-rows a').click()")
    link = browser.execute_script("return location.href")
    title = browser.find_element("id", "answers-detail-title").text
    browser.get("about:blank")
    browser.get(link)
    assert browser.execute_script(_ROWS) == rows
    assert browser.execute_script(_COUNT) == count
    assert browser.find_element("id", "answers-detail-title").text == title


def test_two_models_stand_side_by_side_down_to_each_option(browser: "WebDriver", address: str):
    _ask(browser, address, model="D", with_="base", row="C00001", sort="term")
    heads = [h.text for h in browser.find_elements("css selector", "#answers-detail thead th")][:5]
    assert heads == ["Option", "D", "base", "G", "merge:ties"]
    detail = browser.find_element("id", "answers-detail").text
    assert "What is meant by number 1, told at some length for a reader." in detail
    assert "用語1" in detail
    chosen = browser.find_elements("css selector", "#answers-detail .asked td .sign")
    assert len(chosen) == 2 * 4  # a choice of every model in every draw


def test_hostile_terms_and_answers_are_only_text(browser: "WebDriver", address: str):
    title = browser.title
    for use in ("confirm", "written", "defined"):
        _ask(browser, address, use=use, pair="en->ja", row="C00000")
        title = browser.title
        text = browser.find_element("id", "answers-detail").text
        assert HOSTILE.replace("\u202e", "\ufffd") in text
        browser.execute_script("document.querySelectorAll('details').forEach(d => d.open = true)")
    assert title.endswith("Adoption report")
    assert browser.title == title
    assert browser.find_elements("css selector", "img, iframe, #answers script") == []
    assert browser.execute_script("return document.scripts.length") == 2


def test_a_formula_is_disarmed_in_the_table(browser: "WebDriver", address: str):
    _ask(browser, address, q="=1+1 term 2")
    (row,) = _table(browser)
    assert row["term"] == "'=1+1 term 2"
    assert row["G: margin"].lstrip("-").replace(".", "").isdigit()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("language", ["en", "ja"])
def test_axe_finds_nothing_in_the_viewer(
    browser: "WebDriver", large: Path, language: str, scheme: str
):
    index = (large / "report" / "index.html").as_uri()
    open_page(browser, f"{index}#answers?lang={language}", scheme=scheme)
    assert violations(browser) == []
    place = browser.find_element("css selector", "#answers-rows a").get_attribute("href")
    open_page(browser, str(place), scheme=scheme)
    assert violations(browser) == []


def test_the_keyboard_stops_once_in_the_list_and_walks_through_it(
    browser: "WebDriver", large: Path
):
    open_page(browser, (large / "report" / "index.html").as_uri() + "#answers?lang=en&sort=term")
    places, missed, left = keyboard(browser)
    assert places > 15
    assert missed == []
    assert left
    browser.find_element("css selector", "#answers-rows [tabindex='0']").send_keys("")
    focused = "return document.activeElement.closest('.row').getAttribute('aria-rowindex')"
    for name, row in (("ArrowDown", "3"), ("End", "10001"), ("ArrowUp", "10000"), ("Home", "2")):
        press(browser, name)
        assert browser.execute_script(focused) == row


def test_of_20_000_questions_only_those_in_sight_are_drawn(browser: "WebDriver", large: Path):
    _ask(browser, (large / "report" / "index.html").as_uri(), sort="term")
    assert browser.execute_script(_COUNT) == "10,000 / 10,000"
    drawn = "return document.querySelectorAll('#answers-rows .row').length"
    assert browser.execute_script(drawn) < 60
    last = browser.execute_async_script("""
        const list = document.getElementById("answers-list"), done = arguments[0];
        list.scrollTop = list.scrollHeight;
        setTimeout(() => done([...list.querySelectorAll("[aria-rowindex]")].at(-1)
          .getAttribute("aria-rowindex")), 300)""")
    assert last == "10001"
    assert browser.execute_script(drawn) < 60


def test_a_term_of_a_long_list_opens_on_its_page_and_leads_back(browser: "WebDriver", large: Path):
    index = (large / "report" / "index.html").as_uri()
    _ask(browser, index, q="term 9998", model="D")
    browser.execute_script("document.querySelector('#answers-rows a').click()")
    assert "answers-" in browser.current_url
    assert browser.find_element("id", "answers-detail-title").text.startswith("term 9998")
    assert not browser.find_element("id", "answers-list").is_displayed()
    browser.find_element("css selector", "a[href^='index.html#']").click()
    assert browser.execute_script(_COUNT) == "1 / 10,000"


def test_a_number_of_the_report_opens_the_long_list_in_its_language(
    browser: "WebDriver", large: Path
):
    browser.get(f"{(large / 'report.html').as_uri()}#ja")
    script = "document.querySelector('#acquisition a.count').click()"
    browser.execute_script(script)
    assert browser.current_url.partition("#")[0].endswith("/report/index.html")
    assert browser.find_element("css selector", "html").get_attribute("lang") == "ja"


def test_no_request_leaves_the_report(browser: "WebDriver", large: Path, address: str):
    _ask(browser, (large / "report" / "index.html").as_uri(), q="term 5")
    browser.execute_script("document.querySelector('#answers-rows a').click()")
    _ask(browser, address)
    for button in browser.find_elements("css selector", "#answers button"):
        browser.execute_script("arguments[0].click()", button)
    messages = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    asked = {
        message["params"]["request"]["url"].partition("#")[0]
        for message in messages
        if message["method"] == "Network.requestWillBeSent"
    }
    own = {address, *(page.as_uri() for page in (large / "report").glob("*.html"))}
    assert {url for url in asked if not url.startswith(("data:", "blob:", "about:"))} <= own
    assert browser.get_log("browser") == []
