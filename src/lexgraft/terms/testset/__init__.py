"""Test set: rarity · items and distractors · split · audit, from term bases, without a model."""

from lexgraft.terms.testset.build import build_testset
from lexgraft.terms.testset.testset_files import refuse_other, write_harness, write_testset
from lexgraft.terms.testset.testset_record import TestSet

__all__ = ["TestSet", "build_testset", "refuse_other", "write_harness", "write_testset"]
