"""The documentation names files, modules and commands that are there."""

import re
import shlex
from importlib import import_module
from pathlib import Path

import pytest

from lexgraft.cli.verb_parser import called

ROOT = Path(__file__).parents[2]
PAGES = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md")),
    *(page for page in sorted((ROOT / "docs").rglob("*.md")) if page.name != "log.md"),
]
_PATH = re.compile(r"`((?:[\w.-]+/)+[\w.-]*|[\w-]+\.(?:py|c))`")
_ROOTS = (".", "src/lexgraft", "src/lexgraft/weights", "src", "examples/medical-ja")
_OURS = re.compile(r"(src|tests|examples|benchmarks)/|.*\.(py|c)$")
_MODULE = re.compile(r"\blexgraft((?:\.[a-z_]+)+)")
_COMMAND = re.compile(r"^(?:torchrun .* -m |\t\$\(BIN\)/)?(lexgraft [a-z].*)$", re.MULTILINE)
_NO_MODULES = {"lexgraft.json", "lexgraft.methods", "lexgraft.readers"}  # a file, entry points
_LINK = re.compile(r"\]\(([^)\s]+)\)")


def ids(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("page", PAGES, ids=ids)
def test_a_file_that_a_page_names_is_there(page: Path):
    named = set(_PATH.findall(page.read_text(encoding="utf-8")))
    ours = sorted(path for path in named if _OURS.match(path) and "NAME" not in path)
    assert [path for path in ours if not any((ROOT / r / path).exists() for r in _ROOTS)] == []


@pytest.mark.parametrize("page", PAGES, ids=ids)
def test_a_module_that_a_page_names_is_there(page: Path):
    for name in _MODULE.findall(page.read_text(encoding="utf-8")):
        target, path = import_module("lexgraft"), "lexgraft"
        for step in name.lstrip(".").split("."):
            path = f"{path}.{step}"
            if path in _NO_MODULES:
                break
            target = getattr(target, step) if hasattr(target, step) else import_module(path)


@pytest.mark.parametrize("page", PAGES, ids=ids)
def test_a_link_leads_somewhere(page: Path):
    targets = _LINK.findall(page.read_text(encoding="utf-8"))
    paths = [target.split("#")[0] for target in targets if not re.match(r"[a-z]+:|#", target)]
    assert [path for path in paths if not (page.parent / path).exists()] == []


@pytest.mark.parametrize("page", [*PAGES, ROOT / "Makefile"], ids=ids)
def test_a_command_that_a_page_shows_is_one(page: Path):
    """Verb and options are there, and go together."""
    for command in _COMMAND.findall(page.read_text(encoding="utf-8")):
        called(shlex.split(command.replace("…", "x"), comments=True)[1:])


def test_the_reference_has_every_public_name():
    named = re.findall(r"^::: lexgraft\.(\w+)$", (ROOT / "docs/api.md").read_text(), re.MULTILINE)
    assert sorted(named) == sorted(import_module("lexgraft").__all__)
