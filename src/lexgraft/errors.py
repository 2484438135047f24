"""Errors a user can act on: what is wrong, where, what to do, and the nearest known name."""

from bisect import bisect
from collections.abc import Iterable
from difflib import SequenceMatcher
from pathlib import Path

NEAR = 0.65  # likeness from which a name is offered
SHORTEST = 4  # letters of a name that may be the beginning of another
LESS = 0.05  # what a beginning counts less than the whole
COMPARED = 1000  # names on either side: of a whole vocabulary, those that begin alike
LISTED = 100  # names that a message holds at most

_names: dict[str, str] = {}  # a folder that stands in for another place → what the user calls it


class LexgraftError(Exception):
    """A mistake that the user can mend: one message, no traceback, exit status 2."""

    def __init__(self, what: str, *, where: str = "", cure: str = "") -> None:
        what, where, cure = as_called(what), as_called(where), as_called(cure)
        self.what, self.where, self.cure = what, where, cure
        prefix = f"{where}: " if where else ""
        remedy = f"\n  → {cure}" if cure else ""
        super().__init__(f"{prefix}{what}{remedy}")

    def __reduce__(self) -> tuple[object, ...]:
        """Travel between processes in three parts, as it was raised."""
        return LexgraftError._again, (self.what, self.where, self.cure)

    @staticmethod
    def _again(what: str, where: str, cure: str) -> "LexgraftError":
        return LexgraftError(what, where=where, cure=cure)


def call_place(folder: Path, name: str) -> None:
    """Let messages name a place as the user does, not by the folder that stands in for it."""
    _names[str(folder)] = name


def as_called(text: object) -> str:
    """Return text with the places in it as the user calls them.

    Example:
        >>> as_called("models/base")
        'models/base'
    """
    shown = str(text)
    for folder, name in _names.items():
        shown = shown.replace(folder, name)
    return shown


def path_of(value: object, what: str) -> Path:
    """Return a path from what a caller gave for one.

    Raises:
        LexgraftError: it is neither a str nor a Path, for example a list of them.
    """
    if isinstance(value, str | Path):
        return Path(value)
    raise LexgraftError(
        f"{what}: a {type(value).__name__}, and a path is wanted",
        cure="give a str or a pathlib.Path; of a list each one by itself, as in f(*files)",
    )


def nearest(name: str, candidates: Iterable[str]) -> str:
    """Return `did you mean …?`, or the list of known names when none is near.

    A name that was cut short is near, too: `--opne` to `--open-sealed`.
    """
    sorted_names = sorted(set(candidates))
    place = bisect(sorted_names, name)
    names = sorted_names[max(0, place - COMPARED) : place + COMPARED]
    scores = {candidate: _likeness(name, candidate) for candidate in names}
    best = max(names, key=lambda candidate: scores[candidate], default="")
    if best and scores[best] >= NEAR:
        return f"did you mean `{best}`?"
    if not sorted_names:
        return "there are none: leave it out"
    unlisted = len(sorted_names) - LISTED
    return f"known: {', '.join(sorted_names[:LISTED])}" + f" and {unlisted:,} more" * (unlisted > 0)


def _likeness(name: str, candidate: str) -> float:
    """Return how alike two names are in [0, 1], dashes of options left out."""
    name, candidate = name.lstrip("-"), candidate.lstrip("-")
    ratio = SequenceMatcher(None, name, candidate).ratio()
    if len(name) >= SHORTEST:
        ratio = max(ratio, SequenceMatcher(None, name, candidate[: len(name)]).ratio() - LESS)
    return ratio
