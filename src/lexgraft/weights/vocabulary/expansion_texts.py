"""The terms and texts that a vocabulary grows by, read from files or given as they are."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from lexgraft.files.running_text import read_running_text
from lexgraft.files.safe_text import read_text
from lexgraft.records import Concept, digest
from lexgraft.terms.readers import read_concepts

Passage = tuple[str, str]
"""A language, empty where none is stated, and a text."""

GENERAL = 128  # general texts that rows are fitted on


class ExpansionTexts(NamedTuple):
    """Everything that an expansion reads, each file once."""

    terms: list[Passage]
    texts: list[Passage]  # the user's own: what is frequent in it is added first
    general: list[Passage]  # must be tokenized as before
    held_out: list[Passage]  # for the report alone
    further: list[Passage]  # for distillation alone

    def general_sample(self) -> list[str]:
        """Return some general texts, the same in every run whatever their order."""
        texts = {text for _, text in self.general}
        return sorted(texts, key=lambda text: digest("general", text))[:GENERAL]


def read_terms_as_passages(sources: Sequence[str | Path | Concept]) -> list[Passage]:
    """Return the usable terms of files and concepts with their languages.

    Raises:
        LexgraftError: a file that cannot be read as a term base.
    """
    files = [Path(source) for source in sources if not isinstance(source, Concept)]
    concepts = read_concepts(files) if files else []
    concepts += [source for source in sources if isinstance(source, Concept)]
    return [
        (term.language, term.text)
        for concept in concepts
        for term in concept.terms
        if term.is_usable
    ]


def read_passages(sources: Sequence[str | Path | Passage]) -> list[Passage]:
    """Return the texts of files with their languages, and passages as they are.

    Args:
        sources: Paths of `.txt` files (one text a line, no language) or of JSON lines of
            `Document`; or passages.

    Raises:
        LexgraftError: a file that is missing, no UTF-8, or of another form.
    """
    passages: list[Passage] = []
    for source in sources:
        if isinstance(source, tuple):
            passages.append(source)
        elif Path(source).suffix == ".txt":
            lines = read_text(Path(source)).splitlines()
            passages += [("", line) for line in lines if line.strip()]
        else:
            read = read_running_text(Path(source)).documents
            passages += [(document.language, document.text) for document in read]
    return passages
