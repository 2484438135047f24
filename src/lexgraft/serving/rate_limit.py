"""Rate limit: one token bucket per key, refilled by the minute."""

from math import ceil

_MINUTE = 60.0


class RateBuckets:
    """Buckets of requests: each holds a minute's worth, and fills up evenly."""

    def __init__(self) -> None:
        self._held: dict[str, tuple[float, float]] = {}  # name → requests left, at which moment

    def take(self, name: str, per_minute: int, now: float) -> int:
        """Take one request; return 0, or the seconds to wait until the next one is allowed."""
        if not per_minute:
            return 0
        tokens, updated = self._held.get(name, (float(per_minute), now))
        tokens = min(float(per_minute), tokens + (now - updated) * per_minute / _MINUTE)
        enough = tokens >= 1
        self._held[name] = (tokens - enough, now)
        return 0 if enough else ceil((1 - tokens) * _MINUTE / per_minute)
