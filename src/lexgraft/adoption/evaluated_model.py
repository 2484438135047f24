"""A model of an adoption, as it is named, told apart and made."""

from dataclasses import dataclass

from lexgraft.records import digest
from lexgraft.weights.checkpoint.checkpoint_index import Checkpoint
from lexgraft.weights.merge.merge_plan import MergePlan


@dataclass(frozen=True)
class EvaluatedModel:
    """A model that can be asked: a folder, or a merge onto it that need not be on disk."""

    name: str  # to show
    onto: Checkpoint
    plan: MergePlan | None = None

    @property
    def digest(self) -> str:
        """Return what identifies its weights."""
        return self.onto.digest if self.plan is None else digest("merge", self.plan.digest)

    @property
    def digest_of_plan(self) -> str:
        """Return what names the folder of a merge."""
        return "" if self.plan is None else self.plan.digest
