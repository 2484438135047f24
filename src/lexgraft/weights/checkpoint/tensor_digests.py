"""The identity of stored numbers: xxh3-128, in blocks as they pass by or by reading them again."""

from xxhash import xxh3_128

from lexgraft.weights.checkpoint.file_state import state_key
from lexgraft.weights.checkpoint.safetensors_header import TensorEntry
from lexgraft.weights.checkpoint.tensor_bytes import tensor_windows

_known: dict[tuple[object, ...], str] = {}  # a stretch of a file as it was → digest


def digest_now(entry: TensorEntry) -> str:
    """Return the digest of a tensor's bytes in its dtype, read now."""
    hasher = xxh3_128()
    for window in tensor_windows(entry):
        hasher.update(window)
    return hasher.hexdigest()


def content_digest(entry: TensorEntry) -> str:
    """Return the digest of a tensor's bytes; not read again if this program saw them already.

    A file counts as seen while its size, time of change and inode stay what they were, an object
    in a store while its size and ETag do.
    """
    key = state_key(entry)
    if key not in _known:
        _known[key] = digest_now(entry)
    return _known[key]


def remember(entry: TensorEntry, digest: str) -> None:
    """Note the digest of a tensor whose bytes have just passed by."""
    _known[state_key(entry)] = digest
