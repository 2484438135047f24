"""What work has taken over all its runs, killed ones too: lines that are added as time passes."""

import os
import secrets
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from threading import Event, Lock, Thread
from typing import Literal
from zlib import crc32

import msgspec
from msgspec import Struct

from lexgraft.business import MachinePrice
from lexgraft.evaluation.resource_usage import Meter, device
from lexgraft.records import Cost

FILE = "costs.jsonl"
WHOLE = "whole run"
"""The line of all that one process did in the folder, its stages and what lies between them."""
_FIRST = 0.1  # seconds from the first line to the second
_SHARE = 0.02  # of the time so far, until the next one: what a kill may leave uncounted
NO_PRICE = MachinePrice()
_LONGEST = 30.0  # seconds between two lines

End = Literal["", "done", "failed"]
"""How a run of a stage ended; empty: it is under way, or was killed."""


class CostLine(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What one run of a stage had taken at some moment: its last line is what it took."""

    stage: str
    run: str  # a number drawn for it
    at: str  # ISO 8601
    seconds: float
    cpu_seconds: float  # of this process and of those it waited for
    peak_bytes: int
    check: int  # CRC-32 of the line with 0 here: a damaged one counts as never written
    inputs: str = ""  # digest of all that the project read
    end: End = ""
    answers: int = 0  # that a model gave; those that were stored are not among them
    read_bytes: int = 0  # from disk
    written_bytes: int = 0  # to disk
    device: str = ""  # what computed; of lines of whole runs


class Spending(Struct, frozen=True):
    """What some runs have taken together; of memory the highest peak."""

    seconds: float = 0.0
    cpu_seconds: float = 0.0
    peak_bytes: int = 0
    runs: int = 0
    done: int = 0  # runs that came to their end
    answers: int = 0
    read_bytes: int = 0
    written_bytes: int = 0
    devices: tuple[str, ...] = ()  # in the order in which they were first used


class CostLog:
    """The costs of a folder's stages, over all runs that worked on them.

    `inputs` is the digest of what the project reads, once that is known; `answers` counts the
    answers that models have given in this process.
    """

    def __init__(
        self,
        folder: Path,
        price: MachinePrice = NO_PRICE,
        answers: Callable[[], int] = lambda: 0,
    ) -> None:
        self._file, self._price, self._answers = folder / FILE, price, answers
        self.inputs = ""
        self._open: list[_Span] = []
        self._reading, self._read, self._kept = Lock(), 0, list[CostLine]()

    @contextmanager
    def measure(self, stage: str) -> Generator[None]:
        """Measure what is done inside; after a kill what was measured until then is there."""
        self.note()  # before the peak of memory is counted anew
        span, over = _Span(stage, self._answers()), Event()

        def beat() -> None:
            while True:
                self._add(span)  # the first one at once: a kill soon after it counts, too
                if over.wait(min(_LONGEST, max(_FIRST, _SHARE * span.meter.seconds))):
                    return

        thread = Thread(target=beat, daemon=True)
        self._open.append(span)
        thread.start()
        end: End = "failed"
        try:
            yield
            end = "done"
        finally:
            over.set()
            thread.join()
            self._open.remove(span)
            self._add(span, end)

    def cost(self, stage: str) -> Cost:
        """Return what a stage has taken, all runs together; of memory the highest peak."""
        return self.priced(self.spending(stage))

    def priced(self, spent: Spending) -> Cost:
        """Return what was spent with its price."""
        money, currency = self._price.of(spent.seconds)
        shown = currency if spent.runs else ""
        return Cost(round(spent.seconds, 2), spent.peak_bytes, round(money, 6), shown)

    def note(self) -> None:
        """Add a line for all that is being measured, so that it counts up to now."""
        for span in self._open:
            self._add(span)

    def spending(self, stage: str, inputs: str | None = None) -> Spending:
        """Return what a stage has taken, of all runs or of those with these inputs."""
        return _added(
            [
                line
                for line in self._lines()
                if line.stage == stage and inputs in (None, line.inputs)
            ]
        )

    def stages(self) -> list[str]:
        """Return the stages that have taken anything, in the order in which they first did."""
        names = dict.fromkeys(line.stage for line in self._lines())
        return [name for name in names if name != WHOLE]

    def latest(self) -> str:
        """Return the stage at work when the last line was added; "": it had ended, or none was."""
        lines = [line for line in self._lines() if line.stage != WHOLE]
        return lines[-1].stage if lines and not lines[-1].end else ""

    def rounds(self) -> dict[str, tuple[str, Spending]]:
        """Return, per inputs in the order of time, when work on them began and what it took."""
        by_inputs: dict[str, list[CostLine]] = {}
        processes = [line for line in self._lines() if line.stage == WHOLE]
        inputs_of = {line.run: line.inputs for line in processes if line.inputs}
        for line in processes:
            if line.run in inputs_of:
                by_inputs.setdefault(inputs_of[line.run], []).append(line)
        return {inputs: (lines[0].at, _added(lines)) for inputs, lines in by_inputs.items()}

    def _add(self, span: "_Span", end: End = "") -> None:
        """Add a line, on one of its own whatever the last write left.

        Where none can be added the work goes on: a full disk is told by what it writes itself.
        """
        use, now = span.meter.use(), datetime.now(UTC).isoformat(timespec="seconds")
        line = CostLine(
            span.stage,
            span.run,
            now,
            use.seconds,
            use.cpu_seconds,
            use.peak_bytes,
            0,
            self.inputs,
            end,
            self._answers() - span.answers_before,
            use.read_bytes,
            use.written_bytes,
            device() if span.stage == WHOLE else "",
        )
        checked = msgspec.structs.replace(line, check=_check(line))
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
        with suppress(OSError):
            handle = os.open(self._file, flags, 0o666)
            try:
                os.write(handle, b"\n" + msgspec.json.encode(checked))
            finally:
                os.close(handle)

    def _lines(self) -> list[CostLine]:
        """Return all whole lines; only what was added since the last look is read."""
        with self._reading:
            size = self._file.stat().st_size if self._file.is_file() else 0
            if size < self._read:  # another file
                self._read, self._kept = 0, []
            if size > self._read:
                self._read_on()
            return list(self._kept)

    def _read_on(self) -> None:
        """Read what was added; a last line that is not whole is looked at again."""
        with self._file.open("rb") as file:
            file.seek(self._read)
            *ended, last = file.read().split(b"\n")
        self._kept += filter(None, map(_whole_line, ended))
        self._read += sum(len(text) + 1 for text in ended)
        if line := _whole_line(last):
            self._kept.append(line)
            self._read += len(last)


class _Span:
    """One run of a stage that is being measured."""

    def __init__(self, stage: str, answers_before: int) -> None:
        self.stage, self.answers_before = stage, answers_before
        self.run, self.meter = secrets.token_hex(8), Meter(from_start=stage == WHOLE)


def _added(lines: list[CostLine]) -> Spending:
    last = {line.run: line for line in lines}.values()
    return Spending(
        seconds=sum(line.seconds for line in last),
        cpu_seconds=sum(line.cpu_seconds for line in last),
        peak_bytes=max((line.peak_bytes for line in lines), default=0),
        runs=len(last),
        done=sum(line.end == "done" for line in last),
        answers=sum(line.answers for line in last),
        read_bytes=sum(line.read_bytes for line in last),
        written_bytes=sum(line.written_bytes for line in last),
        devices=tuple(dict.fromkeys(line.device for line in lines if line.device)),
    )


def _whole_line(text: bytes) -> CostLine | None:
    """Return a line as it was written; None: a kill or a full disk cut it."""
    try:
        line = msgspec.json.decode(text, type=CostLine)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    return line if line.check == _check(line) else None


def _check(line: CostLine) -> int:
    return crc32(msgspec.json.encode(msgspec.structs.replace(line, check=0)))
