"""Plugins: what other packages and a user's own files add to the methods, readers and backends.

A package names its modules under the entry points `lexgraft.methods`, `lexgraft.readers` or
`lexgraft.models`; a project names Python files beside it under `plugins`. Either is run, and
registers what it has with the decorator of its kind. Nothing is ever loaded from a model's folder.
"""

import sys
from collections.abc import Mapping
from functools import cache
from hashlib import sha256
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.metadata import entry_points
from importlib.util import module_from_spec
from pathlib import Path
from typing import Any, Literal

from lexgraft.errors import LexgraftError
from lexgraft.files.model_files import ADAPTER, ASSET_FILES, CONFIG, INDEX, SINGLE
from lexgraft.files.ownership import real_path

Group = Literal["lexgraft.methods", "lexgraft.readers", "lexgraft.models"]

_PREFIX = "lexgraft_plugin_"  # of the module names of files
_MODEL_FILES = (SINGLE, INDEX, ADAPTER, CONFIG, *ASSET_FILES)


@cache
def load_installed(group: Group) -> None:
    """Import what installed packages offer under a group of entry points, once.

    Raises:
        LexgraftError: a plugin that cannot be imported, with the package it comes from.
    """
    points = entry_points(group=group)
    for point in sorted(points, key=lambda point: (point.name, point.value)):
        package = point.dist.name if point.dist else point.value
        try:
            point.load()
        except LexgraftError:
            raise
        except Exception as error:
            raise LexgraftError(
                f"plugin `{point.name}` cannot be loaded: {type(error).__name__}: {error}",
                where=f"package {package}, entry point {group}",
                cure="mend or uninstall that package",
            ) from error


def load_file(path: Path, folder: Path) -> None:
    """Run a user's Python file, which registers its methods, readers or backends.

    It runs once as long as its content stays the same. `folder` is that of the project that
    names it: the file must lie in it or below, and not among a model's files.

    Raises:
        LexgraftError: no such file there, a file among a model's, or whatever the file raises.
    """
    file = real_path(path)
    if file.suffix != ".py" or not file.is_file():
        raise LexgraftError("no such plugin", where=str(path), cure="name a Python file (.py)")
    if not file.is_relative_to(real_path(folder)):
        raise LexgraftError(
            "a plugin lies beside the project that names it",
            where=str(path),
            cure=f"copy it into {folder}, after reading it: it will be run",
        )
    if any((file.parent / name).exists() for name in _MODEL_FILES):
        raise LexgraftError(
            "nothing is run from a model's folder",
            where=str(path),
            cure="move the file elsewhere, after reading it",
        )
    name = _PREFIX + sha256(str(file).encode()).hexdigest()[:12]
    content = file.read_bytes()
    loaded = sys.modules.get(name)
    if loaded is None or vars(loaded).get("__content__") != content:
        _run(name, file, content)


class _UncachedLoader(SourceFileLoader):
    """Runs a file as it is now: compiled code is neither read nor left beside it."""

    def path_stats(self, path: str) -> Mapping[str, Any]:
        """Say that there is no compiled code to look for."""
        raise OSError(path)


def _run(name: str, file: Path, content: bytes) -> None:
    loader = _UncachedLoader(name, str(file))
    module = module_from_spec(ModuleSpec(name, loader, origin=str(file)))
    module.__file__ = str(file)
    vars(module)["__content__"] = content
    sys.modules[name] = module  # type hints of its functions are looked up here
    try:
        loader.exec_module(module)
    except BaseException as error:
        del sys.modules[name]
        if isinstance(error, LexgraftError) or not isinstance(error, Exception):
            raise
        raise LexgraftError(
            f"this plugin fails: {type(error).__name__}: {error}",
            where=str(file),
            cure="mend it, or take it out of `plugins`",
        ) from error
