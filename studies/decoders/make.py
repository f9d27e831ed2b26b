"""Makes what studies/decoders needs: texts cut from WikiText-2, and a GPT-2-shaped model with random weights and its own tokenizer.

    python3 studies/decoders/make.py FOLDER_OF_WIKITEXT2 OUTPUT

Nothing but Python's library. The same input gives the same bytes.
OUTPUT/text: train.txt, its beginning short.txt, and validation.txt (of the validation text, which nobody reports on), test.txt (of the test
text); whole articles each.
OUTPUT/small: 6 layers, width 160, 10 heads, 640 neurons, 4,096 tokens: byte-level BPE learned on train.txt (Sennrich et al. 2016; ties go to
the pair that sorts first), weights N(0, 0.02), those that end in the stream divided by sqrt(2 layers), as GPT-2's (Radford et al. 2019).
"""

import collections
import json
import math
import pathlib
import random
import re
import struct
import sys

LAYERS, WIDTH, HEADS, NEURONS, TOKENS, POSITIONS = 6, 160, 10, 640, 4096, 256


def articles(path):
    """WikiText's articles begin with a line like ' = Title = '."""
    parts, part = [], []
    for line in path.read_text(encoding="utf-8").splitlines(keepends=True):
        if re.match(r"^ = [^=].*[^=] = \n$", line) and part:
            parts.append("".join(part))
            part = []
        part.append(line)
    return parts + ["".join(part)]


def take(parts, words):
    """Whole articles until there are so many words."""
    taken, count = [], 0
    while parts and count < words:
        count += len(parts[0].split())
        taken.append(parts.pop(0))
    return "".join(taken)


def letters():
    """The character that stands for each byte in a byte-level vocabulary."""
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    table, free = {b: chr(b) for b in plain}, 256
    for b in range(256):
        if b not in table:
            table[b], free = chr(free), free + 1
    return table


def bpe(text, size):
    """Vocabulary and merges. Python has no \\p{L}; WikiText is words between spaces, so a word with its space is a piece here."""
    table = letters()
    words = collections.Counter(re.findall(r" ?[^\W\d_]+| ?\d+| ?(?:[^\w\s]|_)+|\s+(?!\S)|\s+", text))
    pieces = [([table[b] for b in w.encode()], n) for w, n in sorted(words.items())]
    vocabulary, merges = [table[b] for b in range(256)], []
    pairs, where = collections.Counter(), collections.defaultdict(set)
    for i, (piece, n) in enumerate(pieces):
        for pair in zip(piece, piece[1:]):
            pairs[pair] += n
            where[pair].add(i)
    known = set(vocabulary)
    while len(vocabulary) < size - 1:
        best = min(pairs, key=lambda p: (-pairs[p], p))
        merges.append(best)
        if best[0] + best[1] not in known:
            vocabulary.append(best[0] + best[1])
            known.add(vocabulary[-1])
        for i in where.pop(best):
            piece, n = pieces[i]
            for pair in zip(piece, piece[1:]):
                pairs[pair] -= n
            new, j = [], 0
            while j < len(piece):
                if j + 1 < len(piece) and (piece[j], piece[j + 1]) == best:
                    new.append(piece[j] + piece[j + 1])
                    j += 2
                else:
                    new.append(piece[j])
                    j += 1
            pieces[i] = (new, n)
            for pair in zip(new, new[1:]):
                pairs[pair] += n
                where[pair].add(i)
        del pairs[best]
    return vocabulary, merges


def tokenizer(vocabulary, merges):
    end = len(vocabulary)
    byte_level = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True}
    special = {"id": end, "content": "<|endoftext|>", "single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}
    return {
        "version": "1.0", "truncation": None, "padding": None, "added_tokens": [special],
        "normalizer": None, "pre_tokenizer": byte_level, "post_processor": byte_level, "decoder": byte_level,
        "model": {
            "type": "BPE", "dropout": None, "unk_token": None, "continuing_subword_prefix": "", "end_of_word_suffix": "",
            "fuse_unk": False, "byte_fallback": False, "vocab": {**{t: i for i, t in enumerate(vocabulary)}, "<|endoftext|>": end},
            "merges": [" ".join(m) for m in merges],
        },
    }


def weights():
    rng = random.Random(20261129)

    def normal(rows, columns, scale=0.02):
        return (rows, columns), [rng.gauss(0, scale) for _ in range(rows * columns)]

    def constant(size, value):
        return (size,), [value] * size

    yield "transformer.wte.weight", *normal(TOKENS, WIDTH)
    yield "transformer.wpe.weight", *normal(POSITIONS, WIDTH, 0.01)
    into = 0.02 / math.sqrt(2 * LAYERS)
    for i in range(LAYERS):
        h = f"transformer.h.{i}."
        for norm in ("ln_1", "ln_2"):
            yield h + norm + ".weight", *constant(WIDTH, 1.0)
            yield h + norm + ".bias", *constant(WIDTH, 0.0)
        for name, rows, columns, scale in (
            ("attn.c_attn", WIDTH, 3 * WIDTH, 0.02), ("attn.c_proj", WIDTH, WIDTH, into),
            ("mlp.c_fc", WIDTH, NEURONS, 0.02), ("mlp.c_proj", NEURONS, WIDTH, into),
        ):
            yield h + name + ".weight", *normal(rows, columns, scale)
            yield h + name + ".bias", *constant(columns, 0.0)
    yield "transformer.ln_f.weight", *constant(WIDTH, 1.0)
    yield "transformer.ln_f.bias", *constant(WIDTH, 0.0)


def safetensors(path):
    header, body, place = {"__metadata__": {"format": "pt"}}, [], 0
    for name, shape, values in weights():
        data = struct.pack(f"<{len(values)}f", *values)
        header[name] = {"dtype": "F32", "shape": list(shape), "data_offsets": [place, place + len(data)]}
        body.append(data)
        place += len(data)
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(struct.pack("<Q", len(text)) + text + b"".join(body))


def main(source, output):
    text, small = output / "text", output / "small"
    text.mkdir(parents=True, exist_ok=True)
    small.mkdir(parents=True, exist_ok=True)
    parts = articles(source / "wiki.valid.tokens")
    validation = take(parts, 12000)
    short = take(list(parts), 18000)
    train = take(parts, 90000)
    test = take(articles(source / "wiki.test.tokens"), 24000)
    for name, words in (("train", train), ("short", short), ("validation", validation), ("test", test)):
        (text / f"{name}.txt").write_text(words, encoding="utf-8")
        print(f"{name}.txt: {len(words.split()):,} words")
    (small / "tokenizer.json").write_text(json.dumps(tokenizer(*bpe(train, TOKENS)), ensure_ascii=False), encoding="utf-8")
    (small / "config.json").write_text(json.dumps({
        "architectures": ["GPT2LMHeadModel"], "model_type": "gpt2", "activation_function": "gelu_new", "n_layer": LAYERS, "n_embd": WIDTH,
        "n_head": HEADS, "n_inner": NEURONS, "n_positions": POSITIONS, "n_ctx": POSITIONS, "vocab_size": TOKENS, "layer_norm_epsilon": 1e-5,
        "bos_token_id": TOKENS - 1, "eos_token_id": TOKENS - 1, "attn_pdrop": 0.1, "embd_pdrop": 0.1, "resid_pdrop": 0.1,
        "tie_word_embeddings": True, "torch_dtype": "float32",
    }, indent=2), encoding="utf-8")
    safetensors(small / "model.safetensors")


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]))
