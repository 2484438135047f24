"""Progress on the terminal."""

import time
from typing import TYPE_CHECKING

from lexgraft.cli.output import console, print_line, printable

if TYPE_CHECKING:
    from rich.progress import TaskID

SAY_EVERY = 10  # seconds between lines where there is no terminal


class ProgressBars:
    """Progress bars with time left on a terminal; a line every ten seconds elsewhere."""

    def __init__(self) -> None:
        from rich.progress import (
            BarColumn,
            Progress,
            TaskProgressColumn,
            TextColumn,
            TimeRemainingColumn,
        )

        self._console = console(errors=True)
        self._progress = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            TaskProgressColumn(),
            TimeRemainingColumn(),
            console=self._console,
            disable=not self._console.is_terminal,
        )
        self._tasks: dict[str, TaskID] = {}
        self._said, self._last, self._began, self._had = "", 0.0, 0.0, 0

    def __enter__(self) -> "ProgressBars":  # noqa: PYI034 (checked at run time in tests)
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def __call__(self, what: str, done: int, total: int) -> None:
        """Show that `done` of `total` units are finished; what follows a comma may change."""
        what = printable(what)
        name = what.partition(",")[0]
        if not self._console.is_terminal:
            self._say(name, what, done, total)
            return
        if name not in self._tasks:
            for task in self._tasks.values():
                self._progress.remove_task(task)
            self._tasks = {name: self._progress.add_task(what, total=total)}
        self._progress.update(self._tasks[name], description=what, completed=done, total=total)

    def _say(self, name: str, what: str, done: int, total: int) -> None:
        now = time.monotonic()
        if name != self._said:
            self._began, self._had = now, done  # what was done before says nothing of the speed
        if name != self._said or done == total or now - self._last > SAY_EVERY:
            self._said, self._last = name, now
            new = done - self._had
            seconds = (now - self._began) * (total - done) / new if new > 0 else 0.0
            remaining = f", about {seconds:.0f} s left" if seconds >= 1 else ""
            print_line(f"{what}: {done}/{total}{remaining}", errors=True)
