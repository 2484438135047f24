"""GROWS  Stages of an adoption: one file each, and their order."""

from typing import Any

from lexgraft.adoption.stages.curve import Curve
from lexgraft.adoption.stages.glossary_prompt import GlossaryPrompt
from lexgraft.adoption.stages.headroom import Headroom
from lexgraft.adoption.stages.learn import Learn
from lexgraft.adoption.stages.measure import Measure
from lexgraft.adoption.stages.merge_race import MergeRace
from lexgraft.adoption.stages.sealed_test import SealedTest
from lexgraft.adoption.stages.spoken import Spoken
from lexgraft.adoption.stages.stage import Stage
from lexgraft.adoption.stages.tuning import Tuning

STAGES: tuple[Stage[Any], ...] = (
    Headroom(),
    Learn(),
    MergeRace(),
    Measure(),
    GlossaryPrompt(),
    Tuning(),
    Spoken(),
    Curve(),
    SealedTest(),
)
