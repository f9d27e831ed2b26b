using Espalier.Autograd;
using Espalier.Models;
using Espalier.Tensors;
using Espalier.Training;

namespace Espalier.Operators;

/// <summary>
/// L(power): PoWER-BERT (Goyal et al. 2020). Behind each attention only the rows that were attended to most go on, and each
/// layer keeps no more than the one before. How many is learned (section 3.3): rows are multiplied by a factor for their rank, and
/// λ · layer · Σ factors is added to the loss; then the model is trained with those rows alone. Sequences are not padded.
/// </summary>
public sealed record PowerBert()
    : Operator('L', "power", "keep the words that matter", Group.I, Known)
{
    const string Factors = "keep.";

    public override Effects Effects => Effects.NoPadding;

    public override IReadOnlyList<Operator> Variants(ModelConfig config) => [];

    static readonly IReadOnlyList<Option> Known =
    [
        Option.Number<PowerBert>(
            "lambda",
            "Weight of the rows in the loss: larger keeps fewer.",
            0,
            1000,
            o => o.Lambda,
            (o, value) => o with { Lambda = value }
        ),
        Option.Number<PowerBert>(
            "rate",
            "Learning rate of the factors, as a multiple of the model's.",
            0.01,
            10000,
            o => o.Rate,
            (o, value) => o with { Rate = value }
        ),
    ];

    // The paper's for MRPC: 3e-3, and rates of 3e-3 over 6e-5.
    public double Lambda { get; init; } = 3e-3;
    public double Rate { get; init; } = 50;

    public override string? Problem(ModelConfig config) =>
        config.IsLanguage
            ? "L(power) takes out words that a classifier can do without, and a language model is asked for each next one; leave it out."
            : null;

    public override Model Apply(Model model, OperatorContext context)
    {
        int longest = Math.Min(context.Task.MaxLength, model.Config.MaxLength),
            layers = model.Config.Layers.Count;
        Model tuned = Keeping(model, [.. Enumerable.Repeat(longest, layers)]);
        Parameters factors = new();
        for (int layer = 0; layer < layers; layer++)
        {
            Tensor ones = new(longest);
            ones.Span.Fill(1);
            factors.Add(Factors + layer, ones);
        }

        Variable[] used = new Variable[layers];
        context.Train(
            tuned,
            pass =>
                pass.Tape.WeightedSum([
                    .. pass.Output.Logits.Select(l => (TaskLoss.Of(pass, l), 1f)),
                    .. used.Select((f, layer) => (pass.Tape.Sum(f), (float)Lambda * (layer + 1))),
                ]),
            new Phase
            {
                Beside = factors,
                Rate = name => name.StartsWith(Factors, StringComparison.Ordinal) ? Rate : 1,
                Extract = (learner, layer, x, ranks) =>
                {
                    used[layer] = learner[Factors + layer];
                    foreach (ref float factor in used[layer].Value.Span)
                    {
                        factor = Math.Clamp(factor, 0, 1);
                    }

                    return learner.Tape.ScaleRows(x, used[layer], ranks);
                },
            }
        );
        int[] kept = Kept(factors, layers, longest);
        context.Note?.Invoke(
            $"L(power): of at most {longest} rows, {string.Join(", ", kept)} go on behind the {layers} layers."
        );
        Model final = Keeping(model, kept);
        context.Train(
            final,
            pass =>
                pass.Tape.WeightedSum([
                    .. pass.Output.Logits.Select(l => (TaskLoss.Of(pass, l), 1f)),
                ]),
            new Phase { Name = "kept" }
        );
        return final;
    }

    /// <summary>A copy in fp32 whose layers keep so many rows.</summary>
    static Model Keeping(Model model, int[] rows) =>
        model with
        {
            Config = model.Config with
            {
                Layers =
                [
                    .. model.Config.Layers.Select(
                        (l, i) => l with { Attention = l.Attention with { Keeps = rows[i] } }
                    ),
                ],
            },
            Parameters = model.Parameters.Clone(),
            Traits = model.Traits with { DynamicLength = true },
        };

    /// <summary>The sums of the factors, downwards: at least one row, and no more than the layer before.</summary>
    static int[] Kept(Parameters factors, int layers, int longest)
    {
        int[] kept = new int[layers];
        for (int layer = 0; layer < layers; layer++)
        {
            double sum = 0;
            foreach (float factor in factors[Factors + layer].Span)
            {
                sum += Math.Clamp(factor, 0, 1);
            }

            kept[layer] = Math.Clamp((int)sum, 1, layer == 0 ? longest : kept[layer - 1]);
        }

        return kept;
    }
}
