"""What a machine offers, and what each piece that is missing would bring."""

import os
import platform
import re
import shutil
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

from msgspec import Struct

from lexgraft import __version__

BRINGS = {
    "hf": "models are run: adopt, evaluate, tune, and tokenizers of models",
    "rarity": "how rare a term is, from wordfreq's lists",
    "xlsx": "term bases in spreadsheets",
    "rdf": "term bases in SKOS and other RDF",
    "japanese": "parts of speech and word borders of Japanese",
    "lemmas": "terms found in inflected forms",
    "compiled": "terms matched about three times as fast",
    "s3": "models in object stores, and results written there",
    "serve": "the gateway, and servers asked",
    "benchmarks": "tasks of lm-evaluation-harness",
    "ray": "an adoption or a merge on the machines of a Ray cluster",
    "vllm": "models run by vLLM in this process",
    "gpus": "models larger than one GPU, spread over several",
}
"""Per extra of the package what it is for; those for developers are left out."""

FEATURES = {
    "AVX2": "avx2",
    "AVX-512": "avx512f",
    "AVX-512 BF16": "avx512_bf16",
    "AMX BF16": "amx_bf16",
    "NEON BF16": "bf16",
}
"""What makes arithmetic fast, by the name that Linux gives it."""

_GIB = 1 << 30
_REQUIREMENT = re.compile(r"([A-Za-z0-9._-]+).*extra\s*==\s*[\"']([a-z]+)[\"']")


class ComputeDevice(Struct, frozen=True):
    """Something that models can be run on."""

    name: str  # as `--device` takes it
    description: str
    memory: int | None = None  # bytes


class CompiledLoops(Struct, frozen=True):
    """Whether merges run in compiled loops; if not, why."""

    present: bool
    reason: str = ""


class PackageExtra(Struct, frozen=True):
    """Optional packages of one purpose, by name; None where one is missing."""

    name: str
    brings: str
    packages: dict[str, str | None]

    @property
    def cure(self) -> str:
        """What to type for what is missing; empty where nothing is."""
        complete = all(self.packages.values())
        return "" if complete else f"pip install 'lexgraft[{self.name}]'"


class CacheFolder(Struct, frozen=True):
    """Where something is kept between runs."""

    name: str
    path: Path
    bytes: int
    present: bool


class MachineReport(Struct, frozen=True):
    """What `lexgraft doctor` says; all sizes in bytes, None where the system does not say."""

    versions: dict[str, str | None]
    devices: list[ComputeDevice]
    cores: int
    features: dict[str, bool]  # of the processor
    compiled_loops: CompiledLoops
    extras: list[PackageExtra]
    caches: list[CacheFolder]
    free_memory: int | None
    memory: int | None
    free_disk: int
    disk: int

    def tables(self) -> Iterator[tuple[str, list[list[str]]]]:
        """Yield titles with rows; the first row is the header."""
        features = ", ".join(name for name, present in self.features.items() if present)
        loops = self.compiled_loops
        rows = [["what", "here"]]
        rows += [[name, version or "missing"] for name, version in self.versions.items()]
        rows += [
            [f"device {device.name}", _with_size(device.description, device.memory)]
            for device in self.devices
        ]
        rows += [
            ["processor", f"{self.cores} cores; {features or 'none of ' + ', '.join(FEATURES)}"],
            ["compiled merge loops", "present" if loops.present else f"missing: {loops.reason}"],
            ["memory", f"{_size(self.free_memory)} free of {_size(self.memory)}"],
            ["disk here", f"{_size(self.free_disk)} free of {_size(self.disk)}"],
        ]
        rows += [
            [cache.name, _with_size(str(cache.path), cache.bytes if cache.present else 0)]
            for cache in self.caches
        ]
        yield "Machine", rows
        extras = [["extra", "what it brings", "here"]]
        for extra in self.extras:
            versions = ", ".join(f"{name} {version}" for name, version in extra.packages.items())
            missing = f"missing: `{extra.cure}` would bring it"
            extras.append([extra.name, extra.brings, missing if extra.cure else versions])
        yield "Extras", extras


def machine_report() -> MachineReport:
    """Return what is there; torch is loaded to ask it for devices."""
    disk = shutil.disk_usage(Path())
    page = _system("SC_PAGE_SIZE")
    return MachineReport(
        versions={
            "lexgraft": __version__,
            "python": platform.python_version(),
            "system": f"{platform.system()} {platform.release()} {platform.machine()}",
            **{name: _version(name) for name in ("torch", "safetensors", "numpy")},
        },
        devices=list(_devices()),
        cores=os.cpu_count() or 1,
        features=_features(),
        compiled_loops=_compiled_loops(),
        extras=_extras(),
        caches=list(_caches()),
        free_memory=_times(_system("SC_AVPHYS_PAGES"), page),
        memory=_times(_system("SC_PHYS_PAGES"), page),
        free_disk=disk.free,
        disk=disk.total,
    )


def _devices() -> Iterator[ComputeDevice]:
    """Yield what torch can run models on."""
    try:
        import torch
    except ImportError:
        return
    yield ComputeDevice("cpu", f"{torch.get_num_threads()} threads")
    if torch.cuda.is_available():
        for number in range(torch.cuda.device_count()):
            device = torch.cuda.get_device_properties(number)
            yield ComputeDevice(f"cuda:{number}", device.name, device.total_memory)
    if torch.backends.mps.is_available():
        yield ComputeDevice("mps", "Apple's Metal")


def _features() -> dict[str, bool]:
    """Return which features the processor has, as far as the system says."""
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return {}
    flags = next(
        (line for line in text.splitlines() if line.startswith(("flags", "Features"))), ""
    ).split()
    return {name: flag in flags for name, flag in FEATURES.items()}


def _compiled_loops() -> CompiledLoops:
    from lexgraft.weights.merge.native_library import LIBRARY, library

    if library() is not None:
        return CompiledLoops(present=True)
    if not LIBRARY.is_file():
        reason = "no C compiler when the package was built; install one, then install lexgraft anew"
        return CompiledLoops(present=False, reason=reason)
    reason = "compiled from another source or for another machine; install lexgraft anew"
    return CompiledLoops(present=False, reason=reason)


def _extras() -> list[PackageExtra]:
    """Return the extras that the installed package declares, those for developers left out."""
    try:
        requirements = metadata.requires("lexgraft") or []
    except metadata.PackageNotFoundError:
        requirements = []  # run from its source tree
    packages: dict[str, dict[str, str | None]] = {name: {} for name in BRINGS}
    for requirement in requirements:
        match = _REQUIREMENT.fullmatch(requirement)
        if match and match[2] in packages:
            packages[match[2]][match[1]] = _version(match[1])
    return [PackageExtra(name, BRINGS[name], group) for name, group in packages.items() if group]


def _caches() -> Iterator[CacheFolder]:
    from lexgraft.files.hub import cache_folder

    for name, path in (
        ("models fetched from the Hub", cache_folder()),
        ("answers of evaluate", Path("answers").resolve()),
    ):
        yield CacheFolder(name, path, _bytes_below(path), path.is_dir())


def _bytes_below(folder: Path) -> int:
    """Return how much the files of a folder hold; what links point to counts once."""
    sizes: dict[tuple[int, int], int] = {}
    for parent, _, names in os.walk(folder):
        for name in names:
            try:
                status = Path(parent, name).stat()
            except OSError:  # gone meanwhile, or a link to nothing
                continue
            sizes[status.st_dev, status.st_ino] = status.st_size
    return sum(sizes.values())


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def _system(name: str) -> int | None:
    if sys.platform == "win32":
        return None
    try:
        return os.sysconf(name)
    except (OSError, ValueError):
        return None


def _times(pages: int | None, size: int | None) -> int | None:
    return None if pages is None or size is None else pages * size


def _size(count: int | None) -> str:
    return "unknown" if count is None else f"{count / _GIB:.1f} GiB"


def _with_size(text: str, count: int | None) -> str:
    return text if count is None else f"{text}, {_size(count)}"
