"""The stages that a project runs: those of the list that it neither leaves out nor lacks (pure)."""

from collections.abc import Sequence
from typing import Any

from lexgraft.adoption.stages.stage import Stage
from lexgraft.errors import LexgraftError, nearest
from lexgraft.project import Project

WHERE = "stages"


def chosen_stages(project: Project, stages: Sequence[Stage[Any]]) -> tuple[Stage[Any], ...]:
    """Return the stages of an adoption, in the order of the list.

    Raises:
        LexgraftError: the project names a stage that there is not, one whose section is null, or
            one that needs a stage which is left out.
    """
    by_name = {stage.name: stage for stage in stages}
    if project.stages is None:
        chosen = [stage for stage in stages if stage.planned(project)]
    else:
        for name in project.stages:
            if name not in by_name:
                raise LexgraftError(f"no stage `{name}`", where=WHERE, cure=nearest(name, by_name))
            if not by_name[name].planned(project):
                raise LexgraftError(
                    f"stage `{name}` has nothing to do in this project",
                    where=WHERE,
                    cure=f"give it its section, or take `{name}` out of `stages`",
                )
        chosen = [stage for stage in stages if stage.name in project.stages]
    names = {stage.name for stage in chosen}
    for stage in chosen:
        for name in stage.needs:
            if name not in names:
                raise LexgraftError(
                    f"stage `{stage.name}` needs what stage `{name}` finds",
                    where=WHERE,
                    cure=f"add `{name}`, or take `{stage.name}` out as well",
                )
    return tuple(chosen)
