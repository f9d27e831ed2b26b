using Espalier.Autograd;
using Espalier.Kernels;
using Espalier.Models;
using Espalier.Tensors;

namespace Espalier.Training;

/// <summary>
/// AdamW over parameters, with clipping of the global gradient norm. Rows of a table of embeddings
/// that no example touched are left alone and take the steps they missed when they are next needed, to the same bytes:
/// see <see cref="Prepare"/> and <see cref="CatchUp"/>.
/// </summary>
public sealed class AdamW
{
    readonly Workers _workers;
    readonly RowKernels _rows;
    readonly TrainingOptions _options;

    /// <param name="rateFactor">Multiplies the learning rate of a parameter, by name.</param>
    public AdamW(
        IEnumerable<(string Name, Variable Variable)> trained,
        Workers workers,
        KernelFamily kernels,
        TrainingOptions options,
        Func<string, double>? rateFactor = null
    )
    {
        (_workers, _rows, _options) = (workers, kernels.Rows, options);
        Slots =
        [
            .. trained.Select(p => new Slot(
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
    )
    {
        public bool Decays { get; } = Part.Decays(Name);

        internal Learned Learned(Tensor? gradient) => new(Variable.Value, gradient, First, Second);

        /// <summary>Where rows are followed one by one.</summary>
        internal LateRows? Late { get; } =
            Variable.Rows is null ? null : new LateRows(Variable.Value.Rows);
    }

    /// <summary>Steps since rows were last all brought up to date, and how many of them each row has taken.</summary>
    internal sealed class LateRows(int rows)
    {
        // Steps are kept until so many have come together; then all rows take them.
        public const int Most = 4096;

        public AdamWStep[] Steps { get; } = new AdamWStep[Most];
        public int Count { get; set; }
        public int[] Taken { get; } = new int[rows];
        public RowSet Needed { get; } = new(rows);
        public int[] All { get; } = [.. Enumerable.Range(0, rows)];
        public int[] Some { get; } = new int[rows];

        public ReadOnlyMemory<AdamWStep> SoFar => Steps.AsMemory(0, Count);

        public ReadOnlyMemory<int> Listed(ReadOnlySpan<int> rows)
        {
            rows.CopyTo(Some);
            return Some.AsMemory(0, rows.Length);
        }
    }

    public IReadOnlyList<Slot> Slots { get; }

    /// <summary>Steps taken.</summary>
    public int Steps { get; set; }

    /// <summary>√ Σ g² over all parameters.</summary>
    public double GradientNorm() =>
        Math.Sqrt(
            Slots.Sum(s =>
                s.Variable.Rows is { } touched
                    ? RowKernels.SumOfSquares(s.Variable.Gradient!, touched.Rows)
                    : _rows.SumOfSquares(_workers, s.Variable.Gradient!)
            )
        );

    /// <summary>Brings the rows up to date that a forward pass is going to read.</summary>
    /// <param name="rows">Of every table whose rows are followed: token ids.</param>
    public void Prepare(ReadOnlySpan<int> rows)
    {
        foreach (Slot slot in Slots)
        {
            if (slot.Late is { } late)
            {
                late.Needed.Clear();
                late.Needed.Add(rows);
                Take(slot, late, late.Listed(late.Needed.Rows), null, 1);
            }
        }
    }

    /// <summary>Brings every row up to date: before anyone reads the parameters or moments as a whole.</summary>
    public void CatchUp()
    {
        foreach (Slot slot in Slots)
        {
            if (slot.Late is { } late)
            {
                Take(slot, late, late.All, null, 1);
                Array.Clear(late.Taken);
                late.Count = 0;
            }
        }
    }

    /// <summary>One step; the gradients are zero afterwards.</summary>
    /// <param name="norm">What <see cref="GradientNorm"/> gave.</param>
    /// <param name="tape">Whose packed weights are made again on the way, while they are in a cache.</param>
    public void Step(double rate, double norm, Tape? tape = null)
    {
        Steps++;
        tape?.WeightsChanged();
        float scale = (float)Math.Min(1, _options.ClipNorm / (norm + 1e-6));
        foreach (Slot slot in Slots)
        {
            AdamWStep step = new(
                (float)(rate * slot.RateFactor),
                slot.Decays ? (float)_options.Decay : 0,
                (float)_options.Beta1,
                (float)_options.Beta2,
                (float)_options.Epsilon,
                (float)(1 - Math.Pow(_options.Beta1, Steps)),
                (float)(1 - Math.Pow(_options.Beta2, Steps))
            );
            if (slot.Late is { } late)
            {
                late.Steps[late.Count++] = step;
                RowSet touched = slot.Variable.Rows!;
                Take(slot, late, late.Listed(touched.Rows), slot.Variable.Gradient, scale);
                touched.Clear();
                if (late.Count == LateRows.Most)
                {
                    CatchUp();
                }
            }
            else
            {
                Take(slot, step, scale, tape);
                slot.Variable.ClearGradient();
            }
        }
    }

    void Take(Slot slot, in AdamWStep step, float scale, Tape? tape)
    {
        Tensor value = slot.Variable.Value;
        PackedForms forms = tape?.Forms(value) ?? default;
        if (_rows.AdamW(_workers, slot.Learned(slot.Variable.Gradient), step, scale, forms))
        {
            tape!.Repacked(value);
        }
        else
        {
            tape?.Repack(value);
        }
    }

    void Take(Slot slot, LateRows late, ReadOnlyMemory<int> rows, Tensor? gradient, float scale)
    {
        MissedSteps missed = new(rows, late.Taken, late.SoFar);
        _rows.AdamW(_workers, slot.Learned(gradient), missed, scale);
        foreach (int row in rows.Span)
        {
            late.Taken[row] = late.Count;
        }
    }
}
