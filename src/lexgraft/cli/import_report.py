"""What `terms import` prints: what was understood of each file, and what became of its rows."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from lexgraft.cli.output import print_line, print_table

if TYPE_CHECKING:
    from lexgraft.terms.readers import FileImport
    from lexgraft.terms.readers.import_log import ImportLog
    from lexgraft.terms.readers.table_account import TableAccount

_LINES = 3  # named per reason
_SHOWN = 40  # reasons on the screen; all are in the JSON


def show_import(readings: Sequence["FileImport"]) -> None:
    """Print what each file was taken for, what was understood, and what became of its rows."""
    for reading in readings:
        print_line(f"{Path(reading.path).name}: {reading.format} ({reading.why})")
        for table in reading.tally.tables:
            _show_table(table)
    columns = ["rows", "kept", "left out", "refused", "concepts", "forbidden", "pending"]
    rows = [["file", *columns]]
    for reading in readings:
        tally = reading.tally
        left_out = sum(passed.count for passed in tally.left_out.values())
        numbers = (tally.read, tally.kept, left_out, tally.refusals, reading.concepts)
        counts = (*numbers, tally.forbidden, tally.pending)
        rows.append([Path(reading.path).name, *(f"{number:,}" for number in counts)])
    print_table("Imported", rows)
    for reading in readings:
        _show_reasons(reading.tally)


def _show_table(table: "TableAccount") -> None:
    """Print what was understood of a table, and how to say otherwise."""
    where = f"sheet `{table.sheet}`: " if table.sheet else ""
    header = ", ".join(map(str, table.header_rows)) or "none"
    titles = f", {len(table.title_rows)} lines above it not read" if table.title_rows else ""
    encoding = f"; {table.encoding}: {table.encoding_reason}" if table.encoding else ""
    print_line(f"{where}header in line {header}{titles}{encoding}")
    rows = [["column", "header", "read as", "because", "for example"]]
    rows += [
        [
            str(column.number),
            column.header,
            "not read" if column.meaning == "ignore" else column.meaning,
            column.reason,
            " · ".join(column.examples),
        ]
        for column in table.columns
        if column.header or column.examples
    ]
    print_table(table.sheet or "Columns", rows)
    print_line(
        f"{where}{table.rows:,} rows: {table.kept:,} kept, {table.left_out:,} left out, "
        f"{table.refused:,} refused; "
        f"{table.forbidden:,} forbidden and {table.pending:,} pending terms"
    )
    print_line(f"to say otherwise: {table.command}")


def _show_reasons(tally: "ImportLog") -> None:
    groups = (("left out", tally.left_out), ("not taken", tally.texts), ("look", tally.warnings))
    for kind, counts in groups:
        for reason, passed in list(counts.items())[:_SHOWN]:
            lines = ", ".join(str(line) for line in passed.lines[:_LINES])
            ellipsis = " …" * (passed.count > _LINES)
            print_line(f"{kind}: {passed.count:,} × {reason} (line {lines}{ellipsis})")
    for refusal in tally.refused[:_SHOWN]:
        sheet = f"sheet `{refusal.sheet}`, " if refusal.sheet else ""
        named = f" (id {refusal.id})" if refusal.id else ""
        print_line(f"refused: {sheet}line {refusal.line}{named}: {refusal.reason}: {refusal.text}")
        if refusal.cure:
            print_line(f"  → {refusal.cure}")
    if tally.refusals > _SHOWN:
        print_line(f"refused: {tally.refusals - _SHOWN:,} more, in the JSON beside the output")
