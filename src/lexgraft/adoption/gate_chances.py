"""How likely each gate is to pass, before anything is asked; what would make it likelier (pure)."""

from collections.abc import Mapping, Sequence
from math import fsum, trunc
from types import MappingProxyType

from msgspec import Struct

from lexgraft.adoption.asked_numbers import NOTHING_ASKED, AskedNumber
from lexgraft.adoption.report.report_words import grouped, named
from lexgraft.adoption.validity import ValidityMark
from lexgraft.errors import LexgraftError
from lexgraft.stats.gate_power import Requirement, gate_power, threshold_for
from lexgraft.stats.gate_sizes import sizes_for

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
    minutes: float = 0.0  # of computing that the numbers needed take on top
    advised: tuple[str, ...] = ()  # what the project is to say to have the numbers needed


def gate_chance(
    gate: str,
    requirements: Sequence[Requirement],
    seconds: Mapping[str, float] = MappingProxyType({}),
    asked: Mapping[str, AskedNumber] = NOTHING_ASKED,
    *,
    measured: bool,
) -> GateChance:
    """Return how likely a gate is to pass, and the cheapest numbers that would make it likely.

    `seconds` are what all stages spend on each unit that is counted, `asked` what the project says
    of it.
    """
    power = gate_power(requirements)
    numbers, needed = _numbers(requirements), sizes_for(requirements, WANTED, costs=COSTS)
    more = _greater(needed, numbers)
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
        needed=needed,
        measured=measured,
        minutes=fsum(
            seconds.get(unit, 0.0) / 60 * (number / numbers[unit] - 1)
            for unit, number in more.items()
        ),
        advised=tuple(
            asked.get(unit, AskedNumber(unit, numbers[unit])).advised(number / numbers[unit])
            for unit, number in more.items()
        ),
    )


COSTS = {"concepts": 6.0, "documents": 2.0, "items": 1.0, "glossary concepts": 6.0}
"""What one more of each costs in answers, in proportion."""


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
                f"{_truths(gate, 'en')}: that it did not pass says little.",
                "ja": f"{named(gate.gate, 'ja')}の基準は、{_truths(gate, 'ja')}でも"
                f"合格の確率が {gate.chance:.2f} でした。不合格であっても多くは言えません。",
            },
        )
        for gate in chances
        if gate.chance < LEAST
    )


def advice(gate: GateChance, language: str) -> str:
    """Return which numbers make a gate pass with 80 %, or which thresholds these numbers serve."""
    if gate.advised:
        numbers = ", ".join(gate.advised)
        if language == "ja":
            return f"{WANTED:.0%}: {numbers}{_longer(gate.minutes, '（約 {} 分の追加）')}"
        return f"for {WANTED:.0%} set {numbers}{_longer(gate.minutes, ' (about {} min more)')}"
    weakest = min(gate.requirements, key=lambda one: one.chance)
    name = f"{named(weakest.name, language)} ({grouped(weakest.group, language)})"
    if language == "ja":
        return f"{name} の基準を {weakest.served:+.3f} に"
    return f"no number does: a threshold of {weakest.served:+.3f} on {name} would be served"


def _greater(needed: Mapping[str, int] | None, numbers: Mapping[str, int]) -> dict[str, int]:
    """Return what is needed more of than there is."""
    wanted = (needed or {}).items()
    return {unit: number for unit, number in wanted if number > numbers.get(unit, 0)}


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


def _numbers(requirements: Sequence[Requirement]) -> dict[str, int]:
    numbers: dict[str, int] = {}
    for one in requirements:
        for part in one.strata or (one,):
            numbers[part.unit] = max(numbers.get(part.unit, 0), part.n)
    return numbers


def chance_rows(chances: Sequence[GateChance], language: str = "en") -> list[list[str]]:
    """Return the chances as rows of the plan's table."""
    rows: list[list[str]] = []
    for gate in chances:
        rows.append([f"P(pass) {gate.gate}, if {_truths(gate, language)}", f"{gate.chance:.2f}"])
        if gate.chance < WANTED:
            rows.append([f"  {gate.gate}: what would do", advice(gate, language)])
    return rows
