"""A training step of a language model of SmolLM2-135M's shape in PyTorch, as fast as two threads of it go: bf16 autocast, SDPA, fused AdamW.

python3 training_step.py [steps] [sequences] [tokens] [--math] [--fp32] [--checkpointing]

--math takes SDPA's plain products instead of its flash attention, which without MKL multiplies bfloat16 in plain loops on one thread (Debian's
builds have no MKL).
"""

import contextlib
import json
import resource
import sys
import time

import torch
import transformers

numbers = [int(a) for a in sys.argv[1:] if not a.startswith("-")]
steps, sequences, tokens = (numbers + [3, 8, 256][len(numbers) :])[:3]
torch.set_num_threads(2)
torch.manual_seed(1)
config = transformers.LlamaConfig(
    vocab_size=49152,
    hidden_size=576,
    intermediate_size=1536,
    num_hidden_layers=30,
    num_attention_heads=9,
    num_key_value_heads=3,
    tie_word_embeddings=True,
    rope_theta=100000.0,
    rms_norm_eps=1e-5,
    max_position_embeddings=8192,
    attn_implementation="sdpa",
    use_cache=False,
)
model = transformers.LlamaForCausalLM(config).train()
if "--checkpointing" in sys.argv:
    model.gradient_checkpointing_enable()
optimizer = torch.optim.AdamW(model.parameters(), lr=5e-5, weight_decay=0.01, fused=True)
taken, used = [], []
precision = contextlib.nullcontext() if "--fp32" in sys.argv else torch.autocast("cpu", dtype=torch.bfloat16)
for step in range(steps + 1):
    ids = torch.randint(0, config.vocab_size, (sequences, tokens))
    math = torch.nn.attention.SDPBackend.MATH
    attention = torch.nn.attention.sdpa_kernel(math) if "--math" in sys.argv else contextlib.nullcontext()
    start, began = time.perf_counter(), time.process_time()
    with precision, attention:
        loss = model(input_ids=ids, labels=ids).loss
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    optimizer.zero_grad(set_to_none=True)
    taken.append(1000 * (time.perf_counter() - start))
    used.append(1000 * (time.process_time() - began) / torch.get_num_threads())
print(
    json.dumps(
        {
            "torch": torch.__version__,
            "transformers": transformers.__version__,
            "options": [a for a in sys.argv[1:] if a.startswith("-")],
            "threads": torch.get_num_threads(),
            "loss": loss.item(),
            "ms": [round(t) for t in taken[1:]],
            "CPU ms of a thread": [round(t) for t in used[1:]],
            "peak MB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        }
    )
)
