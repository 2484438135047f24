"""The wheel holds all that the package needs, and runs by itself from an empty folder."""

import os
import subprocess
import sys
from pathlib import Path
from shutil import which
from zipfile import ZipFile

import pytest

ROOT = Path(__file__).parents[1]
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    pip("wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", str(folder), str(ROOT))
    return next(folder.glob("lexgraft-*.whl"))


def pip(*arguments: str) -> None:
    command = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", *arguments]
    subprocess.run(command, check=True)


def test_a_wheel_holds_every_file_of_the_package(wheel: Path):
    """What git keeps under src/ is what an installation has, and the compiled loops besides."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "src/lexgraft"]
    listed = subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT).stdout
    files = {line.removeprefix("src/") for line in listed.splitlines() if (ROOT / line).exists()}
    held = set(ZipFile(wheel).namelist())
    assert files - held == set()
    assert "lexgraft/py.typed" in held
    assert "lexgraft/adoption/report/page.html" in held


@pytest.mark.skipif(which("cc") is None, reason="no compiler here")
def test_a_wheel_has_the_compiled_loops_and_says_for_which_platform(wheel: Path):
    assert "lexgraft/weights/merge/_kernel.so" in ZipFile(wheel).namelist()
    assert "-py3-none-" in wheel.name
    assert not wheel.name.endswith("-any.whl")


def test_what_a_wheel_installs_runs_from_elsewhere(wheel: Path, tmp_path: Path):
    pip("install", "--no-deps", "--target", str(tmp_path / "site"), str(wheel))
    script = (
        "import lexgraft; from lexgraft.weights.merge.native_library import library;"
        "from lexgraft.adoption.report.report_words import say;"
        "print(lexgraft.__file__, library() is not None, say('title', 'ja'))"
    )
    environment = {**os.environ, "PYTHONPATH": str(tmp_path / "site")}
    command = [sys.executable, "-c", script]
    run = subprocess.run(
        command, check=True, capture_output=True, text=True, cwd=tmp_path, env=environment
    )
    file, compiled, title = run.stdout.split(maxsplit=2)
    assert file.startswith(str(tmp_path))
    assert compiled == str(which("cc") is not None)
    assert title.strip()
