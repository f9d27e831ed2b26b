using Espalier.Autograd;
using Espalier.Kernels;
using Espalier.Models;
using Espalier.Tensors;

namespace Espalier.Training;

/// <summary>AdamW over the trained parameters of a graph, with clipping of the global gradient norm.</summary>
public sealed class AdamW
{
    readonly Workers _workers;
    readonly RowKernels _rows;
    readonly TrainingOptions _options;

    /// <param name="rateFactor">Multiplies the learning rate of a parameter, by name.</param>
    public AdamW(
        EncoderGraph graph,
        Workers workers,
        KernelFamily kernels,
        TrainingOptions options,
        Func<string, double>? rateFactor = null
    )
    {
        (_workers, _rows, _options) = (workers, kernels.Rows, options);
        Slots =
        [
            .. graph.Trained.Select(p => new Slot(
                p.Name,
                p.Variable,
                new Tensor(p.Variable.Value.Shape),
                new Tensor(p.Variable.Value.Shape),
                rateFactor?.Invoke(p.Name) ?? 1
            )),
        ];
    }

    /// <summary>A parameter with its two moments.</summary>
    public sealed record Slot(
        string Name,
        Variable Variable,
        Tensor First,
        Tensor Second,
        double RateFactor
    );

    public IReadOnlyList<Slot> Slots { get; }

    /// <summary>Steps taken.</summary>
    public int Steps { get; set; }

    /// <summary>√ Σ g² over all parameters.</summary>
    public double GradientNorm() =>
        Math.Sqrt(Slots.Sum(s => _rows.SumOfSquares(_workers, s.Variable.Gradient!)));

    /// <summary>One step; the gradients are zero afterwards.</summary>
    /// <param name="norm">What <see cref="GradientNorm"/> gave.</param>
    /// <param name="updated">Called with each parameter as soon as it has its new numbers.</param>
    public void Step(double rate, double norm, Action<Tensor>? updated = null)
    {
        Steps++;
        float scale = (float)Math.Min(1, _options.ClipNorm / (norm + 1e-6));
        foreach (Slot slot in Slots)
        {
            AdamWStep step = new(
                (float)(rate * slot.RateFactor),
                Names.Decays(slot.Name) ? (float)_options.Decay : 0,
                (float)_options.Beta1,
                (float)_options.Beta2,
                (float)_options.Epsilon,
                (float)(1 - Math.Pow(_options.Beta1, Steps)),
                (float)(1 - Math.Pow(_options.Beta2, Steps))
            );
            _rows.AdamW(
                _workers,
                slot.Variable.Value,
                slot.Variable.Gradient!,
                slot.First,
                slot.Second,
                step,
                scale
            );
            updated?.Invoke(slot.Variable.Value);
        }
    }
}
