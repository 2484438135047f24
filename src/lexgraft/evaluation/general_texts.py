"""General ability: running text and everyday words, paired by document and concept."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from lexgraft.errors import LexgraftError
from lexgraft.records import Document, TextScore
from lexgraft.stats.composite import (
    StratumLoss,
    advance_kept,
    by_cluster,
    composite_harm,
    everyday_loss,
    text_loss,
)
from lexgraft.stats.intervals import Interval, bootstrap, quotient


class EverydayWords(NamedTuple):
    """P(right) of everyday concepts before and after, and which concepts are related."""

    before: Mapping[str, float]
    after: Mapping[str, float]
    parents: Mapping[str, str] = {}  # concept → parent: those of one parent count as one

    def loss(self) -> StratumLoss:
        """Return the share of P(right) that is gone, over the concepts both were asked."""
        shared = [concept for concept in self.before if concept in self.after]
        pairs = np.array([[self.after[c], self.before[c]] for c in shared], np.float64)
        parents = [self.parents.get(concept, concept) for concept in shared]
        return everyday_loss(by_cluster(pairs.reshape(-1, 2), parents))


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
    alpha: float = 0.05,
) -> dict[str, Interval]:
    """Return, per `language/register`, bits per byte after ÷ before − 1: a rise is a loss.

    Documents are paired, so their difficulty cancels. Fewer than eight of a group have an interval
    from −1 to 1: nothing can be said.

    Raises:
        LexgraftError: none of a group's bytes was scored.
    """
    return {
        group: loss.interval(alpha) or Interval(loss.loss, -1.0, 1.0, loss.n)
        for group, loss in text_losses(documents, before, after).items()
    }


def text_losses(
    documents: Sequence[Document], before: Sequence[TextScore], after: Sequence[TextScore]
) -> dict[str, StratumLoss]:
    """Return the relative rise of bits per byte for every `language/register`.

    Raises:
        LexgraftError: none of a group's bytes was scored.
    """
    old, new = ({score.document: score for score in scores} for scores in (before, after))
    shared = {i: score for i, score in old.items() if i in new}
    return {
        group: text_loss(
            np.array(
                [[new[i].bits, new[i].bytes, old[i].bits, old[i].bytes] for i in ids], np.float64
            )
        )
        for group, ids in _groups(documents, shared).items()
    }


class GeneralLoss(NamedTuple):
    """What of general ability is lost in one language; a gain is negative."""

    composite: Interval | None  # None: a stratum has fewer than eight documents, so not judged
    strata: Mapping[str, StratumLoss]  # `language/register`, and `language/everyday`


def general_losses(
    documents: Sequence[Document],
    before: Sequence[TextScore],
    after: Sequence[TextScore],
    everyday: Mapping[str, EverydayWords],
    alpha: float = 0.05,
) -> dict[str, GeneralLoss]:
    """Return one composite per language: the mean harm over registers and everyday words.

    Args:
        documents: The texts, each with its language and register.
        before: Their bits before, of the recipient.
        after: Their bits after, of the result.
        everyday: Language → P(right) of everyday concepts before and after.
        alpha: 1 minus the nominal coverage.

    Every stratum weighs alike, and a gain in one pays for no loss in another: `composite_harm`.

    Raises:
        LexgraftError: none of a group's bytes was scored.
    """
    strata: dict[str, dict[str, StratumLoss]] = {}
    for group, loss in text_losses(documents, before, after).items():
        strata.setdefault(group.partition("/")[0], {})[group] = loss
    for language, words in everyday.items():
        strata.setdefault(language, {})[f"{language}/everyday"] = words.loss()
    return {
        language: GeneralLoss(composite_harm(list(parts.values()), alpha), parts)
        for language, parts in sorted(strata.items())
    }


def advances_kept(
    documents: Sequence[Document],
    base: Sequence[TextScore],
    recipient: Sequence[TextScore],
    result: Sequence[TextScore],
    alpha: float = 0.05,
) -> dict[str, Interval | None]:
    """Return, per language, which share of the recipient's advance over the base a result keeps.

    Raises:
        LexgraftError: none of a group's bytes was scored.
    """
    kept, gained = (text_losses(documents, base, scores) for scores in (result, recipient))
    pairs: dict[str, dict[str, tuple[StratumLoss, StratumLoss]]] = {}
    for group, loss in kept.items():
        pairs.setdefault(group.partition("/")[0], {})[group] = (loss, gained[group])
    return {language: advance_kept(strata, alpha) for language, strata in pairs.items()}


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
