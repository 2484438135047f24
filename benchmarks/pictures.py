"""Pictures of a run's first page for the docs: at 1280 and 390 px and on A4, in both languages.

    python benchmarks/pictures.py runs/medical-ja [-o docs/images]

The page is written anew from the run's `report.json` and `viewer.json`. Needs chromium,
chromedriver and pdftoppm.
"""

import argparse
import base64
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from selenium import webdriver

from lexgraft.adoption.report import read_report, read_viewer, write_report

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from browsing import close_page, open_page

if TYPE_CHECKING:
    from selenium.webdriver.chrome.webdriver import WebDriver

FLAGS = ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage")
WIDTHS = (1280, 390)  # CSS pixels
DOTS = 110  # an inch, of the sheet
QUALITY = 80  # of WebP
_LOWER_EDGE = "return document.getElementById('first').getBoundingClientRect().bottom + 16"


def main() -> None:
    """Write the six pictures."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("run", type=Path, help="a finished run's folder")
    parser.add_argument("-o", "--output", type=Path, default=Path("docs/images"))
    arguments = parser.parse_args()
    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium") or ""
    for flag in FLAGS:
        options.add_argument(flag)
    service = webdriver.ChromeService(executable_path=shutil.which("chromedriver"))
    driver = webdriver.Chrome(options=options, service=service)
    try:
        with TemporaryDirectory() as folder:
            page = Path(folder) / "report.html"
            report = read_report(arguments.run / "report.json")
            write_report(report, page.parent, read_viewer(arguments.run))
            for language in ("en", "ja"):
                address = f"{page.as_uri()}#{language}"
                for width in WIDTHS:
                    picture = arguments.output / f"report-{width}-{language}.webp"
                    picture.write_bytes(_screen(driver, address, width))
                _sheet(driver, address, arguments.output / f"report-a4-{language}")
    finally:
        driver.quit()


def _screen(driver: "WebDriver", address: str, width: int) -> bytes:
    """Return a picture of the first page on a screen of this width."""
    open_page(driver, address, width=width)
    height = driver.execute_script(_LOWER_EDGE)
    clip = {"x": 0, "y": 0, "width": width, "height": height, "scale": 1}
    asked = {"format": "webp", "quality": QUALITY, "clip": clip, "captureBeyondViewport": True}
    return base64.b64decode(driver.execute_cdp_cmd("Page.captureScreenshot", asked)["data"])


def _sheet(driver: "WebDriver", address: str, picture: Path) -> None:
    """Write a picture of the first sheet as it is printed."""
    close_page(driver)
    driver.get("about:blank")
    driver.get(address)
    size = {"printBackground": True, "preferCSSPageSize": True, "pageRanges": "1"}
    printed = driver.execute_cdp_cmd("Page.printToPDF", size)["data"]
    command = ["pdftoppm", "-png", "-singlefile", "-r", str(DOTS), "-", str(picture)]
    subprocess.run(command, input=base64.b64decode(printed), check=True)


if __name__ == "__main__":
    main()
