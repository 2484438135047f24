"""What the models of one adoption are asked and taught from: test set, running texts, replay."""

from functools import cached_property
from pathlib import Path
from typing import Literal

from msgspec import structs

from lexgraft.adoption.metrics import ItemKey
from lexgraft.adoption.preregistration import BLIND
from lexgraft.errors import LexgraftError
from lexgraft.files.run_folder import results_in
from lexgraft.files.running_text import (
    RunningText,
    balanced_registers,
    read_running_text,
    united,
)
from lexgraft.files.shipped_texts import is_shipped
from lexgraft.project import Project, TextSource
from lexgraft.records import Document, Progress, digest, silent
from lexgraft.terms.families import families_of
from lexgraft.terms.testset import TestSet, build_testset, write_testset
from lexgraft.terms.testset.dealing import read_dealing
from lexgraft.terms.testset.item_evidence import ENOUGH
from lexgraft.terms.wordings.language_file import file_of
from lexgraft.tuning.replay import disjoint

Use = Literal["choose", "confirm"]

CHOOSE_SHARE = 2  # half as many texts choose among merges as judge the winner


class Material:
    """The questions and texts of a project, read and built when they are first needed.

    `folder` is the run's: the test set is written into it.
    """

    def __init__(self, project: Project, folder: Path, progress: Progress) -> None:
        self.project, self.folder, self.progress = project, folder, progress

    def __getstate__(self) -> dict[str, object]:
        """Travel between processes with what has been built."""
        return {**vars(self), "progress": silent}

    @cached_property
    def testset(self) -> TestSet:
        """Return the test set, written into the run's folder as well.

        Once a model has been asked in this folder its concepts keep their splits and items.
        """
        folder = self.folder / "testset"
        dealt = read_dealing(folder) if results_in(self.folder, BLIND) else ()
        bundle = build_testset(self.project, self.progress, dealt=dealt)
        write_testset(bundle, folder)
        return bundle

    @cached_property
    def texts(self) -> dict[Use, list[tuple[int, list[Document]]]]:
        """Return, per use, the running texts with their token limit; no text serves both uses."""
        texts: dict[Use, list[tuple[int, list[Document]]]] = {"confirm": [], "choose": []}
        for number, (named, documents) in enumerate(
            zip(self.project.general.texts, self._balanced, strict=True)
        ):
            source = _shrunk(named, len(documents))
            choosing = max(2, source.documents // CHOOSE_SHARE)
            wanted = source.documents + choosing
            if len(documents) < wanted:
                raise LexgraftError(
                    f"{len(documents)} documents of their own, {wanted} are needed",
                    where=source.file,
                    cure=f"set `general.texts.{number}.documents: "
                    f"{most_documents(len(documents))}` or fewer: half as "
                    "many more choose among merges",
                )
            texts["confirm"].append((source.tokens, documents[: source.documents]))
            texts["choose"].append((source.tokens, documents[source.documents :][:choosing]))
        return texts

    @property
    def most_documents(self) -> int:
        """Return how many documents could judge, of all files of running text together."""
        return sum(most_documents(len(documents)) for documents in self._balanced)

    @cached_property
    def _balanced(self) -> list[list[Document]]:
        """Return the documents of each file in a keyed order, registers in turns."""
        shuffled = [
            sorted(read.documents, key=lambda document: digest(self.project.seed, document.id))
            for read in self._general
        ]
        return [balanced_registers(documents) for documents in united(shuffled)]

    @property
    def notes(self) -> list[str]:
        """Return what was left out of the running texts, and what stands in for openings."""
        tune = self.project.tune
        names = [text.file for text in self.project.general.texts]
        names += tune.replay_texts if tune else ()
        read = zip(names, [*self._general, *self._replayed], strict=True)
        return [
            *(note for name, texts in read for note in texts.notes(Path(name).name)),
            *_lent_openings(self.project),
        ]

    @cached_property
    def _general(self) -> list[RunningText]:
        return [read_running_text(Path(source.file)) for source in self.project.general.texts]

    @cached_property
    def _replayed(self) -> list[RunningText]:
        tune = self.project.tune
        return [read_running_text(Path(file)) for file in tune.replay_texts] if tune else []

    @cached_property
    def judged(self) -> dict[str, frozenset[ItemKey]]:
        """Return direction → the items that gates count: those that need their term.

        A direction with fewer than `ENOUGH` such `confirm` concepts is not in it: all items count
        there, also those that pieces of words decide, and the report says so.
        """
        testset = self.testset
        items = [item for group in testset.items.values() for item in group if item.needs_term]
        return {
            pair: frozenset((i.concept, i.kind, i.draw) for i in items if i.pair == pair)
            for pair, concepts in testset.needing_term("confirm").items()
            if len(concepts) >= ENOUGH
        }

    @cached_property
    def families(self) -> dict[str, str]:
        """Return concept → its nearest broader one: relatives count as one cluster."""
        return families_of(c for group in self.testset.concepts.values() for c in group)

    @cached_property
    def replay(self) -> list[Document]:
        """Return the texts that fine-tuning replays, none of which shares a sentence measured."""
        measured = [d for use in self.texts.values() for _, group in use for d in group]
        read = united(texts.documents for texts in self._replayed)
        return disjoint([document for file in read for document in file], measured)


def _lent_openings(project: Project) -> list[str]:
    """Return a sentence per language whose openings are the English ones."""
    languages = dict.fromkeys((project.languages.target, project.languages.domain))
    return [
        f"`{language}` has no openings of its own: what the model says after English ones is "
        "replayed (`tune.own_answers`)"
        for language in languages
        if project.tune and project.tune.own_answers and file_of(language) is None
    ]


def _shrunk(source: TextSource, available: int) -> TextSource:
    """Return what is read of a file; of shipped texts, which no user can add to, what there is."""
    if not is_shipped(Path(source.file)):
        return source
    return structs.replace(source, documents=min(source.documents, most_documents(available)))


def most_documents(available: int) -> int:
    """Return how many documents of a file can judge, where half as many more choose.

    >>> most_documents(12), most_documents(5), most_documents(3)
    (8, 3, 1)
    """
    return max(1, min(available * CHOOSE_SHARE // (CHOOSE_SHARE + 1), available - 2))
