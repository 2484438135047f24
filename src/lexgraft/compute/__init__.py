"""How models are run and asked, and what they may take: `compute:` in the project."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

AskedFormat = Literal["auto", "float32", "mixed", "bfloat16"]
"""In which numbers a model is to be computed; `auto`: the fastest that the device computes well."""

DEVICE = r"^(auto|cpu|cuda(:\d{1,3})?|mps)$"
"""What a device may be called, as a regular expression."""


class ComputeSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """How models are run and asked; a run's folder keeps what it was begun with."""

    device: Annotated[str, Meta(pattern=DEVICE)] = "auto"  # `cpu`, `cuda`, `cuda:N` or `mps`
    dtype: AskedFormat = "auto"  # mixed: products in bfloat16; see docs/scale.md
    threads: Annotated[int, Meta(ge=1, le=1024)] = 2  # of the processor
    memory_gb: Annotated[float, Meta(gt=0, le=1e6)] = 10.0  # of the machine, for models, gigabytes
    gpus_per_model: Annotated[int, Meta(ge=1, le=64)] = 1  # its layers are spread over so many
    prompt: Literal["auto", "plain", "chat"] = "auto"  # chat: within the chat template; see below
    system_prompt: str = ""  # what stands before every question in the chat template
    engine: Literal["local", "ray"] = "local"  # where work runs: this machine, or a Ray cluster
    address: str = "auto"  # of the cluster: auto, local, host:port or ray://host:port
    workers: Annotated[int, Meta(ge=1, le=4096)] | None = None  # on the cluster; null: all it holds
