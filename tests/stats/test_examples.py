"""The examples in docstrings of pure functions give what they say."""

import doctest
from importlib import import_module

import pytest

MODULES = (
    "evaluation.chrf",
    "evaluation.consistency",
    "evaluation.knowledge_transitions",
    "evaluation.output_language",
    "evaluation.term_grade",
    "stats.assurance",
    "stats.clustered",
    "stats.cross_draw",
    "stats.extension",
    "stats.fallback",
    "stats.gate_power",
    "stats.gate_sizes",
    "stats.gates",
    "stats.intervals",
    "stats.multiple_testing",
    "stats.paired",
    "stats.power",
    "stats.prediction_powered",
    "stats.sequential",
    "stats.student_t",
)


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_of_a_module_hold(name: str) -> None:
    failed, tried = doctest.testmod(import_module(f"lexgraft.{name}"))
    assert tried
    assert not failed
