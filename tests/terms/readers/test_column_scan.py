"""Delimited text by columns, against Python's own split."""

from pathlib import Path
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lexgraft.terms.readers import column_scan as columns
from lexgraft.terms.readers.column_scan import FilePiece, pieces, skip_rows
from lexgraft.terms.readers.import_log import ImportLog

CELLS = st.one_of(
    st.text(st.sampled_from('aé漢"; '), max_size=8),
    st.integers(0, 10**19).map(str),
    st.sampled_from(["", "007", "-1", "1x", "NA"]),
)
ROWS = st.lists(st.lists(CELLS, min_size=1, max_size=5), max_size=12)


def read(path: Path, size: int, *, header: bool = False) -> list[FilePiece]:
    with patch.object(columns, "_PIECE", size):
        return list(pieces(path, b"\t", 3, header=header))


@settings(max_examples=60, deadline=None)
@given(ROWS, st.sampled_from(["\n", "\r\n"]), st.booleans(), st.integers(1, 60))
def test_the_cells_are_those_of_split_however_the_file_is_cut(
    tmp_path_factory: pytest.TempPathFactory,
    rows: list[list[str]],
    end: str,
    last: bool,  # noqa: FBT001 (drawn)
    size: int,
):
    path = tmp_path_factory.mktemp("columns") / "t.txt"
    lines = ["\t".join(row) for row in rows]
    text = end.join(lines) + end * (last and bool(lines))
    path.write_bytes(text.encode())
    expected = text.split(end)
    expected = expected[:-1] if not expected[-1] else expected
    found = read(path, size)

    whole = {
        int(line): [piece.text(row, column) for column in range(3)]
        for piece in found
        for row, line in enumerate(piece.lines)
    }
    assert whole == {
        number: line.split("\t") for number, line in enumerate(expected, 1) if line.count("\t") == 2
    }
    odd = [line for piece in found for line, _ in piece.odd]
    assert sorted(odd + list(whole)) == list(range(1, len(expected) + 1))
    for piece in found:
        for row in range(len(piece.lines)):
            cell = piece.text(row, 1)
            fits = cell.isascii() and cell.isdigit() and len(cell) <= 18
            assert piece.numbers(1)[row] == (int(cell) if fits else -1)
            assert piece.equals(1, b"NA")[row] == (cell == "NA")
            at = piece.offset + int(piece.starts(1)[row])
            size_of = int(piece.lengths(1)[row])
            assert path.read_bytes()[at : at + size_of].decode() == cell
        if len(piece.lines):
            short = [row for row in range(len(piece.lines)) if piece.lengths(1)[row] <= 7]
            texts = {piece.text(row, 1) for row in short}
            assert len({int(piece.codes(1)[row]) for row in short}) == len(texts)


def test_a_header_is_passed_over_but_counted_among_the_lines(tmp_path: Path):
    path = tmp_path / "t.txt"
    path.write_bytes(b"id\tactive\tterm\r\n1\t1\tx\r\n")
    (piece,) = read(path, 8, header=True)[-1:]
    assert piece.lines.tolist() == [2]
    assert piece.text(0, 2) == "x"


def test_digits_behind_a_letter_are_a_number(tmp_path: Path):
    path = tmp_path / "t.txt"
    path.write_bytes(b"C0000012\ta\tb\nX\ta\tb\n")
    (piece,) = read(path, 100)
    assert piece.numbers(0, skipped=1).tolist() == [12, -1]


def test_rows_that_are_left_out_are_counted_with_the_first_lines():
    tally = ImportLog()
    skip_rows(tally, np.arange(5, 25), "inactive")
    skip_rows(tally, np.arange(0), "suppressed")
    assert {reason: passed.count for reason, passed in tally.left_out.items()} == {"inactive": 20}
    assert tally.left_out["inactive"].lines == list(range(5, 15))
