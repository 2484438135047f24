"""What the models of one adoption are asked and taught from: test set, running texts, replay."""

from functools import cached_property
from pathlib import Path
from typing import Literal

from lexgraft.errors import LexgraftError
from lexgraft.files.running_text import RunningText, read_running_text, united
from lexgraft.project import Project
from lexgraft.records import Document, Progress, digest
from lexgraft.terms.testset import TestSet, build_testset, write_testset
from lexgraft.tuning.replay import disjoint

Use = Literal["choose", "confirm"]

CHOOSE_SHARE = 4  # a quarter as many texts choose among merges as judge the winner


class Material:
    """The questions and texts of a project, read and built when they are first needed.

    `folder` is the run's: the test set is written into it.
    """

    def __init__(self, project: Project, folder: Path, progress: Progress) -> None:
        self.project, self.folder, self.progress = project, folder, progress

    @cached_property
    def testset(self) -> TestSet:
        """Return the test set, written into the run's folder as well."""
        bundle = build_testset(self.project, self.progress)
        write_testset(bundle, self.folder / "testset")
        return bundle

    @cached_property
    def texts(self) -> dict[Use, list[tuple[int, list[Document]]]]:
        """Return, per use, the running texts with their token limit; no text serves both uses."""
        texts: dict[Use, list[tuple[int, list[Document]]]] = {"confirm": [], "choose": []}
        shuffled = [
            sorted(read.documents, key=lambda document: digest(self.project.seed, document.id))
            for read in self._general
        ]
        for source, documents in zip(self.project.general.texts, united(shuffled), strict=True):
            choosing = max(2, source.documents // CHOOSE_SHARE)
            wanted = source.documents + choosing
            if len(documents) < wanted:
                raise LexgraftError(
                    f"{len(documents)} documents of their own, {wanted} are needed",
                    where=source.file,
                    cure=f"lower `documents` (a further {choosing} are used to choose "
                    "among merges)",
                )
            texts["confirm"].append((source.tokens, documents[: source.documents]))
            texts["choose"].append((source.tokens, documents[source.documents :][:choosing]))
        return texts

    @property
    def notes(self) -> list[str]:
        """Return what was left out of the running texts, a sentence per file and reason."""
        sources = zip(self.project.general.texts, self._general, strict=True)
        return [note for source, read in sources for note in read.notes(Path(source.file).name)]

    @cached_property
    def _general(self) -> list[RunningText]:
        return [read_running_text(Path(source.file)) for source in self.project.general.texts]

    @cached_property
    def replay(self) -> list[Document]:
        """Return the texts that fine-tuning replays, none of which shares a sentence measured."""
        tune = self.project.tune
        if tune is None:
            return []
        measured = [d for use in self.texts.values() for _, group in use for d in group]
        read = united(read_running_text(Path(file)).documents for file in tune.replay_texts)
        return disjoint([document for file in read for document in file], measured)
