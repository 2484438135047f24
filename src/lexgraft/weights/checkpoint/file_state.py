"""What tells the bytes of a tensor from all others, in this state of its file, unread."""

from lexgraft.files.store_places import object_of
from lexgraft.weights.checkpoint.safetensors_header import TensorEntry


def state_key(entry: TensorEntry) -> tuple[object, ...]:
    """Return what tells one stretch of one state of a file from all others.

    A quantised tensor is all that it is made of, in the dtype that it is read in.
    """
    packed = entry.packed
    if packed is not None:
        parts = (packed.stored, packed.scale, packed.zero, packed.order)
        keys = tuple(None if part is None else state_key(part) for part in parts)
        return (*keys, entry.dtype, entry.shape, packed.bits, packed.block)
    stored = object_of(entry.file)
    if stored is not None:
        return (str(stored.url), stored.size, stored.tag, entry.start, entry.end)
    status = entry.file.stat()
    state = (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)
    return (*state, entry.start, entry.end)
