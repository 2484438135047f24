"""At which level a gate is judged: every look at its concepts is on record, and paid for.

* Merge, glossary and tuning are three chances to pass by luck: their levels are those of a fallback
  procedure over twice alpha, half of it the merge's. With alpha 0.05, an adoption in which nothing
  is true passes anything in at most 5 % of cases.
* The first look of a result spends four fifths of its level. The same result asked more concepts
  later is judged by what the looks have left (`stats.extension`).
* Another result of the same gate in the same folder (other candidates, another seed, other ways of
  asking, fewer concepts than were looked at) is a further chance: it has half the level of the one
  before.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from msgspec import Struct

from lexgraft.adoption.validity import ValidityMark
from lexgraft.files.checked_files import files_like, read_checked, write_checked
from lexgraft.project import Project
from lexgraft.records import Verdict
from lexgraft.stats.assurance import Level
from lexgraft.stats.extension import SMALLEST_GROWTH, look_alpha, next_level
from lexgraft.stats.fallback import fallback_level

FILE = "looks.jsonl"
FAMILY = ("merge", "glossary", "tune")  # the gates whose chances are controlled together
SHARES = (0.5, 0.25, 0.25)  # of twice alpha
CURE = "put the file back as it was: without it earlier looks would not count"


class ConfirmLook(Struct, frozen=True, forbid_unknown_fields=True):
    """One result that was judged on the `confirm` concepts."""

    gate: str
    result: str  # digest of its weights and of how it was asked
    concepts: int  # how many it was judged by
    looked: str = ""  # ISO 8601


def way_of_asking(project: Project, gate: str) -> tuple[object, ...]:
    """Return how a gate's questions are made, whatever the number of concepts.

    The same weights asked in another way are another result: settings must not be tried until one
    of them passes.
    """
    test, glossary = project.testset, project.glossary
    asked = (test.forms, test.options, test.draws, test.distractors)
    return (*asked, glossary.entries) if gate == "glossary" and glossary else asked


class LookLevel(Struct, frozen=True, forbid_unknown_fields=True):
    """The level of one look, and why it is what it is."""

    alpha: float  # 1 - the coverage of the gate's intervals
    result: int  # the how-manieth result of this gate in this folder
    look: int  # the how-manieth look at this result


def level_of(
    folder: Path, gate: str, result: str, concepts: int, earlier: Sequence[Verdict], alpha: float
) -> LookLevel:
    """Return the level at which a result is judged; the look is put on record before it is asked.

    A look that was stopped counts as well. Looking again with the same number of concepts is the
    same look; with fewer it is another result, because which ones are left out may be picked.

    Args:
        folder: the run's.
        gate: one of `FAMILY`.
        result: the digest of its weights and of how it is asked.
        concepts: how many it is judged by.
        earlier: the verdicts of the stages before.
        alpha: the project's `gates.alpha`.
    """
    looks = _recorded(folder, gate)
    asked = [look.concepts for look in looks if look.result == result]
    if asked and concepts < asked[-1]:
        result = f"{result} of {concepts}"
    results = list(dict.fromkeys([*(look.result for look in looks), result]))
    own = [look.concepts for look in looks if look.result == result]
    if not own or concepts >= own[-1] * SMALLEST_GROWTH:
        own.append(concepts)
        when = datetime.now(UTC).isoformat(timespec="seconds")
        everyone = _recorded(folder)
        look = ConfirmLook(gate, result, concepts, when)
        write_checked(folder / FILE, [*everyone, look])
    number = results.index(result) + 1
    level = _level_of_result(level_in_family(gate, earlier, alpha), number - 1)
    return LookLevel(look_alpha(own, level), number, len(own))


def level_in_family(gate: str, earlier: Sequence[Verdict], alpha: float) -> float:
    """Return the level of a gate, given the verdicts before it: at most alpha.

    A gate that passes hands its level on to the next.
    """
    outcomes = {verdict.stage: verdict.outcome for verdict in earlier}
    before = FAMILY[: FAMILY.index(gate)]
    passed = [outcomes.get(name) == "pass" for name in before]
    return min(alpha, fallback_level(passed, SHARES, 2 * alpha))


class ComingLook(NamedTuple):
    """The level of a gate's last look, and that of one which had more of everything."""

    alpha: float
    level: Level


def coming_look(
    folder: Path, gate: str, earlier: Sequence[Verdict], alpha: float
) -> ComingLook | None:
    """Return the levels of the result that a gate judged last; None where no look was recorded."""
    looks = _recorded(folder, gate)
    if not looks:
        return None
    results = list(dict.fromkeys(look.result for look in looks))
    last = looks[-1].result
    own = [look.concepts for look in looks if look.result == last]
    level = _level_of_result(level_in_family(gate, earlier, alpha), results.index(last))
    return ComingLook(look_alpha(own, level), next_level(own, level))


def _level_of_result(level: float, number: int) -> float:
    """Return the level of the result with this many before it: each has half of the one before."""
    return level / 2**number


def planned_level(gate: str, alpha: float) -> float:
    """Return the level of a gate's first look where no gate before it has passed."""
    return look_alpha([1.0], level_in_family(gate, (), alpha))


def look_marks(level: LookLevel) -> tuple[ValidityMark, ...]:
    """Return the mark of a result that was not the first to be judged on its concepts."""
    if level.result == 1:
        return ()
    share = f"{100 * (1 - level.alpha):.4g} %"
    return (
        ValidityMark(
            "another result on the same concepts",
            {
                "en": f"This is result number {level.result} judged on the same concepts: its "
                f"intervals are of {share}. Concepts that were never asked decide better: "
                "`--open-sealed`.",
                "ja": f"同じ用語で評価した {level.result} 番目の結果です。区間は {share} です。"
                "未使用の用語での確認（`--open-sealed`）がより確実です。",
            },
        ),
    )


def _recorded(folder: Path, gate: str | None = None) -> list[ConfirmLook]:
    file = folder / FILE
    begun = file in files_like(folder, FILE)  # on record, too, where it was deleted
    looks = read_checked(file, ConfirmLook, CURE) if begun else []
    return [look for look in looks if gate in (None, look.gate)]
