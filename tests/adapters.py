"""LoRA adapters for tiny models."""

from pathlib import Path

import torch

from lexgraft.models.transformers import TransformersModel
from lexgraft.records import write_bytes
from lexgraft.tuning.lora_training import LoraLayers, adapter_files, linear_layers
from lexgraft.weights.checkpoint.checkpoint_index import open_checkpoint


def save_adapter(base: Path, output: Path, seed: int) -> None:
    """Write a LoRA adapter with both factors random, as the tuning code writes them."""
    checkpoint = open_checkpoint(base)
    model = TransformersModel.load(base, checkpoint.digest, 1)
    layers = linear_layers(model.module)
    lora = LoraLayers(layers, 2, 4.0, seed)
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for up in lora.up:
            up.copy_(torch.randn(up.shape, generator=generator) * 0.2)
    files = adapter_files(lora, tuple(layers), "tiny", torch.float32)
    record = f'{{"base_digest": "{checkpoint.digest}"}}'.encode()
    for name, data in (files | {"lexgraft.json": record}).items():
        write_bytes(output / name, data)
