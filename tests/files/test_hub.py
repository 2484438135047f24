"""Finding models: beside the recipe, here, in the Hub's cache; nothing fetched unasked."""

import json
import os
import subprocess
import sys
from hashlib import sha1
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import unquote

import pytest

from lexgraft.errors import LexgraftError
from lexgraft.files.hub import cache_folder, find_model, named_model

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the snapshot of org/name in a cache of its own."""
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "cache"))
    repository = tmp_path / "cache" / "models--org--name"
    snapshot = repository / "snapshots" / COMMIT
    snapshot.mkdir(parents=True)
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text(COMMIT)
    return snapshot


def test_a_folder_beside_the_recipe_comes_first(cache: Path, tmp_path: Path) -> None:
    assert find_model("org/name", None, tmp_path) == cache
    (tmp_path / "org" / "name").mkdir(parents=True)
    assert find_model("org/name", None, tmp_path) == tmp_path / "org" / "name"


def test_the_cache_is_asked_by_name_branch_and_commit(cache: Path, tmp_path: Path) -> None:
    for revision in (None, "main", COMMIT):
        assert find_model("org/name", revision, tmp_path) == cache
    with pytest.raises(LexgraftError, match="nor in the cache"):
        find_model("org/name", "v2", tmp_path)


@pytest.mark.parametrize("name", ["nowhere", "../../etc/passwd", "a/b/c", "org/..", "/no/such"])
def test_other_names_are_no_hub_ids(cache: Path, tmp_path: Path, name: str) -> None:
    assert cache
    with pytest.raises(LexgraftError, match="no such folder"):
        find_model(name, None, tmp_path)


def test_a_revision_never_leaves_the_cache(cache: Path, tmp_path: Path) -> None:
    assert cache
    with pytest.raises(LexgraftError, match="is not a revision"):
        find_model("org/name", "../../../x", tmp_path)


def test_a_reference_that_is_no_commit_is_not_followed(cache: Path, tmp_path: Path) -> None:
    (cache.parents[1] / "refs" / "main").write_text("../../../..")
    with pytest.raises(LexgraftError, match="nor in the cache"):
        find_model("org/name", None, tmp_path)


def test_offline_forbids_the_download(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert cache
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(LexgraftError, match="forbids"):
        find_model("org/other", None, tmp_path, download=True)


def test_the_cache_follows_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HF_HUB_CACHE", raising=False)
    monkeypatch.setenv("HF_HOME", "/somewhere")
    assert cache_folder() == Path("/somewhere/hub")


def test_a_model_is_a_folder_or_a_hub_id_with_its_revision(cache: Path, tmp_path: Path) -> None:
    assert named_model(f"org/name@{COMMIT}", tmp_path) == cache
    (tmp_path / "org" / "name").mkdir(parents=True)
    assert named_model("org/name", tmp_path) == tmp_path / "org" / "name"
    with pytest.raises(LexgraftError, match="neither a folder nor in the cache") as told:
        named_model("org/other@v1", tmp_path)
    assert "--download" in (told.value.cure or "")


FETCHED = {
    "model.safetensors.index.json": b'{"weight_map": {"a": "new-1-of-1.safetensors"}}',
    "new-1-of-1.safetensors": b"weights",
    "config.json": b"{}",
    "preprocessor_config.json": b"{}",
    "additional_chat_templates/tools.jinja": b"{{ tools }}",
    "spiece.model": b"\n",
}
NOT_FETCHED = ("consolidated.safetensors", "pytorch_model.bin", "modeling.py", "README.md")


class _Hub(BaseHTTPRequestHandler):
    """As much of the Hub as a download asks for."""

    def do_HEAD(self) -> None:
        self._answer()

    def do_GET(self) -> None:
        self.wfile.write(self._answer())

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass

    def _answer(self) -> bytes:
        name = unquote(self.path).partition(f"/resolve/{COMMIT}/")[2]
        body = FETCHED.get(name, b"x")
        if not name:
            files = [
                {"rfilename": file, "type": "file", "path": file, "size": 1, "oid": "0" * 40}
                for file in (*FETCHED, *NOT_FETCHED)
            ]
            about = {"id": "org/name", "sha": COMMIT, "siblings": files}
            body = json.dumps(files if "/tree/" in self.path else about).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("ETag", f'"{sha1(body).hexdigest()}"')
        self.send_header("X-Repo-Commit", COMMIT)
        self.end_headers()
        return body


@pytest.mark.slow
def test_a_download_fetches_the_shards_of_the_index_and_all_side_files(tmp_path: Path) -> None:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Hub)
    Thread(target=server.serve_forever, daemon=True).start()
    environment = {name: text for name, text in os.environ.items() if "HF_" not in name}
    environment["HF_ENDPOINT"] = f"http://127.0.0.1:{server.server_port}"
    environment["HF_HUB_CACHE"] = str(tmp_path / "cache")
    program = (
        "from pathlib import Path; from lexgraft.files.hub import find_model; "
        "print(find_model('org/name', None, Path(), download=True))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    server.shutdown()
    server.server_close()
    folder = Path(done.stdout.strip())
    found = [str(path.relative_to(folder)) for path in folder.rglob("*") if not path.is_dir()]
    assert sorted(found) == sorted(FETCHED)


@pytest.mark.parametrize("name", ["HF_HUB_CACHE", "HF_HOME"])
def test_the_home_of_nobody_is_told(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.delenv("HF_HUB_CACHE", raising=False)
    monkeypatch.setenv(name, "~nobody-of-this-name/cache")
    with pytest.raises(LexgraftError, match="~nobody-of-this-name/cache: no such home"):
        cache_folder()


def test_a_reference_that_is_no_text_leads_nowhere(cache: Path, tmp_path: Path) -> None:
    (cache.parents[1] / "refs" / "main").write_bytes(b"\xff\xe9")
    with pytest.raises(LexgraftError, match="nor in the cache"):
        find_model("org/name", None, tmp_path)
