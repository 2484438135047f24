"""Adoptions in a process of their own, killed at what they say."""

import os
import signal
import subprocess
import sys
from pathlib import Path


def start(file: Path) -> subprocess.Popen[str]:
    """Return a started adoption that says on its error stream what it does."""
    return subprocess.Popen(
        [sys.executable, "-m", "lexgraft", "adopt", str(file), "--underpowered"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONUNBUFFERED": "1"},
    )


def kill_at(file: Path, mark: str) -> None:
    """Start an adoption and kill it as soon as it says this."""
    with start(file) as run:
        assert run.stderr
        heard = next((line for line in run.stderr if mark in line), None)
        assert heard is not None, f"never said {mark}"
        run.send_signal(signal.SIGKILL)


def run_to_the_end(file: Path) -> None:
    """Run an adoption; fail with what it said unless it ends well."""
    with start(file) as run:
        _, said = run.communicate()
        assert run.returncode == 0, said
