using System.Numerics.Tensors;
using Espalier.Data;
using Espalier.Kernels;
using Espalier.Models;
using Tensor = Espalier.Tensors.Tensor;

namespace Espalier.Operators;

/// <summary>What is known of the inputs x [T, K] of a linear.</summary>
/// <param name="Products">Σ x xᵀ over all rows, [K, K].</param>
/// <param name="Magnitudes">Mean of |x| for each column.</param>
public sealed record Moments(Tensor Products, float[] Magnitudes, long Rows)
{
    public int Width => Magnitudes.Length;

    public static Moments Of(int width) => new(new Tensor(width, width), new float[width], 0);

    /// <summary>With more rows; this one's memory is used.</summary>
    public Moments With(Tensor x, Workers workers, Gemm gemm)
    {
        gemm.Multiply(workers, x, true, x, Products, accumulate: true);
        long rows = Rows + x.Rows;
        float[] sums = new float[Width];
        for (int r = 0; r < x.Rows; r++)
        {
            for (int i = 0; i < sums.Length; i++)
            {
                sums[i] += Math.Abs(x.Row(r)[i]);
            }
        }

        for (int i = 0; i < sums.Length; i++)
        {
            Magnitudes[i] = (float)((Magnitudes[i] * (double)Rows + sums[i]) / rows);
        }

        return this with
        {
            Rows = rows,
        };
    }

    /// <summary>Σ over rows of (δ · x)², for δ [N, K]: what a change of the weights does to the outputs.</summary>
    public static double ErrorOf(Tensor delta, Workers workers, Gemm gemm, PackedMatrix packed)
    {
        Tensor product = new(delta.Shape);
        gemm.Multiply(workers, delta, false, packed, product);
        return TensorPrimitives.Dot<float>(delta.Span, product.Span);
    }
}

/// <summary>
/// Examples of the task on their way through the layers, each of which is changed by what its inputs were; the next sees what the
/// changed one gives. Memory, beside the model: see <see cref="Bound"/>.
/// </summary>
public static class CalibrationRun
{
    const int ExamplesAtOnce = 8;

    /// <summary>Of the training split, drawn by the stage's chance.</summary>
    public static IReadOnlyList<Batch> Examples(OperatorContext context, int count)
    {
        EncodedSplit split = context.Task.Training;
        int[] order = split.Shuffled(context.Rng.Split("calibration"));
        return
        [
            .. order
                .Take(count)
                .OrderBy(split.Length)
                .Chunk(ExamplesAtOnce)
                .Select(chunk => split.Take(chunk)),
        ];
    }

    /// <summary>
    /// Bytes that calibrating holds at most, however many layers there are: the states of all tokens; of the layer at work its fp32
    /// weights three times (dense, packed, rounded), the moments of its inputs and three matrices of doubles of the largest; and what
    /// a batch needs in it.
    /// </summary>
    public static long Bound(ModelConfig config, IReadOnlyList<Batch> batches)
    {
        long tokens = batches.Sum(b => (long)b.Tokens),
            atOnce = batches.Max(b => (long)b.Tokens),
            most = 0;
        foreach (Block block in config.Layers)
        {
            long hidden = config.Hidden,
                context = block.Attention.Columns,
                inner = block.Mlp.Width,
                keys = block.Attention.KeyColumns,
                weights =
                    hidden * (2 * context + 2 * keys) + hidden * inner * (block.Mlp.Gated ? 3 : 2),
                moments = 2 * hidden * hidden + context * context + inner * inner,
                largest = Math.Max(Math.Max(hidden, context), inner),
                rows = atOnce * (6 * hidden + 4 * (context + 2 * keys) + 4 * inner);
            most = Math.Max(
                most,
                4 * (3 * weights + moments + rows) + 3 * sizeof(double) * largest * largest
            );
        }

        return 4 * tokens * config.Hidden + most;
    }

    /// <param name="change">
    /// The model with this layer changed, from the moments of the inputs of its parts; asked once for each set of weights.
    /// </param>
    public static Model Run(
        Model model,
        IReadOnlyList<Batch> batches,
        OperatorContext context,
        Func<Model, int, IReadOnlyDictionary<Role, Moments>, Model> change
    )
    {
        LayerStream stream = new(model, batches, context.Workers, context.Kernels);
        HashSet<int> done = [];
        for (int layer = 0; layer < model.Config.Layers.Count; layer++)
        {
            context.Stop.ThrowIfCancellationRequested();
            if (done.Add(model.Config.SetOf(layer)))
            {
                Dictionary<Role, Moments> moments = [];
                stream.Run(
                    model,
                    layer,
                    (part, x) =>
                    {
                        // Their inputs are the queries', and only some models multiply them apart.
                        if (part.Role is Role.Key or Role.Value)
                        {
                            return;
                        }

                        Moments before = moments.TryGetValue(part.Role, out Moments? so)
                            ? so
                            : Moments.Of(x.Columns);
                        moments[part.Role] = before.With(x, context.Workers, context.Kernels.Gemm);
                    },
                    move: false
                );
                model = change(model, layer, moments);
            }

            stream.Run(model, layer, null, move: true);
        }

        return model;
    }

    /// <summary>The linears of a layer, each with the part whose moments its inputs have.</summary>
    public static IEnumerable<(Role Linear, Role Input)> Linears(Block block)
    {
        yield return (Role.Query, Role.Query);
        yield return (Role.Key, Role.Query);
        yield return (Role.Value, Role.Query);
        yield return (Role.Attention, Role.Attention);
        Role feed = block.Mlp.Gated ? Role.Gate : Role.Up;
        if (block.Mlp.Gated)
        {
            yield return (Role.Gate, feed);
        }

        yield return (Role.Up, feed);
        yield return (Role.Down, Role.Down);
    }
}
