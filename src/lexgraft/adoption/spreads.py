"""How much answers differ from concept to concept and text to text, which decides what is shown."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from math import fsum, sqrt
from statistics import stdev

from msgspec import Struct, structs

from lexgraft.adoption.gains import term_rises
from lexgraft.adoption.general_loss import ability_losses
from lexgraft.adoption.material import Material
from lexgraft.adoption.metrics import ComparisonContext, SplitResults
from lexgraft.evaluation.general_texts import GeneralLoss
from lexgraft.evaluation.measures import ABILITY
from lexgraft.project import GeneralAbility
from lexgraft.records import Document, Item
from lexgraft.stats.composite import expected_harm
from lexgraft.stats.gate_power import Requirement, Stratum
from lexgraft.stats.moments import FEWEST


class Spreads(Struct, frozen=True, forbid_unknown_fields=True):
    """Standard deviations of paired differences of two models.

    The defaults are those of the medical example (docs/log.md, 2026-11-30); a run's own are taken
    from its parents' answers once they are there.
    """

    terms: float = 0.3  # of P(right option), by concept
    documents: float = 0.04  # of relative bits per byte, by document
    everyday: float = 0.2  # of relative P(right option) of everyday words, by concept
    changing: float = 0.4  # share of terms that are written by one of two modes alone
    measured: bool = False

    def of_a_tuning(self) -> "Spreads":
        """Return them for a tuned model: how far it moves general texts has nothing to do with D.

        Those stay the example's; the terms' are the run's own.
        """
        assumed = Spreads()
        return structs.replace(self, documents=assumed.documents, everyday=assumed.everyday)


def measured_spreads(
    recipient: SplitResults,
    donor: SplitResults,
    context: ComparisonContext,
    budget: float | None = None,
) -> Spreads:
    """Return the spreads that a merge will show against G, from the donor's against G.

    A merge stands about half-way between its parents, so general texts and everyday words move
    about half as far (to first order in the weights); P(right) of the terms may move all the way.
    One that is walked back to a budget moves them less: harm grows with the square of the way to
    D, how much single texts move with the way itself, so they move √(budget ÷ D's harm) as far.
    The defaults stand where too few were asked.
    """
    assumed = Spreads()
    rises = [
        rise
        for pair in context.targets(donor.terms)
        for rise in term_rises(recipient.terms, donor.terms, pair, context).values()
    ]
    losses = ability_losses(
        context.documents, (recipient.texts, donor.texts), (recipient.everyday, donor.everyday)
    )
    spread_of_texts = _mean_spread(losses, everyday=False)
    spread_of_words = _mean_spread(losses, everyday=True)
    way = _way_to_the_donor(losses, budget)
    return Spreads(
        terms=stdev(rises) if len(rises) >= FEWEST else assumed.terms,
        documents=assumed.documents if spread_of_texts is None else spread_of_texts * way,
        everyday=assumed.everyday if spread_of_words is None else spread_of_words * way,
        measured=len(rises) >= FEWEST,
    )


def _way_to_the_donor(losses: Mapping[str, GeneralLoss], budget: float | None) -> float:
    """Return how far a merge will stand from G, where D stands at 1: half-way at most."""
    harms = [
        fsum(max(0.0, stratum.loss) for stratum in texts) / len(texts)
        for loss in losses.values()
        if (texts := [part for name, part in loss.strata.items() if not _everyday(name)])
    ]
    harm = max(harms, default=0.0)
    return 0.5 if budget is None or harm <= 4 * budget else sqrt(budget / harm)


def _everyday(stratum: str) -> bool:
    """Return whether a stratum is of everyday words; the others are registers of text."""
    return stratum.endswith("/everyday")


def _mean_spread(losses: Mapping[str, GeneralLoss], *, everyday: bool) -> float | None:
    """Return the root of the mean variance of one contribution over registers or words."""
    spreads = [
        stratum.spread
        for loss in losses.values()
        for name, stratum in loss.strata.items()
        if _everyday(name) == everyday and stratum.n >= FEWEST
    ]
    return sqrt(sum(one**2 for one in spreads) / len(spreads)) if spreads else None


def ability_requirements(
    material: Material, gate: GeneralAbility, spreads: Spreads, loss: float, alpha: float
) -> Iterator[Requirement]:
    """Yield, per language, that general ability is kept: its registers and everyday words."""
    documents = [text for _, texts in material.texts["confirm"] for text in texts]
    for language, strata in _strata(documents, material.testset.general, spreads).items():
        yield Requirement(
            name=ABILITY,
            group=language,
            kind="mean",
            n=max(part.n for part in strata),
            threshold=-gate.general_loss,
            truth=-_seen_harm(strata, loss),
            spread=spreads.documents,
            unit="documents",
            alpha=alpha,
            strata=tuple(strata),
        )


def _seen_harm(strata: Sequence[Stratum], loss: float) -> float:
    """Return the mean harm that is measured on average: chance alone leaves some."""
    return sum(expected_harm(loss, part.spread / sqrt(part.n)) for part in strata) / len(strata)


def _strata(
    documents: list[Document], everyday: tuple[Item, ...], spreads: Spreads
) -> dict[str, list[Stratum]]:
    """Return language → its registers, and its everyday words as one more."""
    registers = Counter((text.language, text.register) for text in documents)
    words = Counter(item.answer_language for item in everyday)
    strata: dict[str, list[Stratum]] = {}
    for (language, _), count in sorted(registers.items()):
        strata.setdefault(language, []).append(Stratum("documents", count, spreads.documents))
    for language, count in sorted(words.items()):
        strata.setdefault(language, []).append(Stratum("items", count, spreads.everyday))
    return strata
