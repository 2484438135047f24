"""General ability per language: registers of text and everyday words as one pre-stated mean."""

from collections.abc import Iterable, Sequence

from lexgraft.evaluation.general_texts import EverydayWords, GeneralLoss, general_losses
from lexgraft.evaluation.grade import GradedItem, probabilities
from lexgraft.records import Document, TextScore
from lexgraft.stats.intervals import Interval

Texts = tuple[Sequence[TextScore], Sequence[TextScore]]
"""What two models made of the running texts, the one compared with first."""
Words = tuple[Sequence[GradedItem], Sequence[GradedItem]]
"""What two models answered to everyday words, likewise."""


def ability_losses(
    documents: Sequence[Document], texts: Texts, everyday: Words, alpha: float = 0.05
) -> dict[str, GeneralLoss]:
    """Return the loss of general ability per language, with its registers and everyday words.

    Everyday words belong to the language they are answered in.
    """
    before, after = (_by_language(graded) for graded in everyday)
    words = {
        language: EverydayWords(answered, after[language])
        for language, answered in before.items()
        if language in after
    }
    return general_losses(documents, *texts, words, alpha)


def composite_losses(
    documents: Sequence[Document], texts: Texts, everyday: Words, alpha: float = 0.05
) -> dict[str, Interval]:
    """Return, per language, the mean harm over registers and everyday words; gains count as 0.

    Where one of them has fewer than eight documents or concepts the interval is [-1, 1]: nothing
    is judged.
    """
    return {
        language: (loss.composite or _unjudged(loss)).within(-1, 1)
        for language, loss in ability_losses(documents, texts, everyday, alpha).items()
    }


def register_losses(documents: Sequence[Document], texts: Texts) -> dict[str, list[float]]:
    """Return, per language, the relative loss of each of its registers; a gain is negative."""
    return {
        language: [stratum.loss for stratum in loss.strata.values()]
        for language, loss in ability_losses(documents, texts, ([], [])).items()
    }


def _unjudged(loss: GeneralLoss) -> Interval:
    strata = loss.strata.values()
    mean = sum(max(0.0, stratum.loss) for stratum in strata) / len(strata)
    return Interval(mean, -1.0, 1.0, sum(stratum.n for stratum in strata))


def _by_language(graded: Iterable[GradedItem]) -> dict[str, dict[str, float]]:
    """Return language answered in → concept and direction → P(right option)."""
    groups: dict[str, list[GradedItem]] = {}
    for item in graded:
        groups.setdefault(item.pair.rpartition("->")[2], []).append(item)
    return {
        language: probabilities(
            item._replace(concept=f"{item.concept} {item.pair}") for item in answered
        )
        for language, answered in sorted(groups.items())
    }
