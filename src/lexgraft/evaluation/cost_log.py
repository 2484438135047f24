"""What work has taken over all its runs, killed ones too: lines that are added as time passes."""

import os
import secrets
from collections.abc import Generator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from threading import Event, Thread
from zlib import crc32

import msgspec
from msgspec import Struct

from lexgraft.business import MachinePrice
from lexgraft.evaluation.resource_usage import Meter
from lexgraft.records import Cost

FILE = "costs.jsonl"
_FIRST = 0.1  # seconds until the first line
_SHARE = 0.02  # of the time so far, until the next one: what a kill may leave uncounted
NO_PRICE = MachinePrice()
_LONGEST = 30.0  # seconds between two lines


class CostLine(Struct, frozen=True, forbid_unknown_fields=True):
    """What one run of a stage had taken at some moment: its last line is what it took."""

    stage: str
    run: str  # a number drawn for it
    at: str  # ISO 8601
    seconds: float
    cpu_seconds: float  # of this process and of those it waited for
    peak_bytes: int
    check: int = 0  # CRC-32 of the line without it: a damaged one counts as never written


class CostLog:
    """The costs of a folder's stages, over all runs that worked on them."""

    def __init__(self, folder: Path, price: MachinePrice = NO_PRICE) -> None:
        self._file, self._price = folder / FILE, price

    @contextmanager
    def measure(self, stage: str) -> Generator[None]:
        """Measure what is done inside; after a kill what was measured until then is there."""
        meter, run, over = Meter(), secrets.token_hex(8), Event()

        def beat() -> None:
            while not over.wait(min(_LONGEST, max(_FIRST, _SHARE * meter.seconds))):
                with suppress(OSError):  # a full disk is told by the work itself
                    self._add(stage, run, meter)

        thread = Thread(target=beat, daemon=True)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()
            self._add(stage, run, meter)

    def cost(self, stage: str) -> Cost:
        """Return what a stage has taken, all runs together; of memory the highest peak."""
        last = {line.run: line for line in self._lines() if line.stage == stage}
        seconds = sum(line.seconds for line in last.values())
        money, currency = self._price.of(seconds)
        peak = max((line.peak_bytes for line in last.values()), default=0)
        return Cost(round(seconds, 2), peak, round(money, 6), currency if last else "")

    def _add(self, stage: str, run: str, meter: Meter) -> None:
        """Add a line, on one of its own whatever the last write left."""
        now = datetime.now(UTC).isoformat(timespec="seconds")
        use = meter.use()
        line = CostLine(stage, run, now, use.seconds, use.cpu_seconds, use.peak_bytes)
        checked = msgspec.structs.replace(line, check=_check(line))
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
        handle = os.open(self._file, flags, 0o666)
        try:
            os.write(handle, b"\n" + msgspec.json.encode(checked))
        finally:
            os.close(handle)

    def _lines(self) -> list[CostLine]:
        if not self._file.is_file():
            return []
        lines: list[CostLine] = []
        for text in self._file.read_bytes().splitlines():
            try:
                line = msgspec.json.decode(text, type=CostLine)
            except (msgspec.DecodeError, UnicodeDecodeError):  # a kill or a full disk cut it
                continue
            if line.check == _check(line):
                lines.append(line)
        return lines


def _check(line: CostLine) -> int:
    return crc32(msgspec.json.encode(msgspec.structs.replace(line, check=0)))
