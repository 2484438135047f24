"""Test set: rarity · items and distractors · split · audit, from term bases, without a model."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec
from msgspec import Struct

from lexgraft.errors import LexgraftError
from lexgraft.files.ownership import claim, refuse_foreign
from lexgraft.project import Form, Project, TermSettings
from lexgraft.records import (
    Concept,
    Item,
    Progress,
    Score,
    Split,
    digest,
    silent,
    write_bytes,
    write_lines,
)
from lexgraft.terms.readers import ImportOptions, read_concepts
from lexgraft.terms.readers.rights import RightsLog, rights_of
from lexgraft.terms.testset.answer_facts import Tokens, facts_of
from lexgraft.terms.testset.audit import audit, audited, breakdown, warnings_of
from lexgraft.terms.testset.eligible_concepts import choose_concepts, require_language
from lexgraft.terms.testset.form_profile import FormProfile, profile
from lexgraft.terms.testset.item_faults import refuse_faults
from lexgraft.terms.testset.items import build_items
from lexgraft.terms.testset.lm_eval_files import write_tasks
from lexgraft.terms.testset.part_of_speech import tagged
from lexgraft.terms.testset.rarity_backends import RaritySource, measured, settled
from lexgraft.terms.testset.split import SPLITS, split_concepts
from lexgraft.terms.testset.testset_power import DetectableDifference, power_table

LICENCES = "LICENCES.md"
CANARY = "lexgraft test set, not for training"
_GENERAL_DRAWS = 1  # an everyday item is asked once: its score is a share, not a vocabulary


class TestSet(Struct, frozen=True):
    """Everything that is asked, and what is known about it before a model answers."""

    __test__ = False  # not a class of tests

    concepts: dict[Split, tuple[Concept, ...]]
    items: dict[Split, tuple[Item, ...]]
    general: tuple[Item, ...]  # everyday concepts
    refused: dict[str, int]  # reason → concepts
    unknown: int  # concepts asked about without a known part of speech
    rarity: RaritySource | None  # None: the term base's own numbers, or wordfreq's
    audit: tuple[Score, ...]
    details: tuple[Score, ...]  # the audit per frequency band, part of speech, number of tokens
    power: tuple[DetectableDifference, ...]  # what differences each split can show
    warnings: tuple[str, ...]
    rights: RightsLog  # what the licences of the terms in it ask
    digest: str

    @property
    def canary(self) -> str:
        """A line that no training text should hold: who finds it has found this set."""
        return f"{CANARY} {digest('canary', self.digest)}"

    def rows(self) -> list[tuple[str, str]]:
        """Return a table for a screen, its header first."""
        lines = [
            ("what", "how much"),
            *(
                (split, f"{len(self.concepts[split])} concepts, {len(self.items[split])} items")
                for split in SPLITS
            ),
        ]
        lines.append(("everyday", f"{len(self.general)} items"))
        lines += [(f"refused: {reason}", str(count)) for reason, count in self.refused.items()]
        if self.unknown:
            lines.append(("part of speech unknown", f"{self.unknown} concepts, kept"))
        lines += [
            (
                f"{score.name}, {score.group}",
                f"{_with_interval(score)}, chance {score.chance or 0:.2f}",
            )
            for score in self.audit
        ]
        lines += [(f"{power.split} can show", power.sentence()) for power in self.power]
        lines += [("warning", text) for text in self.warnings]
        return [*lines, *(("licence", text) for text in self.rights.warnings())]


def _with_interval(score: Score) -> str:
    return f"{score.value:.2f} [{score.low:.2f}, {score.high:.2f}]"


def build_testset(
    project: Project, progress: Progress = silent, tokens: Tokens | None = None
) -> TestSet:
    """Return the project's test set; the same files and seed give the same items.

    `tokens` counts the tokens of a text: where it is given the audit is reported by it too.

    Raises:
        LexgraftError: a term base that is empty, lacks a language or has too few concepts; items
            that repeat each other or have two right answers; a test that the options alone can
            answer.
    """
    test, terms = project.testset, settled(project.terms)
    base, source = _term_base(terms, test.forms)
    by_id = {concept.id: concept for concept in base}
    choice = choose_concepts(base, terms, test.forms, project.languages.domain)
    counts: dict[Split, int] = {
        "choose": test.choose,
        "confirm": test.confirm,
        "sealed": test.sealed,
    }
    concepts = split_concepts(choice.usable, counts, project.seed, choice.refused)
    chosen = {concept.id for group in concepts.values() for concept in group}
    unasked = [concept for concept in choice.usable if concept.id not in chosen]
    lent = [*unasked, *choice.spare]
    items = _items_by_split(project, concepts, lent, by_id, progress)
    everyday, general = _general_items(project)
    asked_items = [item for split in SPLITS for item in items[split]]
    refuse_faults(asked_items, by_id)
    scores = audit(asked_items, by_id)
    return TestSet(
        concepts={split: tuple(group) for split, group in concepts.items()},
        items=items,
        general=tuple(general),
        refused={**choice.refused, "not needed": len(unasked)},
        unknown=sum(_is_untagged(by_id[identifier]) for identifier in sorted(chosen)),
        rarity=source,
        audit=tuple(scores),
        details=tuple(breakdown(asked_items, by_id, facts_of(asked_items, by_id, tokens))),
        power=power_table({split: len(concepts[split]) for split in SPLITS}),
        warnings=tuple(warnings_of(scores)),
        rights=rights_of([*choice.usable, *choice.spare, *everyday]),
        digest=digest(*(item.id for item in asked_items), *(item.id for item in general)),
    )


def _term_base(
    terms: TermSettings, forms: Sequence[Form]
) -> tuple[list[Concept], RaritySource | None]:
    """Return the concepts, tagged and with the frequencies that were asked for."""
    where = ", ".join(Path(name).name for name in terms.files)
    options = ImportOptions(columns=terms.columns, separator=terms.separator)
    concepts = tagged(read_concepts([Path(name) for name in terms.files], options), terms.tagger)
    languages = list(dict.fromkeys(tag for form in forms for tag in (form.question, form.answer)))
    for language in languages:
        require_language(concepts, language, where)
    return measured(concepts, terms.rarity, languages) if terms.rarity else (concepts, None)


def _items_by_split(
    project: Project,
    concepts: Mapping[Split, Sequence[Concept]],
    lent: Sequence[Concept],
    by_id: Mapping[str, Concept],
    progress: Progress,
) -> dict[Split, tuple[Item, ...]]:
    """Return the items of each split, whose options come from that split and the unasked."""
    test = project.testset
    items: dict[Split, tuple[Item, ...]] = {}
    for done, split in enumerate(SPLITS):
        progress("building items", done, len(SPLITS))
        items[split] = tuple(
            build_items(
                concepts[split],
                forms=test.forms,
                options=test.options,
                draws=test.draws,
                distractors=test.distractors,
                seed=project.seed,
                lenders=lent,
                kin=by_id,
            )
        )
    progress("building items", len(SPLITS), len(SPLITS))
    return items


def _is_untagged(concept: Concept) -> bool:
    return all(term.part_of_speech == "unknown" for term in concept.terms)


def write_testset(bundle: TestSet, folder: Path) -> None:
    """Write the test set's files: items and concepts per split, the audit, a canary line.

    Raises:
        LexgraftError: the folder holds what is no test set of ours.
    """
    if not _is_testset(folder):
        claim(folder, "testset", folder)
    for split in SPLITS:
        write_lines(folder / f"items-{split}.jsonl", bundle.items[split])
        write_lines(folder / f"concepts-{split}.jsonl", bundle.concepts[split])
    write_lines(folder / "items-general.jsonl", bundle.general)
    about = {
        "canary": bundle.canary,
        "digest": bundle.digest,
        "refused": bundle.refused,
        "part of speech unknown": bundle.unknown,
        "rarity": bundle.rarity,
        "licences": bundle.rights.found(),
        "rights": bundle.rights.warnings(),
        "warnings": bundle.warnings,
        "power": bundle.power,
        "audit": bundle.audit,
    }
    record = audited(bundle.audit, bundle.details, bundle.warnings, bundle.digest)
    write_bytes(folder / "audit.json", record.encoded())
    write_bytes(folder / "testset.json", msgspec.json.format(msgspec.json.encode(about)) + b"\n")
    write_bytes(folder / LICENCES, bundle.rights.notice())


def refuse_other(folder: Path) -> None:
    """Raise for a folder that `write_testset` would refuse: before any work."""
    if not _is_testset(folder):
        refuse_foreign(folder, "testset", folder)


def _is_testset(folder: Path) -> bool:
    """Return whether a folder holds a test set that was written before there were marks."""
    file = folder / "testset.json"
    return not folder.is_symlink() and file.is_file() and b'"canary"' in file.read_bytes()


def write_harness(bundle: TestSet, name: str, split: Split, folder: Path) -> list[str]:
    """Write one split as task files of lm-evaluation-harness; return the tasks' names.

    Raises:
        LexgraftError: the split is empty.
    """
    if not bundle.items[split]:
        raise LexgraftError(f"no items in `{split}`", cure=f"ask for some: `testset.{split}`")
    claim(folder, "lm-eval", folder)
    write_bytes(folder / LICENCES, bundle.rights.notice())
    return write_tasks(name, bundle.items[split], split, bundle.canary, bundle.digest, folder)


def _general_items(project: Project) -> tuple[list[Concept], list[Item]]:
    """Return the everyday concepts and items: for each form its own, chosen by a keyed hash."""
    general = project.general
    if not general.forms:
        return [], []
    if not general.concepts:
        raise LexgraftError(
            "forms without concepts", where="general", cure="give `concepts`, or leave `forms` out"
        )
    everything = read_concepts([Path(name) for name in general.concepts])
    items: list[Item] = []
    used: dict[str, Concept] = {}
    for form in general.forms:
        chosen = _everyday(everything, form, general.items, project.seed)
        used |= {concept.id: concept for concept in chosen}
        items += build_items(
            chosen,
            forms=[form],
            options=project.testset.options,
            draws=_GENERAL_DRAWS,
            distractors=project.testset.distractors,
            seed=project.seed,
        )
    return list(used.values()), items


def _everyday(concepts: Sequence[Concept], form: Form, count: int, seed: int) -> list[Concept]:
    """Return the concepts of one form, at most one of each answer."""
    chosen: dict[str, Concept] = {}
    for concept in sorted(
        concepts, key=lambda candidate: digest(seed, "everyday", form, candidate.id)
    ):
        view = profile(concept, form)
        if isinstance(view, FormProfile) and len(chosen) < count:
            chosen.setdefault(view.answer, concept)
    if len(chosen) < count:
        raise LexgraftError(
            f"{len(chosen)} everyday concepts for {form.kind} {form.question}->{form.answer}, "
            f"{count} are wanted",
            where="general",
            cure="lower `general.items`, or give more `general.concepts`",
        )
    return list(chosen.values())
