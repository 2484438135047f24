"""Models on seats, without a cluster: the seats are in this process."""

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from adopt_project import MakeProject
from fake_seats import FakeSeat
from msgspec.structs import replace

from lexgraft.adoption import models_on_cluster, seat_kind
from lexgraft.adoption.models_on_cluster import ModelsOnCluster
from lexgraft.adoption.models_under_test import ModelsUnderTest
from lexgraft.adoption.seat_kind import SeatKind, check_kind, kind_of_run
from lexgraft.compute.seats import Seats
from lexgraft.errors import LexgraftError
from lexgraft.models.chosen_device import Computation
from lexgraft.models.transformers import TransformersModel
from lexgraft.project import read_project
from lexgraft.records import Document, silent

ROUNDS = 200


def scoring(model: TransformersModel) -> str:
    return model.scoring


@pytest.fixture
def models(
    make_project: MakeProject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Generator[ModelsOnCluster]:
    """Return a project's models on two seats, which are joined when they are needed."""

    @contextmanager
    def seats(*_: object) -> Generator[Seats]:
        joined = Seats([FakeSeat("a"), FakeSeat("b")])
        try:
            yield joined
        finally:
            joined.close()

    def on_cluster(values: dict[str, Any]) -> None:
        values["compute"]["engine"] = "ray"

    monkeypatch.setattr(models_on_cluster, "ray_seats", seats)
    asked = ModelsOnCluster(read_project(make_project(on_cluster)), tmp_path, silent)
    yield asked
    asked.close()


def test_candidates_are_asked_on_the_seats_of_the_run_also_where_nothing_was_asked_before(
    models: ModelsOnCluster,
) -> None:
    """As when a run goes on: a scout that joins by itself would wait for room that there is not."""
    joined: list[Seats] = []

    def scout(models: ModelsUnderTest) -> None:
        assert isinstance(models, ModelsOnCluster)
        joined.append(models.seats)

    models.ahead([scout] * 3)
    assert joined == [models.seats] * 3


def test_what_stops_a_candidate_stops_the_others_that_are_asked_beside_it(
    models: ModelsOnCluster,
) -> None:
    begun, rounds = Event(), list[int]()
    text = Document("d", "en", "plain", "one two three", "invented", "CC0-1.0")

    def fails(_models: ModelsUnderTest) -> None:
        assert begun.wait(60)
        raise LexgraftError("no such tensor")

    def goes_on(models: ModelsUnderTest) -> None:
        for number in range(ROUNDS):
            models.bits(models.parents["base"], f"text {number}", [(8, [text])])
            rounds.append(number)
            begun.set()

    with pytest.raises(LexgraftError, match="no such tensor"):
        models.ahead([fails, goes_on])
    assert len(rounds) < ROUNDS


def test_a_seat_of_another_kind_is_refused_by_name_and_so_is_a_run_begun_with_one(
    models: ModelsOnCluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = models.kind
    assert kind_of_run(tmp_path, here) == here
    newer = replace(here, torch="9.0")
    assert kind_of_run(tmp_path, newer) == newer  # on every seat alike
    with pytest.raises(LexgraftError, match=f"computed by .*{here.products}"):
        kind_of_run(tmp_path, replace(here, products="other"))
    for other in (newer, replace(here, model="an older one")):
        with pytest.raises(LexgraftError, match="they round differently"):
            check_kind(other, models.computation)

    def older(computation: Computation) -> SeatKind:
        return replace(here, model=f"older {computation.kind}")

    monkeypatch.setattr(seat_kind, "kind_here", older)
    with pytest.raises(LexgraftError, match="computes by older cpu"):
        models.with_live(models.parents["base"], scoring)


def test_seats_are_told_the_format_that_was_chosen_where_the_run_was_begun(
    models: ModelsOnCluster,
) -> None:
    models.project = replace(
        models.project, compute=replace(models.project.compute, device="auto", dtype="auto")
    )
    told = models._here.compute
    assert (told.device, told.dtype) == (models.computation.kind, models.computation.dtype)
    assert "auto" not in told.dtype


@pytest.mark.parametrize(("candidates", "blocks"), [(1, 3), (2, 0)])
def test_blocks_are_asked_side_by_side_where_seats_would_wait(
    models: ModelsOnCluster, candidates: int, blocks: int
) -> None:
    """Of two seats one would wait for a single candidate, none for two."""
    asked: list[ModelsUnderTest] = []

    def candidate(scout: ModelsUnderTest) -> None:
        scout.ahead([asked.append] * 3, spare=True)

    models.ahead([asked.append], spare=True)
    assert not asked
    models.ahead([candidate] * candidates)
    assert len(asked) == blocks
