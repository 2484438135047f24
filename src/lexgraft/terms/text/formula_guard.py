"""Cells that a spreadsheet would run as a formula: led by an apostrophe, and read back without."""

import re

_RUNS = re.compile("[' \u3000]*[=+\\-@\t\r\n＝＋－＠]")  # full-width signs run, too
_MARK = "'"


def runs_as_formula(text: str) -> bool:
    """Return whether a spreadsheet may take a cell's text for a formula."""
    return _RUNS.match(text) is not None


def guarded(text: str) -> str:
    """Return a cell's text, led by an apostrophe where a spreadsheet may run it.

    Example:
        >>> guarded("-emia"), unguarded(guarded("-emia")), guarded("heart")
        ("'-emia", '-emia', 'heart')
    """
    return _MARK + text if _RUNS.match(text) else text


def unguarded(text: str) -> str:
    """Return the text that `guarded` was given."""
    return text[1:] if text.startswith(_MARK) and _RUNS.match(text[1:]) else text
