using Espalier.Models;
using Espalier.Stored;
using Espalier.Tensors;
using MathNet.Numerics.LinearAlgebra;

namespace Espalier.Operators;

/// <summary>What the matrices are left with.</summary>
public enum Compensation
{
    /// <summary>What stays makes up for what went, as far as a linear can.</summary>
    LeastSquares,
    None,
}

/// <summary>
/// P(newton): numerical pruning (Shen et al. 2024, arXiv 2412.12441), without training. The linear behind the heads and the one
/// behind the neurons say how much each of their inputs is worth, by one Newton step that is exact; what stays of them is then
/// refitted to what they gave before. Channels and layers go by Minitron's measures.
/// </summary>
public sealed record Newton : Pruning
{
    /// <summary>Of the mean of a diagonal, added to it: inputs that depend on each other have no inverse.</summary>
    internal const double Damp = 0.01;
    const int AtOnce = 8;

    static readonly IReadOnlyList<Option> Its =
    [
        .. Known,
        Option.Choice<Newton, Compensation>(
            "compensation",
            "Whether the weights that stay are refitted.",
            o => o.Compensation,
            (o, value) => o with { Compensation = value }
        ),
    ];

    public Newton()
        : base("newton", "prune by numerical scores, without training", Its)
    {
        Heads = Amount.Share(0.8);
        FeedForward = Amount.Share(0.8);
        Weights = new DistillationWeights(0, 0, 0, 1);
    }

    public Compensation Compensation { get; init; } = Compensation.LeastSquares;

    /// <summary>Of a language model, which it was made for: training it again is dear, and this trains nothing.</summary>
    public override IReadOnlyList<Operator> Variants(ModelConfig config) =>
        config.IsLanguage ? [this] : [];

    protected override Worths Worth(Model model, OperatorContext context)
    {
        ModelConfig config = model.Config;
        Dictionary<int, (double[] Heads, double[] Neurons)> sets = [];
        CalibrationRun.Run(
            model,
            Tuning(model, context, AtOnce),
            context,
            (now, layer, moments) =>
            {
                AttentionSpec spec = config.Layers[layer].Attention;
                double[] inputs = Scores(
                    now.Parameters[config.PartOf(layer, Role.Attention).Weight],
                    moments[Role.Attention].Products,
                    Heads.Of(spec.Heads) * spec.Width
                );
                sets[config.SetOf(layer)] = (
                    [.. inputs.Chunk(spec.Width).Select(head => head.Average())],
                    Scores(
                        now.Parameters[config.PartOf(layer, Role.Down).Weight],
                        moments[Role.Down].Products,
                        FeedForward.Of(config.Layers[layer].Mlp.Width)
                    )
                );
                return now;
            }
        );
        return new Worths(
            [.. config.Layers.Select((_, l) => sets[config.SetOf(l)].Heads)],
            [.. config.Layers.Select((_, l) => sets[config.SetOf(l)].Neurons)],
            Hidden.Of(config.Hidden) == config.Hidden
                ? []
                : Activity.Of(model, Tuning(model, context, 1), context).Channels
        );
    }

    protected override Model Refit(Model model, Kept kept, OperatorContext context) =>
        Compensation == Compensation.None
            ? model
            : CalibrationRun.Run(
                model,
                Tuning(model, context, AtOnce),
                context,
                (now, layer, moments) =>
                {
                    int width = now.Config.Layers[layer].Attention.Width;
                    int[] heads =
                    [
                        .. kept.Heads[layer].SelectMany(h => Enumerable.Range(h * width, width)),
                    ];
                    Dictionary<string, Weight> fitted = new()
                    {
                        [now.Config.PartOf(layer, Role.Attention).Weight] = Fitted(
                            now.Parameters[now.Config.PartOf(layer, Role.Attention).Weight],
                            moments[Role.Attention].Products,
                            heads
                        ),
                        [now.Config.PartOf(layer, Role.Down).Weight] = Fitted(
                            now.Parameters[now.Config.PartOf(layer, Role.Down).Weight],
                            moments[Role.Down].Products,
                            kept.Neurons[layer]
                        ),
                    };
                    return now with
                    {
                        Parameters = now.Parameters.With(n => fitted.GetValueOrDefault(n)),
                    };
                }
            );

    /// <summary>
    /// z that makes ½ Σ_i ‖X w_i − X (z ∘ w_i)‖² least with Σ z = r (the paper's penalty with λ → ∞): with A = (WᵀW) ∘ (XᵀX),
    /// z = 1 − (D − r) A⁻¹1 / 1ᵀA⁻¹1.
    /// </summary>
    /// <param name="weight">W, [outputs, D].</param>
    /// <param name="products">XᵀX, [D, D].</param>
    /// <param name="stay">r.</param>
    internal static double[] Scores(Tensor weight, Tensor products, double stay)
    {
        int width = weight.Columns;
        Matrix<double> w = Of(weight),
            a = w.TransposeThisAndMultiply(w).PointwiseMultiply(Of(products));
        AddToDiagonal(a);
        Vector<double> ones = Vector<double>.Build.Dense(width, 1),
            solved = a.Cholesky().Solve(ones);
        return [.. (ones - (width - stay) / solved.Sum() * solved)];
    }

    /// <summary>
    /// The weight with zeros in all columns but some, which are those that make ‖X W'ᵀ − X Wᵀ‖² least: W'_K = W_K + W_P G_PK G_KK⁻¹
    /// with G = XᵀX: the paper's δW, without the inverse of all of G.
    /// </summary>
    internal static Tensor Fitted(Tensor weight, Tensor products, int[] kept)
    {
        Tensor fitted = new(weight.Shape);
        int[] gone = [.. Enumerable.Range(0, weight.Columns).Except(kept)];
        Matrix<double>? more = null;
        if (gone.Length > 0)
        {
            Matrix<double> own = Some(products, kept, kept);
            AddToDiagonal(own);
            more = own.Cholesky()
                .Solve(Some(products, kept, gone).TransposeAndMultiply(Some(weight, null, gone)));
        }

        for (int r = 0; r < weight.Rows; r++)
        {
            for (int k = 0; k < kept.Length; k++)
            {
                fitted.Row(r)[kept[k]] = (float)(weight.Row(r)[kept[k]] + (more?[k, r] ?? 0));
            }
        }

        return fitted;
    }

    static void AddToDiagonal(Matrix<double> matrix)
    {
        double damp = Math.Max(Damp * matrix.Trace() / matrix.RowCount, double.Epsilon);
        for (int i = 0; i < matrix.RowCount; i++)
        {
            matrix[i, i] += damp;
        }
    }

    static Matrix<double> Of(Tensor tensor) =>
        Some(tensor, null, [.. Enumerable.Range(0, tensor.Columns)]);

    /// <param name="rows">Null: all.</param>
    static Matrix<double> Some(Tensor tensor, int[]? rows, int[] columns) =>
        Matrix<double>.Build.Dense(
            rows?.Length ?? tensor.Rows,
            columns.Length,
            (r, c) => tensor.Row(rows?[r] ?? r)[columns[c]]
        );
}
