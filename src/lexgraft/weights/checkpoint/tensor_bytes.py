"""A tensor's bytes in the dtype it is read in: as they are stored, or made from quantised ones."""

from collections.abc import Iterator

from lexgraft.weights.checkpoint.disk_io import WINDOW, Look, fill, page_memory
from lexgraft.weights.checkpoint.safetensors_header import TensorEntry


def fill_tensor(
    entry: TensorEntry, start: int, view: memoryview, ahead: int = 0, look: Look | None = None
) -> None:
    """Fill memory with a tensor's bytes from byte `start` on, in the dtype that it is read in.

    What follows in `ahead` bytes is asked for already, and each piece shown; see `fill`.

    Raises:
        LexgraftError: a file ends too early or cannot be read, with its name and the offset.
    """
    if entry.packed is None:
        fill(entry.file, entry.start + start, view, ahead, look)
        return
    # most models are not quantised
    from lexgraft.weights.checkpoint.dense_windows import fill_dense

    fill_dense(entry, entry.packed, start, view, ahead, look)


def tensor_windows(
    entry: TensorEntry, start: int = 0, stop: int | None = None, window: int = WINDOW
) -> Iterator[memoryview]:
    """Yield bytes [start, stop) of a tensor window by window, in memory that is used again."""
    stop = entry.end - entry.start if stop is None else stop
    memory = page_memory(min(window, max(1, stop - start)))
    for offset in range(start, stop, window):
        view = memory[: min(window, stop - offset)]
        fill_tensor(entry, offset, view, ahead=min(window, stop - offset - len(view)))
        yield view
