"""Compiles the loops of merging when the package is built; without a compiler it goes without.

python hatch_build.py        # into the source tree, as an editable installation does
"""

import os
import shlex
import shutil
import subprocess
import sys
from hashlib import sha256
from pathlib import Path
from sysconfig import get_platform
from typing import Any

try:
    from hatchling.builders.hooks.plugin.interface import BuildHookInterface
except ImportError:  # run by hand, or by a test
    BuildHookInterface = object

HERE = Path(__file__).parent / "src" / "lexgraft" / "weights" / "merge"
# No fused multiply-add and nothing that changes a result: the bits must be those of the methods.
FLAGS = (
    *("-O3", "-std=gnu11", "-shared", "-fPIC"),
    *("-ffp-contract=off", "-fno-trapping-math", "-fno-math-errno"),
)


def build(library: Path = HERE / "_kernel.so") -> bool:
    """Compile kernel.c; return whether that worked."""
    compiler = shlex.split(os.environ.get("CC", "cc"))
    if shutil.which(compiler[0]) is None:
        return False
    source = HERE / "kernel.c"
    digest = f'-DSOURCE="{sha256(source.read_bytes()).hexdigest()}"'
    unfinished = library.with_suffix(f".{os.getpid()}.part")
    command = [*compiler, *FLAGS, digest, str(source), "-o", str(unfinished), "-lm"]
    errors = _failure(command) and _failure([*command, "-DNARROW"])  # a compiler that cannot clone
    if errors:
        sys.stderr.write(errors)
        return False
    unfinished.replace(library)
    return True


def _failure(command: list[str]) -> str:
    """Return what a compiler says that fails; nothing where it does not."""
    compiled = subprocess.run(command, check=False, capture_output=True, text=True)  # noqa: S603
    return (compiled.stderr or "the compiler failed") if compiled.returncode else ""


class CompiledLoops(BuildHookInterface):
    """The build hook: a wheel with the library is of this platform, one without of any."""

    def initialize(self, _version: str, build_data: dict[str, Any]) -> None:
        """Compile before the files are collected."""
        if build():
            build_data["pure_python"] = False
            platform = get_platform().replace("-", "_").replace(".", "_")
            build_data["tag"] = f"py3-none-{platform}"  # ctypes loads it in any Python
            build_data["artifacts"].append("src/lexgraft/weights/merge/_kernel.so")


if __name__ == "__main__":
    sys.exit(0 if build() else "no library: is there a C compiler?")
