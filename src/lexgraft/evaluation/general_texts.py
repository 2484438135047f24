"""General ability: bits per byte of running text, paired by document."""

from collections.abc import Mapping, Sequence

import numpy as np

from lexgraft.errors import LexgraftError
from lexgraft.records import Document, TextScore
from lexgraft.stats.intervals import Interval, bootstrap, quotient


def bits_per_byte(
    documents: Sequence[Document], scores: Sequence[TextScore], seed: int, alpha: float = 0.05
) -> dict[str, Interval]:
    """Return Σ bits / Σ bytes for every `language/register`, with a bootstrap over documents.

    Raises:
        LexgraftError: none of a group's bytes was scored.
    """
    by_id = {score.document: score for score in scores}
    return {
        group: bootstrap(
            np.array([[by_id[i].bits, by_id[i].bytes] for i in ids], np.float64),
            quotient,
            seed,
            alpha,
        )
        for group, ids in _groups(documents, by_id).items()
    }


def relative_change(
    documents: Sequence[Document],
    before: Sequence[TextScore],
    after: Sequence[TextScore],
    seed: int,
    alpha: float = 0.05,
) -> dict[str, Interval]:
    """Return, per `language/register`, bits per byte after ÷ before − 1: a rise is a loss.

    Documents are resampled whole, with both models' figures, so their difficulty cancels.

    Raises:
        LexgraftError: none of a group's bytes was scored.
    """
    old, new = ({score.document: score for score in scores} for scores in (before, after))
    shared = {i: score for i, score in old.items() if i in new}
    return {
        group: bootstrap(
            np.array(
                [[new[i].bits, new[i].bytes, old[i].bits, old[i].bytes] for i in ids], np.float64
            ),
            lambda means: quotient(means) / quotient(means, 2, 3) - 1,
            seed,
            alpha,
        )
        for group, ids in _groups(documents, shared).items()
    }


def _groups(documents: Sequence[Document], scored: Mapping[str, TextScore]) -> dict[str, list[str]]:
    """Return the ids of documents with scored bytes by `language/register`, groups by name.

    Raises:
        LexgraftError: a group has none: its figure would be missing without a word.
    """
    groups: dict[str, list[str]] = {}
    for document in documents:
        ids = groups.setdefault(f"{document.language}/{document.register}", [])
        if document.id in scored and scored[document.id].bytes:
            ids.append(document.id)
    for name, ids in groups.items():
        if not ids:
            raise LexgraftError(
                f"no byte of the texts in {name} was scored", cure="give longer texts there"
            )
    return dict(sorted(groups.items()))
