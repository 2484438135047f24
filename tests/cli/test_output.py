"""Printed text is text: nothing that anybody wrote is obeyed, swallowed or taken for a line."""

import ast
import io
import json
import sys
from pathlib import Path

import pytest

import lexgraft
from lexgraft.cli import main
from lexgraft.cli.output import (
    print_content,
    print_json,
    print_json_line,
    print_line,
    print_mistake,
    print_table,
    print_text,
    printable,
)
from lexgraft.cli.progress import ProgressBars
from lexgraft.errors import LexgraftError

HOSTILE = (
    "\x1b[2J\x1b]0;title\x07",
    "\x9b31m",
    "\u202eenod",
    "\u2066a\u2069",
    "\r0 errors",
    "\x00\x08",
    "\u2028forged",
    "\ud800",
    "\udcff",
    "\U000e0041",
)
PLAIN = ("benzo[a]pyrene", "[/kg]", "[link=x]y[/link]", ":smile:", "model[v1]", "{x}", "頻脈 🫀 é")


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        """Return that it is one."""
        return True


def obeyed(text: str) -> list[str]:
    """Return what of HOSTILE a terminal would see as it is; colours of our own are taken off."""
    return [
        sign for hostile in HOSTILE for sign in hostile if not sign.isprintable() and sign in text
    ]


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_is_obeyed_whatever_door_it_leaves_by(
    text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    print_line(text)
    print_text(f"a\n{text}")
    print_table(text, [["name", text], [text, "1"]])
    print_json({"name": text})
    print_json_line({text: text})
    print_mistake(LexgraftError(text, where=text, cure=text))
    said = capsys.readouterr()
    assert obeyed(said.out.replace("\n", "")) == []
    assert obeyed(said.err.replace("\n", "")) == []


@pytest.mark.parametrize("text", PLAIN)
def test_what_looks_like_markup_is_shown(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert printable(text) == text
    print_table(text, [["name"], [text]])
    print_line(text)
    with ProgressBars() as bars:
        bars(text, 1, 1)
    said = capsys.readouterr()
    assert said.out.count(text) == 3
    assert text in said.err


@pytest.mark.parametrize("text", [*HOSTILE, *PLAIN])
def test_bars_on_a_terminal_show_and_do_not_obey(
    text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stderr", terminal := Terminal())
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "120")
    with ProgressBars() as bars:
        bars(f"read {text}", 1, 2)
    shown = terminal.getvalue()
    assert printable(text) in shown
    assert text in PLAIN or text not in shown


def test_json_that_is_printed_is_the_record(capsys: pytest.CaptureFixture[str]) -> None:
    for text in (*HOSTILE, *PLAIN):
        print_json({text: [text]})
        assert json.loads(capsys.readouterr().out) == {text: [text]}


def test_a_line_stays_a_line_and_a_mistake_cannot_forge_another(
    capsys: pytest.CaptureFixture[str],
) -> None:
    print_line("a\nb")
    print_mistake(LexgraftError("x\nlexgraft: forged", where="f\nlexgraft: forged", cure="y\nz"))
    said = capsys.readouterr()
    assert said.out == "a\\nb\n"
    assert [line for line in said.err.splitlines() if line.startswith("lexgraft")] == [
        "lexgraft: f\\nlexgraft: forged: x"
    ]


def test_content_is_piped_as_it_is_and_shown_on_a_terminal(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for stream, expected in ((io.StringIO(), "\u200fa\tb\n"), (Terminal(), "\\u200fa\tb\n")):
        monkeypatch.setattr(sys, "stdout", stream)
        print_content("\u200fa\tb")
        assert stream.getvalue() == expected


def test_a_terminal_without_the_characters_shows_their_numbers(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stderr", io.TextIOWrapper(raw, "ascii", write_through=True))
    assert main(["verify", str(tmp_path / "頻脈")]) == 2
    assert b"\\u983b\\u8108" in raw.getvalue()


def test_mistakes_on_the_command_line_pass_the_door(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["\x1b[2Jverb"])
    with pytest.raises(SystemExit):
        main(["serve", "m", "--port", "\x1b[2J"])
    assert main(["plan", "p", "--js\x1b[2Jon"]) == 2
    assert "\x1b" not in capsys.readouterr().err


def test_nothing_prints_past_the_door() -> None:
    root = Path(lexgraft.__file__).parent
    past: list[str] = []
    for path in sorted(root.rglob("*.py")):
        if path == root / "cli" / "output.py":
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            name = ast.unparse(node.func) if isinstance(node, ast.Call) else ""
            writes = name in {"print", "Console", "pprint"} or name.startswith(
                ("sys.stdout.w", "sys.stderr.w", "sys.__std", "traceback.print", "warnings.warn")
            )
            if writes:
                past.append(f"{path.relative_to(root)}:{getattr(node, 'lineno', 0)}: {name}")
    assert past == []
