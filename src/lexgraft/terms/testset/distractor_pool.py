"""Distractor pool: which other concepts' answers may stand beside an answer, the closest first."""

from collections.abc import Iterable, Sequence
from typing import Literal

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from lexgraft.errors import LexgraftError
from lexgraft.project import Form
from lexgraft.records import Concept, digest
from lexgraft.terms.testset.form_profile import (
    FormProfile,
    could_be_right,
    generic_stems,
    profile,
    profile_of_option,
)
from lexgraft.terms.testset.question_forms import Kin

Distractors = Literal["sibling", "field", "matched", "random"]

_NEAR: dict[Distractors, int] = {
    "sibling": 2,
    "field": 4,
    "matched": 12,
    "random": 1,
}  # times as many as needed are drawn from
_BEST = 8  # times as many of those that pieces make likeliest are drawn from besides
_LENT = 2000  # of the others at most, so that a large term base costs no more
_LONGER = 2  # fifths by which the longer of two lengths may exceed the other: else they are unlike
_MIX = (0xBF58476D1CE4E5B9, 0x94D049BB133111EB)  # of splitmix64 (Steele et al., OOPSLA 2014)


class DistractorPool(Struct, frozen=True):
    """What one form draws from: the concepts asked about, and those that only lend options."""

    form: Form
    asked: list[FormProfile]  # in the order that rotates the right option's place
    members: list[FormProfile]  # these, then the lenders
    generic: frozenset[str]  # stems that tell nothing
    keys: dict[str, int]  # concept id → number that its chances follow from
    columns: "PoolColumns"

    def near(
        self,
        target: FormProfile,
        count: int,
        distractors: Distractors,
        scores: NDArray[np.int64] | None = None,
    ) -> list[FormProfile]:
        """Return those that may be drawn where `count` are needed, by chance; no answer twice.

        Of those that are alike there is a whole circle, `sibling` the narrowest and `matched` the
        widest; of the unlike no more than needed. With `scores` (of every member) as many again
        are taken of the alike that have the highest. The chance of a pair depends on the seed, the
        form and these two concepts, on no other concept and on no order.
        """
        unlike, distance = self.columns.distances(target, distractors)
        chance = self.columns.chances(self.keys[target.concept.id])
        found: dict[str, int] = {}
        self._take(
            found, target, np.lexsort((chance, distance)), unlike, count * _NEAR[distractors], count
        )
        if scores is not None:
            best = np.lexsort((chance, -scores, unlike))
            best = best[: count * _BEST]
            self._take(found, target, best, unlike, len(found) + count * _BEST, 0)
        places = sorted(found.values(), key=lambda place: (chance[place], place))
        return [self.members[place] for place in places]

    def _take(
        self,
        found: dict[str, int],
        target: FormProfile,
        order: NDArray[np.int64],
        unlike: NDArray[np.int64],
        circle: int,
        count: int,
    ) -> None:
        """Add answer → member, in this order, to a whole circle of the alike, else to `count`."""
        for place in order.tolist():
            if len(found) >= (count if unlike[place] else circle):
                break
            candidate = self.members[place]
            if candidate.answer in found or candidate.concept.id == target.concept.id:
                continue
            if not could_be_right(target, candidate, self.generic):
                found[candidate.answer] = place


class PoolColumns:
    """What distances are measured by, of all members at once."""

    def __init__(self, members: Sequence[FormProfile], asked: int, keys: Sequence[int]) -> None:
        self._numbers: dict[str, int] = {}
        self._lent = (np.arange(len(members)) >= asked).astype(np.int64)
        self._length = np.array([member.length for member in members], dtype=np.int64)
        self._field = self._coded(member.concept.field for member in members)
        self._type = self._coded(member.concept.type for member in members)
        self._part_of_speech = self._coded(member.part_of_speech for member in members)
        self._script = self._coded(member.script for member in members)
        self._members_of: dict[str, list[int]] = {}
        for place, one in enumerate(members):
            for name in sorted(_classes(one.concept)):
                self._members_of.setdefault(name, []).append(place)
        self._keys = np.array([key % 2**64 for key in keys], dtype=np.uint64)

    def chances(self, key: int) -> NDArray[np.uint64]:
        """Return a number per member, by chance, from its key and that of the asked concept."""
        mixed = self._keys ^ np.uint64((key >> 64) % 2**64)
        for factor, shift in zip(_MIX, (30, 27), strict=True):
            mixed = (mixed ^ (mixed >> np.uint64(shift))) * np.uint64(factor)
        return mixed ^ (mixed >> np.uint64(31))

    def distances(
        self, target: FormProfile, distractors: Distractors
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return, per member, whether it is unlike, and how far from the target.

        What stands first below counts most; `lent` (of a concept that nobody asks about) is the
        last tie-break everywhere, for an answer that is never right gives itself away.

        * `random`: everybody is as close as anybody.
        * `field`, `matched`: those of the field that look alike, then by field and looks.
        * `sibling`: those of the type, then those with broader concepts in common, then by looks.
        """
        if distractors == "random":
            return np.zeros(len(self._lent), dtype=np.int64), self._lent
        shorter = np.minimum(self._length, target.length)
        longer = np.maximum(self._length, target.length)
        other_field = self._differs(self._field, target.concept.field)
        other_word = self._differs(self._part_of_speech, target.part_of_speech)
        other_script = self._differs(self._script, target.script)
        fifths = np.minimum(5 * (longer - shorter) // np.maximum(1, shorter), 1 << 20)
        unlike = other_field | other_word | other_script | (fifths > _LONGER)
        looks = (((other_word * 2 + other_script) << 21) + fifths) * 2 + self._lent
        if distractors in ("field", "matched"):
            far = unlike * 2 + other_field
            # The alike are a circle: what they differ in does not matter.
            return unlike, np.where(unlike, (far << 25) + looks, self._lent)
        other_type = self._differs(self._type, target.concept.type) | int(not target.concept.type)
        shared = np.zeros(len(self._lent), dtype=np.int64)
        for name in sorted(_classes(target.concept)):
            shared[self._members_of.get(name, [])] += 1
        far = (other_type << 8) + 255 - np.minimum(shared, 255)
        return other_type, (((far << 1) + unlike) << 25) + looks

    def _coded(self, texts: Iterable[str]) -> NDArray[np.int64]:
        numbers = [self._numbers.setdefault(text, len(self._numbers)) for text in texts]
        return np.array(numbers, dtype=np.int64)

    def _differs(self, column: NDArray[np.int64], text: str) -> NDArray[np.int64]:
        return (column != self._numbers.get(text, -1)).astype(np.int64)


def pool_of(
    concepts: Sequence[Concept], lenders: Sequence[Concept], form: Form, seed: int, kin: Kin
) -> DistractorPool:
    """Return one form's concepts, the asked ones in an order by chance.

    Raises:
        LexgraftError: a concept that the form cannot ask for.
    """
    keys = {
        concept.id: int(digest(seed, form, concept.id), 16) for concept in (*concepts, *lenders)
    }
    ordered = sorted(concepts, key=lambda concept: keys[concept.id])
    lent = sorted(lenders, key=lambda concept: keys[concept.id])[:_LENT]
    asked = [_askable(concept, form, kin) for concept in ordered]
    spare = [view for concept in lent if (view := profile_of_option(concept, form, kin))]
    members = [*asked, *spare]
    numbers = [keys[member.concept.id] for member in members]
    columns = PoolColumns(members, len(asked), numbers)
    return DistractorPool(form, asked, members, generic_stems(members), keys, columns)


def _askable(concept: Concept, form: Form, kin: Kin) -> FormProfile:
    view = profile(concept, form, kin)
    if isinstance(view, str):
        raise LexgraftError(f"cannot ask for `{concept.id}`: {view}", cure="leave the concept out")
    return view


def _classes(concept: Concept) -> set[str]:
    """Return what a concept belongs to: its type and its broader concepts."""
    return {concept.type, *concept.broader} - {""}
