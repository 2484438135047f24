"""Errors a user can act on: what is wrong, where, what to do, and the nearest known name."""

from collections.abc import Iterable
from difflib import get_close_matches


class LexgraftError(Exception):
    """A mistake that the user can mend: one message, no traceback, exit status 2."""

    def __init__(self, what: str, *, where: str = "", cure: str = "") -> None:
        self.what, self.where, self.cure = what, where, cure
        prefix = f"{where}: " if where else ""
        remedy = f"\n  → {cure}" if cure else ""
        super().__init__(f"{prefix}{what}{remedy}")


def nearest(name: str, candidates: Iterable[str]) -> str:
    """Return `did you mean …?`, or the list of known names when none is near."""
    names = sorted(set(candidates))
    close = get_close_matches(name, names, n=1, cutoff=0.6)
    if close:
        return f"did you mean `{close[0]}`?"
    return f"known: {', '.join(names)}" if names else "there are none: leave it out"
