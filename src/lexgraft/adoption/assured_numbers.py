"""With how many concepts and documents an undecided gate would decide, and how surely (pure)."""

from collections.abc import Iterable, Mapping, Sequence

from msgspec import structs

from lexgraft.adoption.looks import ComingLook
from lexgraft.adoption.report.report_words import LANGUAGES, named, say
from lexgraft.adoption.servable_settings import COSTS
from lexgraft.records import Criterion, DecisionChance, Verdict
from lexgraft.stats.assurance import as_measured, assurance
from lexgraft.stats.gate_power import Requirement
from lexgraft.stats.intervals import Interval

SAID = 0.8  # the chance whose numbers stand in the sentence


def with_assured_numbers(
    verdict: Verdict, requirements: Sequence[Requirement], look: ComingLook | None = None
) -> Verdict:
    """Return an undecided verdict with the numbers that would decide it; others as they are.

    `requirements` are those of the plan: what each criterion counts. `look` says at which level the
    verdict was given and what a further look is judged at; without it all looks have the plan's.
    """
    if look is not None:
        requirements = [one._replace(alpha=look.alpha) for one in requirements]
    measured = _measured(verdict.criteria, requirements)
    if verdict.outcome != "undecided" or not measured:
        return verdict
    found = assurance(measured, COSTS, look.level if look else None)
    chances = tuple(
        DecisionChance(one.chance, dict(one.numbers) if one.numbers else None, one.predicted)
        for one in found.extensions
    )
    open_verdict = structs.replace(
        verdict, expected=found.expected, chances=chances, open=found.reason
    )
    more = {language: assured_sentence(open_verdict, language) for language in LANGUAGES}
    joint = {"en": ". ", "ja": "。"}
    summary = {
        language: f"{text}{joint[language]}{more[language]}"
        for language, text in verdict.summary.items()
    }
    return structs.replace(open_verdict, summary=summary)


def assured_sentence(verdict: Verdict, language: str) -> str:
    """Return what would decide a gate, in a sentence."""
    chances = {chance.chance: chance for chance in verdict.chances}
    wanted = chances.get(SAID)
    if wanted is None:
        return ""
    if wanted.numbers is None:
        return say(f"open_{verdict.open}", language)
    return say(
        "assured",
        language,
        outcome=named(verdict.expected, language),
        numbers=numbers_text(wanted.numbers, language),
        others="; ".join(
            f"{chance.chance:.0%}: {numbers_text(chance.numbers, language)}"
            for chance in verdict.chances
            if chance.numbers and chance.chance != SAID
        ),
    )


def numbers_text(numbers: Mapping[str, int], language: str) -> str:
    """Return numbers with what they count, `177 concepts, 60 documents a register`."""
    joint = "、" if language == "ja" else ", "
    return joint.join(say(f"count {unit}", language, n=f"{n:,}") for unit, n in numbers.items())


def _measured(
    criteria: Iterable[Criterion], requirements: Sequence[Requirement]
) -> list[Requirement]:
    """Return the plan's requirements with what was measured of them in place of what was assumed.

    A requirement that the plan does not know is left out: how it grows with numbers is not known.
    """
    planned = {(one.name, one.group): one for one in requirements}
    found: list[Requirement] = []
    for criterion in criteria:
        requirement = planned.get((criterion.name, criterion.group))
        if requirement is None:
            continue
        if requirement.kind == "share":
            found.append(requirement._replace(truth=criterion.value))
        else:
            interval = Interval(criterion.value, criterion.low, criterion.high, criterion.n)
            found.append(as_measured(requirement, interval))
    return found
