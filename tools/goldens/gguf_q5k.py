"""Blocks of Q5_K as llama.cpp makes them, and the numbers that it reads from them.

    reference-python.sh run DIR python3 /w/gguf_q5k.py /w/gguf-q5k.safetensors

Needs llama-quantize (Debian's llama.cpp), numpy and safetensors. The shared set of quantization goldens has no Q5_K."""

import struct
import subprocess
import sys
import tempfile

import numpy as np
from safetensors.numpy import save_file

KINDS = {"u32": 4, "f32": 6, "str": 8}
F32, Q5_K = 0, 13


def text(value):
    data = value.encode()
    return struct.pack("<Q", len(data)) + data


def key(name, kind, value):
    data = text(value) if kind == "str" else struct.pack("<I" if kind == "u32" else "<f", value)
    return text(name) + struct.pack("<I", KINDS[kind]) + data


def write(path, tensors):
    keys = [
        key("general.architecture", "str", "llama"),
        key("llama.block_count", "u32", 1),
        key("llama.context_length", "u32", 32),
        key("llama.embedding_length", "u32", 256),
        key("llama.feed_forward_length", "u32", 8),
        key("llama.attention.head_count", "u32", 4),
        key("llama.attention.layer_norm_rms_epsilon", "f32", 1e-5),
        key("llama.vocab_size", "u32", 8),
        key("tokenizer.ggml.model", "str", "none"),
    ]
    head = b"GGUF" + struct.pack("<IQQ", 3, len(tensors), len(keys)) + b"".join(keys)
    offset, data = 0, b""
    for name, values in tensors.items():
        head += text(name) + struct.pack("<I", values.ndim)
        head += b"".join(struct.pack("<Q", n) for n in reversed(values.shape))
        head += struct.pack("<IQ", F32, offset)
        data += values.tobytes()
        offset = len(data)
    head += bytes(-len(head) % 32)
    open(path, "wb").write(head + data)


def read(path, wanted):
    """Type and bytes from the offset of one tensor on, of files without arrays of strings."""
    data = open(path, "rb").read()
    at = 4
    _, count, keys = struct.unpack_from("<IQQ", data, at)
    at += 20

    def take():
        nonlocal at
        (n,) = struct.unpack_from("<Q", data, at)
        value = data[at + 8 : at + 8 + n]
        at += 8 + n
        return value.decode()

    sizes = {0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8}
    for _ in range(keys):
        take()
        (kind,) = struct.unpack_from("<I", data, at)
        at += 4
        if kind == KINDS["str"]:
            take()
        else:
            at += sizes[kind]
    found = None
    for _ in range(count):
        name = take()
        (axes,) = struct.unpack_from("<I", data, at)
        at += 4 + 8 * axes
        kind, offset = struct.unpack_from("<IQ", data, at)
        at += 12
        if name == wanted:
            found = kind, offset
    kind, offset = found
    return kind, data[at + -at % 32 + offset :]


rng = np.random.default_rng(20261)
weight = (rng.standard_normal((8, 256)) * np.exp(rng.standard_normal((8, 1)))).astype(np.float32)
NAME = "blk.0.ffn_up.weight"
with tempfile.TemporaryDirectory() as folder:
    plain, blocks, back = (f"{folder}/{n}.gguf" for n in ("plain", "blocks", "back"))
    norm = np.ones(256, np.float32)
    write(plain, {"token_embd.weight": weight, "output_norm.weight": norm, NAME: weight})
    run = dict(check=True, stdout=subprocess.DEVNULL)
    subprocess.run(["llama-quantize", "--pure", plain, blocks, "Q5_K_S", "1"], **run)
    subprocess.run(["llama-quantize", "--allow-requantize", blocks, back, "F32", "1"], **run)
    kind, data = read(blocks, NAME)
    assert kind == Q5_K, kind
    kind, numbers = read(back, NAME)
    assert kind == F32, kind
save_file(
    {
        "Q5_K.bytes": np.frombuffer(data[: 8 * 176], np.uint8).reshape(8, 176).copy(),
        "Q5_K.dequantized": np.frombuffer(numbers[: 8192], np.float32).reshape(8, 256).copy(),
    },
    sys.argv[1],
)
