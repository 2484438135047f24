"""A model of a store is fetched once: whole, resumed, and never another one's bytes."""

import hashlib
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from lexgraft.errors import LexgraftError
from lexgraft.files import fetched_models
from lexgraft.files.fetched_models import RECORD, fetched_model
from lexgraft.files.folder_lock import locked
from lexgraft.files.model_search import ModelSearch
from lexgraft.files.store_url import StoredObject, StoreUrl
from lexgraft.project import read_project, with_models

URL = "s3://bucket/models/base"
BLOCK = 64
FILES = {
    "config.json": b"{}",
    "model.safetensors": bytes(range(256)) * 2,
    "optimizer.pt": b"not wanted",
    "additional_chat_templates/a.jinja": b"x",
}


@dataclass
class Store:
    """A store in memory that counts what is read, and may break off."""

    files: dict[str, bytes] = field(default_factory=lambda: dict(FILES))
    tags: dict[str, str] = field(default_factory=dict[str, str])
    read: list[tuple[str, int]] = field(default_factory=list[tuple[str, int]])
    breaks_at: int | None = None

    def objects_of(self, url: StoreUrl) -> dict[str, StoredObject]:
        assert str(url) == URL
        return {
            name: StoredObject(url.at(name), len(data), self.tags.get(name, "1"))
            for name, data in self.files.items()
        }

    def read_range(self, stored: StoredObject, start: int, stop: int) -> bytes:
        name = str(stored.url).removeprefix(f"{URL}/")
        if self.breaks_at is not None and start >= self.breaks_at:
            raise LexgraftError("the line broke off")
        self.read.append((name, start))
        return self.files[name][start:stop]


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Store:
    made = Store()
    monkeypatch.setenv("LEXGRAFT_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(fetched_models, "objects_of", made.objects_of)
    monkeypatch.setattr(fetched_models, "read_range", made.read_range)
    monkeypatch.setattr(fetched_models, "_BLOCK", BLOCK)
    return made


def test_it_is_fetched_once_and_only_what_a_model_needs(store: Store) -> None:
    seen: list[tuple[int, int]] = []

    def progress(what: str, done: int, total: int) -> None:
        assert "0.00 GB" in what
        seen.append((done, total))

    folder = fetched_model(URL, download=True, progress=progress)
    names = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert names == {*FILES, RECORD} - {"optimizer.pt"}
    assert all((folder / name).read_bytes() == FILES[name] for name in names - {RECORD})
    assert seen[-1][0] == seen[-1][1]
    store.read.clear()
    assert fetched_model(URL, download=False) == folder
    assert not store.read


def test_unasked_nothing_is_fetched_and_the_bytes_are_said(store: Store, tmp_path: Path) -> None:
    store.files["model.safetensors"] = bytes(20_000_000)
    with pytest.raises(LexgraftError, match=r"0\.02 GB in 3 files are not here") as refused:
        fetched_model(URL, download=False)
    assert "--download" in refused.value.cure
    assert str(tmp_path / "cache") in refused.value.cure
    assert not store.read
    assert not (tmp_path / "cache").exists()


def test_what_broke_off_goes_on_where_it_was(store: Store) -> None:
    store.breaks_at = 4 * BLOCK
    with pytest.raises(LexgraftError, match="broke off"):
        fetched_model(URL, download=True)
    store.breaks_at = None
    store.read.clear()
    folder = fetched_model(URL, download=True)
    assert (folder / "model.safetensors").read_bytes() == FILES["model.safetensors"]
    assert min(start for name, start in store.read if name == "model.safetensors") > 0
    assert not list(folder.rglob("*.part"))


def test_another_object_is_another_model(store: Store) -> None:
    first = fetched_model(URL, download=True)
    store.tags["model.safetensors"] = "2"
    with pytest.raises(LexgraftError, match="are not here"):
        fetched_model(URL, download=False)
    assert fetched_model(URL, download=True) != first


def test_bytes_that_are_not_those_of_a_digest_are_refused(store: Store) -> None:
    name = "model.safetensors"
    store.tags[name] = hashlib.sha256(b"other").hexdigest()
    with pytest.raises(LexgraftError, match="not what the store says"):
        fetched_model(URL, download=True)
    store.tags[name] = hashlib.sha256(FILES[name]).hexdigest()
    assert fetched_model(URL, download=True)


def test_a_cut_file_of_the_cache_is_named(store: Store) -> None:
    assert store
    folder = fetched_model(URL, download=True)
    (folder / "model.safetensors").write_bytes(b"x")
    with pytest.raises(LexgraftError, match=r"lost `model\.safetensors`") as refused:
        fetched_model(URL, download=True)
    (folder / RECORD).unlink()
    assert "delete" in refused.value.cure
    fetched_model(URL, download=True)
    assert (folder / "model.safetensors").read_bytes() == FILES["model.safetensors"]


def test_a_project_may_name_models_by_urls(store: Store, tmp_path: Path) -> None:
    assert store
    own = "testset: {forms: [{kind: term-to-term, question: en, answer: ja}]}\n"
    own += "merge: {candidates: [{method: linear}]}"
    (tmp_path / "terms.csv").write_text("en,ja\n")
    (tmp_path / "d").mkdir()
    file = tmp_path / "project.yaml"
    file.write_text(
        f"name: x\nmodels: {{base: '{URL}', language: '{URL}', domain: 'file://{tmp_path}/d'}}\n"
        "languages: {target: ja, domain: en}\nterms: {files: [terms.csv]}\n"
        f"{own}\noutput: run\n"
    )
    project = read_project(file)
    assert project.models.base == URL
    with pytest.raises(LexgraftError, match=r"models\.base.*are not here"):
        with_models(project, ModelSearch(tmp_path, download=False))
    fetched = with_models(project, ModelSearch(tmp_path, download=True))
    assert Path(fetched.models.base) == fetched_model(URL, download=False)
    assert Path(fetched.models.domain) == tmp_path / "d"


def test_two_runs_do_not_fetch_into_one_folder(store: Store) -> None:
    store.breaks_at = 0
    with pytest.raises(LexgraftError, match="broke off"):
        fetched_model(URL, download=True)
    (folder,) = fetched_models.cache_of_models().iterdir()
    store.breaks_at = None
    with locked(folder), pytest.raises(LexgraftError, match="another run is writing here"):
        fetched_model(URL, download=True)
    assert store.read == []
    assert fetched_model(URL, download=True) == folder
