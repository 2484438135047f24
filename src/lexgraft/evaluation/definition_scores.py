"""A model's own definitions without a project: written, read by a frozen scorer and a judge."""

from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from lexgraft.errors import LexgraftError
from lexgraft.evaluation.definitions import (
    CHRF,
    DEFINITION_GENERATION,
    Scorer,
    WrittenDefinition,
    cases,
    definition_prompts,
    identified,
    judged_scores,
    judgement,
    likeness,
)
from lexgraft.evaluation.judge import read_labels
from lexgraft.evaluation.model_loading import EvaluationRequest
from lexgraft.records import Concept, Item, Score, write_bytes

FILE = "definitions.jsonl"
Say = Callable[[Sequence[str]], list[str]]


def written_definitions(
    items: Sequence[Item], concepts: Sequence[Concept], say: Say
) -> list[WrittenDefinition]:
    """Return the definitions in every language that items quote some in, by names in each.

    Raises:
        LexgraftError: no item quotes a definition.
    """
    own = [item for item in items if item.kind == "definition-to-term"]
    written = dict.fromkeys(one.question_language for one in own)
    named = dict.fromkeys([*written, *(one.answer_language for one in own)])
    if not own:
        raise LexgraftError("no item quotes a definition", cure="leave --defined out")
    found: list[WrittenDefinition] = []
    for language in written:
        for name in named:
            prompts = definition_prompts(concepts, name, language)
            texts = dict(zip(prompts, say(list(prompts.values())), strict=True))
            found.append(WrittenDefinition(name, language, prompts, texts))
    return found


def definition_scores(
    asked: EvaluationRequest,
    model: str,
    found: Sequence[WrittenDefinition],
    items: Sequence[Item],
    concepts: Sequence[Concept],
    scorer: Scorer | None,
) -> list[Score]:
    """Return, per direction, who recognises the definitions: a scorer, their like, a judge."""
    labels = read_labels(asked.labels) if asked.labels else []
    scores: list[Score] = []
    for one in found:
        beside = cases(one, concepts)
        share = identified(one, items, concepts, scorer) if scorer else None
        scores += [share.score(DEFINITION_GENERATION, model, one.group)] if share else []
        if len(beside) > 1:
            scores.append(likeness(beside, asked.seed).score(CHRF, model, one.group))
            if asked.judge:
                said = judgement(asked.judge, beside, labels)
                scores += judged_scores(model, one.group, said)
    return scores


def write_definitions(
    folder: Path, found: Sequence[WrittenDefinition], concepts: Sequence[Concept]
) -> None:
    """Write one line per definition; with a `label` added to some they are a judge's sample."""
    rows = [
        {"group": one.group, **msgspec.to_builtins(case)}
        for one in found
        for case in cases(one, concepts)
    ]
    write_bytes(folder / FILE, b"".join(msgspec.json.encode(row) + b"\n" for row in rows))
