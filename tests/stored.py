"""A store of S3's protocol in a process of its own, on loopback, and folders put into it."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

KEYS = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing"}
_WAIT = 60  # seconds for the server to answer


@contextmanager
def store_server(**settings: str) -> Generator[dict[str, str]]:
    """Start moto's server with settings of its own; yield the environment to reach it."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    quiet, environment = subprocess.DEVNULL, os.environ | settings
    with subprocess.Popen(command, stdout=quiet, stderr=quiet, env=environment) as server:
        try:
            _wait(port, server)
            address = f"http://127.0.0.1:{port}"
            yield {**KEYS, "AWS_ENDPOINT_URL": address, "AWS_DEFAULT_REGION": "us-east-1"}
        finally:
            server.kill()
            client.cache_clear()


@lru_cache(maxsize=1)
def client() -> Any:
    """Return s3fs itself, to look at the store from outside."""
    import s3fs

    return s3fs.S3FileSystem(skip_instance_cache=True, use_listings_cache=False)


def put_folder(folder: Path, place: str) -> str:
    """Put a folder's files under bucket/prefix; return its URL."""
    system = client()
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        system.pipe_file(f"{place}/{path.relative_to(folder).as_posix()}", path.read_bytes())
    return f"s3://{place}"


def objects(place: str) -> dict[str, bytes]:
    """Return what lies under bucket/prefix, by name."""
    system = client()
    if not system.exists(place):
        return {}
    return {path.removeprefix(f"{place}/"): system.cat_file(path) for path in system.find(place)}


def open_uploads(bucket: str) -> list[str]:
    """Return the keys of uploads that are not complete."""
    answer = client().call_s3("list_multipart_uploads", Bucket=bucket)
    return sorted(upload["Key"] for upload in answer.get("Uploads", ()))


def _wait(port: int, server: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + _WAIT
    while time.monotonic() < end and server.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise AssertionError(f"no server on port {port}")
