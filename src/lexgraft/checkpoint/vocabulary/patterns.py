"""Regular expressions from strangers: refused when they may take forever."""

import re

from lexgraft.errors import UserError

LENGTH = 4_096  # characters
REPEATS = 6  # unbounded repetitions within one alternative; known tokenizers have 3
COUNT = 1_000  # the largest repetition that is written as a number
_BACK = re.compile(r"\\(?:[1-9]|k[<'{]|g[<'])")
_COUNTED = re.compile(r"\{(\d*)(,?)(\d*)\}")


class _Group:
    """What an open group holds so far."""

    def __init__(self) -> None:
        self.alternatives, self.repeats, self.most = 1, 0, 0

    def repeat(self) -> None:
        """Count one unbounded repetition."""
        self.repeats += 1
        self.most = max(self.most, self.repeats)

    def alternate(self) -> None:
        """Begin another alternative."""
        self.alternatives, self.repeats = self.alternatives + 1, 0


def check_pattern(pattern: str, where: str) -> None:
    """Raise when a pattern repeats what repeats, refers back, or is longer than any known one.

    A group that is repeated without bound may hold neither alternatives nor unbounded repetition:
    that is what makes a backtracking engine try exponentially many ways.
    """
    if len(pattern) > LENGTH:
        raise _refused(f"{len(pattern):,} characters long, over {LENGTH:,}", where)
    groups, closed, at = [_Group()], _Group(), 0
    while at < len(pattern):
        if _BACK.match(pattern, at):
            raise _refused("it refers back to a group", where)
        unbounded, end = _repetition(pattern, at, where)
        if unbounded:
            if closed.alternatives > 1 or closed.most:
                raise _refused("it repeats a group that repeats or has alternatives", where)
            groups[-1].repeat()
        end = end if end > at else _after(pattern, at)
        closed = _bracket(groups, pattern[at]) if end == at + 1 else _Group()
        at = end
        if groups[-1].repeats > REPEATS:
            raise _refused(f"more than {REPEATS} unbounded repetitions in a row", where)


def _bracket(groups: list[_Group], sign: str) -> _Group:
    """Open, divide or close a group; return the one that was closed, or an empty one."""
    if sign == ")" and len(groups) > 1:
        closed = groups.pop()
        for _ in range(closed.most):
            groups[-1].repeat()
        return closed
    if sign == "(":
        groups.append(_Group())
    elif sign == "|":
        groups[-1].alternate()
    return _Group()


def _repetition(pattern: str, at: int, where: str) -> tuple[bool, int]:
    """Return whether an unbounded repetition stands here, and where it ends (`at`: none does)."""
    if pattern[at] in "*+?" and not (at and pattern[at - 1] == "(" and pattern[at] == "?"):
        end = at + 1
        while end < len(pattern) and pattern[end] in "+?":
            end += 1
        return pattern[at] != "?", end
    counted = _COUNTED.match(pattern, at)
    if counted is None or not (counted[1] or counted[3]):
        return False, at
    if any(
        len(number) > len(str(COUNT)) or int(number or 0) > COUNT for number in counted.group(1, 3)
    ):
        raise _refused(f"a repetition of more than {COUNT:,}", where)
    return bool(counted[2]) and not counted[3], counted.end()


def _after(pattern: str, at: int) -> int:
    """Return where the atom that begins here ends."""
    if pattern[at] == "\\":
        brace = pattern[at + 1 : at + 3] in {"p{", "P{", "x{", "u{"}
        return pattern.find("}", at) + 1 if brace and "}" in pattern[at:] else at + 2
    if pattern[at] != "[":
        return at + 1
    depth, at = 1, at + 1
    at += pattern[at : at + 1] == "^"
    at += pattern[at : at + 1] == "]"
    while at < len(pattern) and depth:
        sign = pattern[at]
        depth += (sign == "[") - (sign == "]")
        at += 2 if sign == "\\" else 1
    return at


def _refused(why: str, where: str) -> UserError:
    """Return the error for a pattern that is not accepted."""
    return UserError(
        f"a regular expression is refused: {why}",
        where=where,
        cure="get the tokenizer again from its source",
    )
