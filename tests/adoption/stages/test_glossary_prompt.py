"""The effect of a glossary is what remains when the presence of one is taken off."""

from lexgraft.adoption.stages.glossary_prompt import criteria, effect_and_gain
from lexgraft.evaluation.measures import MODES
from lexgraft.project import GlossaryGate
from lexgraft.stats.intervals import Interval


def test_the_effect_is_proper_minus_random_and_the_gain_proper_minus_none():
    concepts = [f"c{n}" for n in range(10)]
    right = {MODES[0]: 1, MODES[1]: 9, MODES[2]: 4}  # none, proper, random
    by_mode = {
        mode: {concept: n < count for n, concept in enumerate(concepts)}
        for mode, count in right.items()
    }
    effect, gain = effect_and_gain(by_mode, 0.05)
    assert (effect.value, gain.value) == (0.5, 0.8)
    asked = criteria(effect, gain, "en->ja", GlossaryGate(0.1, 0.2))
    assert [one.threshold for one in asked] == [0.1, 0.2]


def test_what_is_written_is_judged_and_what_is_recognised_is_not():
    effect = Interval(0.3, 0.1, 0.5, 20)
    asked = criteria(effect, effect, "en->ja", GlossaryGate())
    assert [one.name for one in asked] == [
        "glossary effect, term generation",
        "target gain, term generation",
    ]
