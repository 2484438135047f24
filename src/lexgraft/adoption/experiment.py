"""One adoption under way, as its stages see it."""

from dataclasses import dataclass
from pathlib import Path

from lexgraft.adoption.material import Material
from lexgraft.adoption.models_under_test import ModelsUnderTest
from lexgraft.adoption.stage_records import StageRecords
from lexgraft.files.run_folder import RunFolder
from lexgraft.project import Project
from lexgraft.records import Progress


@dataclass(frozen=True)
class Experiment:
    """The models, what they are asked, and the records of the stages.

    Only stages take all of it; what they call takes the part that it needs.
    """

    project: Project
    models: ModelsUnderTest
    material: Material
    records: StageRecords
    progress: Progress
    opens_sealed: bool = False  # the user wants the sealed concepts asked

    @property
    def folder(self) -> Path:
        """Return the run's folder."""
        return self.records.run.path


def start_experiment(
    project: Project, run: RunFolder, progress: Progress, *, opens_sealed: bool = False
) -> Experiment:
    """Return an adoption in a run's folder; nothing is read before it is needed."""
    models = models_of(project, run.path, progress)
    return Experiment(
        project,
        models,
        Material(project, run.path, progress),
        StageRecords(run, project.business.machine_price, progress, lambda: models.answers_given),
        progress,
        opens_sealed,
    )


def models_of(project: Project, folder: Path, progress: Progress) -> ModelsUnderTest:
    """Return the models of a project where `compute.engine` says that they are run."""
    if project.compute.engine == "local":
        return ModelsUnderTest(project, folder, progress)
    from lexgraft.adoption.models_on_cluster import ModelsOnCluster  # most runs need no cluster

    return ModelsOnCluster(project, folder, progress)
