using Espalier.Autograd;
using Espalier.Data;
using Espalier.Kernels;
using Espalier.Models;
using Espalier.Training;

namespace Espalier.Operators;

/// <summary>
/// First-order importance of heads, feed-forward neurons and channels from the gradients of the task's loss. ξ is a gate on a
/// head's output, so ∂L/∂ξ is the sum over its elements of value times gradient.
/// </summary>
/// <param name="Heads">Σ over examples of |∂L_x/∂ξ|, per layer (Michel et al. 2019, equation 2).</param>
/// <param name="HeadBatches">Σ over batches of |∂(mean L)/∂ξ|, per layer (FastFormers).</param>
/// <param name="Neurons">Σ over batches of |Σ_j W1 ∂W1 + b1 ∂b1|, per layer (FastFormers).</param>
/// <param name="NeuronsBothSides">That plus |Σ_i W2 ∂W2| within each batch (DynaBERT).</param>
/// <param name="Channels">Σ over batches of |∂L/∂ξ| of a gate on the channel behind every norm of the stream: Σ w ∂w + b ∂b.</param>
public sealed record Importance(
    IReadOnlyList<double[]> Heads,
    IReadOnlyList<double[]> HeadBatches,
    IReadOnlyList<double[]> Neurons,
    IReadOnlyList<double[]> NeuronsBothSides,
    double[] Channels,
    long Tokens
)
{
    /// <summary>Whether the gradient of a parameter is read; a learner may freeze the others, which is half of a language model's backward pass.</summary>
    public static bool Reads(string name) =>
        Part.Of(name) is { IsNorm: true } or { Role: Role.Up or Role.Down };

    public static Importance Of(Learner model, IEnumerable<Batch> batches)
    {
        ModelConfig config = model.Model.Config;
        double[][] heads = [.. config.Layers.Select(l => new double[l.Attention.Heads])],
            headBatches = [.. config.Layers.Select(l => new double[l.Attention.Heads])],
            neurons = [.. config.Layers.Select(l => new double[l.Mlp.Width])],
            both = [.. config.Layers.Select(l => new double[l.Mlp.Width])];
        double[] channels = new double[config.Hidden];
        Part[] norms =
        [
            .. model.Model.Parameters.Names.Select(Part.Of).Distinct().Where(p => Norms(p, config)),
        ];
        model.Tape.WeightsChanged();
        long tokens = 0;
        foreach (Batch batch in batches)
        {
            model.ClearGradients();
            model.Tape.Begin();
            Pass pass = model.Forward(batch, allExits: false);
            model.Tape.Backward(TaskLoss.Of(pass, pass.Output.LastLogits));
            tokens += batch.Tokens;
            for (int l = 0; l < config.Layers.Count; l++)
            {
                AddHeads(
                    pass.Output.Contexts[l],
                    pass.Output.Sequences[l],
                    config.HeadWidth,
                    heads[l],
                    headBatches[l]
                );
                AddNeurons(model, l, neurons[l], both[l]);
            }

            AddChannels(model, norms, channels);
        }

        return new Importance(heads, headBatches, neurons, both, channels, tokens);
    }

    /// <summary>Divided by its Euclidean norm in each layer, so that layers can be compared.</summary>
    public static IReadOnlyList<double[]> Normalized(IReadOnlyList<double[]> scores) =>
        [
            .. scores.Select(layer =>
            {
                double norm = Math.Sqrt(layer.Sum(s => s * s));
                return norm == 0 ? layer : [.. layer.Select(s => s / norm)];
            }),
        ];

    /// <summary>Whether a part norms what goes through the layers.</summary>
    static bool Norms(Part part, ModelConfig config) =>
        part.IsNorm
        && part.Role is not (Role.QueryNorm or Role.KeyNorm)
        && (
            part.Stretch is Stretch.Layer or Stretch.Final
            || part == Part.EmbeddingNorm && !config.ProjectsEmbedding
        );

    static void AddChannels(Learner model, Part[] norms, double[] channels)
    {
        double[] sums = new double[channels.Length];
        foreach (Part norm in norms)
        {
            var (weight, bias) = model[norm];
            Add(weight);
            if (bias is not null)
            {
                Add(bias);
            }
        }

        for (int c = 0; c < sums.Length; c++)
        {
            channels[c] += Math.Abs(sums[c]);
        }

        void Add(Variable of)
        {
            for (int c = 0; c < sums.Length; c++)
            {
                sums[c] += (double)of.Value.Span[c] * of.Gradient!.Span[c];
            }
        }
    }

    static void AddHeads(
        Variable context,
        Sequences batch,
        int width,
        double[] examples,
        double[] batches
    )
    {
        // The loss is a mean over examples, so an example's own gradient is count times what arrives at its rows.
        double[] gates = new double[examples.Length],
            all = new double[examples.Length];
        for (int s = 0; s < batch.Count; s++)
        {
            Array.Clear(gates);
            for (int row = batch.Starts[s]; row < batch.Starts[s + 1]; row++)
            {
                ReadOnlySpan<float> value = context.Value.Row(row),
                    gradient = context.Gradient!.Row(row);
                for (int c = 0; c < value.Length; c++)
                {
                    gates[c / width] += (double)value[c] * gradient[c];
                }
            }

            for (int h = 0; h < gates.Length; h++)
            {
                examples[h] += Math.Abs(gates[h]) * batch.Count;
                all[h] += gates[h];
            }
        }

        for (int h = 0; h < all.Length; h++)
        {
            batches[h] += Math.Abs(all[h]);
        }
    }

    static void AddNeurons(Learner model, int layer, double[] first, double[] both)
    {
        ModelConfig config = model.Model.Config;
        var (up, bias) = model[config.PartOf(layer, Role.Up)];
        Variable down = model[config.PartOf(layer, Role.Down)].Weight;
        double[] second = new double[first.Length];
        for (int i = 0; i < down.Value.Rows; i++)
        {
            ReadOnlySpan<float> value = down.Value.Row(i),
                gradient = down.Gradient!.Row(i);
            for (int k = 0; k < second.Length; k++)
            {
                second[k] += (double)value[k] * gradient[k];
            }
        }

        for (int k = 0; k < first.Length; k++)
        {
            double sum = bias is null ? 0 : (double)bias.Value.Span[k] * bias.Gradient!.Span[k];
            ReadOnlySpan<float> value = up.Value.Row(k),
                gradient = up.Gradient!.Row(k);
            for (int j = 0; j < value.Length; j++)
            {
                sum += (double)value[j] * gradient[j];
            }

            first[k] += Math.Abs(sum);
            both[k] += Math.Abs(sum) + Math.Abs(second[k]);
        }
    }
}
