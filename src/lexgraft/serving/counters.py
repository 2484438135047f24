"""The gateway's metrics in Prometheus' text format."""

from collections import Counter


class Counters:
    """Requests by route and status, those under way, entries used, seconds."""

    def __init__(self) -> None:
        self.active = 0
        self._requests: Counter[tuple[str, int]] = Counter()
        self._seconds: Counter[str] = Counter()
        self._entries = 0

    def count(self, route: str, status: int, seconds: float, entries: int) -> None:
        """Add one finished request."""
        self._requests[route, status] += 1
        self._seconds[route] += seconds  # pyright: ignore[reportArgumentType] (any number)
        self._entries += entries

    def text(self) -> str:
        """Return all metrics in Prometheus' text format."""
        lines = ["# TYPE lexgraft_requests_total counter"]
        for (route, status), number in sorted(self._requests.items()):
            labels = f'route="{route}",status="{status}"'
            lines.append(f"lexgraft_requests_total{{{labels}}} {number}")
        lines.append("# TYPE lexgraft_request_seconds_total counter")
        for route, seconds in sorted(self._seconds.items()):
            lines.append(f'lexgraft_request_seconds_total{{route="{route}"}} {seconds:.6f}')
        lines += [
            "# TYPE lexgraft_glossary_entries_total counter",
            f"lexgraft_glossary_entries_total {self._entries}",
            "# TYPE lexgraft_active_requests gauge",
            f"lexgraft_active_requests {self.active}",
        ]
        return "\n".join(lines) + "\n"
