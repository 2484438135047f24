"""A page in the browser as somebody meets it: language, colours, width, paper, keyboard."""

from importlib.resources import files
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from selenium.webdriver.chrome.webdriver import WebDriver

A4 = 703  # CSS pixels between the margins of a sheet
UNFOLD = "document.querySelectorAll('details').forEach(part => { part.open = true; })"
_WATCH = """
    document.activeElement.blur();
    window.scrollTo(0, 0);
    const kinds = "a[href], button, input, select, summary, [tabindex]";
    window.places = [...document.querySelectorAll(kinds)]
      .filter(e => e.tabIndex >= 0 && !e.disabled && e.checkVisibility({visibilityProperty: true}));
    window.reached = [];
    document.addEventListener("focusin", event => window.reached.push(event.target));
    return window.places.length"""
_REACHED = """
    const missed = window.places.filter(place => !window.reached.includes(place));
    const left = document.activeElement === document.body ||
      window.reached.at(-1) === window.reached[0];
    return [missed.map(place => place.outerHTML), left]"""
ENGINE = files("selenium_axe_python").joinpath("axe-core", "axe.min.js").read_text("utf-8")
_RUN = """
    const done = arguments[0];
    axe.run(document, {resultTypes: ["violations"]}).then(found => done(found.violations))"""


def open_page(
    driver: "WebDriver", address: str, *, scheme: str = "light", width: int = 1280, media: str = ""
) -> None:
    """Open an address anew, with everything unfolded, as a screen or a sheet of this width."""
    features = [{"name": "prefers-color-scheme", "value": scheme}]
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": media, "features": features})
    size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 500}
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    driver.get("about:blank")
    driver.get(address)
    driver.execute_script(UNFOLD)


def close_page(driver: "WebDriver") -> None:
    """Give the browser its own size and colours back."""
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "", "features": []})
    driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def violations(driver: "WebDriver") -> list[tuple[str, list[Any]]]:
    """Return what axe-core finds wrong with the page, of any grade: rule and places."""
    driver.set_script_timeout(600)
    driver.execute_script(ENGINE)
    found = driver.execute_async_script(_RUN)
    return [(rule["id"], [node["target"] for node in rule["nodes"]]) for rule in found]


_CODES = {"Tab": 9, "End": 35, "Home": 36, "ArrowUp": 38, "ArrowDown": 40}


def press(driver: "WebDriver", name: str) -> None:
    """Press and release a key."""
    key = {"key": name, "code": name, "windowsVirtualKeyCode": _CODES[name]}
    driver.execute_cdp_cmd("Input.dispatchKeyEvent", {"type": "rawKeyDown", **key})
    driver.execute_cdp_cmd("Input.dispatchKeyEvent", {"type": "keyUp", **key})


def keyboard(driver: "WebDriver") -> tuple[int, list[str], bool]:
    """Return how many places can hold the focus, those Tab did not reach, and whether it left."""
    places = driver.execute_script(_WATCH)
    for _ in range(places + 1):
        press(driver, "Tab")
    missed, left = driver.execute_script(_REACHED)
    return places, missed, left
