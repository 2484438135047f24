"""The page of a whole adoption of tiny models, as people with and without eyes meet it."""

from typing import TYPE_CHECKING

import pytest
from adopt_project import FinishedRun
from browsing import A4, close_page, keyboard, open_page, violations

from lexgraft.adoption.report import read_viewer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from selenium.webdriver.chrome.webdriver import WebDriver

pytestmark = pytest.mark.slow


@pytest.fixture
def browser(driver: "WebDriver") -> "Iterator[WebDriver]":
    driver.get("about:blank")
    driver.get_log("browser")
    yield driver
    close_page(driver)


@pytest.fixture(scope="module")
def address(finished_run: FinishedRun) -> str:
    return (finished_run.folder / "report.html").as_uri()


def test_the_page_works(browser: "WebDriver", address: str):
    open_page(browser, f"{address}#en")
    shown = "return [...document.querySelectorAll(arguments[0])].filter(e => e.checkVisibility())"
    assert len(browser.execute_script(shown, "svg.scatter g.point path")) >= 6
    assert len(browser.execute_script(shown, "svg.interval path")) > 20
    assert len(browser.execute_script(shown, "#verdicts .t[lang=en]")) > 0
    browser.execute_script(shown, ".tongues button")[1].click()
    assert browser.find_element("css selector", "#verdicts h2").text == "判定"
    assert browser.execute_script(shown, ".t[lang=en]") == []
    for button in browser.execute_script(shown, "button"):
        button.click()
    assert browser.get_log("browser") == []
    assert browser.execute_script("return performance.getEntriesByType('resource').length") == 0


@pytest.mark.parametrize(
    ("language", "scheme", "width"),
    [
        ("en", "light", 1280),
        ("en", "dark", 1280),
        ("ja", "light", 1280),
        ("ja", "dark", 1280),
        ("ja", "light", 390),
    ],
)
def test_axe_finds_nothing_of_any_grade(
    browser: "WebDriver", address: str, language: str, scheme: str, width: int
):
    open_page(browser, f"{address}#{language}", scheme=scheme, width=width)
    assert violations(browser) == []


FOLLOWED = {
    "acquired, first page": "#first .options tbody tr:nth-child(4) td:nth-child(2) a",
    "lost, first page": "#first .options tbody tr:nth-child(4) td:nth-child(3) a",
    "never known": "#acquisition tbody tr:last-child td:nth-child(6) a",
    "asked": "#directions .intervals tbody tr:last-child a",
    "written": "#directions h3 ~ .charts .intervals tbody tr a",
    "everyday words": "#general details .intervals tbody tr:last-child a",
    "with the glossary": "#glossary .intervals tbody tr:nth-child(2) a",
}
_DOWN = """
    const link = document.querySelector(arguments[0]), number = Number(link.textContent);
    link.click();
    const done = arguments[1];
    setTimeout(() => done([number, Object.fromEntries(new URLSearchParams(location.hash.slice(9))),
      [...document.querySelectorAll("#answers-rows a")].map(a => a.dataset.row)]), 300)"""


@pytest.mark.parametrize("place", FOLLOWED.values(), ids=FOLLOWED)
def test_a_number_leads_down_to_answers_that_count_up_to_it_again(
    browser: "WebDriver", finished_run: FinishedRun, address: str, place: str
):
    """Counted three times: by the report, by the viewer, and here from the options' scores."""
    open_page(browser, f"{address}#en")
    number, asked, rows = browser.execute_async_script(_DOWN, place)
    counter = browser.find_element("id", "answers-count").text
    assert counter.split(" / ")[0] == str(number) == str(len(rows))
    recounted = _concepts(finished_run, **asked)
    assert sorted(rows) == sorted(recounted)


def _concepts(run: FinishedRun, **asked: str) -> list[str]:
    """Return the concepts that a link asks for, from what the models answered to each question."""
    record = read_viewer(run.folder)
    assert record is not None
    form = [(form.use, form.pair) == (asked["use"], asked["pair"]) for form in record.forms]
    known: dict[str, dict[str, list[bool]]] = {}
    for question in (question for question in record.questions if form[question.form]):
        concept = record.concepts[question.concept].id
        for model, answer in zip(record.models, question.answers, strict=True):
            if answer is not None:
                gold = question.gold if question.options else 1
                right = answer.choice == gold
                known.setdefault(model, {}).setdefault(concept, []).append(right)
    of_model = {name: all(rights) for name, rights in known[asked["model"]].items()}
    fate = asked.get("fate", "")
    if not fate:
        return list(of_model)
    other = {name: all(rights) for name, rights in known[asked["with"]].items()}
    wanted = {"acquired": (False, True), "lost": (True, False), "never": (False, False)}[fate]
    return [name for name, right in of_model.items() if (other[name], right) == wanted]


_COUNTED = """
    const done = arguments[0], found = [];
    const links = [...document.querySelectorAll("#verdicts a.count, #health a.count")]
      .filter(link => link.checkVisibility() && link.hash.startsWith("#answers?"));
    function next() {
      const link = links.shift();
      if (!link) { return done(found); }
      location.hash = link.hash;
      setTimeout(() => {
        const counter = document.getElementById("answers-count").textContent.split(" / ");
        const section = link.closest("section").id, number = Number(link.textContent);
        found.push([section, link.hash, number, ...counter.map(Number)]);
        next();
      }, 60);
    }
    next();"""


def test_requirements_and_health_lead_to_as_many_terms_as_they_count(
    browser: "WebDriver", address: str
):
    open_page(browser, f"{address}#en")
    browser.set_script_timeout(300)
    rows = browser.execute_async_script(_COUNTED)
    of_gates = [row for row in rows if row[0] == "verdicts"]
    assert len(of_gates) >= 10
    assert [row for row in of_gates if row[2] != row[3]] == []
    assert len(rows) > len(of_gates)
    # a rule may have no choice in some; the place of the right option is counted by question
    assert [row for row in rows if row[2] > 2 * row[4]] == []
    plain = browser.execute_script(
        "return [...document.querySelectorAll('#verdicts .criteria td:last-child')]"
        ".filter(cell => !cell.querySelector('a')).length"
    )
    assert plain == 0


def test_every_chart_has_a_text_equivalent(browser: "WebDriver", address: str):
    """It is named and described, or is hidden from readers aloud and stands beside its numbers."""
    open_page(browser, f"{address}#en")
    script = """
        return [...document.querySelectorAll("svg:not(svg svg)")].filter(drawing => {
          if (drawing.getAttribute("role") === "img") {
            const ids = (drawing.getAttribute("aria-labelledby") + " " +
              drawing.getAttribute("aria-describedby")).split(" ");
            return !ids.every(id => document.getElementById(id)?.textContent.trim()) ||
              !drawing.closest("section").querySelector("table");
          }
          const home = drawing.closest("tr, li, figure, section");
          return drawing.getAttribute("aria-hidden") !== "true" || !/\\d/.test(home.textContent);
        }).map(drawing => drawing.outerHTML.slice(0, 200))"""
    assert browser.execute_script(script) == []


@pytest.mark.parametrize("width", [1280, 390])
def test_the_keyboard_reaches_everything_and_leaves_it(
    browser: "WebDriver", address: str, width: int
):
    open_page(browser, f"{address}#en", width=width)
    places, missed, left = keyboard(browser)
    assert places > 30
    assert missed == []
    assert left


@pytest.mark.parametrize("language", ["en", "ja"])
def test_nothing_on_paper_is_wider_than_the_sheet(
    browser: "WebDriver", address: str, language: str
):
    """A browser shrinks all of a print to its widest part, or cuts it off."""
    open_page(browser, f"{address}#{language}", width=A4, media="print")
    wide = (
        "return [...document.querySelectorAll('main *')].filter(e => e.checkVisibility() && "
        "e.getBoundingClientRect().right > arguments[0] + 1).map(e => e.outerHTML.slice(0, 120))"
    )
    assert browser.execute_script(wide, A4) == []
    assert browser.execute_script("return document.documentElement.scrollWidth") <= A4
    cut = (
        "return [...document.querySelectorAll('main *')].filter(e => e.checkVisibility() && "
        "getComputedStyle(e).overflow !== 'visible' && e.tagName !== 'svg').map(e => e.className)"
    )
    assert browser.execute_script(cut) == []
