"""Prints the longest files and functions; fails on files over 400 lines and on words of decay."""

import ast
import re
import sys
from pathlib import Path

LONGEST_FILE = 400
DECAY = re.compile(r"\b(legacy|TODO|FIXME|HACK)\b|_v2\b|_old\b")


def main() -> int:
    """Return 1 if something is too long or decays, after printing the longest of each."""
    files: list[tuple[int, str]] = []
    functions: list[tuple[int, str]] = []
    words: list[str] = []
    for path in sorted(Path("src").rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        files.append((text.count("\n"), str(path)))
        words += [f"{path}: {found.group()}" for found in DECAY.finditer(text)]
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                length = (node.end_lineno or node.lineno) - node.lineno + 1
                functions.append((length, f"{path}:{node.lineno} {node.name}"))
    for title, rows in (("files", files), ("functions", functions)):
        print(f"longest {title}:")
        for length, name in sorted(rows, reverse=True)[:10]:
            print(f"  {length:4d}  {name}")
    too_long = [name for length, name in files if length > LONGEST_FILE]
    for line in (*words, *(f"{name} is longer than {LONGEST_FILE} lines" for name in too_long)):
        print(f"refused: {line}")
    return 1 if words or too_long else 0


if __name__ == "__main__":
    sys.exit(main())
