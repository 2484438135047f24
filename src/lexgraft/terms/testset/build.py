"""Builds a test set: term base → concepts that can be asked → splits → items → audit.

An item, as it is asked:

    concept  MESH:D006932   kind  definition-to-term   en → ja   draw 0
    context  意味内容：too much bilirubin in the blood
             日本語での呼び名：
    neutral  日本語での呼び名：           the same without the question
    options  高ビリルビン血症 · 血小板減少症 · 多発性硬化症 · クローン病
    gold     0                            the right option's place, which rotates
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

from lexgraft.errors import LexgraftError
from lexgraft.project import Form, Project, TermSettings
from lexgraft.records import Concept, Item, Progress, Split, digest, silent
from lexgraft.terms.readers import read_concepts
from lexgraft.terms.readers.project_options import files_of, options_of
from lexgraft.terms.readers.rights import rights_of
from lexgraft.terms.testset.answer_facts import Tokens, facts_of
from lexgraft.terms.testset.audit import audit, breakdown, warnings_of
from lexgraft.terms.testset.dealing import (
    Dealing,
    ItemForm,
    dealt_now,
    kept_items,
    splits_of,
)
from lexgraft.terms.testset.eligible_concepts import (
    EligibleConcepts,
    choose_concepts,
    require_language,
)
from lexgraft.terms.testset.everyday_items import everyday_items
from lexgraft.terms.testset.guessing_level import guessing_levels
from lexgraft.terms.testset.item_evidence import piece_scores, with_evidence
from lexgraft.terms.testset.item_faults import refuse_faults
from lexgraft.terms.testset.items import build_items
from lexgraft.terms.testset.part_of_speech import with_part_of_speech
from lexgraft.terms.testset.piece_table import PieceTable, learn_pieces
from lexgraft.terms.testset.rarity_backends import RaritySource, with_preset, with_rarity
from lexgraft.terms.testset.split import SPLITS, split_concepts
from lexgraft.terms.testset.testset_power import power_table
from lexgraft.terms.testset.testset_record import TestSet


def build_testset(
    project: Project,
    progress: Progress = silent,
    tokens: Tokens | None = None,
    dealt: Dealing = (),
) -> TestSet:
    """Return the project's test set; the same files and seed give the same items.

    Concepts that every form can ask about are split into `choose`, `confirm` and `sealed`, and each
    is asked about once per form and draw. An item (in `items[split]`) shows one question, its right
    answer and wrong ones that are as alike as the term base has them.

    Args:
        project: its term base, forms, counts per split, kind of distractors and seed.
        progress: told how far the items are.
        tokens: counts the tokens of a text; where it is given the audit is reported by them too.
        dealt: a test set of the same folder that has been asked; its concepts keep their splits and
            items, and only others get new ones.

    Raises:
        LexgraftError: a term base that is empty, lacks a language or has too few concepts; items
            that repeat each other or have two right answers; a test that options alone can answer.

    Example:
        test = lexgraft.build_testset(lexgraft.load_project("project.yaml"))
        for row in test.rows():
            print(*row)
    """
    settings, terms = project.testset, with_preset(project.terms)
    base, rarity = _term_base(terms, settings.forms)
    by_id = {concept.id: concept for concept in base}
    eligible = choose_concepts(base, terms, settings.forms, project.languages.domain)

    splits, earlier = splits_of(dealt, project.seed), kept_items(dealt, project, by_id)
    concepts = _split(eligible, project, splits)
    chosen = {concept.id for group in concepts.values() for concept in group}
    # Concepts that no split asks about, nor ever has, may still lend wrong options.
    unasked = [concept for concept in eligible.usable if concept.id not in chosen]
    lenders = [concept for concept in (*unasked, *eligible.spare) if concept.id not in splits]
    tables = {form: learn_pieces(by_id, form, chosen) for form in settings.forms}
    items = _items_by_split(project, concepts, lenders, by_id, tables, progress, earlier)
    everyday, general = everyday_items(project)

    # Looked at before any model: no item has two answers, and none is answered by its options.
    asked_items = [item for split in SPLITS for item in items[split]]
    refuse_faults(asked_items, by_id)
    pieces = piece_scores(asked_items, by_id, tables)
    marked: dict[Split, tuple[Item, ...]] = {
        split: _marked(items[split], by_id, pieces, earlier) for split in SPLITS
    }
    asked_items = [item for split in SPLITS for item in marked[split]]
    scores = audit(asked_items, by_id, pieces)
    facts = facts_of(asked_items, by_id, tokens)
    return TestSet(
        concepts={split: tuple(group) for split, group in concepts.items()},
        items=marked,
        general=tuple(general),
        refused={**eligible.refused, "not needed": len(unasked)},
        unknown=sum(_is_untagged(by_id[identifier]) for identifier in sorted(chosen)),
        rarity=rarity,
        audit=tuple(scores),
        guessing=guessing_levels(asked_items, by_id),
        details=tuple(breakdown(asked_items, by_id, facts)),
        power=power_table({split: len(concepts[split]) for split in SPLITS}),
        warnings=tuple(warnings_of(scores)),
        rights=rights_of([*eligible.usable, *eligible.spare, *everyday]),
        digest=digest(*(item.id for item in asked_items), *(item.id for item in general)),
        dealing=dealt_now(dealt, project, concepts, asked_items),
    )


def _marked(
    items: Sequence[Item],
    concepts: Mapping[str, Concept],
    pieces: Mapping[str, Sequence[int]],
    earlier: Mapping[ItemForm, Sequence[Item]],
) -> tuple[Item, ...]:
    """Return the items, the new ones marked by what they can be answered by.

    A kept one keeps its mark: which items count is not decided anew once they were asked.
    """
    old = {item.id for unchanged in earlier.values() for item in unchanged}
    new = [item for item in items if item.id not in old]
    by_id = {item.id: item for item in with_evidence(new, concepts, pieces)}
    return tuple(by_id.get(item.id, item) for item in items)


def _split(
    eligible: EligibleConcepts, project: Project, dealt: Mapping[str, Split]
) -> dict[Split, list[Concept]]:
    """Return the concepts per split; as many are sealed as confirm, where twice as many are left.

    Only where the project does not say how many: sealed concepts lend no wrong options. What was
    sealed stays so.
    """
    settings, seed = project.testset, project.seed
    taught = project.tune.terms if project.tune else 0
    counts: dict[Split, int] = {"choose": settings.choose, "confirm": settings.confirm}
    left = len(eligible.usable) - settings.choose - settings.confirm
    usable = {concept.id for concept in eligible.usable}
    sealed = sum(split == "sealed" and name in usable for name, split in dealt.items())
    unnamed = max(sealed, settings.confirm if left >= 2 * settings.confirm else 0)
    counts["sealed"] = unnamed if settings.sealed is None else settings.sealed
    try:
        return split_concepts(eligible.usable, counts, seed, eligible.refused, taught, dealt)
    except LexgraftError:
        if settings.sealed is not None or not unnamed:
            raise
    counts["sealed"] = sealed
    return split_concepts(eligible.usable, counts, seed, eligible.refused, taught, dealt)


def _term_base(
    terms: TermSettings, forms: Sequence[Form]
) -> tuple[list[Concept], RaritySource | None]:
    """Return the concepts, tagged and with the frequencies that were asked for."""
    where = ", ".join(Path(name).name for name in terms.files)
    languages = list(dict.fromkeys(tag for form in forms for tag in (form.question, form.answer)))
    read = read_concepts(
        files_of(terms.files, "terms.files"),
        options_of(terms.tables, languages),
        leave_out_refused=terms.refused == "leave-out",
    )
    concepts = with_part_of_speech(read, terms.tagger)
    for language in languages:
        require_language(concepts, language, where)
    return with_rarity(concepts, terms.rarity, languages) if terms.rarity else (concepts, None)


def _items_by_split(
    project: Project,
    concepts: Mapping[Split, Sequence[Concept]],
    lenders: Sequence[Concept],
    by_id: Mapping[str, Concept],
    tables: Mapping[Form, PieceTable],
    progress: Progress,
    earlier: Mapping[ItemForm, Sequence[Item]],
) -> dict[Split, tuple[Item, ...]]:
    """Return the items of each split, whose options come from that split and the unasked."""
    test = project.testset
    items: dict[Split, tuple[Item, ...]] = {}
    for number, split in enumerate(SPLITS):
        progress("building items", number, len(SPLITS))
        items[split] = tuple(
            build_items(
                concepts[split],
                forms=test.forms,
                options=test.options,
                draws=test.draws,
                distractors=test.distractors,
                seed=project.seed,
                lenders=lenders,
                kin=by_id,
                tables=tables,
                earlier=earlier,
            )
        )
    progress("building items", len(SPLITS), len(SPLITS))
    return items


def _is_untagged(concept: Concept) -> bool:
    return all(term.part_of_speech == "unknown" for term in concept.terms)
