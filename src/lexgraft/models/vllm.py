"""vLLM in this process: free answers only; needs the extra `vllm`."""

from collections.abc import Sequence
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Any

from lexgraft.errors import LexgraftError
from lexgraft.files.tokenizer_limits import check_tokenizer
from lexgraft.models import RunOptions, backend
from lexgraft.models.generation_only import GenerationOnly
from lexgraft.models.load_checks import check_folder
from lexgraft.models.size_limits import check_counts


class VllmModel(GenerationOnly):
    """A model folder run by vLLM, for free answers in large batches.

    Its log-likelihoods of a given option depend on version and caching, and some come cut short in
    silence; they are refused here.
    """

    def __init__(self, engine: Any, sampling: Any, digest: str, release: str) -> None:
        self._engine, self._sampling = engine, sampling
        self._digest, self._release = digest, release

    @classmethod
    def load(cls, folder: Path, digest: str, dtype: str) -> "VllmModel":
        """Return the model of a folder; `digest` says which weights and tokenizer these are.

        Raises:
            LexgraftError: vLLM is not installed, or cannot run this model on this machine.
        """
        if dtype == "mixed":
            raise LexgraftError("vLLM has no `mixed`", cure="take float32 or bfloat16")
        try:
            vllm = import_module("vllm")
        except ImportError as error:
            raise LexgraftError(
                "vLLM is not installed", cure="pip install 'lexgraft[vllm]'"
            ) from error
        number_format = "float32" if dtype == "auto" else dtype
        try:
            engine = vllm.LLM(
                model=str(folder), dtype=number_format, seed=0, trust_remote_code=False
            )
        except Exception as error:  # vLLM, pydantic, torch, CUDA: whatever it is, it is told
            raise LexgraftError(
                f"vLLM cannot run this model here: {' '.join(str(error).split())[:500]}",
                where=str(folder),
                cure="leave `vllm:` out: transformers runs it",
            ) from error
        release = " ".join([version("vllm"), *([dtype] * (dtype == "bfloat16"))])
        return cls(engine, vllm.SamplingParams, digest, release)

    @property
    def digest(self) -> str:
        """Return the digest of weights and tokenizer."""
        return self._digest

    @property
    def scoring(self) -> str:
        """Return how answers are made; another release may give other ones."""
        return f"vllm {self._release}"

    def generate(self, prompts: Sequence[str], max_tokens: int, stop: Sequence[str]) -> list[str]:
        """Return the greedy continuation of every prompt, cut before the first stop text."""
        how = self._sampling(temperature=0.0, max_tokens=max_tokens, stop=list(stop) or None)
        outputs = self._engine.generate(list(prompts), how, use_tqdm=False)
        return [str(output.outputs[0].text) for output in outputs]

    def refusal(self) -> LexgraftError:
        """Return why options cannot be scored here, and what can be done instead."""
        return LexgraftError(
            "vLLM gives no log-likelihoods of options that can be relied on",
            cure="leave `vllm:` out to score options; use it for free answers",
        )


@backend("vllm", "vllm:", folders=True)
def load_vllm(reference: str, options: RunOptions) -> VllmModel:
    """Return the model of a folder, run by vLLM, which chooses threads and device itself.

    Raises:
        LexgraftError: the folder is refused as for transformers, or vLLM cannot run it.
    """
    folder = Path(reference)
    check_folder(folder)
    check_counts(folder)
    check_tokenizer(folder)
    return VllmModel.load(folder, options.digest, options.dtype)
