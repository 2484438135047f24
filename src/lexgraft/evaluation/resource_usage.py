"""Resource usage of a stage: seconds, peak memory of this process, money."""

import resource
import sys
import time
from pathlib import Path

from lexgraft.project import Prices
from lexgraft.records import Cost

_CLEAR = Path("/proc/self/clear_refs")
_STATUS = Path("/proc/self/status")
RESET_PEAK = "5"  # proc(5): resets the peak resident set size


class Meter:
    """Measures from its creation on; the peak is the stage's own where the kernel can reset it."""

    def __init__(self, prices: Prices) -> None:
        self._prices = prices
        self._start = time.monotonic()
        try:
            _CLEAR.write_text(RESET_PEAK, encoding="ascii")
        except OSError:  # not Linux, or not allowed: the peak is then that of the whole run
            return

    def cost(self) -> Cost:
        """Return the time, peak memory and money used so far."""
        seconds = time.monotonic() - self._start
        money = seconds / 3600 * self._prices.per_hour
        return Cost(round(seconds, 2), _peak_bytes(), round(money, 6), self._prices.currency)


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
