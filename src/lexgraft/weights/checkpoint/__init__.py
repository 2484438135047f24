"""Safetensors folders: headers to index, bounded reading, crash-safe writing, LoRA as a delta."""
