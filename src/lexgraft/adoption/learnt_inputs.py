"""The statistics of a run: what the recipient reads of general text, the average of questions."""

from collections.abc import Iterable, Iterator, Sequence

from lexgraft.adoption.guided_texts import pieces_to_keep, questions, tokens_to_keep
from lexgraft.adoption.material import Material
from lexgraft.adoption.models_under_test import EvaluatedModel, ModelsUnderTest
from lexgraft.errors import LexgraftError
from lexgraft.models.input_sums import exact
from lexgraft.models.linear_inputs import GRID_LINE, LinearInput, TokenRows, input_sums
from lexgraft.models.live_weights import disk_names
from lexgraft.models.transformers import TransformersModel
from lexgraft.project import Candidate
from lexgraft.records import digest
from lexgraft.weights.checkpoint.input_statistics import (
    INDEX,
    InputRecord,
    InputStatistics,
    Side,
    SideRecord,
    StatisticsIndex,
    finish_statistics,
    open_statistics,
    write_sums,
)

GROUP = 8  # rows that are read together, about
LENGTHS = 16  # tokens by which they differ at most
AVERAGE = Candidate("linear")  # of G and D: its inputs are near those of any merge of them


def learn_inputs(models: ModelsUnderTest, material: Material) -> InputStatistics:
    """Return the statistics in the run's folder, learnt if need be.

    What the same weights have read of the same texts is kept; where texts came or went, only these
    are read, and their sums added to the old ones or taken away, to the last bit.
    """
    earlier = open_statistics(models.learnt_folder)
    average = EvaluatedModel("average of G and D", models.base, models.merge_plan(AVERAGE))
    readers: dict[Side, EvaluatedModel] = {"general": models.parents["G"], "questions": average}
    records: dict[Side, SideRecord] = {}
    widths: dict[str, int] = {}
    weights: dict[str, str] = {}
    for side, reader in readers.items():
        model = models.live(reader)
        read = _general if side == "general" else _about_terms
        texts = read(models, material, model)
        before = _unchanged(earlier, side, reader.digest, texts)
        if before is not None and before.texts.keys() == texts.keys():
            records[side] = before
            continue
        (models.learnt_folder / INDEX).unlink(missing_ok=True)  # half of it is not taken for whole
        records[side], inputs = _learn(models, reader, side, texts, earlier if before else None)
        widths |= {read.name: read.width for read in inputs}
        on_disk = disk_names(model.module, models.base.tensors)
        weights |= {on_disk[w]: read.name for read in inputs for w in read.weights}
    if earlier is not None and not widths:
        return earlier
    if not weights:
        raise LexgraftError(
            "no matrix of this architecture has inputs that can be learnt from",
            where=str(models.base.folder),
            cure="leave the guided methods out of `merge.candidates`",
        )
    index = StatisticsIndex(weights, widths, records["general"], records["questions"])
    return finish_statistics(models.learnt_folder, index)


def _general(
    models: ModelsUnderTest, material: Material, model: TransformersModel
) -> dict[str, TokenRows]:
    """Return as many pieces of general text as are wanted, in groups by their digest."""
    wanted, rows = tokens_to_keep(models.base), list[list[int]]()
    for piece in pieces_to_keep(material):
        if wanted <= 0:
            break
        rows.append(model.encode(piece))
        wanted -= len(rows[-1])
    return {digest(*group): group for group in together(rows)}


def together(rows: Iterable[list[int]]) -> Iterator[list[list[int]]]:
    """Yield rows in groups that are read at once: about `GROUP` of about one length.

    A model reads them much faster than one by one. Where a group ends its last row says, whichever
    others there are, so that a row that comes or goes changes its own group and hardly another.
    """
    by_length: dict[int, dict[str, list[int]]] = {}
    for row in rows:
        by_length.setdefault(len(row) // LENGTHS, {})[digest(*row)] = row
    for _, alike in sorted(by_length.items()):
        group: list[list[int]] = []
        for mark, row in sorted(alike.items()):
            group.append(row)
            if int(mark[:8], 16) % GROUP == 0 or len(group) == 2 * GROUP:
                yield group
                group = []
        if group:
            yield group


def _about_terms(
    models: ModelsUnderTest, material: Material, model: TransformersModel
) -> dict[str, TokenRows]:
    """Return the questions of every concept together, by their digest."""
    by_concept = questions(material, models.frame)
    encoded = ([model.encode(text) for text in of_concept] for of_concept in by_concept)
    return {digest(*rows): rows for rows in encoded}


def _unchanged(
    earlier: InputStatistics | None, side: Side, reader: str, texts: dict[str, TokenRows]
) -> SideRecord | None:
    """Return the record of what the same weights have read, if less has changed than is there."""
    record = earlier.side(side) if earlier else None
    if record is None or record.model != reader:
        return None
    return record if len(record.texts.keys() ^ texts.keys()) < max(1, len(texts)) else None


def _learn(
    models: ModelsUnderTest,
    reader: EvaluatedModel,
    side: Side,
    texts: dict[str, TokenRows],
    earlier: InputStatistics | None,
) -> tuple[SideRecord, Sequence[LinearInput]]:
    """Write the sums of what a model reads of texts, from those that are there if there are any."""
    model, folder = models.live(reader), models.learnt_folder
    old = earlier.side(side) if earlier else None
    before = old.texts if old else {}
    new = [rows for mark, rows in sorted(texts.items()) if mark not in before]
    gone = [rows for mark, rows in sorted(before.items()) if mark not in texts]
    records: dict[str, InputRecord] = {}
    inputs: list[LinearInput] = []

    def tell(_what: str, done: int, total: int) -> None:
        models.progress(f"learning from {side}", done, total)

    line = model.encode(GRID_LINE)
    for read, sums in input_sums(model.module, new, line, progress=tell, less=gone):
        total = sums.total()
        if earlier is not None:
            if old is not None and old.inputs[read.name].grid != read.grid:
                raise LexgraftError(
                    "learnt on a machine that rounds otherwise: sums of both cannot be added",
                    where=str(folder),
                    cure="delete this folder: all is read anew",
                )
            total = exact(total + earlier.sums(side, read.name), read.name)
        records[read.name] = write_sums(folder, side, read.name, total, read.grid)
        inputs.append(read)
    tokens = sum(len(row) for rows in texts.values() for row in rows)
    stored = {mark: tuple(map(tuple, rows)) for mark, rows in sorted(texts.items())}
    return SideRecord(reader.digest, stored, tokens, records), inputs
