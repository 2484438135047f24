"""Text for Markdown and YAML that cannot break out of its place."""

from collections.abc import Sequence

_SPECIAL = str.maketrans({sign: f"\\{sign}" for sign in "\\`*_{}[]<>|#!~$&"})


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table, empty without rows."""
    if not rows:
        return ""
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def line(text: str) -> str:
    """Return a text on one line."""
    return " ".join(text.split())


def text(plain: str) -> str:
    """Return a text that Markdown shows as it is."""
    return line(plain).translate(_SPECIAL)


def code(plain: str) -> str:
    """Return a text for between backticks."""
    return line(plain).replace("`", "'").replace("|", "\\|")


def quoted(text: str) -> str:
    """Return a text as a double-quoted YAML scalar (YAML 1.2, section 5.7)."""
    signs = (
        f"\\{sign}" if sign in '\\"' else sign if sign.isprintable() else f"\\U{ord(sign):08X}"
        for sign in text
    )
    return f'"{"".join(signs)}"'
