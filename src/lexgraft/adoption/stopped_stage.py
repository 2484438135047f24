"""A stage that could not end: the report holds what was found before it, and what to do."""

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path

from lexgraft.adoption.report.report_words import named
from lexgraft.adoption.stages.stage import Results
from lexgraft.errors import LexgraftError


@contextmanager
def told_in_the_report(results: Results, run: Path) -> Generator[None]:
    """Raise what stopped a stage after the report of the others is written, and say where it is.

    Raises:
        LexgraftError: a stage was stopped; where the report cannot be written either, as it was.
    """
    stopped = results.stopped
    if stopped is None:
        yield
        return
    try:
        yield
    except LexgraftError:
        raise stopped.error from None
    error = stopped.error
    raise LexgraftError(
        error.what,
        where=f"stage {stopped.name}: {error.where}" if error.where else f"stage {stopped.name}",
        cure=f"{error.cure or 'mend it'}; then the same command carries on. What was found before "
        f"it stands in {run / 'report.html'}",
    ) from error


def stopped_warning(results: Results) -> Iterator[dict[str, str]]:
    """Yield what a report says of a stage that could not end."""
    if results.stopped is None:
        return
    name, error = results.stopped
    where = f"{error.where}: " if error.where else ""
    cure = f" → {error.cure}" if error.cure else ""
    yield {
        "en": f"Stage {named(name, 'en')} could not end, nor did any after it: "
        f"{where}{error.what}{cure}",
        "ja": f"段階「{named(name, 'ja')}」は完了できず、以降の段階も実行していません："
        f"{where}{error.what}{cure}",
    }
