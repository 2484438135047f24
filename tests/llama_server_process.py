"""The real llama-server, from the package xllamacpp, in a process of its own.

python tests/llama_server_process.py GGUF PORT
"""

import signal
import sys
from importlib import import_module
from typing import Any

if __name__ == "__main__":
    xllamacpp: Any = import_module("xllamacpp")  # its types are not told
    path, port = sys.argv[1:]
    settings = xllamacpp.CommonParams()
    settings.model.path = path
    settings.port = int(port)
    settings.n_ctx, settings.n_parallel, settings.n_gpu_layers = 2048, 4, 0
    settings.cpuparams.n_threads = settings.cpuparams_batch.n_threads = 1
    settings.warmup = settings.ui = False
    # as exact as it can be: the cache in float32, and no flash attention, which needs float16
    settings.cache_type_k = settings.cache_type_v = xllamacpp.ggml_type.GGML_TYPE_F32
    settings.flash_attn_type = xllamacpp.llama_flash_attn_type.LLAMA_FLASH_ATTN_TYPE_DISABLED
    server = xllamacpp.Server(settings)
    sys.stdout.write(f"{server.listening_address}\n")
    sys.stdout.flush()
    signal.pause()
