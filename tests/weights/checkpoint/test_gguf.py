"""GGUF files: reading, refusing, going back to numbers, becoming a model folder."""

import json
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lexgraft.errors import LexgraftError
from lexgraft.files.ownership import claim
from lexgraft.weights.checkpoint.gguf import convert_gguf
from lexgraft.weights.checkpoint.gguf.dequantise import KINDS, dequantise
from lexgraft.weights.checkpoint.gguf.gguf_header import open_gguf

UNHURRIED = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
NUMBERS = {kind.name: number for number, kind in KINDS.items()}
SMALL = {"general.architecture": "other", "a.list": ["x", "頻脈", ""], "a.number": 7, "a.real": 0.5}


def _text(value: str) -> bytes:
    data = value.encode()
    return struct.pack("<Q", len(data)) + data


def _value(value: Any) -> bytes:
    """Return type and value as GGUF stores them (integers as 64 bits, reals as 32)."""
    if isinstance(value, list):
        kind, items = (8, map(_text, value)) if isinstance(value[0], str) else (5, None)
        if isinstance(value[0], float):
            kind = 6
        if items is None:
            items = (struct.pack("<f" if kind == 6 else "<i", item) for item in value)
        return struct.pack("<IIQ", 9, kind, len(value)) + b"".join(items)
    if isinstance(value, str):
        return struct.pack("<I", 8) + _text(value)
    if isinstance(value, bool):
        return struct.pack("<I?", 7, value)
    return (
        struct.pack("<If", 6, value) if isinstance(value, float) else struct.pack("<IQ", 10, value)
    )


def _blocks(tensor: Any) -> tuple[str, tuple[int, ...], bytes]:
    if isinstance(tensor, np.ndarray):
        return "F32", tensor.shape, tensor.astype("<f4").tobytes()
    return tensor


def gguf_bytes(
    metadata: Mapping[str, Any],
    tensors: Mapping[str, np.ndarray | tuple[str, tuple[int, ...], bytes]],
    *,
    version: int = 3,
) -> bytes:
    """Return a whole file; a tensor is a float32 array, or its type, shape and blocks."""
    head = b"GGUF" + struct.pack("<IQQ", version, len(tensors), len(metadata))
    head += b"".join(_text(key) + _value(value) for key, value in metadata.items())
    body = b""
    for name, tensor in tensors.items():
        kind, shape, data = _blocks(tensor)
        head += _text(name) + struct.pack("<I", len(shape))
        head += struct.pack(f"<{len(shape)}Q", *shape[::-1])
        head += struct.pack("<IQ", NUMBERS.get(kind, 99), len(body))
        body += data + bytes(-len(data) % 32)
    return head + bytes(-len(head) % 32) + body


def _file(folder: Path, data: bytes) -> list[Path]:
    path = folder / "model.gguf"
    path.write_bytes(data)
    return [path]


def _half(value: float) -> bytes:
    return struct.pack("<e", value)


class TestNumbers:
    def test_q4_0_is_scale_times_nibble_minus_eight(self) -> None:
        block = _half(0.5) + bytes([0x80 + 9] + [0x88] * 15)  # low 9, high 8; the rest 8 and 8
        values = dequantise(KINDS[2], block)
        assert values[0] == 0.5
        assert not values[1:].any()

    def test_q5_1_takes_its_fifth_bit_from_the_word(self) -> None:
        block = _half(2) + _half(-1) + struct.pack("<I", 1 << 17) + bytes([0x30] + [0] * 15)
        values = dequantise(KINDS[7], block)
        assert values[16] == 2 * 3 - 1  # high half of the first byte
        assert values[17] == 2 * 16 - 1  # only its fifth bit
        assert values[0] == -1

    def test_q8_0_is_scale_times_signed_byte(self) -> None:
        block = _half(0.25) + struct.pack("<32b", -128, 127, *range(30))
        assert dequantise(KINDS[8], block)[:3].tolist() == [-32.0, 31.75, 0.0]

    def test_q4_k_scales_of_the_second_four_are_put_together_from_two_places(self) -> None:
        scales = bytearray(12)
        scales[0] = 0b01_000011  # scale 0 is 3, and the top of scale 4 is 1
        scales[8] = 0b0000_0010  # the bottom of scale 4 is 2
        scales[4] = 0b00_000001  # minimum 0 is 1
        packed = bytearray(128)
        packed[0] = 5  # value 0 (sub-block 0)
        packed[64] = 7  # value 128 (sub-block 4)
        values = dequantise(KINDS[12], _half(1) + _half(0.5) + bytes(scales) + bytes(packed))
        assert values[0] == 3 * 5 - 0.5
        assert values[1] == -0.5
        assert values[128] == (16 + 2) * 7

    def test_q6_k_joins_four_low_and_two_high_bits(self) -> None:
        low, high, scales = bytearray(128), bytearray(64), bytearray([1] * 16)
        low[32] = 0xF0  # value 96 takes the high half of byte 32, its top from bits 6 and 7
        high[0] = 0b11_00_00_00
        scales[6] = 255  # -1, for values 96 to 111
        values = dequantise(KINDS[14], bytes(low + high + scales) + _half(0.5))
        assert values[96] == 0.5 * -1 * (63 - 32)
        assert values[0] == 0.5 * (0 - 32)

    @pytest.mark.parametrize("number", sorted(KINDS))
    def test_every_type_agrees_with_the_reference_reader(self, number: int) -> None:
        gguf = pytest.importorskip("gguf")
        kind, chance = KINDS[number], np.random.default_rng(number)
        blocks = chance.integers(0, 256, (50, kind.bytes), dtype=np.uint8)
        halves = {2: [0], 3: [0, 2], 6: [0], 7: [0, 2], 8: [0], 12: [0, 2], 13: [0, 2], 14: [208]}
        for at in halves.get(number, []):
            blocks[:, at : at + 2] = chance.normal(size=(50, 1)).astype("<f2").view(np.uint8)
        if number in (0, 1, 30):
            blocks[:, -1] = 0x3C  # finite
        expected = gguf.quants.dequantize(blocks, gguf.GGMLQuantizationType(number)).reshape(-1)
        assert np.array_equal(dequantise(kind, blocks.tobytes()), expected)


class TestHeader:
    def test_metadata_and_places_come_back_as_written(self, tmp_path: Path) -> None:
        weight = np.arange(12, dtype=np.float32).reshape(3, 4)
        file = _file(tmp_path, gguf_bytes(SMALL, {"first": weight[0], "second": weight}))
        gguf = open_gguf(file)
        assert gguf.metadata == SMALL
        info = gguf.tensors["second"]
        assert info.shape == (3, 4)
        assert gguf.read(info.start, info.size) == weight.tobytes()

    @given(cut=st.integers(0, 400))
    @UNHURRIED
    def test_parts_read_like_the_file_they_make(self, tmp_path: Path, cut: int) -> None:
        data = gguf_bytes(SMALL, {"only": np.arange(40, dtype=np.float32)})
        parts = [tmp_path / "0", tmp_path / "1"]
        parts[0].write_bytes(data[:cut])
        parts[1].write_bytes(data[cut:])
        gguf = open_gguf(parts)
        info = gguf.tensors["only"]
        assert gguf.read(info.start, info.size) == data[info.start : info.start + info.size]

    @given(share=st.floats(0, 1, exclude_max=True))
    @UNHURRIED
    def test_a_file_cut_short_anywhere_is_refused(self, tmp_path: Path, share: float) -> None:
        data = gguf_bytes(SMALL, {"only": np.arange(40, dtype=np.float32)})
        with pytest.raises(LexgraftError):
            open_gguf(_file(tmp_path, data[: int(share * len(data))]))

    @given(places=st.lists(st.tuples(st.integers(0, 250), st.integers(0, 255)), max_size=4))
    @UNHURRIED
    def test_damage_is_read_or_refused_but_never_crashes(
        self, tmp_path: Path, places: list[tuple[int, int]]
    ) -> None:
        data = bytearray(gguf_bytes(SMALL, {"only": np.arange(40, dtype=np.float32)}))
        for place, byte in places:
            data[place] = byte
        try:
            gguf = open_gguf(_file(tmp_path, bytes(data)))
        except LexgraftError:
            return
        for info in gguf.tensors.values():
            assert info.start + info.size <= len(data)

    @pytest.mark.parametrize(
        ("damaged", "said"),
        [
            (b"PK\3\4" + bytes(60), "not a GGUF file"),
            (gguf_bytes({}, {}, version=1), "version 1"),
            (b"GGUF" + struct.pack("<IQQ", 3, 0, 2**60), "beyond"),
            (b"GGUF" + struct.pack("<IQQQ", 3, 0, 1, 2**62), "past the end"),
            (
                b"GGUF"
                + struct.pack("<IQQ", 3, 0, 1)
                + _text("k")
                + struct.pack("<IIQ", 9, 8, 2**61),
                "past the end",
            ),
            (
                b"GGUF" + struct.pack("<IQQ", 3, 0, 1) + _text("k") + struct.pack("<II", 9, 9),
                "metadata of type 9",
            ),
            (
                b"GGUF"
                + struct.pack("<IQQ", 3, 0, 2)
                + 2 * (_text("k") + struct.pack("<IB", 7, 1)),
                "occurs twice",
            ),
            (gguf_bytes({"general.alignment": 48}, {}), "general.alignment"),
            (gguf_bytes({}, {"x": ("IQ9", (4,), bytes(16))}), "of type 99"),
            (gguf_bytes({}, {"x": ("Q8_0", (33,), bytes(68))}), "cannot have the shape"),
            (gguf_bytes({}, {"x": ("F32", (2**40, 2**40), bytes(16))}), "outside the file"),
            (gguf_bytes({}, {"x": ("F32", (0, 4), b"")}), "cannot have the shape"),
            (gguf_bytes({}, {"x" * 300: np.zeros(4, np.float32)}), "a name of 300"),
        ],
    )
    def test_a_hostile_header_is_refused_in_words(
        self, tmp_path: Path, damaged: bytes, said: str
    ) -> None:
        with pytest.raises(LexgraftError, match=said):
            open_gguf(_file(tmp_path, damaged))

    def test_a_large_vocabulary_is_read_in_a_moment(self, tmp_path: Path) -> None:
        words = [f"word{number}" for number in range(262_144)]
        gguf = open_gguf(_file(tmp_path, gguf_bytes({"tokens": words}, {})))
        assert gguf.metadata["tokens"] == words


GEMMA_TOKENS = [
    "<pad>",
    "<eos>",
    "<bos>",
    "<unk>",
    "\n",
    "\n\n",
    "  ",
    "   ",
    *(f"<0x{byte:02X}>" for byte in range(256)),
    "th",
    "the",
    "▁the",
    "頻脈",
    *"▁abcefghinrst頻脈",
]


def _gemma_metadata() -> dict[str, Any]:
    types = [3] * 4 + [4] * 4 + [6] * 256
    return {
        "general.architecture": "gemma3",
        "gemma3.context_length": 64,
        "gemma3.embedding_length": 32,
        "gemma3.block_count": 7,
        "gemma3.feed_forward_length": 48,
        "gemma3.attention.head_count": 4,
        "gemma3.attention.head_count_kv": 2,
        "gemma3.attention.key_length": 16,
        "gemma3.attention.layer_norm_rms_epsilon": 1e-6,
        "gemma3.attention.sliding_window": 8,
        "gemma3.rope.freq_base": 1e6,
        "tokenizer.ggml.model": "llama",
        "tokenizer.ggml.tokens": GEMMA_TOKENS,
        "tokenizer.ggml.token_type": types + [1] * (len(GEMMA_TOKENS) - len(types)),
        "tokenizer.ggml.bos_token_id": 2,
        "tokenizer.ggml.eos_token_id": 1,
        "tokenizer.ggml.unknown_token_id": 3,
        "tokenizer.ggml.padding_token_id": 0,
        "tokenizer.ggml.add_bos_token": True,
        "tokenizer.ggml.add_space_prefix": False,
    }


LINEAR = {
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
}
NORMS = {
    "gemma3": {
        "input_layernorm": "attn_norm",
        "post_attention_layernorm": "post_attention_norm",
        "pre_feedforward_layernorm": "ffn_norm",
        "post_feedforward_layernorm": "post_ffw_norm",
        "self_attn.q_norm": "attn_q_norm",
        "self_attn.k_norm": "attn_k_norm",
    },
    "llama": {"input_layernorm": "attn_norm", "post_attention_layernorm": "ffn_norm"},
}


def _random(model: Any) -> Any:
    """Give a model weights that no wrong order or forgotten norm could hide behind."""
    generator = torch.Generator().manual_seed(5)
    for parameter in model.parameters():
        values = torch.randn(parameter.shape, generator=generator) * 0.2
        parameter.data = values.to(torch.bfloat16).float()
    return model.eval()


def _stored(model: Any, architecture: str) -> dict[str, np.ndarray]:
    """Return a model's tensors under their GGUF names, changed as GGUF wants them."""
    names = LINEAR | NORMS[architecture]
    tensors: dict[str, np.ndarray] = {}
    for name, weight in model.state_dict().items():
        short = name.removeprefix("model.").removesuffix(".weight")
        value = weight.numpy()
        if short.startswith("layers."):
            _, layer, leaf = short.split(".", 2)
            short = f"blk.{layer}.{names[leaf]}"
            if architecture == "llama" and names[leaf] in ("attn_q", "attn_k"):
                heads = value.shape[0] // 8
                halves = value.reshape(heads, 2, 4, -1)
                value = halves.swapaxes(1, 2).reshape(value.shape)
        else:
            short = {"embed_tokens": "token_embd", "norm": "output_norm", "lm_head": "output"}[
                short
            ]
        if architecture == "gemma3" and short.endswith("norm"):
            value = value + np.float32(1)
        tensors[short + ".weight"] = value
    return tensors


@pytest.fixture(scope="module")
def gemma() -> Any:
    transformers = pytest.importorskip("transformers")
    config = transformers.Gemma3TextConfig(
        vocab_size=len(GEMMA_TOKENS),
        hidden_size=32,
        intermediate_size=48,
        num_hidden_layers=7,
        num_attention_heads=4,
        num_key_value_heads=2,
        head_dim=16,
        max_position_embeddings=64,
        sliding_window=8,
        query_pre_attn_scalar=16,
    )
    return _random(transformers.Gemma3ForCausalLM(config))


@pytest.fixture(scope="module")
def gemma_tensors(gemma: Any) -> dict[str, np.ndarray]:
    tensors = _stored(gemma, "gemma3")
    del tensors["output.weight"]  # tied
    return tensors


@pytest.fixture
def gemma_file(tmp_path: Path, gemma_tensors: dict[str, np.ndarray]) -> list[Path]:
    return _file(tmp_path, gguf_bytes(_gemma_metadata(), gemma_tensors))


class TestGemma:
    def test_the_folder_holds_the_model_that_was_stored(
        self, tmp_path: Path, gemma: Any, gemma_file: list[Path]
    ) -> None:
        transformers = pytest.importorskip("transformers")
        convert_gguf(gemma_file, tmp_path / "out")
        loaded = transformers.AutoModelForCausalLM.from_pretrained(
            tmp_path / "out", dtype=torch.float32
        ).eval()
        tokens = torch.arange(20).reshape(1, 20) + 260  # longer than the window
        with torch.no_grad():
            expected, found = gemma(tokens).logits, loaded(tokens).logits
        assert torch.isfinite(found).all()
        # a norm's +1 costs bits before it is taken off again
        assert torch.allclose(found, expected, atol=0.02 * expected.abs().max().item())
        for name, weight in gemma.state_dict().items():
            if "norm" not in name:
                assert torch.equal(loaded.state_dict()[name], weight), name

    def test_the_configuration_is_gemmas(self, tmp_path: Path, gemma_file: list[Path]) -> None:
        convert_gguf(gemma_file, tmp_path / "out")
        config = json.loads((tmp_path / "out" / "config.json").read_text())
        assert config["model_type"] == "gemma3_text"
        assert config["layer_types"] == ["sliding_attention"] * 5 + ["full_attention"] + [
            "sliding_attention"
        ]
        assert config["rope_parameters"]["full_attention"]["rope_theta"] == 1_000_000
        assert config["rope_parameters"]["sliding_attention"]["rope_theta"] == 10_000
        assert config["rms_norm_eps"] == 1e-6
        assert config["query_pre_attn_scalar"] == config["head_dim"] == 16
        assert config["tie_word_embeddings"] is True

    def test_the_tokenizer_begins_a_text_and_keeps_rare_characters_as_bytes(
        self, tmp_path: Path, gemma_file: list[Path]
    ) -> None:
        transformers = pytest.importorskip("transformers")
        convert_gguf(gemma_file, tmp_path / "out")
        tokenizer = transformers.AutoTokenizer.from_pretrained(tmp_path / "out")

        def pieces(text: str) -> list[str]:
            return tokenizer.convert_ids_to_tokens(tokenizer(text).input_ids)

        assert pieces("the 頻脈") == ["<bos>", "the", "▁", "頻脈"]
        assert pieces("a the") == ["<bos>", "a", "▁the"]
        assert pieces("a   b") == ["<bos>", "a", "▁▁▁", "b"]
        assert pieces("\n\n\n") == ["<bos>", "\n\n", "\n"]
        assert pieces("z") == ["<bos>", "<0x7A>"]
        assert pieces("<eos>") == ["<bos>", "<eos>"]
        assert tokenizer("a", add_special_tokens=False).input_ids == [GEMMA_TOKENS.index("a")]
        assert (
            tokenizer.decode(tokenizer("the z 頻脈", add_special_tokens=False).input_ids)
            == "the z 頻脈"
        )
        assert (tokenizer.bos_token, tokenizer.pad_token) == ("<bos>", "<pad>")

    def test_white_space_is_merged_first_and_longest_first(
        self, tmp_path: Path, gemma_file: list[Path]
    ) -> None:
        convert_gguf(gemma_file, tmp_path / "out")
        model = json.loads((tmp_path / "out" / "tokenizer.json").read_text())["model"]
        assert model["merges"][:4] == [["▁▁", "▁"], ["▁", "▁▁"], ["\n", "\n"], ["▁", "▁"]]
        assert ["th", "e"] in model["merges"]

    def test_the_same_file_gives_the_same_bytes(
        self, tmp_path: Path, gemma_file: list[Path]
    ) -> None:
        convert_gguf(gemma_file, tmp_path / "one")
        convert_gguf(gemma_file, tmp_path / "two")
        names = sorted(path.name for path in (tmp_path / "one").iterdir())
        assert names == [
            "config.json",
            "generation_config.json",
            "model.safetensors",
            "tokenizer.json",
            "tokenizer_config.json",
        ]
        for name in names:
            assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


SYMBOLS = [chr(code) for code in [*range(33, 127), *range(161, 173), *range(174, 324)]]


def _llama_metadata(**changes: Any) -> dict[str, Any]:
    tokens = ["<|end|>", *SYMBOLS, "th", "the", "Ġthe"]
    return {
        "general.architecture": "llama",
        "llama.context_length": 64,
        "llama.embedding_length": 32,
        "llama.block_count": 2,
        "llama.feed_forward_length": 48,
        "llama.attention.head_count": 4,
        "llama.attention.head_count_kv": 2,
        "llama.attention.layer_norm_rms_epsilon": 1e-5,
        "llama.rope.freq_base": 1e4,
        "tokenizer.ggml.model": "gpt2",
        "tokenizer.ggml.pre": "smollm",
        "tokenizer.ggml.tokens": tokens,
        "tokenizer.ggml.token_type": [3] + [1] * (len(tokens) - 1),
        "tokenizer.ggml.merges": ["t h", "th e", "Ġ the"],
        "tokenizer.ggml.eos_token_id": 0,
        "tokenizer.chat_template": "{{ messages }}",
    } | changes


@pytest.fixture(scope="module")
def llama() -> Any:
    transformers = pytest.importorskip("transformers")
    config = transformers.LlamaConfig(
        vocab_size=len(SYMBOLS) + 4,
        hidden_size=32,
        intermediate_size=48,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=64,
        tie_word_embeddings=False,
        rms_norm_eps=1e-5,
    )
    return _random(transformers.LlamaForCausalLM(config))


class TestLlama:
    def test_heads_are_put_back_in_order_and_logits_are_equal(
        self, tmp_path: Path, llama: Any
    ) -> None:
        transformers = pytest.importorskip("transformers")
        file = _file(tmp_path, gguf_bytes(_llama_metadata(), _stored(llama, "llama")))
        convert_gguf(file, tmp_path / "out")
        loaded = transformers.AutoModelForCausalLM.from_pretrained(
            tmp_path / "out", dtype=torch.float32
        ).eval()
        tokens = torch.arange(20).reshape(1, 20)
        with torch.no_grad():
            assert torch.equal(loaded(tokens).logits, llama(tokens).logits)

    def test_text_is_cut_into_digits_and_byte_level_merges(
        self, tmp_path: Path, llama: Any
    ) -> None:
        transformers = pytest.importorskip("transformers")
        file = _file(tmp_path, gguf_bytes(_llama_metadata(), _stored(llama, "llama")))
        convert_gguf(file, tmp_path / "out")
        tokenizer = transformers.AutoTokenizer.from_pretrained(tmp_path / "out")
        found = tokenizer.convert_ids_to_tokens(tokenizer("in the 12<|end|>").input_ids)
        assert found == ["i", "n", "Ġthe", "Ġ", "1", "2", "<|end|>"]
        assert tokenizer.decode(tokenizer("頻脈 the").input_ids) == "頻脈 the"
        assert tokenizer.chat_template == "{{ messages }}"

    def test_scored_pieces_merge_in_the_order_of_their_scores(
        self, tmp_path: Path, llama: Any
    ) -> None:
        transformers = pytest.importorskip("transformers")
        letters = ["<unk>", "<s>", "</s>", "▁", "a", "b", "c", "bc", "ab", "▁ab"]
        filler = [f"<0x{byte:02X}>" for byte in range(len(SYMBOLS) + 4 - len(letters))]
        scores = [0.0] * 7 + [-1.0, -2.0, -3.0] + [0.0] * len(filler)
        changes = {
            "tokenizer.ggml.model": "llama",
            "tokenizer.ggml.tokens": letters + filler,
            "tokenizer.ggml.token_type": [2, 3, 3, 1, 1, 1, 1, 1, 1, 1] + [6] * len(filler),
            "tokenizer.ggml.scores": scores,
            "tokenizer.ggml.bos_token_id": 1,
            "tokenizer.ggml.eos_token_id": 2,
            "tokenizer.ggml.unknown_token_id": 0,
        }
        data = gguf_bytes(_llama_metadata(**changes), _stored(llama, "llama"))
        convert_gguf(_file(tmp_path, data), tmp_path / "out")
        tokenizer = transformers.AutoTokenizer.from_pretrained(tmp_path / "out")
        found = tokenizer.convert_ids_to_tokens(tokenizer("abc ab").input_ids)
        assert found == ["<s>", "▁", "a", "bc", "▁ab"]  # bc before ab
        assert tokenizer.decode(tokenizer("abc ab", add_special_tokens=False).input_ids) == "abc ab"

    @pytest.mark.parametrize(
        ("changes", "said"),
        [
            ({"general.architecture": "lama"}, "did you mean `llama`"),
            ({"llama.block_count": 3}, "'blk.2.attn_k.weight' is missing"),
            ({"llama.block_count": 1}, "no place in this architecture"),
            ({"llama.feed_forward_length": 49}, "is .32, 48., not .32, 49."),
            ({"llama.attention.head_count": True}, "not a positive whole number"),
            ({"llama.rope.freq_base": "x"}, "not a positive number"),
            ({"llama.rope.scaling.type": "yarn"}, "'yarn' is not converted"),
            ({"llama.rope.dimension_count": 4}, "only part of a head"),
            ({"tokenizer.ggml.model": "bert"}, "tokenizer 'bert'"),
            ({"tokenizer.ggml.pre": "smolm"}, "did you mean `smollm`"),
            ({"tokenizer.ggml.merges": ["t x y"]}, "merge 't x y'"),
            ({"tokenizer.ggml.merges": ["the the"]}, "merge 'the the'"),
            ({"tokenizer.ggml.eos_token_id": 10**6}, "eos token 1000000"),
            ({"tokenizer.ggml.tokens": ["a", "a"]}, "occurs twice"),
            ({"tokenizer.ggml.tokens": ["a"] * 999}, "beyond its embedding"),
            ({"tokenizer.ggml.token_type": [1]}, "differ in length"),
        ],
    )
    def test_what_cannot_be_converted_is_named_and_leaves_no_folder(
        self, tmp_path: Path, llama: Any, changes: dict[str, Any], said: str
    ) -> None:
        data = gguf_bytes(_llama_metadata(**changes), _stored(llama, "llama"))
        with pytest.raises(LexgraftError, match=said):
            convert_gguf(_file(tmp_path, data), tmp_path / "out")
        assert not (tmp_path / "out").exists()

    def test_values_that_are_not_finite_leave_no_folder(self, tmp_path: Path, llama: Any) -> None:
        tensors = _stored(llama, "llama")
        tensors["output_norm.weight"] = np.full(32, np.nan, np.float32)
        file = _file(tmp_path, gguf_bytes(_llama_metadata(), tensors))
        with pytest.raises(LexgraftError, match="not finite"):
            convert_gguf(file, tmp_path / "out")
        assert not (tmp_path / "out").exists()

    def test_a_conversion_begun_before_is_begun_again(self, tmp_path: Path, llama: Any) -> None:
        file = _file(tmp_path, gguf_bytes(_llama_metadata(), _stored(llama, "llama")))
        claim(tmp_path / "out.part", "convert", tmp_path / "out")
        (tmp_path / "out.part" / "model.safetensors").write_bytes(b"half")
        convert_gguf(file, tmp_path / "out")
        assert not (tmp_path / "out.part").exists()
        with pytest.raises(LexgraftError, match="something already"):
            convert_gguf(file, tmp_path / "out")

    def test_progress_ends_with_all_tensors(self, tmp_path: Path, llama: Any) -> None:
        calls: list[tuple[str, int, int]] = []

        def note(what: str, done: int, total: int) -> None:
            calls.append((what, done, total))

        file = _file(tmp_path, gguf_bytes(_llama_metadata(), _stored(llama, "llama")))
        convert_gguf(file, tmp_path / "out", note)
        assert calls[-1] == ("convert", 21, 21)
