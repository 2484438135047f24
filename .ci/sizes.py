"""Prints the longest files and functions; fails on too long ones and on words of decay."""

import ast
import re
import sys
from pathlib import Path

LONGEST_FILE, LONGEST_FUNCTION = 400, 60  # lines
DECAY = re.compile(r"\b(legacy|TODO|FIXME|HACK)\b|(?<!deepseek)_v2\b|_old\b")


def main() -> int:
    """Return 1 if something is too long or decays, after printing the longest of each."""
    files: list[tuple[int, str]] = []
    functions: list[tuple[int, str]] = []
    words: list[str] = []
    for path in sorted(Path("src").rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        files.append((text.count("\n"), str(path)))
        words += [f"{path}: {word.group()}" for word in DECAY.finditer(text)]
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                length = (node.end_lineno or node.lineno) - node.lineno + 1 - _described(node)
                functions.append((length, f"{path}:{node.lineno} {node.name}"))
    for title, rows in (("files", files), ("functions", functions)):
        print(f"longest {title}:")
        for length, name in sorted(rows, reverse=True)[:10]:
            print(f"  {length:4d}  {name}")
    too_long = [
        f"{name} is longer than {limit} lines"
        for rows, limit in ((files, LONGEST_FILE), (functions, LONGEST_FUNCTION))
        for length, name in rows
        if length > limit
    ]
    for line in (*words, *too_long):
        print(f"refused: {line}")
    return 1 if words or too_long else 0


def _described(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Return the lines of a docstring: explaining arguments does not make a function long."""
    if ast.get_docstring(function) is None:
        return 0
    docstring = function.body[0]
    return (docstring.end_lineno or docstring.lineno) - docstring.lineno + 1


if __name__ == "__main__":
    sys.exit(main())
