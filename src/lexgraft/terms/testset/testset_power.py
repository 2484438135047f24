"""Power: the smallest difference of two models that a test set can show, before any is run."""

from collections.abc import Mapping

from msgspec import Struct

from lexgraft.records import Split
from lexgraft.stats.power import smallest_difference

CHANGING = (0.05, 0.1, 0.2, 0.3)  # shares of concepts on which two models differ


class DetectableDifference(Struct, frozen=True):
    """What one split can show with 80 % power at 5 %, two-sided and paired by concept."""

    split: Split
    concepts: int
    differences: dict[str, float]  # percent of concepts that change → difference, where it can

    def sentence(self) -> str:
        """Return the differences as a row of a table."""
        if not self.differences:
            return "no difference: too few concepts"
        points = ", ".join(
            f"{100 * value:.1f} ({share} % change)" for share, value in self.differences.items()
        )
        return f"differences of {points} points"


def power_table(counts: Mapping[Split, int]) -> tuple[DetectableDifference, ...]:
    """Return what each split can show; an empty split shows nothing and is left out."""
    return tuple(
        DetectableDifference(split, count, _differences(count))
        for split, count in counts.items()
        if count
    )


def _differences(count: int) -> dict[str, float]:
    """Return the smallest differences that can be smaller than the share that changes."""
    smallest = {share: round(smallest_difference(count, share), 4) for share in CHANGING}
    return {f"{100 * share:g}": value for share, value in smallest.items() if value < share}
