"""Folders with Unigram and ModernBERT-like tokenizers whose files and class agree or disagree, and what AutoTokenizer makes of them.

    python3 tools/goldens/tokenizer_folders.py src/Espalier/Data/Shipped/sentiment/imdb_labelled.txt \
        tests/Espalier.Tests/Goldens/tokenizers/unigram.jsonl

Made with transformers 5.12.1 and tokenizers 0.23.1. One line a folder: its files, and for each text, alone or with a
second one, ids, type ids (0 where the model is given none), offsets in code points, and for two of them what the ids decode to.
Optional arguments: how many folders, the seed, and a Precompiled normalizer as JSON, to draw from instead of the small
table made here.
"""

import base64, json, os, random, struct, sys, tempfile
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers
from transformers import AutoTokenizer

TEXTS, OUT = sys.argv[1:3]
COUNT = int(sys.argv[3]) if len(sys.argv) > 3 else 80
draw = random.Random(int(sys.argv[4]) if len(sys.argv) > 4 else 20261)
MARK = "\u2581"

RANGES = [(0x20, 0x7E)] * 4 + [(0x1, 0x1F), (0x7F, 0xA0), (0xA1, 0x17F), (0x1E00, 0x1EFF), (0x300, 0x34F), (0x370, 0x3FF),
    (0x400, 0x45F), (0x5D0, 0x5EA), (0x621, 0x655), (0x905, 0x94D), (0xE01, 0xE3A), (0x1100, 0x1112), (0x1161, 0x1175),
    (0xAC00, 0xAC80), (0x3041, 0x30FF), (0x4E00, 0x4E40), (0xF900, 0xF910), (0x2000, 0x206F), (0x2150, 0x218F), (0x2460, 0x2490),
    (0x3000, 0x3003), (0xFF01, 0xFF5E), (0xFB00, 0xFB06), (0x1F600, 0x1F64F), (0x1F3FB, 0x1F3FF), (0xFE00, 0xFE0F), (0x1D400, 0x1D420)]
PHRASES = [" ", "  ", "   ", "\t", "\n", "\r\n", "\u00a0", "\u3000", " the", "the movie", "good ", "x", "Was", "``", "''", MARK, MARK + MARK,
    "\u0130", "e\u0323\u0301", "\ud55c".encode("utf-16", "surrogatepass").decode("utf-16"), "\u2026", "\ufb01lm", "\u2460", "caf\u00e9", "cafe\u0301",
    "<unk>", "[SEP]", "</s>", "<mask>", "[MASK]", "<new>", "a b"]


def charsmap(pairs):
    """SentencePiece's table: a trie of UTF-8 in a double array, then the replacements."""
    replacements, values = b"", []
    for source, target in sorted((k.encode(), v.encode()) for k, v in pairs.items()):
        values.append((source, len(replacements)))
        replacements += target + b"\0"
    units, taken = [0], {0}

    def place(keys, depth, at):
        leaf = len(keys[0][0]) == depth
        rest, children = keys[1:] if leaf else keys, {}
        for key in rest:
            children.setdefault(key[0][depth], []).append(key)
        wanted = ([0] if leaf else []) + list(children)
        block = 1
        while any(block ^ w in taken for w in wanted):
            block += 1
        taken.update(block ^ w for w in wanted)
        while len(units) <= block | 0xFF:
            units.append(0xFF)
        units[at] |= ((at ^ block) << 10) | (0x100 if leaf else 0)
        if leaf:
            units[block] = 0x80000000 | keys[0][1]
        for label, below in children.items():
            units[block ^ label] = label
            place(below, depth + 1, block ^ label)

    place(values, 0, 0)
    table = struct.pack(f"<I{len(units)}I", 4 * len(units), *units) + replacements
    return {"type": "Precompiled", "precompiled_charsmap": base64.b64encode(table).decode()}


if len(sys.argv) > 5:
    with open(sys.argv[5], encoding="utf-8") as f:
        PRECOMPILED = json.load(f)
else:
    PRECOMPILED = charsmap({"\t": " ", "\n": " ", "\u0001": "", "\u200d": "", "\ufb01": "fi", "\u2460": "1", "e\u0301": "\u00e9", "\u3000": " ",
                            "\u2026": "...", "\u0130": "I", "\u00a0": " ", "\uff21": "A"})


def trained(specials, size, bytes_too):
    """Pieces with scores, of lower-cased reviews cut at white space."""
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFKD(), normalizers.Lowercase()])
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace()])
    with open(TEXTS, encoding="utf-8") as f:
        lines = [line.rsplit("\t", 1)[0] for line in f][:400]
    trainer = trainers.UnigramTrainer(vocab_size=size, special_tokens=[], unk_token="<unk>", show_progress=False)
    tokenizer.train_from_iterator(lines, trainer)
    pieces = [p for p in json.loads(tokenizer.to_str())["model"]["vocab"] if p[0] not in specials]
    if bytes_too:
        pieces += [[f"<0x{b:02X}>", -12.0] for b in range(256)]
    # The trainer's own order of equals is chance.
    pieces = sorted(([p, round(score, 3)] for p, score in pieces), key=lambda p: (-p[1], p[0]))
    return [[s, 0.0] for s in specials] + pieces


def maybe(share, value, other=None):
    return value if draw.random() < share else other


def metaspace():
    if draw.random() < 0.3:
        return {"type": "Metaspace", "replacement": MARK, "add_prefix_space": True}
    return {"type": "Metaspace", "replacement": MARK, "prepend_scheme": draw.choice(["always", "always", "first", "never"]), "split": draw.random() < 0.8}


def normalizer():
    replace = lambda kind, pattern, content: {"type": "Replace", "pattern": {kind: pattern}, "content": content}
    quotes = [replace("String", "``", '"'), replace("String", "''", '"')]
    return draw.choice([
        None,
        PRECOMPILED,
        {"type": "Sequence", "normalizers": [*quotes, {"type": "NFKD"}, {"type": "StripAccents"}, {"type": "Lowercase"}, PRECOMPILED]},
        {"type": "Sequence", "normalizers": [PRECOMPILED, replace("Regex", " {2,}", " ")]},
        {"type": "Sequence", "normalizers": [PRECOMPILED, {"type": "Strip", "strip_left": False, "strip_right": True}, replace("Regex", " {2,}", MARK)]},
        {"type": "Sequence", "normalizers": [replace("Regex", "\\s{2,}|[\\n\\r\\t]", " "), {"type": "NFC"}, {"type": "Strip", "strip_left": draw.random() < 0.5, "strip_right": True}]},
        {"type": "Sequence", "normalizers": [{"type": "Nmt"}, {"type": "NFKC"}, replace("Regex", " {2,}", " ")]},
        {"type": "Sequence", "normalizers": [{"type": "Prepend", "prepend": MARK}, replace("String", " ", MARK)]},
        {"type": "NFD"},
    ])


def template(cls, sep, ids, doubled, types):
    special = lambda t, i: {"SpecialToken": {"id": t, "type_id": i}}
    sequence = lambda t, i: {"Sequence": {"id": t, "type_id": i}}
    pair = [special(cls, 0), sequence("A", 0), special(sep, 0)] + ([special(sep, 0)] if doubled else [])
    return {"type": "TemplateProcessing", "single": [special(cls, 0), sequence("A", 0), special(sep, 0)],
            "pair": pair + [sequence("B", types), special(sep, types)],
            "special_tokens": {t: {"id": t, "ids": [ids[t]], "tokens": [t]} for t in (cls, sep)}}


def added(token, id, special=True):
    return {"id": id, "content": token, "single_word": maybe(0.1, True, False), "lstrip": maybe(0.2, True, False), "rstrip": maybe(0.1, True, False),
            "normalized": not special and draw.random() < 0.6, "special": special}


ALBERT = ["<pad>", "<unk>", "[CLS]", "[SEP]", "[MASK]"]
XLM = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
VOCABULARIES = {(f, b): trained(s, 150, b) for f, s in (("albert", ALBERT), ("xlm", XLM)) for b in (False, True)}


def unigram():
    family = draw.choice(["albert", "xlm"])
    specials = ALBERT if family == "albert" else XLM
    bytes_too = draw.random() < 0.1
    pieces = VOCABULARIES[family, bytes_too]
    ids = {p: i for i, (p, _) in enumerate(pieces)}
    tokens = [added(t, ids[t]) for t in specials if draw.random() < 0.8]
    if draw.random() < 0.5:
        tokens.append(added("<new>", len(pieces), special=draw.random() < 0.3))
    if draw.random() < 0.3:
        tokens.append(added("a b", len(pieces) + (tokens[-1]["content"] == "<new>" if tokens else 0), special=False))
    cls, sep = ("[CLS]", "[SEP]") if family == "albert" else ("<s>", "</s>")
    words = maybe(0.6, {"type": "Sequence", "pretokenizers": [{"type": "WhitespaceSplit"}, metaspace()]}, metaspace())
    files = {"tokenizer.json": {
        "version": "1.0", "truncation": None, "padding": None, "added_tokens": tokens, "normalizer": normalizer(),
        "pre_tokenizer": words, "post_processor": maybe(0.85, template(cls, sep, ids, family == "xlm", draw.choice([0, 1]))),
        "decoder": metaspace(), "model": {"type": "Unigram", "unk_id": ids["<unk>"], "vocab": pieces, "byte_fallback": bytes_too}}}
    known = {"albert": ["AlbertTokenizer", "AlbertTokenizerFast"], "xlm": ["XLMRobertaTokenizer", "XLMRobertaTokenizerFast"]}[family]
    settings = {}
    if draw.random() < 0.75:
        settings["tokenizer_class"] = draw.choice([*known, *known, "PreTrainedTokenizerFast"])
    for name, share in (("do_lower_case", 0.4), ("keep_accents", 0.4), ("add_prefix_space", 0.3)):
        if draw.random() < share:
            settings[name] = draw.random() < 0.5
    roles = dict(unk_token="<unk>", pad_token="<pad>", cls_token=cls, sep_token=sep, mask_token=specials[-1])
    for role, token in roles.items():
        if draw.random() < 0.4:
            settings[role] = maybe(0.7, token, {"__type": "AddedToken", "content": token, "lstrip": True, "rstrip": False,
                                                "single_word": False, "normalized": draw.random() < 0.3})
    if draw.random() < 0.2:
        settings["model_input_names"] = ["input_ids", "attention_mask"] + maybe(0.5, ["token_type_ids"], [])
    if settings or draw.random() < 0.5:
        files["tokenizer_config.json"] = settings
    if draw.random() < 0.8 or "tokenizer_class" not in settings:
        files["config.json"] = {"model_type": draw.choice(["albert"] if family == "albert" else ["xlm-roberta"])}
    return files


def modern():
    """Byte-level BPE as ModernBERT has it: NFC, and runs of spaces as tokens that are looked for in normalized text."""
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    letters = [chr(b) if b in printable else None for b in range(256)]
    others = iter(range(0x100, 0x200))
    letters = [c or chr(next(others)) for c in letters]
    vocabulary = {"<|padding|>": 0, **{c: i + 1 for i, c in enumerate(letters)}}
    merges = [["t", "h"], ["th", "e"], ["\u0120", "the"], ["i", "n"], ["e", "r"], ["\u00c3", "\u00a9"], ["\u0120", "\u0120"], ["o", "o"], ["oo", "d"], ["g", "ood"]]
    for left, right in merges:
        vocabulary.setdefault(left + right, len(vocabulary))
    tokens = [added("<|padding|>", 0)]
    for token in ["      ", "    ", "  ", "e\u0301", "[UNK]", "[CLS]", "[SEP]", "[PAD]", "[MASK]"]:
        tokens.append({**added(token, len(vocabulary) + len(tokens) - 1, special=token.startswith("[")), "lstrip": token == "[MASK]", "rstrip": False, "single_word": False})
        if not token.startswith("["):
            tokens[-1]["normalized"] = True
    ids = {t["content"]: t["id"] for t in tokens}
    level = {"type": "ByteLevel", "add_prefix_space": maybe(0.2, True, False), "trim_offsets": draw.random() < 0.5, "use_regex": True}
    files = {"tokenizer.json": {
        "version": "1.0", "truncation": None, "padding": None, "added_tokens": tokens,
        # Nothing that makes two tokens look the same: which of them is found then is chance in the library.
        "normalizer": maybe(0.8, {"type": "NFC"}, draw.choice([None, {"type": "NFD"}])), "pre_tokenizer": level,
        "post_processor": template("[CLS]", "[SEP]", ids, False, draw.choice([0, 1])), "decoder": level,
        "model": {"type": "BPE", "dropout": None, "unk_token": None, "continuing_subword_prefix": None, "end_of_word_suffix": None,
                  "fuse_unk": False, "byte_fallback": False, "ignore_merges": False, "vocab": vocabulary, "merges": merges}},
        "config.json": {"model_type": "modernbert"}}
    settings = {"cls_token": "[CLS]", "sep_token": "[SEP]", "pad_token": "[PAD]", "unk_token": "[UNK]", "mask_token": "[MASK]"}
    if draw.random() < 0.8:
        settings["tokenizer_class"] = draw.choice(["PreTrainedTokenizerFast", "PreTrainedTokenizer", "BertTokenizer", "GPT2Tokenizer"])
    if draw.random() < 0.3:
        settings["model_input_names"] = ["input_ids", "attention_mask"] + maybe(0.3, ["token_type_ids"], [])
    files["tokenizer_config.json"] = settings
    return files


def text():
    out = ""
    for _ in range(draw.randint(1, 20)):
        first, last = draw.choice(RANGES)
        out += draw.choice(PHRASES) if draw.random() < 0.5 else chr(draw.randint(first, last))
    return out


def rows(files, count):
    with tempfile.TemporaryDirectory() as folder:
        for name, content in files.items():
            with open(os.path.join(folder, name), "w", encoding="utf-8") as f:
                json.dump(content, f)
        tokenizer = AutoTokenizer.from_pretrained(folder)
    out = []
    for i in range(count):
        row = {"text": text() if i else "The caf\u00e9  was good.", "pair": text() if i % 5 == 4 else None}
        found = tokenizer(row["text"], row["pair"], return_offsets_mapping=True)
        row["ids"] = found["input_ids"]
        row["type_ids"] = found.get("token_type_ids", [0] * len(row["ids"]))
        row["offsets"] = [list(o) for o in found["offset_mapping"]]
        # The library decodes an added token that NFC changes as if its characters were bytes.
        odd = {t["id"] for t in files["tokenizer.json"]["added_tokens"] if t["content"] == "e\u0301"}
        if i < 2 and not odd & set(row["ids"]):
            row["decoded"] = tokenizer.backend_tokenizer.decode(row["ids"], skip_special_tokens=False)
            row["decoded_without_special"] = tokenizer.backend_tokenizer.decode(row["ids"], skip_special_tokens=True)
        out.append(row)
    return out


with open(OUT, "w", encoding="ascii", newline="\n") as f:
    made = 0
    while made < COUNT:
        files = modern() if draw.random() < 0.25 else unigram()
        try:
            found = rows(files, 10)
        except BaseException as e:  # the library refuses some folders, and panics at some texts
            if isinstance(e, (KeyboardInterrupt, SystemExit)):
                raise
            print(f"left out: {type(e).__name__} {str(e)[:200]}", file=sys.stderr)
            continue
        f.write(json.dumps({"files": files, "rows": found}, ensure_ascii=True, separators=(",", ":")) + "\n")
        made += 1
