"""The page of a whole adoption of tiny models, as people with and without eyes meet it."""

from typing import TYPE_CHECKING

import pytest
from adopt_project import FinishedRun
from browsing import A4, close_page, keyboard, open_page, violations

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
