"""Reference numbers of kernels: attention, norms, rotary embedding, gated activations, and losses of attention scores.

    python3 tools/goldens/kernels.py tests/Espalier.Tests/Goldens/kernels/kernels.safetensors

Written with PyTorch 2.14 and transformers 5.12.1. Where transformers has the function, that one is called; all is computed in
float64 and stored as float32. Rows of sequences lie one behind the other; each case says its shapes in its names.
"""

import sys

import torch
from safetensors.torch import save_file
from torch import nn
from transformers import LlamaConfig, ModernBertConfig
from transformers.masking_utils import causal_mask_function, sliding_window_bidirectional_mask_function
from transformers.masking_utils import sliding_window_causal_mask_function
from transformers.models.llama.modeling_llama import LlamaMLP, LlamaRMSNorm, repeat_kv
from transformers.models.modernbert import modeling_modernbert as modernbert

torch.set_default_dtype(torch.float64)
torch.manual_seed(20261129)
numbers = {}


def keep(prefix, **tensors):
    for name, tensor in tensors.items():
        numbers[f"{prefix}.{name}"] = tensor.detach().to(torch.float32).contiguous()


def leaf(*shape):
    # What is stored is what is computed with.
    return torch.randn(*shape).to(torch.float32).to(torch.float64).requires_grad_()


def scores_of(q, k, heads, key_heads, width, scale):
    """[heads, queries, keys] of one sequence's rows."""
    q = q.view(1, -1, heads, width).transpose(1, 2)
    k = repeat_kv(k.view(1, -1, key_heads, width).transpose(1, 2), heads // key_heads)
    return (q @ k.transpose(2, 3))[0] * scale


def attention(prefix, queries, keys, heads, key_heads, width, scale, mask):
    """queries and keys: rows of each sequence; the last query stands at the last key."""
    q, dy = leaf(sum(queries), heads * width), leaf(sum(queries), heads * width)
    k, v = leaf(sum(keys), key_heads * width), leaf(sum(keys), key_heads * width)
    y, probabilities, sums, i, j = [], [], [], 0, 0
    for rows, others in zip(queries, keys):
        scores = scores_of(q[i : i + rows], k[j : j + others], heads, key_heads, width, scale)
        seen = torch.tensor(
            [[bool(mask(0, 0, torch.tensor(a + others - rows), torch.tensor(b))) for b in range(others)] for a in range(rows)]
        )
        p = scores.masked_fill(~seen, float("-inf")).softmax(-1)
        values = repeat_kv(v[j : j + others].view(1, others, key_heads, width).transpose(1, 2), heads // key_heads)
        y.append((p @ values[0]).transpose(0, 1).reshape(rows, heads * width))
        probabilities.append(p.reshape(-1))
        sums.append(p.sum((0, 1)))
        i, j = i + rows, j + others
    y = torch.cat(y)
    (y * dy).sum().backward()
    keep(prefix, q=q, k=k, v=v, dy=dy, y=y, probabilities=torch.cat(probabilities), key_sums=torch.cat(sums))
    keep(prefix, dq=q.grad, dk=k.grad, dv=v.grad)


def everything(*_):
    return True


# ModernBERT's own half of its window.
local = ModernBertConfig(local_attention=6).sliding_window
attention("attention.open", [5, 1, 9], [5, 1, 9], 2, 2, 6, 6**-0.5, everything)
attention("attention.local", [12, 3], [12, 3], 2, 2, 8, 8**-0.5, sliding_window_bidirectional_mask_function(local))
attention("attention.grouped", [7, 4], [7, 4], 4, 2, 8, 8**-0.5, causal_mask_function)
attention("attention.cached", [1, 3], [9, 5], 4, 2, 8, 0.25, causal_mask_function)
attention("attention.sliding", [13], [13], 2, 1, 8, 8**-0.5, sliding_window_causal_mask_function(4))


def norm(prefix, module, bias):
    x, residual, dy, dsum = (leaf(5, 12) for _ in range(4))
    module = module.to(torch.float64)
    with torch.no_grad():
        module.weight.copy_(leaf(12))
        if bias:
            module.bias.copy_(leaf(12))
    s = x + residual
    # LlamaRMSNorm computes in float32; its formula in float64 is written out.
    if isinstance(module, LlamaRMSNorm):
        y = module.weight * (s * torch.rsqrt(s.pow(2).mean(-1, keepdim=True) + module.variance_epsilon))
        assert torch.allclose(y, module(s), atol=1e-5)
    else:
        y = module(s)
    ((y * dy).sum() + (s * dsum).sum()).backward()
    keep(prefix, x=x, residual=residual, weight=module.weight, dy=dy, dsum=dsum, y=y, sum=s, dx=x.grad)
    keep(prefix, dweight=module.weight.grad)
    if bias:
        keep(prefix, bias=module.bias, dbias=module.bias.grad)


norm("norm.rms", LlamaRMSNorm(12, eps=1e-5), False)
norm("norm.layer", nn.LayerNorm(12, eps=1e-5), True)
norm("norm.layer_without_bias", nn.LayerNorm(12, eps=1e-5, bias=False), False)


def rotary(prefix, heads, width, rotated, theta, positions):
    config = ModernBertConfig(hidden_size=rotated, num_attention_heads=1)
    config.rope_parameters["sliding_attention"] = {"rope_type": "default", "rope_theta": theta}
    table = modernbert.ModernBertRotaryEmbedding(config).to(torch.float32)
    cos, sin = table(torch.zeros(1, dtype=torch.float32), positions[None], "sliding_attention")
    cos, sin = cos.to(torch.float64), sin.to(torch.float64)
    x, dy = leaf(len(positions), heads * width), leaf(len(positions), heads * width)
    q = x.view(1, -1, heads, width).transpose(1, 2)
    turned = (q[..., :rotated] * cos[:, None]) + (modernbert.rotate_half(q[..., :rotated]) * sin[:, None])
    y = torch.cat((turned, q[..., rotated:]), -1).transpose(1, 2).reshape(len(positions), -1)
    (y * dy).sum().backward()
    keep(prefix, x=x, dy=dy, y=y, dx=x.grad, cos=cos[0, :, : rotated // 2], sin=sin[0, :, : rotated // 2])


rotary("rotary.whole", 3, 8, 8, 160_000.0, torch.tensor([0, 1, 2, 3, 0, 1, 511, 8191]))
rotary("rotary.part", 2, 10, 4, 10_000.0, torch.tensor([5, 6, 7, 0, 2047]))


def gate(prefix, function):
    x, dy = leaf(6, 22), leaf(6, 11)
    y = function(x)
    (y * dy).sum().backward()
    keep(prefix, x=x, dy=dy, y=y, dx=x.grad)


mlp = modernbert.ModernBertMLP(ModernBertConfig(hidden_size=11, num_attention_heads=1, intermediate_size=11))
mlp.Wi, mlp.Wo = nn.Identity(), nn.Identity()
gate("gate.gelu", mlp)


class Half(nn.Module):
    def __init__(self, which):
        super().__init__()
        self.which = which

    def forward(self, x):
        return x.chunk(2, -1)[self.which]


llama = LlamaMLP(LlamaConfig(hidden_size=11, num_attention_heads=1, intermediate_size=11, hidden_act="silu"))
llama.up_proj, llama.gate_proj, llama.down_proj = Half(0), Half(1), nn.Identity()
gate("gate.silu_of_the_second", llama)


def score_loss(prefix, rows, heads, width, teacher_width):
    """TinyBERT: mean squares of scores before the softmax, over all heads and pairs of tokens of one sequence."""
    q, k = leaf(sum(rows), heads * width), leaf(sum(rows), heads * width)
    tq, tk = leaf(sum(rows), heads * teacher_width), leaf(sum(rows), heads * teacher_width)
    student, teacher, i = [], [], 0
    for n in rows:
        part = slice(i, i + n)
        student.append(scores_of(q[part], k[part], heads, heads, width, width**-0.5).reshape(-1))
        teacher.append(scores_of(tq[part], tk[part], heads, heads, teacher_width, teacher_width**-0.5).reshape(-1))
        i += n
    student, teacher = torch.cat(student), torch.cat(teacher).detach()
    loss = nn.functional.mse_loss(student, teacher)
    loss.backward()
    keep(prefix, q=q, k=k, teacher_q=tq, teacher_k=tk, scores=student, teacher=teacher, loss=loss[None])
    keep(prefix, dq=q.grad, dk=k.grad)


score_loss("scores", [5, 1, 8], 2, 6, 10)
save_file(numbers, sys.argv[1])
print(torch.__version__, len(numbers), "tensors")
