"""What became of every row of a file: kept, left out by a rule, refused as faulty."""

from msgspec import Struct

from lexgraft.errors import LexgraftError

_LISTED = 1000  # refused rows that are listed one by one; all are counted
_FIRST = 10  # line numbers kept of rows that are left out by a rule


class RefusedRow(Struct, frozen=True):
    """A row that could not be used: where, why, and how it starts."""

    line: int
    reason: str
    text: str = ""


class RuleCount(Struct):
    """How many rows a rule concerns, and the lines of the first of them."""

    count: int = 0
    lines: list[int] = []


class ImportLog(Struct):
    """What became of every row of a file: read = kept + skipped + refused.

    A row, and a text in it (a term or definition of a row that is kept), is skipped where a rule of
    the format or an option of the user leaves it out, refused where it is faulty, and warned of
    where it is taken but odd. If `strict`, what would be refused is an error.

                 left out by a rule    faulty             kept, but odd
        row      skip_row              refuse_row         warn
        text     skip_text             refuse_text        warn

    A reader counts `read` and `kept` itself.
    """

    where: str = ""
    strict: bool = False  # the first refusal is an error
    read: int = 0
    kept: int = 0
    left_out: dict[str, RuleCount] = {}  # rows, by a rule of the format, e.g. `inactive`
    refused: list[RefusedRow] = []
    refusals: int = 0  # also of those that are no longer listed
    warnings: dict[str, RuleCount] = {}
    texts: dict[str, RuleCount] = {}  # texts of kept rows that were skipped or refused

    def skip_row(self, line: int, reason: str, count: int = 1) -> None:
        """Count a row, or several, that a rule of the format leaves out."""
        _count(self.left_out, line, reason, count)

    def refuse_row(self, line: int, reason: str, text: str = "", cure: str = "") -> None:
        """Count and list a row that cannot be used.

        Raises:
            LexgraftError: the log is strict.
        """
        self._raise(line, reason, text, cure)
        self.refusals += 1
        if len(self.refused) < _LISTED:
            self.refused.append(RefusedRow(line, reason, text[:80]))

    def skip_text(self, line: int, reason: str) -> None:
        """Count a text of a kept row that a rule or an option leaves out."""
        _count(self.texts, line, reason)

    def refuse_text(self, line: int, reason: str, text: str) -> None:
        """Count a faulty text of a row that is kept without it.

        Raises:
            LexgraftError: the log is strict.
        """
        self._raise(line, reason, text)
        _count(self.texts, line, reason)

    def warn(self, line: int, warning: str) -> None:
        """Count a row that was kept though something about it is odd."""
        _count(self.warnings, line, warning)

    def _raise(self, line: int, reason: str, text: str, cure: str = "") -> None:
        if self.strict:
            message = f"{reason}: {text[:40]!r}" if text else reason
            cure = cure or "mend it, or leave such rows out with `lexgraft terms import`"
            raise LexgraftError(message, where=f"{self.where}:{line}", cure=cure)


def _count(counts: dict[str, RuleCount], line: int, reason: str, count: int = 1) -> None:
    rule = counts.setdefault(reason, RuleCount())
    rule.count += count
    if len(rule.lines) < _FIRST:
        rule.lines.append(line)
