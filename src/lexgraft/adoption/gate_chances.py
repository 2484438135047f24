"""How likely each gate is to pass, before anything is asked; what would make it likelier (pure)."""

from collections.abc import Mapping, Sequence
from math import fsum, trunc
from types import MappingProxyType

from msgspec import Struct

from lexgraft.adoption.report.report_words import named
from lexgraft.adoption.servable_settings import (
    COSTS,
    Supply,
    number_settings,
    raised_numbers,
    served_thresholds,
)
from lexgraft.adoption.validity import ValidityMark
from lexgraft.errors import LexgraftError
from lexgraft.stats.gate_power import Requirement, gate_power, threshold_for
from lexgraft.stats.gate_sizes import present_numbers, sizes_for

WANTED = 0.8  # chance that a gate should have
LEAST = 0.5  # chance below which a gate is refused

Words = dict[str, str]


class RequirementChance(Struct, frozen=True, forbid_unknown_fields=True):
    """One requirement of a gate: the truth it is planned for, and its chance to be met."""

    name: str
    group: str
    threshold: float
    truth: float
    chance: float
    served: float  # the threshold that these numbers serve with 80 %


class GateChance(Struct, frozen=True, forbid_unknown_fields=True):
    """The chance that a whole gate passes if the truths are as stated."""

    gate: str
    chance: float  # as if requirements were independent: a low estimate
    requirements: tuple[RequirementChance, ...]
    numbers: dict[str, int]  # what is counted → how many there are
    needed: dict[str, int] | None  # numbers with which the chance is 80 %; None: no number does
    measured: bool  # whether spreads are of this run's parents; else those of the examples
    settings: dict[str, float] = {}  # keys of the project with which the chance is 80 %
    minutes: float = 0.0  # of computing that these numbers take on top


def gate_chance(
    gate: str,
    requirements: Sequence[Requirement],
    seconds: Mapping[str, float] = MappingProxyType({}),
    supplies: Mapping[str, Supply] = MappingProxyType({}),
    *,
    measured: bool,
) -> GateChance:
    """Return how likely a gate is to pass, and what of its project would make it likely.

    `seconds` are what all stages spend on each unit that is counted, `supplies` how far the
    project's numbers could be raised.
    """
    power, numbers = gate_power(requirements), present_numbers(requirements)
    likely = power.independent >= WANTED
    raised = None if likely else raised_numbers(requirements, WANTED, supplies)
    settings = number_settings(requirements, raised, supplies) if raised else {}
    if not likely and not settings:
        settings = served_thresholds(gate, requirements, WANTED)
    return GateChance(
        gate=gate,
        chance=power.independent,
        requirements=tuple(
            RequirementChance(
                one.name, one.group, one.threshold, one.truth, chance, threshold_for(one, WANTED)
            )
            for one, chance in zip(requirements, power.each, strict=True)
        ),
        numbers=numbers,
        needed=sizes_for(requirements, WANTED, costs=COSTS),
        measured=measured,
        minutes=fsum(
            seconds.get(unit, 0.0) / 60 * (number / numbers[unit] - 1)
            for unit, number in (raised or {}).items()
        ),
        settings=settings,
    )


def refuse_hopeless(chances: Sequence[GateChance]) -> None:
    """Refuse gates that would sooner not pass, though what they ask for were true.

    Raises:
        LexgraftError: there is one, with the numbers or thresholds that would do.
    """
    for gate in chances:
        if gate.chance < LEAST:
            raise LexgraftError(
                f"the {gate.gate} gate would pass with a chance of {gate.chance:.2f} if "
                f"{_truths(gate, 'en')}",
                where=f"gates.{gate.gate}",
                cure=f"{advice(gate, 'en')}; or run it all the same with --underpowered: the "
                "report says so",
            )


def underpowered(chances: Sequence[GateChance]) -> tuple[ValidityMark, ...]:
    """Return the mark of gates that were run though they are likelier not to pass."""
    return tuple(
        ValidityMark(
            f"{gate.gate} underpowered",
            {
                "en": f"The {gate.gate} gate had a chance of {gate.chance:.2f} to pass if "
                f"{_truths(gate, 'en')}: where it did not pass, that says little.",
                "ja": f"{named(gate.gate, 'ja')}の基準は、{_truths(gate, 'ja')}でも"
                f"合格の確率が {gate.chance:.2f} でした。合格しなかった場合も、多くは言えません。",
            },
        )
        for gate in chances
        if gate.chance < LEAST
    )


def advice(gate: GateChance, language: str) -> str:
    """Return what to write into the project so that a gate passes with 80 %.

    Numbers where there is enough to raise them to; else thresholds that these numbers serve, and
    where even a threshold of 0 is too high, the effect that they can show.
    """
    written = [f"`{key}: {value:.6g}`" for key, value in gate.settings.items()]
    if not written:
        return {"en": "more concepts are needed", "ja": "概念を増やす"}[language]
    joined = ("、" if language == "ja" else ", ").join(written)
    raised = any(not key.startswith("gates.") for key in gate.settings)
    if language == "ja":
        return f"{WANTED:.0%}：{joined}{_longer(gate.minutes, '（約 {} 分の追加）')}"
    if raised:
        return f"for {WANTED:.0%} set {joined}{_longer(gate.minutes, ' (about {} min more)')}"
    return f"these numbers serve {joined} with {WANTED:.0%}"


def _longer(minutes: float, sentence: str) -> str:
    """Return by how much longer a run takes; nothing where that is not known."""
    return sentence.format(f"{minutes:.1f}") if round(minutes, 1) else ""


def _truths(gate: GateChance, language: str) -> str:
    """Return the truths that are assumed, each once."""
    texts = dict.fromkeys(
        f"{named(one.name.partition(', ')[0], language)} = {trunc(round(100 * one.truth, 6)):+d}"
        for one in gate.requirements
    )
    return ", ".join(texts)


def chance_rows(chances: Sequence[GateChance], language: str = "en") -> list[list[str]]:
    """Return the chances as rows of the plan's table."""
    rows: list[list[str]] = []
    for gate in chances:
        rows.append([f"P(pass) {gate.gate}, if {_truths(gate, language)}", f"{gate.chance:.2f}"])
        if gate.chance < WANTED:
            rows.append([f"  {gate.gate}: what would do", advice(gate, language)])
    return rows
