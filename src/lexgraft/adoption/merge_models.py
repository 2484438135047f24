"""Merging from a recipe or from a project's candidate: planned first, then written."""

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from msgspec.structs import replace

from lexgraft.compute import ComputeSettings
from lexgraft.compute.seats import Seats
from lexgraft.errors import LexgraftError, path_of
from lexgraft.files.hub import find_model
from lexgraft.files.model_search import ModelSearch
from lexgraft.files.ownership import check_outputs, real_path
from lexgraft.files.stand_ins import output_of, place_of
from lexgraft.files.store_places import url_of
from lexgraft.files.store_url import is_url
from lexgraft.project import Project, inputs_of, read_project, with_models
from lexgraft.records import Progress, silent
from lexgraft.weights.checkpoint.disk_io import make_folder
from lexgraft.weights.merge.disk_merge import check_shared, run_merge
from lexgraft.weights.merge.manifest import Manifest
from lexgraft.weights.merge.merge_plan import MergePlan
from lexgraft.weights.merge.multi_recipe import RecipeStep, Then, plan_stages, run_stages
from lexgraft.weights.merge.plan_text import describe, summary
from lexgraft.weights.merge.recipe import is_recipe, read_recipes

SEAT_MEMORY = 512 << 20  # bytes that a process of a cluster takes for a merge, buffers included


def merge(
    source: Project | Path | str,
    output: Path | str,
    *,
    method: str | None = None,
    seed: int | None = None,
    memory: int | None = None,
    workers: int | None = None,
    allow_nonfinite: bool = False,
    check_answers: bool = False,
    device: str = "cpu",
    download: bool = False,
    compute: ComputeSettings | None = None,
    progress: Progress = silent,
) -> Manifest:
    """Merge models into a Hugging Face folder and return what it was made from and holds.

    A killed merge goes on where it stopped, to the same bytes; neither memory nor workers show in
    them. A folder that holds this very merge already is checked and kept.

    Args:
        source: a mergekit recipe or a project file (YAML), or a project from `load_project`.
        output: the folder to write, or `s3://bucket/prefix`; it must be new, or hold this very
            merge.
        method: of a project: which of its candidates (default: the first).
        seed: of a recipe: what chance is keyed by (default: 0). A project has its own.
        memory: bytes for the merge's own buffers (default: 288 MiB, 96 MiB beside torch).
        workers: threads (default: processors + 1), or processes of a cluster (default: its
            processors).
        allow_nonfinite: keep NaN and infinity, counted, instead of refusing them.
        check_answers: load the folder again and compare it with the merge in memory on a dozen
            prompts; what comes of it stands in the manifest's `answers`.
        device: where methods of whole matrices compute ("cuda", "auto", …); a GPU's sums may round
            otherwise, so the manifest names it.
        download: fetch models that a Hub id names and the cache lacks.
        compute: where work runs: this machine, or a cluster that sees the same folders (default:
            as a project says, this machine for a recipe).
        progress: told what is done, how much of it and of how much.

    Returns:
        The manifest: recipe, digests of inputs and of every tensor; `.digest` is the weights'.

    Raises:
        LexgraftError: what the recipe, the models or the folder make impossible; nothing is
            written then.

    Example:
        manifest = lexgraft.merge("recipe.yaml", "merged/")
        print(manifest.digest, len(manifest.changed))
    """
    planned = plan_merging(source, method=method, seed=seed, download=download, compute=compute)
    return planned.write(
        output_of(output),
        progress,
        memory=memory,
        workers=workers,
        allow_nonfinite=allow_nonfinite,
        check_answers=check_answers,
        device=device,
    )


class WriteMerge(Protocol):
    """Writes a merge that was planned to a folder."""

    def __call__(
        self,
        output: Path,
        progress: Progress = silent,
        *,
        memory: int | None = None,
        workers: int | None = None,
        allow_nonfinite: bool = False,
        check_answers: bool = False,
        device: str = "cpu",
    ) -> Manifest:
        """Return the manifest of the folder, written or already there."""
        ...


@dataclass(frozen=True)
class PlannedMerge:
    """What a merge will do, from headers only; `write` does it."""

    plans: tuple[MergePlan, ...]  # of a recipe's documents in order; the last is the result's
    joins_vocabularies: bool  # models are first brought to one vocabulary
    inputs: tuple[Path, ...]  # files and folders that no output may touch, beside the models
    write_folder: WriteMerge
    compute: ComputeSettings  # where it will run

    def lines(self, output: Path) -> list[str]:
        """Return the plan as lines of text."""
        return [line for plan in self.plans for line in describe(plan, output)]

    def summaries(self, output: Path) -> list[dict[str, Any]]:
        """Return the plan as plain values, one mapping per document."""
        return [summary(plan, output) for plan in self.plans]

    def check(self, output: Path, device: str = "cpu") -> None:
        """Refuse what the output or the device makes impossible, before anything is done.

        Raises:
            LexgraftError: the output would touch an input, or a cluster cannot share the work.
        """
        check_outputs([output], [*self.inputs, *self.plans[-1].folders], folders=True)
        self._check_engine(output, device)

    def _check_engine(self, output: Path, device: str) -> None:
        if self.compute.engine == "ray":
            inputs = [folder for plan in self.plans for folder in plan.folders]
            check_shared(output, inputs, _chosen(device))

    def write(
        self,
        output: Path,
        progress: Progress = silent,
        *,
        memory: int | None = None,
        workers: int | None = None,
        allow_nonfinite: bool = False,
        check_answers: bool = False,
        device: str = "cpu",
    ) -> Manifest:
        """Write the merge and return its manifest; see `merge`."""
        if check_answers and url_of(output) is not None:
            raise LexgraftError(
                "answers are checked by loading the folder, which lies in a store",
                where=str(output),
                cure="leave --check-answers out, or merge to a folder of this machine",
            )
        check_outputs([output], self.inputs, folders=True)
        self._check_engine(output, device)
        return self.write_folder(
            output,
            progress,
            memory=memory,
            workers=workers,
            allow_nonfinite=allow_nonfinite,
            check_answers=check_answers,
            device=_chosen(device),
        )


def _chosen(device: str) -> str:
    if device == "cpu":
        return device
    from lexgraft.models.chosen_device import choose_device  # loads torch

    return choose_device(device)


def plan_merging(
    source: Project | Path | str,
    *,
    method: str | None = None,
    seed: int | None = None,
    download: bool = False,
    compute: ComputeSettings | None = None,
    cluster: Mapping[str, str] | None = None,
) -> PlannedMerge:
    """Return the plan of a merge by a recipe or a project, from headers only; see `merge`.

    `cluster` is what the command line says beside a project's `compute`: `engine`, `address`.

    Raises:
        LexgraftError: what cannot be merged, or an option that the source has no use for.
    """
    if isinstance(source, Project) or not is_recipe(path_of(source, "the recipe or project")):
        return _of_project(source, method, seed, (compute, cluster), download=download)
    compute = _chosen_compute(compute or ComputeSettings(), cluster)
    file = Path(source)
    if method is not None:
        raise LexgraftError(
            "`method` chooses a project's candidate; a recipe has one method",
            where=str(file),
            cure="leave it out, or give a project file",
        )
    recipes, near = read_recipes(file), real_path(file).parent
    opened: dict[str, Path] = {}  # of models in a store: listed once

    def find(path: str, revision: str | None) -> Path:
        if not is_url(path):
            return find_model(path, revision, near, download=download)
        if path not in opened:
            opened[path] = place_of(path)
        return opened[path]

    steps = plan_stages(recipes, find, seed or 0)

    def write(
        output: Path, progress: Progress = silent, *, check_answers: bool = False, **limits: Any
    ) -> Manifest:
        then = _answer_check() if check_answers else None
        with merging_seats(compute, output, (), progress, limits) as seats:
            return run_stages(
                recipes, find, seed or 0, output, progress, then=then, seats=seats, **limits
            )

    joins = any(step.joined for step in steps)
    return PlannedMerge(_plans(steps), joins, (file,), write, compute)


def _chosen_compute(compute: ComputeSettings, cluster: Mapping[str, str] | None) -> ComputeSettings:
    """Return where a merge runs, with what the command line says of it.

    Raises:
        LexgraftError: it names a cluster, and the merge runs here.
    """
    chosen = replace(compute, **(cluster or {}))
    if "address" in (cluster or {}) and chosen.engine != "ray":
        raise LexgraftError("--address has no effect without --engine ray", cure="add --engine ray")
    return chosen


def _plans(steps: tuple[RecipeStep, ...]) -> tuple[MergePlan, ...]:
    return tuple(step.plan for step in steps)


def _answer_check() -> Then:
    from lexgraft.adoption.answer_check import check_answers  # heavy; most merges need none of it

    return check_answers


@contextmanager
def merging_seats(
    compute: ComputeSettings,
    output: Path,
    plugins: tuple[str, ...],
    progress: Progress,
    limits: dict[str, Any],
) -> Generator[Seats | None]:
    """Return where a merge runs: None is this process. `limits` are those of `run_merge`."""
    if compute.engine == "local":
        yield None
        return
    from lexgraft.compute.ray_seats import SeatNeeds, ray_seats  # most merges need no cluster

    workers = limits.get("workers") or compute.workers
    needs = SeatNeeds(1, SEAT_MEMORY + (limits.get("memory") or 0))
    make_folder(output.parent)
    chosen = replace(compute, workers=workers)
    with ray_seats(chosen, needs, output.parent, plugins, progress) as seats:
        yield seats


def _of_project(
    source: Project | Path | str,
    method: str | None,
    seed: int | None,
    where: tuple[ComputeSettings | None, Mapping[str, str] | None],
    *,
    download: bool,
) -> PlannedMerge:
    from lexgraft.adoption.standalone_merge import (
        candidate_plan,  # heavy; a recipe needs none of it
    )

    if isinstance(source, Project):
        project = source
    else:
        file = path_of(source, "the project")
        how = ModelSearch(real_path(file).parent, download, merged=True)
        project = with_models(read_project(file), how)
    if seed is not None:
        raise LexgraftError(
            "a project has its own seed", where="seed", cure="set `seed` in the project file"
        )
    compute, cluster = where
    chosen = _chosen_compute(compute or project.compute, cluster)
    plan = candidate_plan(project, method)
    files = () if isinstance(source, Project) else (Path(source),)

    def write(
        output: Path, progress: Progress = silent, *, check_answers: bool = False, **limits: Any
    ) -> Manifest:
        with merging_seats(chosen, output, project.plugins, progress, limits) as seats:
            manifest = run_merge(plan, output, progress, seats=seats, **limits)
        return _answer_check()(plan, output, manifest, progress) if check_answers else manifest

    inputs = (*files, *inputs_of(project))
    return PlannedMerge(
        (plan,), joins_vocabularies=False, inputs=inputs, write_folder=write, compute=chosen
    )
