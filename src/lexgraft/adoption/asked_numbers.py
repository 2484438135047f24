"""Which keys of a project say how many of what a gate counts, so that advice can be followed."""

from collections.abc import Mapping
from math import ceil
from types import MappingProxyType
from typing import NamedTuple

from lexgraft.adoption.material import Material

ROUNDING = 1e-9  # of a number that is whole but for its arithmetic


class AskedNumber(NamedTuple):
    """What the project says now of one unit, and the greatest number it can say."""

    keys: str
    now: int
    most: int | None = None
    beyond: str = ""  # what else a greater number takes

    def advised(self, factor: float) -> str:
        """Return what is to be set so that a gate counts so many times as much.

        >>> AskedNumber("`tune.terms`", 40, 50, "and `testset.choose` to as many").advised(1.5)
        '`tune.terms` to about 60 (and `testset.choose` to as many)'
        """
        number = ceil(self.now * factor - ROUNDING)
        more = self.most is not None and number > self.most and self.beyond
        return f"{self.keys} to about {number}" + (f" ({self.beyond})" if more else "")


NOTHING_ASKED: Mapping[str, AskedNumber] = MappingProxyType({})
"""Of a project that is not at hand: what the gates count is named as if it were set."""


def asked_numbers(material: Material, gate: str) -> dict[str, AskedNumber]:
    """Return unit → what the project says of it; what a gate counts is in proportion to it.

    A gate counts fewer concepts than `testset.confirm` (those whose items need their term) and a
    register holds fewer documents than `documents` (which are a file's).
    """
    project, texts = material.project, material.texts["confirm"]
    asked, choose = project.testset, project.testset.choose
    both = gate == "headroom"  # the only gate that counts the concepts of both splits
    numbers = {
        "concepts": AskedNumber("`testset.choose` and `testset.confirm` together", choose)
        if both
        else AskedNumber("`testset.confirm`", 0),
        "items": AskedNumber("`general.items`", project.general.items),
        "glossary concepts": _of_glossary(material),
        "taught concepts": AskedNumber(
            "`tune.terms`",
            project.tune.terms if project.tune else 0,
            choose,
            "and `testset.choose` to as many",
        ),
    }
    concepts = numbers["concepts"]
    numbers["concepts"] = concepts._replace(now=concepts.now + asked.confirm)
    if texts:
        most = material.most_shipped
        numbers["documents"] = AskedNumber(
            "`documents` of each of `general.texts`",
            max(len(documents) for _, documents in texts),
            most,
            f"`shipped` has {most}: name files of your own",
        )
    return numbers


def _of_glossary(material: Material) -> AskedNumber:
    """Return what limits the concepts asked with the glossary: its own key, or `confirm`."""
    settings, confirm = material.project.glossary, material.project.testset.confirm
    if settings is not None and settings.concepts < confirm:
        return AskedNumber(
            "`glossary.concepts`",
            settings.concepts,
            confirm,
            "and `testset.confirm` to as many",
        )
    return AskedNumber("`testset.confirm` and `glossary.concepts`", confirm)
