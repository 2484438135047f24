"""The records of an adoption's stages: each stage is run once, and all its runs are timed."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from msgspec import Struct

from lexgraft import __version__
from lexgraft.business import MachinePrice
from lexgraft.errors import LexgraftError
from lexgraft.evaluation.cost_log import CostLog
from lexgraft.files.run_folder import RunFolder
from lexgraft.records import Progress, digest

T = TypeVar("T", bound=Struct)


class StageRecords:
    """What the stages in a run's folder found and took, and which of them ran just now."""

    def __init__(
        self,
        run: RunFolder,
        price: MachinePrice,
        progress: Progress,
        answers: Callable[[], int] = lambda: 0,
    ) -> None:
        self.run, self.progress = run, progress
        self.costs = CostLog(run.path, price, answers)
        self.ran: list[str] = []
        self.anew = False  # stages run though nothing changed: answers they wrote are gone

    def once(self, name: str, inputs: Sequence[object], kind: type[T], work: Callable[[], T]) -> T:
        """Return a stage's record: the stored one if nothing it read has changed.

        Raises:
            LexgraftError: the memory does not suffice.
        """
        key = digest(name, __version__, *inputs)
        stored = None if self.anew else self.run.finished(name, key, kind)
        if stored is not None:
            self.progress(f"{name}: unchanged", 1, 1)
            return stored
        try:
            with self.costs.measure(name):
                record = work()
        except MemoryError as error:
            raise LexgraftError(
                f"out of memory in stage {name}", cure="free memory, or use a smaller model"
            ) from error
        self.run.finish(name, key, record)
        self.ran.append(name)
        return record
