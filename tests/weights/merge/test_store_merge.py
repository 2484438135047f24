"""Merging from a store and to a store: a real server process, killed runs, changed objects."""

import os
import signal
import subprocess
import sys
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest
import stored
from weights.merge.family import save_family

import lexgraft
from lexgraft.cli import main
from lexgraft.errors import LexgraftError
from lexgraft.files import object_uploads
from lexgraft.files.object_store import file_system
from lexgraft.weights.checkpoint import prefix_writer

pytestmark = pytest.mark.slow

PART = 512  # bytes
KILLED = f"""
import os, signal, sys
import lexgraft
from lexgraft.files import object_uploads
from lexgraft.weights.checkpoint import prefix_writer
object_uploads.PART, prefix_writer.SYNC_EVERY = {PART}, 600
def kill(what, done, total):
    if done == int(sys.argv[3]):
        os.kill(os.getpid(), signal.SIGKILL)
lexgraft.merge(sys.argv[1], sys.argv[2], progress=kill, workers=2)
"""


@pytest.fixture(scope="module")
def store() -> Generator[None]:
    """Run a server of S3's protocol that takes parts of any size."""
    with (
        stored.store_server(S3_UPLOAD_PART_MIN_SIZE="1") as variables,
        pytest.MonkeyPatch.context() as patch,
    ):
        for name, value in variables.items():
            patch.setenv(name, value)
        file_system.cache_clear()
        stored.client().mkdir("bucket")
        yield
        file_system.cache_clear()


@pytest.fixture
def models(store: None, tmp_path: Path, request: pytest.FixtureRequest) -> str:
    """Put a base and two models of it into a place of this test's own; return bucket/prefix."""
    save_family(tmp_path)
    place = f"bucket/{request.node.name.replace('[', '-').replace(']', '')}"
    for name in ("base", "a", "b"):
        stored.put_folder(tmp_path / name, f"{place}/{name}")
    return place


def recipe(folder: Path, root: str, method: str = "ties") -> Path:
    """Write a recipe of the models that lie at a root."""
    file = folder / f"{method} of {root.replace('/', '_')}.yaml"
    lines = [f"merge_method: {method}", f"base_model: {root}/base", "parameters: {weight: 0.5}"]
    file.write_text("\n".join([*lines, f"models: [{{model: {root}/a}}, {{model: {root}/b}}]"]))
    return file


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


@pytest.fixture
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(object_uploads, "PART", PART)
    monkeypatch.setattr(prefix_writer, "SYNC_EVERY", 600)


@pytest.mark.usefixtures("small_parts")
def test_a_merge_in_the_store_is_the_merge_of_folders(
    models: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    local = recipe(tmp_path, str(tmp_path))
    assert main(["merge", str(local), f"file://{tmp_path}/out"]) == 0
    capsys.readouterr()
    remote = recipe(tmp_path, f"s3://{models}")
    assert main(["merge", str(remote), "-o", f"s3://{models}/out"]) == 0
    assert stored.objects(f"{models}/out") == contents(tmp_path / "out")
    assert main(["merge", str(remote), "-o", f"S3://{models}/out"]) == 0  # verified and kept
    assert main(["verify", f"s3://{models}/out"]) == 0
    assert main(["diagnose", str(remote)]) == 0
    assert str(tmp_path) not in capsys.readouterr().out  # places as the user calls them
    stored.client().pipe_file(f"{models}/out/tokenizer.json", b"{}")
    assert main(["verify", f"s3://{models}/out"]) == 1
    assert "different  tokenizer.json" in capsys.readouterr().out


@pytest.mark.usefixtures("small_parts")
@pytest.mark.parametrize("done", [5, 15])
def test_a_killed_merge_shows_nothing_and_goes_on_to_the_same_bytes(
    models: str, tmp_path: Path, done: int
) -> None:
    lexgraft.merge(recipe(tmp_path, str(tmp_path)), tmp_path / "out")
    remote, output = recipe(tmp_path, f"s3://{models}"), f"{models}/out"
    command = [sys.executable, "-c", KILLED, str(remote), f"s3://{output}", str(done)]
    killed = subprocess.run(command, check=False, env=os.environ)
    assert killed.returncode == -signal.SIGKILL
    assert all(name.startswith("merge.journal") for name in stored.objects(output))
    with pytest.raises(LexgraftError, match="unfinished merge of other models or settings"):
        lexgraft.merge(recipe(tmp_path, f"s3://{models}", "task_arithmetic"), f"s3://{output}")
    lexgraft.merge(remote, f"s3://{output}")
    assert stored.objects(output) == contents(tmp_path / "out")
    assert f"{output.partition('/')[2]}/model.safetensors" not in stored.open_uploads("bucket")


def test_an_end_that_was_cut_short_at_any_object_is_made_up_for(
    models: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lexgraft.merge(recipe(tmp_path, str(tmp_path)), tmp_path / "out")
    remote, output = recipe(tmp_path, f"s3://{models}"), f"s3://{models}/out"
    call, left = object_uploads.call_s3, [0]

    def cut(url: Any, method: str, **given: Any) -> Any:
        left[0] -= method in {"complete_multipart_upload", "put_object", "delete_object"}
        if left[0] == 0:
            raise KeyboardInterrupt
        return call(url, method, **given)

    monkeypatch.setattr(object_uploads, "call_s3", cut)
    for calls in range(1, 20):
        left[0] = calls
        try:
            lexgraft.merge(remote, output)
        except KeyboardInterrupt:
            present = stored.objects(f"{models}/out")
            if "manifest.json" in present:
                assert contents(tmp_path / "out").items() <= present.items()
        else:
            break
    assert stored.objects(f"{models}/out") == contents(tmp_path / "out")


def test_what_is_not_ours_is_neither_overwritten_nor_removed(models: str, tmp_path: Path) -> None:
    remote = recipe(tmp_path, f"s3://{models}")
    stored.client().pipe_file(f"{models}/taken/deep/notes.txt", b"mine")
    with pytest.raises(LexgraftError, match=r"not empty: it holds 'deep'"):
        lexgraft.merge(remote, f"s3://{models}/taken")
    with pytest.raises(LexgraftError, match="one lies in the other"):
        lexgraft.merge(remote, f"s3://{models}/base/out")
    assert stored.objects(f"{models}/taken") == {"deep/notes.txt": b"mine"}
    bucket, _, prefix = f"{models}/made/".partition("/")
    stored.client().call_s3("put_object", Bucket=bucket, Key=prefix)  # as a console makes a folder
    lexgraft.merge(remote, f"s3://{models}/made")

    def meanwhile(_what: str, done: int, _total: int) -> None:
        if done == 15:
            stored.client().pipe_file(f"{models}/out/config.json", b"mine")

    with pytest.raises(LexgraftError, match=r"out/config\.json: another object was put here"):
        lexgraft.merge(remote, f"s3://{models}/out", progress=meanwhile)
    present = stored.objects(f"{models}/out")
    assert present["config.json"] == b"mine"
    assert "manifest.json" not in present


def test_an_object_that_is_replaced_during_the_run_ends_it(models: str, tmp_path: Path) -> None:
    data = (tmp_path / "a" / "model.safetensors").read_bytes()

    def replace(_what: str, done: int, _total: int) -> None:
        if done == 3:
            stored.client().pipe_file(f"{models}/b/model.safetensors", data)

    for output in (f"s3://{models}/out", str(tmp_path / "out")):
        with pytest.raises(LexgraftError, match=r"b/model\.safetensors: the object was replaced"):
            lexgraft.merge(recipe(tmp_path, f"s3://{models}"), output, progress=replace, workers=1)
        stored.put_folder(tmp_path / "b", f"{models}/b")


def test_a_cut_object_and_one_that_is_no_model_are_refused(models: str, tmp_path: Path) -> None:
    data = (tmp_path / "a" / "model.safetensors").read_bytes()
    for content in (data[:-10], data[:40], data[:4], b""):
        stored.client().pipe_file(f"{models}/a/model.safetensors", content)
        with pytest.raises(LexgraftError, match=rf"s3://{models}/a/model\.safetensors: refused"):
            lexgraft.merge(recipe(tmp_path, f"s3://{models}"), tmp_path / "out")


def test_an_adapter_in_a_store_is_that_of_a_folder(models: str, tmp_path: Path) -> None:
    from weights.merge.conftest import save_adapter
    from weights.merge.family import SHAPES

    names = {f"model.layers.0.{name}.weight": SHAPES[name] for name in ("mlp.down_proj",)}
    save_adapter(tmp_path / "lora", names, 3)
    stored.put_folder(tmp_path / "lora", f"{models}/lora")
    for root in (str(tmp_path), f"s3://{models}"):
        file = tmp_path / f"{root.replace('/', '_')}.yaml"
        file.write_text(
            f"merge_method: task_arithmetic\nbase_model: {root}/base\n"
            f"models: [{{model: {root}/base+{root}/lora, parameters: {{weight: 1.0}}}}]"
        )
        lexgraft.merge(file, tmp_path / ("remote" if root.startswith("s3") else "local"))
    assert contents(tmp_path / "remote") == contents(tmp_path / "local")
