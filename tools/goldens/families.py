"""Tiny random ModernBERT, ELECTRA, ALBERT and XLM-RoBERTa models, and what transformers computes with them.

    python3 tools/goldens/families.py tests/Espalier.Tests/Goldens/families

Made with transformers 5.12.1 and torch 2.14 on a CPU; two runs give the same bytes. Each folder holds config.json and
model.safetensors as save_pretrained writes them, io.safetensors (a batch padded on the right, logits, every hidden
state, the gradient of every parameter) and io.json (the loss, and how exact all this is).
"""

import json, os, shutil, sys
import torch
from safetensors.torch import load_file, save_file
from transformers import (
    AlbertConfig,
    AlbertForSequenceClassification,
    AutoModelForSequenceClassification,
    ElectraConfig,
    ElectraForSequenceClassification,
    ModernBertConfig,
    ModernBertForSequenceClassification,
    XLMRobertaConfig,
    XLMRobertaForSequenceClassification,
)

torch.set_num_threads(1)
torch.use_deterministic_algorithms(True)

SEED, VOCABULARY, LENGTHS = 20261, 131, [3, 17, 9, 31, 1]

MODERN = dict(
    hidden_size=48, num_attention_heads=4, intermediate_size=40, num_hidden_layers=4, max_position_embeddings=64,
    pad_token_id=0, bos_token_id=1, cls_token_id=1, eos_token_id=2, sep_token_id=2, local_attention=8,
    global_attn_every_n_layers=3,
)
BERTLIKE = dict(
    hidden_size=48, num_attention_heads=4, intermediate_size=56, num_hidden_layers=3, hidden_dropout_prob=0.0,
    attention_probs_dropout_prob=0.0,
)
SHARED = dict(BERTLIKE, embedding_size=24, classifier_dropout_prob=0.0, max_position_embeddings=64)

# Folder, configuration, model, and the fields in which they differ from their class.
CASES = [
    ("modernbert", ModernBertConfig, ModernBertForSequenceClassification, MODERN),
    ("modernbert-mean", ModernBertConfig, ModernBertForSequenceClassification, dict(MODERN, classifier_pooling="mean")),
    # An odd window, a first layer with one and two in a row without, other thetas, SiLU, and every bias there is.
    ("modernbert-biases", ModernBertConfig, ModernBertForSequenceClassification,
     dict(MODERN, num_hidden_layers=3, num_attention_heads=3, local_attention=7, hidden_activation="silu",
          layer_types=["sliding_attention", "full_attention", "full_attention"],
          rope_parameters={"full_attention": {"rope_theta": 2000.0, "rope_type": "default"},
                           "sliding_attention": {"rope_theta": 100.0, "rope_type": "default"}},
          norm_bias=True, attention_bias=True, mlp_bias=True, classifier_bias=True)),
    ("electra", ElectraConfig, ElectraForSequenceClassification,
     dict(BERTLIKE, embedding_size=24, max_position_embeddings=64)),
    ("albert", AlbertConfig, AlbertForSequenceClassification, SHARED),
    ("albert-groups", AlbertConfig, AlbertForSequenceClassification,
     dict(SHARED, num_hidden_layers=4, num_hidden_groups=2, num_attention_heads=3)),
    ("xlm-roberta", XLMRobertaConfig, XLMRobertaForSequenceClassification,
     dict(BERTLIKE, num_hidden_layers=2, max_position_embeddings=66, type_vocab_size=1, layer_norm_eps=1e-5)),
]

# Fields that the published ModernBERT files have in place of today's layer_types and rope_parameters.
PUBLISHED = dict(global_attn_every_n_layers=3, global_rope_theta=160000.0, local_rope_theta=10000.0,
                 position_embedding_type="absolute", reference_compile=True, layer_norm_eps=1e-5)


def fill(model, generator):
    """Every parameter random: weights of norms 1 + 0.2 n, all others 0.2 n."""
    with torch.no_grad():
        for name, p in model.named_parameters():
            noise = torch.randn(p.shape, generator=generator) * 0.2
            p.copy_(1 + noise if p.ndim == 1 and name.endswith("weight") else noise)
    return model.eval()


def batch(config, types, generator):
    """Random ids from 5 on, padded on the right; the last third of a sequence is its second text."""
    width = max(LENGTHS)
    position = torch.arange(width)[None, :]
    lengths = torch.tensor(LENGTHS)[:, None]
    mask = (position < lengths).long()
    ids = torch.randint(5, VOCABULARY, (len(LENGTHS), width), generator=generator)
    inputs = {"input_ids": torch.where(mask.bool(), ids, torch.tensor(config.pad_token_id)), "attention_mask": mask}
    if types:
        inputs["token_type_ids"] = ((position >= (lengths * 2 + 1) // 3) & mask.bool()).long()
    return inputs, torch.randint(0, 3, (len(LENGTHS),), generator=generator)


def gradients(model, loss):
    model.zero_grad()
    loss.backward()
    return {"grad." + n: p.grad.clone() for n, p in model.named_parameters()}


def exactness(model, inputs, labels, out, grads):
    """How far float32 is from float64 on the same weights, and a padded sequence from itself alone."""
    twin = type(model)(model.config)
    twin.load_state_dict(model.state_dict())
    twin = twin.double().eval()
    alone, loss, logits = 0.0, 0.0, []
    for i, n in enumerate(LENGTHS):
        one = {k: v[i:i + 1, :n] for k, v in inputs.items()}
        with torch.no_grad():
            same = model(**one, output_hidden_states=True)
        pairs = [(same.logits[0], out.logits[i])] + [(a[0], b[i, :n]) for a, b in zip(same.hidden_states, out.hidden_states)]
        alone = max(alone, *((a - b).abs().max().item() for a, b in pairs))
        # Alone, for ModernBERT's softmax makes minus infinity of what masks padding in float64.
        exact = twin(**one, labels=labels[i:i + 1])
        loss = loss + exact.loss / len(LENGTHS)
        logits.append(exact.logits[0])
    assert alone < 2e-5, f"a padded sequence differs by {alone} from itself alone"
    g64 = gradients(twin, loss)
    worst = max(((g64[k] - grads[k]).abs().max() / g64[k].abs().max()).item() for k in grads if g64[k].abs().max() > 1e-6)
    return {"loss_float64": loss.item(), "logits_max_abs_diff": (torch.stack(logits) - out.logits).abs().max().item(),
            "gradient_max_diff_relative_to_largest_entry": worst, "padded_against_alone_max_abs_diff": alone}


def write_json(value, path):
    with open(path, "w", encoding="utf-8", newline="\n") as f:
        json.dump(value, f, indent=1)
        f.write("\n")


def publish(folder, model, inputs, expected):
    """Writes config.json anew with the fields of published files; transformers must read the same model from it."""
    path = os.path.join(folder, "config.json")
    with open(path, encoding="utf-8") as f:
        config = json.load(f)
    del config["layer_types"], config["rope_parameters"]
    write_json(dict(sorted({**config, **PUBLISHED}.items())), path)
    again = AutoModelForSequenceClassification.from_pretrained(folder, attn_implementation="eager").eval()
    with torch.no_grad():
        assert torch.equal(again(**inputs).logits, expected), "the published form of config.json is another model"


def make(root, index, folder, config_type, model_type, fields):
    folder = os.path.join(root, folder)
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    config = config_type(vocab_size=VOCABULARY, num_labels=3, attn_implementation="eager", **fields)
    generator = torch.Generator().manual_seed(SEED * 1000 + index)
    model = fill(model_type(config), generator)
    types = getattr(config, "type_vocab_size", 1) > 1
    inputs, labels = batch(config, types, generator)
    model.save_pretrained(folder)
    out = model(**inputs, labels=labels, output_hidden_states=True)
    grads = gradients(model, out.loss)
    tensors = {**inputs, "labels": labels, "hidden_states": torch.stack(out.hidden_states), "logits": out.logits, **grads}
    save_file({k: tensors[k].detach().clone().contiguous() for k in sorted(tensors)}, os.path.join(folder, "io.safetensors"))
    write_json({"family": config.model_type, "loss": out.loss.item(), "lengths": LENGTHS,
                "float32_against_float64": exactness(model, inputs, labels, out, grads)}, os.path.join(folder, "io.json"))
    if folder.endswith("modernbert-mean"):
        publish(folder, model, inputs, out.logits)
    stored = load_file(os.path.join(folder, "model.safetensors"))
    assert set(stored) == {n for n, _ in model.named_parameters()}, set(stored)
    assert all("grad." + n in grads for n in stored)
    assert len(out.hidden_states) == config.num_hidden_layers + 1
    for name in os.listdir(folder):
        os.chmod(os.path.join(folder, name), 0o644)
    print(f"{os.path.basename(folder)}: {len(stored)} tensors, loss {out.loss.item():.6f}")


for index, case in enumerate(CASES):
    make(sys.argv[1], index, *case)
