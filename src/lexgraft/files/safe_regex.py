"""Regular expressions from strangers: refused when they may take forever."""

import math
import re

from lexgraft.errors import LexgraftError

LENGTH = 4_096  # characters
REPEATS = 6  # unbounded repetitions within one alternative; known tokenizers have 3
OPTIONS = 16  # parts within one alternative that may be there or not; known tokenizers have 2
COUNT = 1_000  # the largest repetition that is written as a number
_BACK = re.compile(r"\\(?:[1-9]|k[<'{]|g[<'])")
_COUNTED = re.compile(r"\{(\d*)(,?)(\d*)\}")


class _RegexGroup:
    """What an open group holds so far."""

    def __init__(self) -> None:
        self.alternatives, self.repeats, self.most = 1, 0, 0
        self.options, self.optional = 0, 0

    def repeat(self) -> None:
        """Count one unbounded repetition."""
        self.repeats += 1
        self.most = max(self.most, self.repeats)

    def option(self) -> None:
        """Count one part that may be there or not, or a few times more or less."""
        self.options += 1
        self.optional = max(self.optional, self.options)

    def alternate(self) -> None:
        """Begin another alternative."""
        self.alternatives, self.repeats, self.options = self.alternatives + 1, 0, 0

    @property
    def is_open(self) -> bool:
        """Whether one text can be matched in more than one way."""
        return self.alternatives > 1 or self.most > 0 or self.optional > 0


def check_pattern(pattern: str, where: str) -> None:
    """Raise when a pattern repeats what repeats, refers back, or is longer than any known one.

    A group that is repeated may hold neither alternatives, nor repetition, nor optional parts: that
    is what makes a backtracking engine try exponentially many ways.
    """
    if len(pattern) > LENGTH:
        raise _refused(f"{len(pattern):,} characters long, over {LENGTH:,}", where)
    groups, closed, offset = [_RegexGroup()], _RegexGroup(), 0
    while offset < len(pattern):
        if _BACK.match(pattern, offset):
            raise _refused("it refers back to a group", where)
        min_repeats, max_repeats, end = _repetition(pattern, offset, where)
        if max_repeats > 1 and closed.is_open:
            raise _refused("it repeats a group that repeats or has alternatives", where)
        if max_repeats == math.inf:
            groups[-1].repeat()
        elif max_repeats > min_repeats:
            groups[-1].option()
        end = end if end > offset else _after(pattern, offset)
        closed = _bracket(groups, pattern[offset]) if end == offset + 1 else _RegexGroup()
        offset = end
        _check_row(groups[-1], where)


def _check_row(group: _RegexGroup, where: str) -> None:
    """Raise where one alternative holds too much of what may be longer or shorter."""
    if group.repeats > REPEATS:
        raise _refused(f"more than {REPEATS} unbounded repetitions in a row", where)
    if group.options > OPTIONS:
        raise _refused(f"more than {OPTIONS} optional parts in a row", where)


def _bracket(groups: list[_RegexGroup], sign: str) -> _RegexGroup:
    """Open, divide or close a group; return the one that was closed, or an empty one."""
    if sign == ")" and len(groups) > 1:
        closed = groups.pop()
        for _ in range(closed.most):
            groups[-1].repeat()
        for _ in range(closed.optional):
            groups[-1].option()
        return closed
    if sign == "(":
        groups.append(_RegexGroup())
    elif sign == "|":
        groups[-1].alternate()
    return _RegexGroup()


def _repetition(pattern: str, offset: int, where: str) -> tuple[int, float, int]:
    """Return how often at least and at most a part is repeated, and where that ends.

    Where no repetition stands it is once, and ends where it begins.
    """
    if pattern[offset] in "*+?" and not (
        offset and pattern[offset - 1] == "(" and pattern[offset] == "?"
    ):
        end = offset + 1
        while end < len(pattern) and pattern[end] in "+?":
            end += 1
        return int(pattern[offset] == "+"), 1 if pattern[offset] == "?" else math.inf, end
    counted = _COUNTED.match(pattern, offset)
    if counted is None or not (counted[1] or counted[3]):
        return 1, 1, offset
    if any(
        len(number) > len(str(COUNT)) or int(number or 0) > COUNT for number in counted.group(1, 3)
    ):
        raise _refused(f"a repetition of more than {COUNT:,}", where)
    min_repeats = int(counted[1] or 0)
    max_repeats = int(counted[3]) if counted[3] else math.inf if counted[2] else min_repeats
    return min_repeats, max_repeats, counted.end()


def _after(pattern: str, offset: int) -> int:
    """Return where the atom that begins here ends."""
    if pattern[offset] == "\\":
        brace = pattern[offset + 1 : offset + 3] in {"p{", "P{", "x{", "u{"}
        return pattern.find("}", offset) + 1 if brace and "}" in pattern[offset:] else offset + 2
    if pattern[offset] != "[":
        return offset + 1
    depth, offset = 1, offset + 1
    offset += pattern[offset : offset + 1] == "^"
    offset += pattern[offset : offset + 1] == "]"
    while offset < len(pattern) and depth:
        sign = pattern[offset]
        depth += (sign == "[") - (sign == "]")
        offset += 2 if sign == "\\" else 1
    return offset


def _refused(why: str, where: str) -> LexgraftError:
    """Return the error for a pattern that is not accepted."""
    return LexgraftError(
        f"a regular expression is refused: {why}",
        where=where,
        cure="get the tokenizer again from its source",
    )
