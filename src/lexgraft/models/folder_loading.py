"""A network and its tokenizer by transformers: limits first, whatever it raises told in words."""

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
import transformers
from torch import Tensor, nn
from transformers import (
    AttentionInterface,
    AutoConfig,
    AutoModelForCausalLM,
    AutoTokenizer,
    PreTrainedModel,
)
from transformers.masking_utils import AttentionMaskInterface, sdpa_mask
from transformers.modeling_utils import ALL_ATTENTION_FUNCTIONS
from transformers.pytorch_utils import Conv1D
from transformers.utils import logging

from lexgraft.errors import LexgraftError
from lexgraft.files.tokenizer_limits import check_tokenizer
from lexgraft.models.grouped_attention import GROUPED, USUAL, grouped_attention
from lexgraft.models.load_checks import check_folder, check_tensors, refuse_quantised
from lexgraft.models.size_limits import check_counts, check_parameters

_SHOWN = 300  # characters of another package's message
_SHARED: dict[str, Any] = {"local_files_only": True, "trust_remote_code": False}
_PROBE = "a B 1 é 発熱 \U0001f600 \n"  # a tokenizer without a way to write one of these fails later
_MEMORY = "allocate memory"  # how torch says it

AttentionInterface.register(GROUPED, grouped_attention(ALL_ATTENTION_FUNCTIONS[USUAL]))
AttentionMaskInterface.register(GROUPED, sdpa_mask)


def load_network(
    folder: Path, dtype: torch.dtype, layer_map: Mapping[str, Any] | None = None
) -> nn.Module:
    """Return the network of a folder, whole and as its files hold it.

    `layer_map` are transformers' arguments for layers on several devices; without them all of it is
    in this machine's memory.

    Raises:
        LexgraftError: needs code, formats or packages that are refused or absent, or more than
            its files hold.
    """
    if not (folder / "config.json").is_file():
        raise LexgraftError(
            "no config.json here", where=str(folder), cure="give a Hugging Face model folder"
        )
    check_folder(folder)
    refuse_quantised(folder)
    check_counts(folder)
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    with telling(folder, "not a model that can be loaded"):
        with torch.device("meta"):
            empty = AutoModelForCausalLM.from_config(
                AutoConfig.from_pretrained(folder, **_SHARED), trust_remote_code=False
            )
        check_parameters(empty, folder)
        loaded: Any = AutoModelForCausalLM.from_pretrained(
            folder,
            output_loading_info=True,
            ignore_mismatched_sizes=True,  # reported, and refused by name below
            dtype=dtype,
            use_safetensors=True,
            **(layer_map or {}),
            **_SHARED,
        )
    network, report = loaded
    check_tensors(report, folder)
    return network


def network_of_tensors(folder: Path, tensors: Mapping[str, Tensor]) -> nn.Module:
    """Return the network of a folder's configuration with tensors from memory, in float32.

    Args:
        folder: holds config.json; nothing else of it is read.
        tensors: all weights, under the names that files have.

    Raises:
        LexgraftError: no language model that transformers knows, or tensors that are not its own.
    """
    check_folder(folder)
    check_counts(folder)
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    with telling(folder, "not a model that can be made of tensors"):
        settings: Any = AutoConfig.from_pretrained(folder, **_SHARED)
        with torch.device("meta"):
            empty: Any = AutoModelForCausalLM.from_config(settings, trust_remote_code=False)
        loaded: Any = type(empty).from_pretrained(
            None,
            config=settings,
            state_dict=dict(tensors),
            output_loading_info=True,
            ignore_mismatched_sizes=True,
            dtype=torch.float32,
        )
    network, report = loaded
    check_tensors(report, folder)
    return network.eval().requires_grad_(requires_grad=False)


def linear_modules(folder: Path) -> frozenset[str]:
    """Return the names of a folder's linear layers once it is loaded; no weight is read.

    None where its configuration names no architecture that transformers knows.
    """
    try:
        check_folder(folder)
        check_counts(folder)
        with telling(folder, "not a model that can be built"), torch.device("meta"):
            settings: Any = AutoConfig.from_pretrained(folder, **_SHARED)
            named: Any = [getattr(transformers, n, None) for n in settings.architectures or ()]
            known = [k for k in named if isinstance(k, type) and issubclass(k, PreTrainedModel)]
            network: Any = (
                known[0](settings)
                if known
                else AutoModelForCausalLM.from_config(settings, trust_remote_code=False)
            )
    except LexgraftError:
        return frozenset()
    return frozenset(
        name for name, module in network.named_modules() if isinstance(module, nn.Linear | Conv1D)
    )


def load_tokenizer(folder: Path) -> Any:
    """Return the tokenizer of a folder, which has cut a first text.

    Raises:
        LexgraftError: none, or one that needs code, takes too much or does not work.
    """
    check_tokenizer(folder)
    with telling(folder, "no tokenizer that works"):
        tokenizer: Any = AutoTokenizer.from_pretrained(folder, **_SHARED)
        tokenizer(_PROBE)
    return tokenizer


@contextmanager
def telling(folder: Path, what: str) -> Generator[None]:
    """Tell whatever is raised as a mistake in a folder: its files are a stranger's.

    Raises:
        LexgraftError: anything was raised; what the user or this package raises goes on as it is.
    """
    try:
        yield
    except (LexgraftError, KeyboardInterrupt, SystemExit, GeneratorExit):
        raise
    except BaseException as error:  # a panic in tokenizers is no Exception
        said = " ".join(str(error).split())[:_SHOWN]
        said = "".join(sign if sign.isprintable() else "?" for sign in said)
        raise LexgraftError(
            f"{what}: {type(error).__name__}: {said}", where=str(folder), cure=_cure(error)
        ) from error


def _cure(error: BaseException) -> str:
    """Return what helps against an error of transformers, tokenizers, safetensors or torch."""
    if isinstance(error, ImportError):
        return "install the package it names, or give the model in plain float weights"
    if isinstance(error, MemoryError) or _MEMORY in str(error):
        return "give it more memory, or look at the sizes in config.json"
    return (
        "it takes safetensors, a tokenizer and an architecture that transformers knows, unchanged"
    )
