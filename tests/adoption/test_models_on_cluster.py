"""Models on seats, without a cluster: the seats are in this process."""

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from adopt_project import MakeProject
from fake_seats import FakeSeat

from lexgraft.adoption import models_on_cluster
from lexgraft.adoption.models_on_cluster import ModelsOnCluster
from lexgraft.adoption.models_under_test import ModelsUnderTest
from lexgraft.compute.seats import Seats
from lexgraft.errors import LexgraftError
from lexgraft.project import read_project
from lexgraft.records import Document, silent

ROUNDS = 200


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
