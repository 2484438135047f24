"""Where a merge runs, as its file and the command line say it, before a cluster is joined."""

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from adopt_project import MakeProject
from fake_seats import FakeSeat

from lexgraft.adoption.merge_models import merge, plan_merging
from lexgraft.cli import main
from lexgraft.compute import ComputeSettings
from lexgraft.compute.seats import Seats
from lexgraft.errors import LexgraftError


@pytest.fixture
def joined(monkeypatch: pytest.MonkeyPatch) -> list[ComputeSettings]:
    """Return the settings of every cluster that is joined from now on; its seats are here."""
    settings: list[ComputeSettings] = []

    @contextmanager
    def seats(of: ComputeSettings, *_: object) -> Generator[Seats]:
        settings.append(of)
        here = Seats([FakeSeat("a")])
        try:
            yield here
        finally:
            here.close()

    monkeypatch.setattr("lexgraft.compute.ray_seats.ray_seats", seats)
    return settings


@pytest.fixture
def project(make_project: MakeProject) -> Path:
    def on_cluster(values: dict[str, Any]) -> None:
        values["compute"] |= {"engine": "ray", "address": "head:6379", "workers": 5}

    return make_project(on_cluster)


@pytest.mark.parametrize(
    ("options", "address"), [([], "head:6379"), (["--address", "other:1"], "other:1")]
)
@pytest.mark.parametrize("engine", [[], ["--engine", "ray"]])
def test_a_project_keeps_its_cluster_but_for_what_the_command_line_says(
    project: Path,
    joined: list[ComputeSettings],
    tmp_path: Path,
    engine: list[str],
    options: list[str],
    address: str,
) -> None:
    assert main(["merge", str(project), str(tmp_path / "out"), *engine, *options]) == 0
    (settings,) = joined
    assert (settings.engine, settings.address, settings.workers) == ("ray", address, 5)


def test_a_project_of_a_cluster_is_merged_here_where_the_command_line_says_so(
    project: Path, joined: list[ComputeSettings], tmp_path: Path
) -> None:
    assert main(["merge", str(project), str(tmp_path / "out"), "--engine", "local"]) == 0
    assert not joined


@pytest.mark.parametrize("cluster", [{"address": "a:1"}, {"engine": "local", "address": "a:1"}])
def test_an_address_without_a_cluster_is_refused(
    make_project: MakeProject, cluster: Mapping[str, str]
) -> None:
    with pytest.raises(LexgraftError, match="--address has no effect without --engine ray"):
        plan_merging(make_project(), cluster=cluster)


def test_what_a_cluster_cannot_share_is_refused_before_it_is_joined(
    project: Path, joined: list[ComputeSettings]
) -> None:
    store = "s3://bucket/merged"
    with pytest.raises(LexgraftError, match="these lie in a store"):
        merge(project, store)
    assert main(["merge", str(project), store, "--dry-run"]) == 2
    assert not joined
