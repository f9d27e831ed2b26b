"""Tiny random language models of the families that the other set lacks, and what transformers computes with them.

    python3 tools/goldens/decoders.py tests/Espalier.Tests/Goldens/families

Made with transformers 5.12.1 and torch 2.14 on a CPU; two runs give the same bytes. Each folder holds config.json and
model.safetensors as save_pretrained writes them, io.safetensors (a batch padded on the right, logits, every hidden
state, the gradient of every parameter, a text) and io.json (the loss, greedy ids of three prompts, the text's
perplexity window by window, and how exact all this is).
"""

import json, math, os, shutil, sys
import torch
from safetensors.torch import load_file, save_file
from transformers import (
    Gemma3ForCausalLM, Gemma3TextConfig, GemmaConfig, GemmaForCausalLM, LlamaConfig, LlamaForCausalLM, MistralConfig,
    MistralForCausalLM, OPTConfig, OPTForCausalLM, Qwen2Config, Qwen2ForCausalLM, Qwen3Config, Qwen3ForCausalLM,
)

torch.set_num_threads(1)
torch.use_deterministic_algorithms(True)

SEED, VOCABULARY, LENGTHS, POSITIONS, WINDOW, STRIDE = 20261, 97, [3, 17, 9, 31, 1], 64, 48, 24

SMALL = dict(
    hidden_size=32, num_attention_heads=4, num_key_value_heads=2, intermediate_size=40, num_hidden_layers=2,
    max_position_embeddings=POSITIONS, bos_token_id=1, eos_token_id=2, pad_token_id=0,
)
LLAMA3 = dict(rope_type="llama3", rope_theta=500.0, factor=4.0, low_freq_factor=1.0, high_freq_factor=4.0,
              original_max_position_embeddings=32)
YARN = dict(rope_type="yarn", rope_theta=1000.0, factor=4.0, original_max_position_embeddings=16, beta_fast=2.0)

# Folder, configuration, model, and the fields in which they differ from their class.
CASES = [
    ("llama-biases", LlamaConfig, LlamaForCausalLM, dict(SMALL, attention_bias=True, mlp_bias=True, tie_word_embeddings=True)),
    ("llama-linear", LlamaConfig, LlamaForCausalLM, dict(SMALL, rope_parameters=dict(rope_type="linear", rope_theta=10000.0, factor=2.5))),
    ("llama-dynamic", LlamaConfig, LlamaForCausalLM, dict(SMALL, rope_parameters=dict(rope_type="dynamic", rope_theta=10000.0, factor=2.0))),
    ("llama-3", LlamaConfig, LlamaForCausalLM, dict(SMALL, rope_parameters=LLAMA3)),
    ("llama-yarn", LlamaConfig, LlamaForCausalLM, dict(SMALL, rope_parameters=YARN)),
    ("mistral", MistralConfig, MistralForCausalLM, dict(SMALL, sliding_window=6)),
    ("qwen2", Qwen2Config, Qwen2ForCausalLM,
     dict(SMALL, tie_word_embeddings=True, use_sliding_window=True, sliding_window=5, max_window_layers=1)),
    ("qwen3", Qwen3Config, Qwen3ForCausalLM, dict(SMALL, head_dim=12)),
    ("opt", OPTConfig, OPTForCausalLM,
     dict(hidden_size=32, num_attention_heads=4, ffn_dim=40, num_hidden_layers=2, max_position_embeddings=POSITIONS, word_embed_proj_dim=32,
          dropout=0.0, bos_token_id=2, eos_token_id=2, pad_token_id=1)),
    ("gemma", GemmaConfig, GemmaForCausalLM, dict(SMALL, head_dim=12)),
    ("gemma3", Gemma3TextConfig, Gemma3ForCausalLM,
     dict(SMALL, num_hidden_layers=3, head_dim=12, sliding_window=5, query_pre_attn_scalar=20,
          layer_types=["sliding_attention", "full_attention", "sliding_attention"])),
]


def fill(model, generator):
    """Every parameter random: weights of norms 1 + 0.2 n (Gemma's files hold what is added to 1: 0.2 n), all others 0.2 n."""
    plus_one = "gemma" in model.config.model_type
    with torch.no_grad():
        for name, p in model.named_parameters():
            noise = torch.randn(p.shape, generator=generator) * 0.2
            norm = p.ndim == 1 and name.endswith("weight")
            p.copy_(1 + noise if norm and not plus_one else noise)
    return model.eval()


def exactness(model, inputs, labels, out, grads):
    """How far float32 is from float64 on the same weights, and a padded sequence from itself alone."""
    alone = 0.0
    for i, n in enumerate(LENGTHS):
        with torch.no_grad():
            same = model(input_ids=inputs["input_ids"][i:i + 1, :n], output_hidden_states=True)
        pairs = [(same.logits[0], out.logits[i, :n])] + [(a[0], b[i, :n]) for a, b in zip(same.hidden_states, out.hidden_states)]
        alone = max(alone, *((a - b).abs().max().item() for a, b in pairs))
    assert alone < 2e-5, f"a padded sequence differs by {alone} from itself alone"
    return {"padded_against_alone_max_abs_diff": alone}


def generate(model, generator):
    texts = []
    for length in (1, 7, 20):
        prompt = torch.randint(3, VOCABULARY, (1, length), generator=generator)
        ids, margins, past = prompt, [], None
        with torch.no_grad():
            for _ in range(20):
                logits = model(input_ids=ids).logits[0, -1]
                top = logits.topk(2).values
                margins.append((top[0] - top[1]).item())
                ids = torch.cat([ids, logits.argmax()[None, None]], 1)
            cached = model.generate(prompt, max_new_tokens=20, do_sample=False, use_cache=True, eos_token_id=None,
                                    attention_mask=torch.ones_like(prompt), pad_token_id=0)
        assert torch.equal(cached, ids), "the cache gives other ids"
        texts.append({"prompt": prompt[0].tolist(), "ids": ids[0, length:].tolist(), "logit_margin_first_to_second": margins})
    return texts


def perplexity(model, text):
    """The recipe of transformers' documentation; the mean is over the tokens that are truly scored."""
    windows, known = [], 0
    for begin in range(0, len(text), STRIDE):
        end = min(begin + WINDOW, len(text))
        ids = text[None, begin:end]
        with torch.no_grad():
            losses = -model(input_ids=ids).logits.double().log_softmax(-1)[0, :-1].gather(1, ids[0, 1:, None])[:, 0]
        first = max(known, begin + 1)
        scored = losses[first - begin - 1:]
        windows.append({"begin": begin, "end": end, "target_tokens": end - known, "scored_tokens": len(scored),
                        "nll_sum": scored.sum().item()})
        known = end
        if end == len(text):
            break
    mean = sum(w["nll_sum"] for w in windows) / sum(w["scored_tokens"] for w in windows)
    return {"window": WINDOW, "stride": STRIDE, "windows": windows, "mean_nll": mean, "perplexity": math.exp(mean)}


def make(root, index, name, config_type, model_type, fields):
    folder = os.path.join(root, name)
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    config = config_type(vocab_size=VOCABULARY, attn_implementation="eager", **fields)
    generator = torch.Generator().manual_seed(SEED * 1000 + index)
    model = fill(model_type(config), generator)
    width = max(LENGTHS)
    mask = (torch.arange(width)[None, :] < torch.tensor(LENGTHS)[:, None]).long()
    ids = torch.randint(3, VOCABULARY, (len(LENGTHS), width), generator=generator)
    inputs = {"input_ids": torch.where(mask.bool(), ids, torch.tensor(config.pad_token_id)), "attention_mask": mask}
    labels = torch.where(mask.bool(), ids, torch.tensor(-100))
    text = torch.randint(3, VOCABULARY, (150,), generator=generator)
    model.save_pretrained(folder)
    out = model(**inputs, labels=labels, output_hidden_states=True)
    model.zero_grad()
    out.loss.backward()
    grads = {"grad." + n: p.grad.clone() for n, p in model.named_parameters()}
    tensors = {**inputs, "labels": labels, "text": text, "hidden_states": torch.stack(out.hidden_states), "logits": out.logits, **grads}
    save_file({k: tensors[k].detach().clone().contiguous() for k in sorted(tensors)}, os.path.join(folder, "io.safetensors"))
    facts = {"family": config.model_type, "loss": out.loss.item(), "lengths": LENGTHS,
             "float32_against_float64": exactness(model, inputs, labels, out, grads),
             "generation": generate(model, generator), "sliding_window": perplexity(model, text)}
    with open(os.path.join(folder, "io.json"), "w", encoding="utf-8", newline="\n") as f:
        json.dump(facts, f, indent=1)
        f.write("\n")
    stored = load_file(os.path.join(folder, "model.safetensors"))
    for file in os.listdir(folder):
        os.chmod(os.path.join(folder, file), 0o644)
    margin = min(min(t["logit_margin_first_to_second"]) for t in facts["generation"])
    print(f"{name}: {len(stored)} tensors, loss {out.loss.item():.6f}, smallest margin {margin:.4f}")


for index, case in enumerate(CASES):
    make(sys.argv[1], index, *case)
