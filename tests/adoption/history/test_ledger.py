"""The ledger is only added to; what was changed, taken out, moved or cut is noticed."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from releases import add, item_set, release

from lexgraft.adoption.history.ledger import Look, read_ledger
from lexgraft.errors import LexgraftError

ITEMS = item_set({"law": 4})
MAY, JUNE, JULY = (
    release(name, ITEMS, [bool(number & 1 << place) for place in range(4)])
    for number, name in enumerate(("may", "june", "july"), 3)
)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "releases.jsonl"
    add(path, ITEMS, MAY)
    add(path, ITEMS, JUNE)
    return path


def test_what_was_added_is_read_again(file: Path):
    ledger = read_ledger(file)
    assert ledger.releases == (MAY, JUNE)
    assert ledger.item_sets == {ITEMS.digest: ITEMS}
    assert ledger.lines == len(file.read_bytes().splitlines()) == 3


def test_adding_changes_no_line_that_was_there(file: Path):
    before = file.read_bytes()
    ledger = add(file, ITEMS, JULY)
    assert file.read_bytes().startswith(before)
    assert ledger.releases == (MAY, JUNE, JULY)
    assert read_ledger(file) == ledger


def test_a_run_that_is_there_is_not_added_again(file: Path):
    before = file.read_bytes()
    assert add(file, ITEMS, MAY).releases == (MAY, JUNE)
    assert file.read_bytes() == before


def other_answers(lines: list[bytes]) -> list[bytes]:
    return [lines[0], lines[1].replace(b'"right":"1', b'"right":"0'), lines[2]]


def one_out(lines: list[bytes]) -> list[bytes]:
    return [lines[0], lines[2]]


def in_another_order(lines: list[bytes]) -> list[bytes]:
    return [lines[0], lines[2], lines[1]]


def one_twice(lines: list[bytes]) -> list[bytes]:
    return [*lines, lines[1]]


def something_else(lines: list[bytes]) -> list[bytes]:
    return [*lines, b"release,model"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (other_answers, "changed"),
        (one_out, "taken out"),
        (in_another_order, "moved"),
        (one_twice, "added"),
        (something_else, "no line of a ledger"),
    ],
)
def test_what_was_changed_is_refused_and_not_added_to(
    file: Path, change: Callable[[list[bytes]], list[bytes]], said: str
):
    harmed = b"\n".join(change(file.read_bytes().splitlines())) + b"\n"
    file.write_bytes(harmed)
    for refused in (lambda: read_ledger(file), lambda: add(file, ITEMS, JULY)):
        with pytest.raises(LexgraftError, match=said):
            refused()
    assert file.read_bytes() == harmed


@pytest.mark.parametrize("cut", [1, 5, 40])
def test_a_line_that_a_kill_has_cut_was_never_written(file: Path, cut: int):
    whole = file.read_bytes()
    last = whole.splitlines()[-1]
    file.write_bytes(whole[: -len(last) - 1 + cut])
    assert read_ledger(file).releases == (MAY,)
    add(file, ITEMS, JUNE)
    assert file.read_bytes() == whole


def test_a_last_line_without_its_line_break_is_a_line(file: Path):
    whole = file.read_bytes()
    file.write_bytes(whole.removesuffix(b"\n"))
    assert read_ledger(file).releases == (MAY, JUNE)
    assert add(file, ITEMS, JULY).releases == (MAY, JUNE, JULY)
    assert file.read_bytes().startswith(whole)
    assert read_ledger(file).releases == (MAY, JUNE, JULY)


def test_a_last_line_without_its_line_break_that_was_changed_is_refused(file: Path):
    harmed = b"\n".join(other_answers(file.read_bytes().splitlines())[:2])
    file.write_bytes(harmed)
    for refused in (lambda: read_ledger(file), lambda: add(file, ITEMS, JULY)):
        with pytest.raises(LexgraftError, match="it was changed"):
            refused()
    assert file.read_bytes() == harmed


def test_a_ledger_of_nothing_but_a_cut_line_is_empty(tmp_path: Path):
    for cut in (b"", b'{"num', b'{"number":0,"before":"0'):
        (tmp_path / "cut").write_bytes(cut)
        assert read_ledger(tmp_path / "cut").lines == 0


def test_a_look_takes_its_place_and_is_written_once(file: Path):
    look = Look("terms", "candidate", JULY.answers, JUNE.answers)
    ledger = add(file, look)
    assert (ledger.lines, ledger.releases) == (4, (MAY, JUNE))
    assert add(file, look).lines == 4
    other = Look("terms", "candidate", JULY.answers, MAY.answers)
    numbers = [
        ledger.number_of(one) for one in map(ledger.comparison_of, (JUNE, look, other)) if one
    ]
    assert numbers == [1, 2, 3]


def test_another_file_is_never_written_to(tmp_path: Path):
    others = (
        b'{"number":1,"title":"thesis"}',
        b'{"number":0,"title',
        b'{"number":0,"before":"00"}',
    )
    for content in (b"term,translation\nfever,x\n", b"notes", b"[1]\n", *others):
        other = tmp_path / "other"
        other.write_bytes(content)
        with pytest.raises(LexgraftError, match="no line of a ledger"):
            add(other, ITEMS, MAY)
        assert other.read_bytes() == content
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "new")
    with pytest.raises(LexgraftError, match="not a file of its own"):
        add(link, ITEMS, MAY)


ADD = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from releases import add, item_set, release
items = item_set({"law": 4})
for number in range(5):
    add(Path(sys.argv[2]), items, release(f"{sys.argv[3]} {number}", items, [True] * 4))
"""


def test_two_that_add_at_once_wait_for_each_other(tmp_path: Path):
    file, tests = tmp_path / "releases.jsonl", Path(__file__).parents[2]
    running = [
        subprocess.Popen([sys.executable, "-c", ADD, str(tests), str(file), name])
        for name in ("a", "b")
    ]
    assert [process.wait() for process in running] == [0, 0]
    assert len(read_ledger(file).releases) == 10
    assert [json.loads(line)["number"] for line in file.read_bytes().splitlines()] == [*range(11)]
