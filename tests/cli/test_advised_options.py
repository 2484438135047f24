"""What messages advise exists: every option that a text of the program names."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from cli.test_every_option import LEAVES

import lexgraft

SOURCES = Path(lexgraft.__file__).parent
OPTION = re.compile(r"(?<![\w-])--[a-z][a-z-]*[a-z]\b")
OF_OTHERS = frozenset(  # of programs that messages name
    re.findall(r"\S+", "--head --address --tasks --log --local-dir")
)
PRINTED_BY = {"terms/documents/": "glossary check", "serving/": "serve"}
NAMES = sorted(LEAVES, key=len, reverse=True)


def texts(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Yield the strings of a module that are no docstrings; what is put in is three dots."""
    inner: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr):
            inner |= {id(below) for below in ast.walk(node.value)}
        elif isinstance(node, ast.JoinedStr) and id(node) not in inner:
            inner |= {id(below) for below in ast.walk(node)}
            pieces = (
                str(value.value) if isinstance(value, ast.Constant) else "…"
                for value in node.values
            )
            yield node.lineno, "".join(pieces)
        elif isinstance(node, ast.Constant) and id(node) not in inner:
            yield node.lineno, str(node.value)


def advised() -> Iterator[tuple[str, str, str]]:
    """Yield place, verb (or nothing) and option, of all that texts of the program advise."""
    for path in sorted(SOURCES.rglob("*.py")):
        for line, text in texts(ast.parse(path.read_text(encoding="utf-8"))):
            for option in OPTION.finditer(text):
                before = re.split(r"[`;:)]|, or ", text[: option.start()])[-1]
                verb = next((name for name in NAMES if re.search(rf"\b{name}\b", before)), "")
                yield f"{path.relative_to(SOURCES)}:{line}", verb, option[0]


def verbs_of(place: str, verb: str) -> list[str]:
    """Return the verbs of which one must have an option: the named one, or who prints there."""
    if verb:
        return [verb]
    room = next((name for folder, name in PRINTED_BY.items() if place.startswith(folder)), "")
    stem = room or (Path(place.partition(":")[0]).stem if place.startswith("cli/") else "")
    return [name for name in LEAVES if f"{name} ".startswith(f"{stem} ")] or list(LEAVES)


def test_every_option_that_a_message_names_is_one_of_its_verb() -> None:
    options = {
        name: {text for action in leaf.options() for text in action.option_strings}
        for name, leaf in LEAVES.items()
    }
    found = [row for row in advised() if row[2] not in OF_OTHERS]
    assert len(found) > 100
    wrong = [
        (place, verb, option)
        for place, verb, option in found
        if not any(option in options[name] for name in verbs_of(place, verb))
    ]
    assert not wrong
