"""Kill -9 at random moments of merge, vocabulary, tune and adopt, with edits between; start again.

    python benchmarks/kills.py --kills 200 --json .cache/kills.json

A round: tiny models; the verb in a process of its own, killed at a random moment or at a random
file operation, up to three times; an edit of an input, damage to a file it has left, or nothing;
up to two more kills; then it runs to the end. What must come out: the bytes of an undisturbed run
of the same inputs at the same place (for adopt: of one that carries on from the edit), or, after
an edit, exit 2 with a reason. Processes are forked off one that has imported everything, so that
kills fall into work. Exit 1 if anything else came.
"""

import argparse
import json
import os
import shutil
import signal
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from hashlib import sha256
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import kill_inputs as made
from numpy.random import Generator, default_rng

import lexgraft
from lexgraft.files.ownership import MARKER

FATAL = ("pwrite", "write", "fsync", "rename", "replace", "unlink", "ftruncate")
VOLATILE = {
    *("costs.jsonl", "lock.json", ".in-use", "report.html", "gates.jsonl"),  # hold times
    *("answers.sqlite", "written.json"),  # rows as they came; digests of files that hold times
}
"""What they lead to is compared; marks of ownership are no result either."""
TIMES = {
    *("cost", "seconds", "estimated_seconds", "unit_seconds", "minutes", "peak_bytes", "declared"),
    *("looked", "written"),
    *("rounds", "runs", "unfinished", "cpu_seconds", "estimate_error"),  # of what kills cost
}
LONGEST = 300  # seconds of a run before it counts as hanging
GOOD = ("identical", "refused")


class Reference(NamedTuple):
    """What an undisturbed run has left, how long it took and how often it wrote."""

    files: dict[str, str]
    seconds: float
    operations: int


class Ended(NamedTuple):
    """How a process ended: its status (-9: killed, None: hung) and what it said."""

    status: int | None
    said: str


class Round(NamedTuple):
    """One round: what was done to the verb and what came of it."""

    verb: str
    edit: str
    where: str
    kills: int
    outcome: str
    said: str


def main() -> int:
    """Play rounds until so many processes were killed; 1 if one ended otherwise than it may."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--verbs", nargs="+", choices=[*made.VERBS], default=[*made.VERBS])
    parser.add_argument("--edits", nargs="+", choices=EDITS, default=EDITS)
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    os.environ.update(OMP_NUM_THREADS="1", TOKENIZERS_PARALLELISM="false", HF_HUB_OFFLINE="1")
    _import_all()
    memory = Path("/dev/shm")  # a disk would be waited for at every sync
    with TemporaryDirectory(dir=memory if memory.is_dir() else None) as folder:
        rounds = [*_rounds(Workplace(Path(folder)), given, default_rng(given.seed))]
    if given.json:
        given.json.parent.mkdir(parents=True, exist_ok=True)
        given.json.write_text(json.dumps([one._asdict() for one in rounds], indent=1) + "\n")
    _print_table(rounds)
    return int(any(one.outcome.partition(":")[0] not in GOOD for one in rounds))


EDITS = [*made.INPUT_EDITS, *made.DAMAGES]


class Workplace:
    """One folder where every run takes place, so that names in results are the same."""

    def __init__(self, root: Path) -> None:
        self._pristine, self.folder, self._said = root / "pristine", root / "work", root / "said"
        _end(_fork(lambda: made.write_inputs(self._pristine) or 0, root, self._said), self._said)
        self._references: dict[tuple[str, str], Reference] = {}

    def reference(self, verb: str, edit: str) -> Reference:
        """Return what an undisturbed run of the edited inputs leaves."""
        key = (verb, edit if edit in made.INPUT_EDITS else "nothing")
        if key not in self._references:
            self.clear()
            made.INPUT_EDITS[key[1]](self.folder)
            began = time.monotonic()
            ended, operations = self._counted(verb)
            if ended.status:
                raise SystemExit(f"{key}: fails undisturbed\n{ended.said}")
            seconds = time.monotonic() - began
            self._references[key] = Reference(snapshot(self.folder), seconds, operations)
        return self._references[key]

    def clear(self) -> None:
        """Put fresh inputs in place, and nothing else."""
        if self.folder.exists():
            shutil.rmtree(self.folder)
        shutil.copytree(self._pristine, self.folder)

    def continued(self, verb: str, fresh: Reference) -> Reference:
        """Return what the run that lies here leaves if it is started again and not disturbed."""
        aside = self.folder.with_name("aside")
        self.folder.rename(aside)  # and back: files that are copied are others to a journal
        shutil.copytree(aside, self.folder)
        ended = self.run(verb)
        files = snapshot(self.folder) if ended.status == 0 else fresh.files
        shutil.rmtree(self.folder)
        aside.rename(self.folder)
        return fresh._replace(files=files)

    def run(self, verb: str) -> Ended:
        """Run a verb to its end."""
        return _end(_fork(lambda: _call(verb), self.folder, self._said), self._said)

    def run_and_kill(self, verb: str, *, after: float = 0, operation: int = 0) -> Ended:
        """Run a verb and kill it after so many seconds, or at its n-th file operation."""

        def work() -> int:
            _count_operations(operation)
            return _call(verb)

        child = _fork(work, self.folder, self._said)
        return _end(child, self._said, after if not operation else LONGEST, kill=not operation)

    def _counted(self, verb: str) -> tuple[Ended, int]:
        counts = self._said.with_name("counts")

        def work() -> int:
            counted = _count_operations(0)
            status = _call(verb)
            counts.write_text(str(counted[0]))
            return status

        ended = _end(_fork(work, self.folder, self._said), self._said)
        return ended, int(counts.read_text()) if counts.exists() else 0


def _rounds(place: Workplace, given: argparse.Namespace, chance: Generator) -> Iterator[Round]:
    """Yield rounds until enough processes were killed: verbs and edits in turn."""
    killed, number = 0, 0
    while killed < given.kills:
        verb = given.verbs[number % len(given.verbs)]
        edit = given.edits[number // len(given.verbs) % len(given.edits)]
        number += 1
        one = _round(place, verb, edit, chance)
        killed += one.kills
        print(f"{killed:4d} {verb:8} {edit:20} {one.where:40} {one.outcome}", flush=True)
        yield one


def _round(place: Workplace, verb: str, edit: str, chance: Generator) -> Round:
    """Play one round."""
    reference = place.reference(verb, edit)
    place.clear()
    before = snapshot(place.folder, outputs=False)
    kills, where = _kill(place, verb, reference, chance, int(chance.integers(1, 4))), ""
    left = snapshot(place.folder)
    if edit in made.DAMAGES:
        where = made.damage(place.folder, edit, chance)
    else:
        made.INPUT_EDITS[edit](place.folder)
        before = snapshot(place.folder, outputs=False)
    if verb == "adopt" and edit in made.INPUT_EDITS and edit != "nothing":
        reference = place.continued(verb, reference)  # a run's folder has a history: looks, splits
    kills += _kill(place, verb, reference, chance, int(chance.integers(3)))
    ended = place.run(verb)
    outcome = _judge(ended, reference, place.folder, left, untouched=edit == "nothing")
    if changed := [*_differing(before, snapshot(place.folder, outputs=False))]:
        outcome = f"LOST: {', '.join(changed)}"
    said = "" if outcome == "identical" else ended.said[-2000:]
    return Round(verb, edit, where, kills, outcome, said)


def _kill(place: Workplace, verb: str, reference: Reference, chance: Generator, times: int) -> int:
    """Start a verb some times and kill it; return how often it was still running then."""
    killed = 0
    for _ in range(times):
        if chance.random() < 0.5:
            ended = place.run_and_kill(verb, after=chance.random() * reference.seconds)
        else:
            operation = int(chance.integers(1, max(reference.operations, 1) + 1))
            ended = place.run_and_kill(verb, operation=operation)
        if ended.status != -signal.SIGKILL:
            break
        killed += 1
    return killed


def _judge(
    ended: Ended, reference: Reference, folder: Path, left: dict[str, str], *, untouched: bool
) -> str:
    """Return what came of a round, in capitals if it may not come.

    What was `left` before the inputs were edited may lie there still, beside what came after.
    """
    if ended.status is None:
        return "HANG"
    if "Traceback" in ended.said or ended.status not in (0, 2):
        return f"TRACEBACK: {ended.said.strip().splitlines()[-1:]}"
    if ended.status == 2:
        reason = " ".join(ended.said.rpartition("lexgraft: ")[2].split())
        untouched = untouched or not reason
        return f"REFUSED UNEDITED: {reason}" if untouched else f"refused: {reason}"
    found = snapshot(folder)
    differing = [
        name
        for name in _differing(reference.files, found)
        if name in reference.files or found[name] != left.get(name)
    ]
    return f"DIFFERENT: {', '.join(differing)}" if differing else "identical"


# --- processes ------------------------------------------------------------------------------------


def _import_all() -> None:
    """Import what a verb may import, so that a child begins with its work."""
    for module in walk_packages(lexgraft.__path__, "lexgraft."):
        name = module.name.rpartition(".")[2]
        if name != "compiled_filter" and not name.startswith("_"):  # numba, and no module
            import_module(module.name)
    import_module("transformers.models.llama.modeling_llama")
    import_module("torch").set_num_threads(1)


def _fork(work: Callable[[], int], folder: Path, said: Path) -> int:
    """Start a process that works in a folder, what it prints in a file; return its number."""
    child = os.fork()
    if child:
        return child
    status = 70
    try:
        os.chdir(folder)
        handle = os.open(said, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(handle, 1)
        os.dup2(handle, 2)
        status = work()
    except SystemExit as left:
        status = left.code if isinstance(left.code, int) else 70
    finally:
        if (error := sys.exception()) is not None:
            traceback.print_exception(error)
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def _end(child: int, said: Path, within: float = LONGEST, *, kill: bool = False) -> Ended:
    """Wait for a process; kill it when its time is over."""
    until, status = time.monotonic() + within, None
    while time.monotonic() < until:
        ended, code = os.waitpid(child, os.WNOHANG)
        if ended:
            status = os.waitstatus_to_exitcode(code)
            break
        time.sleep(0.002)
    else:
        os.kill(child, signal.SIGKILL)
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        status = code if kill else None
    return Ended(status, said.read_text(encoding="utf-8", errors="replace"))


def _call(verb: str) -> int:
    from lexgraft.cli import main as call

    return call(made.VERBS[verb])


def _count_operations(last: int) -> list[int]:
    """Count this process's file operations from now on; die at the last, unless that is 0."""
    counted = [0]
    for name in FATAL:
        real = getattr(os, name)

        def counting(*given: Any, real: Callable[..., Any] = real, **more: Any) -> Any:
            counted[0] += 1
            if counted[0] == last:
                os.kill(os.getpid(), signal.SIGKILL)
            return real(*given, **more)

        setattr(os, name, counting)
    return counted


# --- what is compared -----------------------------------------------------------------------------


def snapshot(folder: Path, *, outputs: bool = True) -> dict[str, str]:
    """Return the digests of the files that runs have left, or of all others."""
    found: dict[str, str] = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder)
        volatile = path.name in VOLATILE or path.name.endswith(MARKER)
        if path.is_file() and made.is_output(name) == outputs and not (outputs and volatile):
            found[str(name)] = sha256(_content(path)).hexdigest()
    return found


def _content(path: Path) -> bytes:
    """Return what is compared of a file: records without the times in them."""
    data = path.read_bytes()
    if path.name == "looks.jsonl":
        return b"\n".join(_plain(json.loads(line)) for line in data.splitlines())
    if path.name == "report.json" or path.parent.name == "stages":
        return _plain(json.loads(data))
    return data


def _plain(value: Any) -> bytes:
    return json.dumps(_timeless(value), sort_keys=True).encode()


def _timeless(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _timeless(one) for name, one in value.items() if name not in TIMES}
    return [_timeless(one) for one in value] if isinstance(value, list) else value


def _differing(first: dict[str, str], second: dict[str, str]) -> Iterator[str]:
    for name in sorted({*first, *second}):
        if first.get(name) != second.get(name):
            yield name


def _print_table(rounds: Sequence[Round]) -> None:
    """Print what came of the rounds, by verb and edit."""
    outcomes = [*GOOD, *sorted({one.outcome.partition(":")[0] for one in rounds} - {*GOOD})]
    print(f"\n| verb | edit | rounds | kills | {' | '.join(outcomes)} |")
    print("| --- | --- |" + " ---: |" * (len(outcomes) + 2))
    for verb, edit in sorted({(one.verb, one.edit) for one in rounds}):
        these = [one for one in rounds if (one.verb, one.edit) == (verb, edit)]
        counts = Counter(one.outcome.partition(":")[0] for one in these)
        row = [verb, edit, len(these), sum(one.kills for one in these)]
        print(f"| {' | '.join(map(str, row + [counts[name] for name in outcomes]))} |")
    total = Counter(one.outcome.partition(":")[0] for one in rounds)
    print(f"\n{sum(one.kills for one in rounds)} kills in {len(rounds)} rounds: {dict(total)}")


if __name__ == "__main__":
    sys.exit(main())
