"""What a guided merge costs, by the tensors' names and shapes: reading, summing up, solving."""

from collections.abc import Iterator

from lexgraft.adoption.cost import ComputeWork
from lexgraft.weights.checkpoint.checkpoint_index import Checkpoint
from lexgraft.weights.checkpoint.safetensors_header import TensorEntry
from lexgraft.weights.checkpoint.tensor_names import role_of

READING = 1.6  # of reading short texts, each by itself, in forwards that are asked in batches
FACTORING = 3.2  # of a Cholesky factor's operations, since it is slower than plain products
PASSES = 950  # multiply-adds a number of the matrix, for reading and scaling it several times
LAST = frozenset(
    ["o_proj", "out_proj", "dense", "wo", "c_proj", "down_proj", "w2", "fc2", "dense_4h_to_h"]
)
"""Linear layers that read what the others of their part have made."""


def reading_work(base: Checkpoint, tokens: int) -> ComputeWork:
    """Return the work of reading so many tokens and summing up what linear layers read."""
    products = sum(width**2 for width in input_widths(base))
    return ComputeWork(round(READING * tokens), 0, exact=tokens * products)


def solving_work(base: Checkpoint, *, thin: bool) -> ComputeWork:
    """Return the work of one merge: every projection solved, and used on each delta.

    Thin factors are solved for alone; whole deltas want the projection itself.
    """
    widths = input_widths(base)
    factored = round(sum(FACTORING / 6 * width**3 + PASSES * width**2 for width in widths))
    whole = sum(width**3 for width in widths)
    whole += sum(entry.size * entry.shape[1] for _, entry in _matrices(base))
    return ComputeWork(0, 0, exact=factored if thin else factored + whole)


def input_widths(base: Checkpoint) -> list[int]:
    """Return how many numbers each input of linear layers has, by the tensors' names.

    Those of one part of a layer that read as many share an input (q, k, v; gate, up), except the
    last, which reads what the others have made.
    """
    inputs: dict[tuple[str, bool, int], None] = {}
    for name, entry in _matrices(base):
        part, _, linear = name.removesuffix(".weight").rpartition(".")
        inputs[part, linear in LAST, entry.shape[1]] = None
    return [width for _, _, width in inputs]


def _matrices(base: Checkpoint) -> Iterator[tuple[str, TensorEntry]]:
    for name, entry in base.tensors.items():
        matrix = len(entry.shape) == len(("rows", "inputs"))
        if matrix and role_of(name) not in ("embedding", "head"):
            yield name, entry
