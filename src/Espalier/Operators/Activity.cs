using Espalier.Data;
using Espalier.Models;
using Espalier.Tensors;

namespace Espalier.Operators;

/// <summary>
/// How active the parts of a model are on some examples, forward alone: of each example the mean over its tokens, of these the
/// Euclidean norm (Muralidharan et al. 2024: batch L2, sequence mean).
/// </summary>
/// <param name="Heads">Of ‖context of the head‖, for each layer.</param>
/// <param name="Neurons">Of |what the down projection reads|, for each layer.</param>
/// <param name="Channels">Of |what attention and the feed-forward part read|, summed over both of every layer.</param>
/// <param name="Influence">Of each layer 1 − the mean over tokens of the cosine of its input and output (Men et al. 2024, Block Influence).</param>
public sealed record Activity(
    IReadOnlyList<double[]> Heads,
    IReadOnlyList<double[]> Neurons,
    double[] Channels,
    double[] Influence
)
{
    /// <param name="examples">One in each batch.</param>
    public static Activity Of(Model model, IReadOnlyList<Batch> examples, OperatorContext context)
    {
        ModelConfig config = model.Config;
        double[][] heads = new double[config.Layers.Count][],
            neurons = new double[config.Layers.Count][];
        double[] channels = new double[config.Hidden],
            influence = new double[config.Layers.Count];
        LayerStream stream = new(model, examples, context.Workers, context.Kernels);
        for (int layer = 0; layer < config.Layers.Count; layer++)
        {
            context.Stop.ThrowIfCancellationRequested();
            Block block = config.Layers[layer];
            double[] ofHeads = heads[layer] = new double[block.Attention.Heads],
                ofNeurons = neurons[layer] = new double[block.Mlp.Width],
                attention = new double[config.Hidden],
                feed = new double[config.Hidden];
            Tensor[] before = [.. stream.States.Select(s => s.Clone())];
            stream.Run(
                model,
                layer,
                (part, x) =>
                {
                    switch (part.Role)
                    {
                        case Role.Query:
                            Add(x, 1, attention);
                            break;
                        case Role.Attention:
                            Add(x, block.Attention.Width, ofHeads);
                            break;
                        case Role.Gate:
                        case Role.Up when !block.Mlp.Gated:
                            Add(x, 1, feed);
                            break;
                        case Role.Down:
                            Add(x, 1, ofNeurons);
                            break;
                    }
                },
                move: true
            );
            influence[layer] = 1 - Cosine(before, stream.States);
            Roots(ofHeads);
            Roots(ofNeurons);
            Roots(attention);
            Roots(feed);
            for (int c = 0; c < channels.Length; c++)
            {
                channels[c] += attention[c] + feed[c];
            }
        }

        return new Activity(heads, neurons, channels, influence);
    }

    /// <summary>The square of the mean over rows of the norm of every so many columns.</summary>
    static void Add(Tensor x, int width, double[] squares)
    {
        double[] sums = new double[squares.Length];
        for (int r = 0; r < x.Rows; r++)
        {
            ReadOnlySpan<float> row = x.Row(r);
            for (int i = 0; i < sums.Length; i++)
            {
                double square = 0;
                foreach (float value in row.Slice(i * width, width))
                {
                    square += (double)value * value;
                }

                sums[i] += Math.Sqrt(square);
            }
        }

        for (int i = 0; i < sums.Length; i++)
        {
            double mean = sums[i] / x.Rows;
            squares[i] += mean * mean;
        }
    }

    static void Roots(double[] squares)
    {
        foreach (ref double square in squares.AsSpan())
        {
            square = Math.Sqrt(square);
        }
    }

    static double Cosine(Tensor[] before, IReadOnlyList<Tensor> after)
    {
        double sum = 0;
        long rows = 0;
        for (int i = 0; i < before.Length; i++)
        {
            for (int r = 0; r < before[i].Rows; r++)
            {
                ReadOnlySpan<float> x = before[i].Row(r),
                    y = after[i].Row(r);
                double product = 0,
                    squares = 0,
                    others = 0;
                for (int c = 0; c < x.Length; c++)
                {
                    product += (double)x[c] * y[c];
                    squares += (double)x[c] * x[c];
                    others += (double)y[c] * y[c];
                }

                sum += squares * others == 0 ? 1 : product / Math.Sqrt(squares * others);
                rows++;
            }
        }

        return sum / rows;
    }
}
