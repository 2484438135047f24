"""Resource usage of a stage: seconds, processor time, peak memory, disk traffic of this process."""

import os
import platform
import resource
import sys
import time
from pathlib import Path
from threading import Event
from typing import NamedTuple

_CLEAR = Path("/proc/self/clear_refs")
_STATUS = Path("/proc/self/status")
_STAT = Path("/proc/self/stat")
_DISK = Path("/proc/self/io")
_PROCESSORS = Path("/proc/cpuinfo")
_STARTED = 19  # of the fields behind the program's name, proc(5): clock ticks after the boot
RESET_PEAK = "5"  # proc(5): resets the peak resident set size
_OWN = Event()


class ResourceUse(NamedTuple):
    """What was used since a meter began."""

    seconds: float
    cpu_seconds: float  # of this process and of those it waited for
    peak_bytes: int
    read_bytes: int = 0  # from disk; what the system still held in memory is not among them
    written_bytes: int = 0  # to disk


class Meter:
    """Measures from its creation on; the peak is the stage's own where the kernel can reset it.

    With `from_start` it measures from the start of a process that `own_process` was called in.
    """

    def __init__(self, *, from_start: bool = False) -> None:
        self._start, self._cpu, self._disk = time.monotonic(), _cpu_seconds(), _disk_bytes()
        if from_start and _OWN.is_set():
            _OWN.clear()  # what comes after the first work in this process is another's
            self._start, self._cpu, self._disk = self._start - _age(), 0.0, (0, 0)
            return
        try:
            _CLEAR.write_text(RESET_PEAK, encoding="ascii")
        except OSError:  # not Linux, or not allowed: the peak is then that of the whole run
            return

    @property
    def seconds(self) -> float:
        """Return the time since the meter began."""
        return time.monotonic() - self._start

    def use(self) -> ResourceUse:
        """Return what was used so far."""
        seconds, cpu_seconds = round(self.seconds, 2), round(_cpu_seconds() - self._cpu, 2)
        read, written = (
            now - before for now, before in zip(_disk_bytes(), self._disk, strict=True)
        )
        return ResourceUse(seconds, cpu_seconds, _peak_bytes(), read, written)


def own_process() -> None:
    """Say that this process was started for the work that is measured next.

    Loading the libraries is then part of what it takes.
    """
    _OWN.set()


def _age() -> float:
    """Return for how many seconds this process has been there; 0 where the system does not say."""
    try:
        fields = _STAT.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
        booted = time.clock_gettime(time.CLOCK_BOOTTIME)
    except (OSError, AttributeError):
        return 0.0
    return max(0.0, booted - int(fields[_STARTED]) / os.sysconf("SC_CLK_TCK"))


def _cpu_seconds() -> float:
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def _disk_bytes() -> tuple[int, int]:
    """Return what was read from disk and written to it, proc(5); 0 where the system hides it."""
    try:
        lines = _DISK.read_text(encoding="ascii").splitlines()
    except OSError:
        return 0, 0
    values = dict(line.split(": ") for line in lines)
    return int(values.get("read_bytes", 0)), int(values.get("write_bytes", 0))


def device() -> str:
    """Return what computes here: the GPUs that were used, else the processor, and how many."""
    torch = sys.modules.get("torch")  # loaded if anything was computed
    if torch is not None and torch.cuda.is_initialized():
        used = (n for n in range(torch.cuda.device_count()) if torch.cuda.max_memory_allocated(n))
        names = [torch.cuda.get_device_name(number) for number in used]
        return " + ".join(f"{names.count(name)} × {name}" for name in dict.fromkeys(names))
    try:
        lines = _PROCESSORS.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return f"{os.cpu_count()} × {names[0] if names else platform.machine()}"


def _peak_bytes() -> int:
    """Return the peak resident set size in bytes."""
    try:
        for line in _STATUS.read_text(encoding="ascii").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
