using Espalier.Data;
using Espalier.Kernels;
using Espalier.Models;
using Espalier.Tensors;
using Buffers = Espalier.Models.Buffers;
using Norm = Espalier.Kernels.Norm;

namespace Espalier.Tests.Models;

/// <summary>
/// A language model with exits that is read a token at a time with everything computed anew: no cache, one row in every product, and
/// the state with which a token left stands in front of all layers behind.
/// </summary>
sealed class PlainLeaving(Model model, Effort effort, Workers workers)
{
    readonly ModelConfig _config = model.Config;
    readonly KernelFamily _kernels = KernelFamily.Choose("reference");
    readonly PackedModel _packed = new(model, workers, KernelFamily.Choose("reference"));
    readonly Flow _flow = new Buffers().Begin(
        workers,
        KernelFamily.Choose("reference"),
        new Batch
        {
            Ids = [0],
            TypeIds = [0],
            Starts = [0, 1],
        },
        null
    );

    /// <summary>How near a token came to the other decision.</summary>
    public double Margin { get; private set; } = double.PositiveInfinity;

    /// <summary>Of each token: the exit it left at, and what that said.</summary>
    public List<(int Exit, float[] Scores)> Read(IReadOnlyList<int> ids)
    {
        List<(int, float[])> said = [];

        // Of each token: what stands in front of each layer, and behind the last.
        List<Tensor[]> states = [];
        for (int t = 0; t < ids.Count; t++)
        {
            Tensor[] own = new Tensor[_config.Layers.Count + 1];
            own[0] = Embedded(ids[t], t);
            states.Add(own);
            bool left = false;
            int before = -1,
                streak = 0;
            for (int layer = 0; layer < _config.Layers.Count; layer++)
            {
                own[layer + 1] = left ? own[layer] : Behind(layer, t, states);
                bool last = layer == _config.Layers.Count - 1;
                if (left || !last && _config.ExitBehind(layer) is null)
                {
                    continue;
                }

                Part norm = last ? Part.FinalNorm : Part.Exit(layer, Role.Norm);
                Tensor scores = Multiply(
                    Normed(own[layer + 1], norm, _config.FinalNorm!),
                    _config.Head is LanguageSpec { Tied: true } ? Part.Word : Part.Head(Role.Out)
                );
                int exit = last ? _config.ExitCount - 1 : _config.ExitBehind(layer)!.Value;
                left = last || Leaves(exit, [.. scores.Row(0)], ref before, ref streak);
                if (left)
                {
                    said.Add((exit, [.. scores.Row(0)]));
                }
            }
        }

        return said;
    }

    bool Leaves(int exit, float[] scores, ref int before, ref int streak)
    {
        double[] p = [.. scores.Select(s => Math.Exp(s - scores.Max()))];
        p = [.. p.Select(x => x / p.Sum())];
        double entropy = -p.Sum(x => x * Math.Log(x)),
            measure = effort.Rule switch
            {
                ExitRule.Confidence => p.Max() - effort.Threshold,
                ExitRule.Entropy => effort.Threshold - entropy,
                ExitRule.Normalized => effort.Threshold - entropy / Math.Log(p.Length),
                _ => double.PositiveInfinity,
            };
        Margin = Math.Min(Margin, Math.Abs(measure));
        int best = Array.IndexOf(scores, scores.Max());
        streak = best == before ? streak + 1 : 0;
        before = best;
        return effort.Rule switch
        {
            ExitRule.Exit => exit + 1 == (int)effort.Threshold,
            ExitRule.Patience => streak >= effort.Threshold,
            ExitRule.Never => false,
            _ => measure > 0,
        };
    }

    Tensor Embedded(int id, int place)
    {
        Tensor x = new(1, _config.Hidden);
        for (int d = 0; d < _config.Hidden; d++)
        {
            x.Row(0)[d] =
                model.Parameters[Part.Word.Weight].Row(id)[d]
                + (
                    _config.HasPositionTable
                        ? model.Parameters[Part.Position.Weight].Row(place)[d]
                        : 0
                );
        }

        return x;
    }

    Tensor Behind(int layer, int t, List<Tensor[]> states)
    {
        Block block = _config.Layers[layer];
        AttentionSpec spec = block.Attention;
        Part Of(Role role) => Part.Layer(layer, role);
        Tensor x = states[t][layer],
            q = Heads(Multiply(In(x), Of(Role.Query)), Role.QueryNorm, spec.Heads, t),
            context = new(1, spec.Columns);
        (Tensor Key, Tensor Value)[] seen =
        [
            .. Enumerable.Range(0, t + 1).Select(u => KeyAndValue(In(states[u][layer]), u)),
        ];
        for (int h = 0; h < spec.Heads; h++)
        {
            int column = h / spec.HeadsPerKey * spec.Width;
            double[] weights =
            [
                .. Enumerable
                    .Range(0, t + 1)
                    .Select(u =>
                        t - u > (spec.Reach ?? int.MaxValue)
                            ? 0
                            : Math.Exp(
                                Enumerable
                                    .Range(0, spec.Width)
                                    .Sum(d =>
                                        (double)q.Row(0)[h * spec.Width + d]
                                        * seen[u].Key.Row(0)[column + d]
                                    ) / Math.Sqrt(spec.Width)
                            )
                    ),
            ];
            for (int d = 0; d < spec.Width; d++)
            {
                context.Row(0)[h * spec.Width + d] = (float)(
                    weights.Select((w, u) => w * seen[u].Value.Row(0)[column + d]).Sum()
                    / weights.Sum()
                );
            }
        }

        Tensor attended = Sum(x, Multiply(context, Of(Role.Attention))),
            normed = Normed(attended, Of(Role.Norm), block.Norm),
            inner;
        if (block.Mlp.Gated)
        {
            Tensor both = Multiply(normed, Of(Role.Gate));
            inner = new Tensor(1, block.Mlp.Width);
            _kernels.Rows.Gate(
                workers,
                new Gated(
                    block.Mlp.Activation,
                    new Columns(both),
                    new Columns(both, block.Mlp.Width)
                ),
                inner
            );
        }
        else
        {
            inner = Multiply(normed, Of(Role.Up), block.Mlp.Activation);
        }

        return Sum(attended, Multiply(inner, Of(Role.Down)));

        Tensor In(Tensor state) => Normed(state, Of(Role.AttentionNorm), block.Norm);

        (Tensor, Tensor) KeyAndValue(Tensor normed, int place)
        {
            Tensor both = Multiply(normed, Of(Role.Key)),
                key = new(1, spec.KeyColumns);
            both.Row(0)[..spec.KeyColumns].CopyTo(key.Row(0));
            if (both.Columns == spec.KeyColumns)
            {
                return (
                    Heads(key, Role.KeyNorm, spec.KeyHeads, place),
                    Multiply(normed, Of(Role.Value))
                );
            }

            Tensor value = new(1, spec.KeyColumns);
            both.Row(0)[spec.KeyColumns..].CopyTo(value.Row(0));
            return (Heads(key, Role.KeyNorm, spec.KeyHeads, place), value);
        }

        Tensor Heads(Tensor columns, Role norm, int heads, int place)
        {
            if (spec.HeadNorm is { } own)
            {
                Tensor rows = columns.Part(0, new Shape(heads, spec.Width));
                Normed(rows, Of(norm), own).Span.CopyTo(columns.Span);
            }

            if (spec.Rotary is not null)
            {
                _kernels.Rows.Rotate(
                    workers,
                    new Rotation(_packed.Turns.Of(spec, place + 1), [place], heads, spec.Width),
                    new Columns(columns),
                    new Columns(columns)
                );
            }

            return columns;
        }
    }

    Tensor Multiply(Tensor x, Part part, Activation activation = Activation.None)
    {
        PackedLinear linear = _packed.Linear(part);
        Tensor y = new(x.Rows, linear.Outputs);
        linear.Multiply(_flow, x, y, activation);
        return y;
    }

    Tensor Normed(Tensor x, Part part, NormSpec spec)
    {
        var (weight, bias) = _packed.Norm(part);
        Tensor y = new(x.Rows, x.Columns);
        _kernels.Rows.AddNorm(workers, x, null, new Norm(weight, bias, spec.Epsilon, spec.Kind), y);
        return y;
    }

    static Tensor Sum(Tensor a, Tensor b)
    {
        Tensor sum = a.Clone();
        for (int i = 0; i < sum.Count; i++)
        {
            sum.Span[i] += b.Span[i];
        }

        return sum;
    }
}
