"""GROWS  Ways to run a model: LanguageModel = log-likelihoods, free answers, bits of running text.

A backend is one file here, or a plugin's, with a function under `@backend`; `load` finds it by how
a reference begins.
"""

from collections.abc import Callable, Iterator, Sequence
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import Literal, NamedTuple, Protocol, TypeVar, runtime_checkable

from lexgraft.compute import AskedFormat
from lexgraft.errors import LexgraftError, nearest
from lexgraft.files.hub import named_model
from lexgraft.files.plugins import load_installed
from lexgraft.records import digest as digest_of

R = TypeVar("R")

Question = tuple[str, Sequence[str]]
"""A context, and the options that may follow it as they are."""


class OptionScore(NamedTuple):
    """How likely one option is after its context: a natural-log sum and the tokens in it."""

    loglik: float
    tokens: int
    crossed: bool = False  # a token would have crossed the seam: the option stands by itself


@runtime_checkable
class LanguageModel(Protocol):
    """A model that can be asked; two with the same digest and scoring give the same numbers."""

    @property
    def digest(self) -> str:
        """Return what identifies the weights, the tokenizer and the number format."""
        ...

    @property
    def scoring(self) -> str:
        """Return the name of the way of scoring, part of the key of every stored answer."""
        ...

    def plan_batches(self, items: Sequence[Question]) -> list[tuple[int, ...]]:
        """Return the items' positions in batches, fixed by content alone.

        A batch asked by itself is planned as that same batch, so that its numbers can be stored
        and the rest asked later.
        """
        ...

    def loglikelihoods(self, items: Sequence[Question]) -> list[list[OptionScore]]:
        """Return the score of every option of every item."""
        ...

    def generate(self, prompts: Sequence[str], max_tokens: int, stop: Sequence[str]) -> list[str]:
        """Return the greedy continuation of every prompt, cut before the first stop text."""
        ...

    def text_bits(self, texts: Sequence[str], max_tokens: int) -> list[tuple[float, int]]:
        """Return, per text, the bits of what follows its first token, and its UTF-8 bytes."""
        ...

    def side_by_side(self, calls: Sequence[Callable[[], R]]) -> Iterator[R]:
        """Yield what calls of this model return, in order; as many run at once as it gains from."""
        ...


ComputedFormat = Literal["float32", "mixed", "bfloat16"]
"""In which it is. `mixed`: products of operands rounded to bfloat16, summed in float32; all else
in float32."""


class RunOptions(NamedTuple):
    """How a model is run, as far as its backend lets one choose."""

    digest: str = ""  # of the weights and the tokenizer of a folder; part of every answer's key
    threads: int = 2
    dtype: AskedFormat = "auto"
    device: str = "auto"
    gpus: int = 1  # that one model is spread over
    server_kind: str = ""  # which kind of server is behind an address; empty: as it says itself


Load = Callable[[str, RunOptions], LanguageModel]
"""Returns the model of a reference without its prefix, or of an address as it is."""


class Backend(NamedTuple):
    """A way to run models: what references to it begin with, and how one is loaded."""

    name: str
    prefixes: tuple[str, ...]  # "" is that of a plain folder
    load: Load
    folders: bool  # what follows the prefix is a model folder or a Hub id, on this machine

    def rest(self, reference: str) -> str:
        """Return what the backend is given of a reference: an address whole, else what follows."""
        return reference[len(self._prefix(reference)) :] if self.folders else reference

    def _prefix(self, reference: str) -> str:
        return next(prefix for prefix in self.prefixes if reference.startswith(prefix))


BACKENDS: dict[str, Backend] = {}
"""Every known backend, by name."""


def backend(name: str, *prefixes: str, folders: bool = False) -> Callable[[Load], Load]:
    """Return a decorator that makes a function a way to run models.

    Args:
        name: the backend's name, for messages.
        *prefixes: what a reference to it begins with, such as "vllm:" or "http://".
        folders: what follows is a model folder or a Hub id, whose digest the function is given;
            otherwise it is given the reference as it is.

    Raises:
        LexgraftError: another backend has this name or one of the prefixes.

    Example:
        @backend("echo", "echo:")
        def load_echo(reference: str, options: RunOptions) -> LanguageModel: ...
    """

    def register(function: Load) -> Load:
        for registered in list(BACKENDS.values()):
            if registered.load.__module__ == function.__module__ and registered.name == name:
                continue  # the same file once more
            if registered.name == name or set(registered.prefixes) & set(prefixes):
                raise LexgraftError(
                    f"the backend `{registered.name}` has this name or prefix already",
                    where=f"{function.__module__}: `{name}`",
                    cure="choose others",
                )
        BACKENDS[name] = Backend(name, prefixes, function, folders)
        return function

    return register


def backend_of(reference: str) -> Backend:
    """Return the backend that runs a reference: that of the longest prefix it begins with.

    Raises:
        LexgraftError: it begins like one, as `name:`, and there is no such backend.
    """
    for module in sorted(module.name for module in iter_modules(__path__)):
        import_module(f"{__name__}.{module}")
    load_installed("lexgraft.models")
    prefixes = {prefix: entry for entry in BACKENDS.values() for prefix in entry.prefixes}
    prefix = max((p for p in prefixes if reference.startswith(p)), key=len)
    name, colon, _ = reference.partition(":")
    if (
        not prefix
        and colon
        and len(name) > 1
        and name.isidentifier()
        and not Path(reference).exists()
    ):
        raise LexgraftError(
            f"no way to run a model is called `{name}:`",
            cure=nearest(f"{name}:", [prefix for prefix in prefixes if prefix]),
        )
    return prefixes[prefix]


def load(
    reference: str | Path,
    *,
    digest: str = "",
    threads: int = 2,
    dtype: AskedFormat = "auto",
    device: str = "auto",
    gpus: int = 1,
    server_kind: str = "",
    download: bool = False,
) -> LanguageModel:
    r"""Return a model that can be asked, run by the backend that its reference names.

    Args:
        reference: a model folder or Hub id (run by transformers), `vllm:FOLDER`, the address of a
            server such as `http://host:port/v1#name`, or what a plugin's backend takes.
        digest: of the weights and the tokenizer, part of every stored answer's key (default: that
            of the names, sizes and times of the folder's files).
        threads: of the processor.
        dtype: in which numbers it is computed: "float32", "mixed" (products in bfloat16, the rest
            in float32), "bfloat16" (head and logits in float32), or "auto": mixed where the
            processor gains by it, bfloat16 on a GPU that has it, else float32.
        device: where it runs: "cpu", "cuda", "cuda:1", "mps", or "auto": a GPU if there is one;
            as far as the backend lets one choose.
        gpus: over how many GPUs its layers are spread, from the device's on.
        server_kind: of an address, "vllm", "sglang", "llama-server" or "llama-cpp-python"
            (default: as the server itself says).
        download: fetch a Hub id that the cache lacks; nothing is fetched unasked.

    Raises:
        LexgraftError: no such folder, address or backend, or a model that it cannot run.

    Example:
        model = lexgraft.models.load("http://localhost:8000/v1")
        print(model.generate(["The heart is"], 8, ["\n"]))
    """
    chosen = backend_of(str(reference))
    target = chosen.rest(str(reference))
    if chosen.folders:
        folder = named_model(target, Path(), download=download)
        target, digest = str(folder), digest or _state(folder)
    return chosen.load(target, RunOptions(digest, threads, dtype, device, gpus, server_kind))


def _state(folder: Path) -> str:
    """Return the digest of the names, sizes and times of a folder's files."""
    files = [(file.name, file.stat()) for file in sorted(folder.iterdir()) if file.is_file()]
    return digest_of("files", [(name, stat.st_size, stat.st_mtime_ns) for name, stat in files])
