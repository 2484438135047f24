"""What became of every row of a file: kept, left out by a rule, refused as faulty."""

from msgspec import Struct

from lexgraft.errors import LexgraftError
from lexgraft.records import Concept
from lexgraft.terms.readers.table_account import TableAccount

_LISTED = 1000  # refused rows that are listed one by one; all are counted
_FIRST = 10  # line numbers kept of rows that are left out by a rule
_NAMED = 20  # refused rows that an error names


class RefusedRow(Struct, frozen=True):
    """A row, or a text in one, that could not be used: where, why, and how it starts."""

    line: int
    reason: str
    text: str = ""
    id: str = ""
    cure: str = ""
    sheet: str = ""


class RuleCount(Struct):
    """How many rows a rule concerns, and the lines of the first of them."""

    count: int = 0
    lines: list[int] = []


class ImportLog(Struct):
    """What became of every row of a file: read = kept + skipped + refused.

    A row, and a text in it (a term or definition of a row that is kept), is skipped where a rule of
    the format or an option of the user leaves it out, refused where it is faulty, and warned of
    where it is taken but odd.

                 left out by a rule    faulty             kept, but odd
        row      skip_row              refuse_row         warn
        text     skip_text             refuse_text        warn

    A reader counts `read` and `kept` itself.
    """

    where: str = ""
    read: int = 0
    kept: int = 0
    left_out: dict[str, RuleCount] = {}  # rows, by a rule of the format, e.g. `inactive`
    refused: list[RefusedRow] = []
    refusals: int = 0  # also of those that are no longer listed
    warnings: dict[str, RuleCount] = {}
    texts: dict[str, RuleCount] = {}  # texts of kept rows that were skipped or refused
    refused_texts: list[RefusedRow] = []
    text_refusals: int = 0
    pending: int = 0  # terms
    forbidden: int = 0
    tables: list[TableAccount] = []
    apart: list[str] = []  # languages of which the file has columns for several regions
    keeps_regions: bool = False  # it was written by us: regions are told apart already
    sheet: str = ""  # being read, of a workbook with several

    def skip_row(self, line: int, reason: str, count: int = 1) -> None:
        """Count a row, or several, that a rule of the format leaves out."""
        self._count(self.left_out, line, reason, count)

    def refuse_row(
        self, line: int, reason: str, text: str = "", cure: str = "", concept: str = ""
    ) -> None:
        """Count and list a row that cannot be used."""
        self.refusals += 1
        if len(self.refused) < _LISTED:
            self.refused.append(RefusedRow(line, reason, text[:80], concept, cure, self.sheet))

    def skip_text(self, line: int, reason: str) -> None:
        """Count a text of a kept row that a rule or an option leaves out."""
        self._count(self.texts, line, reason)

    def refuse_text(self, line: int, reason: str, text: str, concept: str = "") -> None:
        """Count and list a faulty text of a row that is kept without it."""
        self._count(self.texts, line, reason)
        self.text_refusals += 1
        if len(self.refused_texts) < _LISTED:
            self.refused_texts.append(RefusedRow(line, reason, text[:80], concept, "", self.sheet))

    def warn(self, line: int, warning: str) -> None:
        """Count a row that was kept though something about it is odd."""
        self._count(self.warnings, line, warning)

    def note_statuses(self, concept: Concept) -> None:
        """Count a concept's terms that are not to be used."""
        for term in concept.terms:
            if not term.is_usable:
                self.pending += term.status == "pending"
                self.forbidden += term.status == "forbidden"

    def raise_refused(self) -> None:
        """Raise where a row or text was refused.

        Raises:
            LexgraftError: names the first of them, with lines and ids.
        """
        refused = [*self.refused, *self.refused_texts]
        if not refused:
            return
        cures = {row.cure for row in refused}
        mend = (cures.pop() if len(cures) == 1 else "") or "mend them"
        cure = (
            f"{mend}, or go on without: --leave-out-refused, in a project "
            "`terms.refused: leave-out`"
        )
        if len(refused) == 1:
            (row,) = refused
            raise LexgraftError(_said(row), where=f"{self.where}:{row.line}", cure=cure)
        count = self.refusals + self.text_refusals
        lines = [f"line {row.line}: {_said(row)}" for row in refused[:_NAMED]]
        more = [f"… and {count - _NAMED} more"] if count > _NAMED else []
        what = "\n".join([f"{count} rows or texts cannot be used", *lines, *more])
        raise LexgraftError(what, where=self.where, cure=cure)

    def _count(self, counts: dict[str, RuleCount], line: int, reason: str, count: int = 1) -> None:
        rule = counts.setdefault(
            f"sheet `{self.sheet}`: {reason}" if self.sheet else reason, RuleCount()
        )
        rule.count += count
        if len(rule.lines) < _FIRST:
            rule.lines.append(line)


def _said(row: RefusedRow) -> str:
    sheet = f"sheet `{row.sheet}`: " if row.sheet else ""
    named = f" (id {row.id})" if row.id else ""
    text = f": {row.text[:40]!r}" if row.text and row.text != row.id else ""
    return f"{sheet}{row.reason}{named}{text}"
