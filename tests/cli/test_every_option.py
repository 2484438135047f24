"""Every verb is really called, every option has an effect or is refused, every example parses."""

import argparse
import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from socket import socket
from typing import Any

import pytest
from cli.calls import CALLS, REFUSED, Call

from lexgraft import cli
from lexgraft.cli.verb_parser import VERBS, Run, VerbParser, called, parser


def leaves(branch: VerbParser, *names: str) -> Iterator[tuple[str, VerbParser]]:
    """Yield the parsers that call something, by verb and job."""
    if not branch.subparsers():
        yield " ".join(names), branch
    for name, below in branch.subparsers().items():
        yield from leaves(below, *names, name)


LEAVES = dict(leaves(parser()))


def leaf_of(line: str) -> str:
    return next(name for name in LEAVES if f"{line} ".startswith(f"{name} "))


def differing(name: str, arguments: argparse.Namespace) -> set[str]:
    """Return the arguments that are not as they are by default."""
    actions = LEAVES[name].options()
    return {one.dest for one in actions if getattr(arguments, one.dest) != one.default}


class ReadNotes(argparse.Namespace):
    """Arguments that note which of them are read."""

    def __init__(self, arguments: argparse.Namespace) -> None:
        super().__init__(**vars(arguments))
        object.__setattr__(self, "noted", set())

    def __getattribute__(self, name: str) -> Any:
        if not name.startswith("_") and name != "noted":
            object.__getattribute__(self, "noted").add(name)
        return object.__getattribute__(self, name)


def adoption(folder: Path) -> Any:
    from lexgraft.adoption.project_verbs import Adoption
    from lexgraft.adoption.report import read_report

    return Adoption(read_report(folder / "old" / "report.json"), folder, folder, unchanged=True)


def evaluation(_folder: Path) -> Any:
    from lexgraft.evaluation.standalone import EvaluationRecord

    return EvaluationRecord(
        model="m",
        digest="d",
        scoring="plain",
        scores=(),
        crossed=0,
        announced_bytes=0,
        peak_bytes=0,
        seconds=0.0,
    )


def comparison(folder: Path) -> Any:
    from lexgraft.evaluation.compare_runs import compare

    return compare(lm_eval=[folder / "logs" / f"org__model-{name}" for name in "ab"])


def stub(call: Call, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put what only notes its arguments in the place of what the call would start."""
    if call.stub == "serve":

        def end(_gateway: object, _limits: object, listening: socket, _keys: object) -> None:
            listening.close()

        monkeypatch.setattr("lexgraft.serving.server.run", end)
        monkeypatch.setattr("asyncio.run", print)
        return
    if call.stub == "view":

        def ended(_server: object) -> None:
            raise KeyboardInterrupt

        monkeypatch.setattr("lexgraft.serving.loopback_pages.PageServer.serve_forever", ended)
        return
    makers = {"adopt": adoption, "evaluate": evaluation, "compare": comparison}
    outcome = makers[call.stub](folder)

    def note(*_: object, **__: object) -> Any:
        return outcome

    monkeypatch.setattr(f"lexgraft.{call.stub}", note, raising=False)


def test_every_verb_and_every_option_is_given_by_some_call() -> None:
    assert {name.partition(" ")[0] for name in LEAVES} == set(VERBS)
    given: dict[str, set[str]] = {name: set() for name in LEAVES}
    for call in CALLS:
        name = leaf_of(call.line)
        given[name] |= differing(name, called(shlex.split(call.line))[1])
    for name, leaf in LEAVES.items():
        assert {action.dest for action in leaf.options()} == given[name], name


def test_every_number_has_bounds_before_anything_is_loaded() -> None:
    """A bare `int` lets a negative limit through; three are judged where Python gives them too."""
    judged_below = {"seed", "alpha", "margin"}
    bare = {
        f"{name} --{action.dest}"
        for name, leaf in LEAVES.items()
        for action in leaf.options()
        if action.type in {int, float} and action.dest not in judged_below
    }
    assert not bare


@pytest.mark.parametrize(
    "line",
    [
        "serve model --port 99999",
        "serve model --concurrent 0",
        "serve model --timeout nan",
        "serve model --timeout x",
        "serve model --per-minute -3",
        "key keys.jsonl alice --days -3",
        "key keys.jsonl alice --days 99999999999",
        "key keys.jsonl alice --per-minute -3",
        "vocabulary plan base --least inf",
        "compare run --show -1",
    ],
)
def test_a_number_out_of_bounds_is_refused(line: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        called(shlex.split(line))
    assert "is not a number" in capsys.readouterr().err


@pytest.mark.parametrize(
    "call",
    [
        pytest.param(call, id=call.line, marks=[pytest.mark.slow] if call.slow else [])
        for call in CALLS
    ],
)
def test_a_call_ends_well_and_reads_every_option_it_was_given(
    call: Call,
    work: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for line in call.before:
        assert cli.main(shlex.split(line)) == 0
    if call.stub:
        stub(call, work, monkeypatch)
    run, arguments = called(shlex.split(call.line))
    notes = ReadNotes(arguments)
    capsys.readouterr()

    def noted(_: object) -> tuple[Run, argparse.Namespace]:
        return run, notes

    monkeypatch.setattr("lexgraft.cli.called", noted)
    assert cli.main([]) == call.status, capsys.readouterr().err
    assert differing(leaf_of(call.line), arguments) <= notes.noted
    if arguments.__dict__.get("json") or call.line == "schema":
        json.loads(capsys.readouterr().out)


@pytest.mark.parametrize(("line", "message"), REFUSED)
def test_an_option_without_effect_is_refused_with_what_has_one(
    line: str, message: str, work: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = sorted(work.rglob("*"))
    assert cli.main(shlex.split(line)) == 2
    assert message in capsys.readouterr().err
    assert sorted(work.rglob("*")) == before


def examples(text: str) -> list[str]:
    joined = text.replace("\\\n", " ")
    return re.findall(r"^\s*((?:torchrun .* -m )?lexgraft .*)$", joined, re.MULTILINE)


def test_every_example_of_the_help_parses() -> None:
    for name, leaf in [("", parser()), *LEAVES.items()]:
        lines = examples(leaf.epilog or "")
        assert lines, name
        for line in lines:
            called(shlex.split(line.partition("lexgraft ")[2]))


def test_every_example_of_a_group_of_jobs_parses() -> None:
    for branch in parser().subparsers().values():
        for line in examples(branch.epilog or ""):
            called(shlex.split(line.partition("lexgraft ")[2]))


def test_an_option_means_one_thing_in_all_verbs() -> None:
    meanings: dict[str, set[str]] = {}
    for leaf in LEAVES.values():
        for action in leaf.options():
            kind = getattr(action.type, "__name__", "")
            meaning = f"{type(action).__name__} {kind} {action.nargs} {action.choices}"
            for option in action.option_strings:
                meanings.setdefault(option, set()).add(meaning)
    del meanings["--against"]  # what to compare with: models of `compare`, the ledger of `gate`
    for option in ("-o", "--output"):  # a folder, of `merge` also the address of a store
        meanings[option] = {meaning.replace("Path", "") for meaning in meanings[option]}
    assert {option: kinds for option, kinds in meanings.items() if len(kinds) > 1} == {}


def test_what_the_system_refuses_is_a_message_and_a_traceback_only_on_request(
    work: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied", "run/report.html")

    monkeypatch.setattr("lexgraft.adoption.report.write_report", refuse)
    assert cli.main(["report", "old"]) == 2
    message = capsys.readouterr().err
    assert "run/report.html: Permission denied" in message
    assert "Traceback" not in message
    monkeypatch.setenv("LEXGRAFT_DEBUG", "1")
    assert cli.main(["report", "old"]) == 2
    assert "Traceback" in capsys.readouterr().err


def test_the_page_of_a_verb_says_what_its_json_holds() -> None:
    docs = Path(__file__).parents[2] / "docs"
    for name, leaf in LEAVES.items():
        if any(action.dest == "json" for action in leaf.options()):
            page = (docs / f"{name.partition(' ')[0]}.md").read_text(encoding="utf-8")
            assert re.search(r"`--json`:? [^|]*`", page), name


def test_the_doctor_knows_every_extra_that_users_install() -> None:
    import tomllib

    from lexgraft.cli.machine_report import BRINGS

    file = Path(__file__).parents[2] / "pyproject.toml"
    extras = tomllib.loads(file.read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    assert set(BRINGS) == set(extras) - {"dev", "fuzz", "docs", "notebooks"}
