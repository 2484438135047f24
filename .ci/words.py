"""Counts names that say little, and names that two things share; fails above the stated levels."""

import ast
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

_WORDS = (
    "one found own made said kept at place places part parts way some wanted asked told seen shown "
    "here there other others thing rest whole mine theirs both each every known left taken given "
    "moved fresh more most least few apart beside like such"
)
GENERAL = frozenset(_WORDS.split())
MOST_GENERAL = 2.0  # per cent of the names that are bound
MOST_CLASSES, MOST_MODULES = 5, 5  # names that stand for two things
MOST_NOQA, MOST_HAND_FORMATTED = 40, 20


def bound_names(tree: ast.Module) -> Iterator[str]:
    """Yield the names that a module binds: assigned, looped over, or taken as a parameter."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif isinstance(node, ast.arg):
            yield node.arg


def main() -> int:
    """Return 1 if a figure is above its level, after printing all of them."""
    classes: dict[str, set[str]] = defaultdict(set)
    modules: Counter[str] = Counter()
    names: Counter[str] = Counter()
    for path in sorted(Path("src").rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        modules[path.name] += path.name != "__init__.py"
        names.update(name for name in bound_names(tree) if name not in {"self", "cls", "_"})
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef):
                classes[node.name].add(str(path))
    text = "\n".join(path.read_text(encoding="utf-8") for path in _sources())
    shared = {name: paths for name, paths in classes.items() if len(paths) > 1}
    twice = sorted(name for name, count in modules.items() if count > 1)
    general = {name: count for name, count in names.most_common() if name in GENERAL}
    share = 100 * sum(general.values()) / max(1, names.total())
    figures = (
        ("general words among bound names, %", share, MOST_GENERAL, general),
        ("class names used twice", len(shared), MOST_CLASSES, shared),
        ("module names used twice", len(twice), MOST_MODULES, twice),
        ("noqa", text.count("# noqa"), MOST_NOQA, ""),
        ("fmt: skip", text.count("# fmt: skip"), MOST_HAND_FORMATTED, ""),
    )
    for title, value, limit, which in figures:
        print(f"{title}: {value:.3g} (at most {limit:g})")
        if value > limit:
            print(f"refused: {which}")
    return int(any(value > limit for _, value, limit, _ in figures))


def _sources() -> list[Path]:
    """Return the files in which a check can be switched off."""
    folders = (Path("src"), Path("tests"), Path("examples"), Path("benchmarks"))
    return [path for folder in folders for path in sorted(folder.rglob("*.py"))]


if __name__ == "__main__":
    sys.exit(main())
