using System.Runtime.CompilerServices;
using Espalier.Kernels.Bf16;
using Espalier.Kernels.Reference;
using Espalier.Kernels.Vectors;
using Espalier.Tensors;

namespace Espalier.Kernels.Rowwise;

/// <summary>
/// Row kernels over registers of <typeparamref name="T"/>. Elements are cut into chunks and rows into blocks by
/// the shape alone, each big enough to be worth a thread's while; a small tensor is one block, done by the caller.
/// </summary>
sealed unsafe class VectorRows<T> : RowKernels
    where T : struct, ILanes<T>
{
    public override void Activate(Workers workers, Activation activation, Tensor x, Tensor y)
    {
        Check("Activate", x, y, nameof(y));
        ActivateChunks<T> job = new(activation, x.Address(), y.Address(), x.Count);
        workers.Run(Chunks.Of(x.Count), job);
        Keep(x, y);
    }

    public override void ActivateBackward(
        Workers workers,
        Activation activation,
        Tensor x,
        Tensor dy,
        Tensor dx
    )
    {
        Check("ActivateBackward", x, dy, nameof(dy));
        Check("ActivateBackward", x, dx, nameof(dx));
        ActivateBackwardChunks<T> job = new(
            activation,
            x.Address(),
            dy.Address(),
            dx.Address(),
            x.Count
        );
        workers.Run(Chunks.Of(x.Count), job);
        Keep(x, dy, dx);
    }

    public override void Gate(Workers workers, in Gated of, Tensor y)
    {
        Check(of, y);
        RowBlocks rows = new(y.Rows, y.Columns);
        GateBlocks<T> job = new(rows, of, new(new Columns(y)));
        workers.Run(rows.Jobs, job);
        Keep(y);
    }

    public override void GateBackward(Workers workers, in Gated of, Tensor dy, in Gated to)
    {
        Check(of, dy);
        Check(to, dy);
        RowBlocks rows = new(dy.Rows, dy.Columns);
        GateBackwardBlocks<T> job = new(rows, of, new(new Columns(dy)), to);
        workers.Run(rows.Jobs, job);
        Keep(dy);
    }

    public override void Rotate(
        Workers workers,
        in Rotation rotation,
        Columns x,
        Columns y,
        bool back = false
    )
    {
        rotation.Check(x, y);
        RowBlocks rows = new(x.Tensor.Rows, rotation.Heads * rotation.Width);
        RotaryBlocks<T> job = new(rows, rotation, new(x), new(y), back);
        workers.Run(rows.Jobs, job);
        Keep(x.Tensor, y.Tensor);
    }

    public override void AddNorm(
        Workers workers,
        Tensor x,
        Tensor? residual,
        in Norm norm,
        Tensor y,
        Tensor? sum = null,
        Tensor? statistics = null
    )
    {
        Check("AddNorm", x, y, nameof(y));
        Check("AddNorm", x, residual ?? x, nameof(residual));
        Check("AddNorm", x, sum ?? x, nameof(sum));
        Check("AddNorm", norm, x.Columns);
        if (statistics is not null)
        {
            CheckCount("AddNorm", statistics, 2 * x.Rows, nameof(statistics));
        }

        RowBlocks rows = new(x.Rows, x.Columns);
        NormBlocks<T> job = new(
            rows,
            x.Address(),
            residual is null ? null : residual.Address(),
            new NormRow(norm),
            y.Address(),
            sum is null ? null : sum.Address(),
            statistics is null ? null : statistics.Address()
        );
        workers.Run(rows.Jobs, job);
        Keep(x, residual, norm.Weight, norm.Bias, y, sum, statistics);
    }

    public override void NormBackward(
        Workers workers,
        Tensor dy,
        Tensor sum,
        Tensor statistics,
        in Norm norm,
        Tensor dx,
        Tensor weightGradient,
        Tensor? biasGradient,
        Tensor? more = null
    )
    {
        int columns = dy.Columns;
        Check("NormBackward", dy, sum, nameof(sum));
        Check("NormBackward", dy, dx, nameof(dx));
        CheckCount("NormBackward", statistics, 2 * dy.Rows, nameof(statistics));
        Check("NormBackward", dy, more ?? dy, nameof(more));
        Check("NormBackward", norm, columns);
        CheckCount("NormBackward", weightGradient, columns, nameof(weightGradient));
        if (biasGradient is not null)
        {
            CheckCount("NormBackward", biasGradient, columns, nameof(biasGradient));
        }

        // Every block of rows has a line of its own for its part of both gradients.
        RowBlocks rows = new(dy.Rows, columns);
        float* parts = Scratch.ForCall(rows.Blocks * 2 * columns);
        NormBackwardBlocks<T> job = new(
            rows,
            dy.Address(),
            sum.Address(),
            statistics.Address(),
            new NormRow(norm),
            more is null ? null : more.Address(),
            dx.Address(),
            parts
        );
        workers.Run(rows.Jobs, job);
        rows.AddParts<T>(parts, 2 * columns, 0, weightGradient.Address(), columns);
        if (biasGradient is not null)
        {
            rows.AddParts<T>(parts, 2 * columns, columns, biasGradient.Address(), columns);
        }

        Keep(dy, sum, statistics, norm.Weight, more, dx, weightGradient, biasGradient);
    }

    public override void AddColumnSums(Workers workers, Tensor x, Tensor sums)
    {
        CheckCount("AddColumnSums", sums, x.Columns, nameof(sums));
        RowBlocks rows = new(x.Rows, x.Columns);
        float* parts = Scratch.ForCall(rows.Blocks * x.Columns);
        ColumnSumBlocks<T> job = new(rows, x.Address(), parts);
        workers.Run(rows.Jobs, job);
        rows.AddParts<T>(parts, x.Columns, 0, sums.Address(), x.Columns);
        Keep(x, sums);
    }

    public override void Dropout(Workers workers, Rng rng, float probability, Tensor x, Tensor y)
    {
        Check("Dropout", x, y, nameof(y));
        RowBlocks rows = new(x.Rows, x.Columns);
        DropoutBlocks<T> job = new(
            rows,
            rng.Key,
            DropoutMask.Threshold(probability),
            DropoutMask.Scale(probability),
            x.Address(),
            y.Address()
        );
        workers.Run(rows.Jobs, job);
        Keep(x, y);
    }

    public override void Add(Workers workers, Tensor x, Tensor other, Tensor y)
    {
        CheckCount("Add", other, x.Count, nameof(other));
        CheckCount("Add", y, x.Count, nameof(y));
        AddChunks<T> job = new(x.Address(), other.Address(), y.Address(), x.Count);
        workers.Run(Chunks.Of(x.Count), job);
        Keep(x, other, y);
    }

    public override bool AdamW(
        Workers workers,
        in Learned of,
        in AdamWStep step,
        float gradientScale,
        PackedForms forms = default
    )
    {
        int count = of.Parameter.Count;
        CheckCount("AdamW", of.Gradient!, count, "gradient");
        CheckMoments(of);
        AdamWChunks<T> chunks = new(of, step, gradientScale);
        bool packs =
            forms is { Transposed: null or Bf16Panels, Straight: null or Bf16Panels }
            && forms != default;
        if (packs)
        {
            AdamWPacking<T> job = new(chunks, of.Parameter, forms);
            workers.Run(job.Blocks, job);
        }
        else
        {
            workers.Run(Chunks.Of(count), chunks);
        }

        Keep(of.Parameter, of.Gradient, of.First, of.Second);
        return packs;
    }

    public override void AdamW(
        Workers workers,
        in Learned of,
        in MissedSteps missed,
        float gradientScale
    )
    {
        CheckMoments(of);
        AdamWRows<T> job = new(of, missed, gradientScale);
        workers.Run(job.Blocks, job);
    }

    /// <summary>Sums of some hundred numbers in float32, added up in double.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override double Exponentials(
        ReadOnlySpan<float> x,
        double most,
        double temperature,
        Span<float> y
    )
    {
        int whole = x.Length / ManyColumns * ManyColumns;
        double total = 0;
        fixed (float* from = x)
        fixed (float* to = y)
        {
            T top = T.All((float)most),
                factor = T.All((float)(1 / temperature));
            for (int first = 0; first < whole; first += ManyColumns)
            {
                T sum = T.All(0);
                for (int i = first; i < first + ManyColumns; i += T.Count)
                {
                    T e = Lanes.Exp((T.Load(from + i) - top) * factor);
                    e.Store(to + i);
                    sum += e;
                }

                total += sum.Sum();
            }
        }

        return total + ReferenceRows.Exponential(x[whole..], most, temperature, y[whole..]);
    }

    public override double SumOfSquares(Workers workers, Tensor x)
    {
        int chunks = Chunks.Of(x.Count);
        double* parts = (double*)Scratch.ForCall(2 * chunks);
        SquareChunks job = new(x.Address(), x.Count, parts);
        workers.Run(chunks, job);
        double total = 0;
        for (int i = 0; i < chunks; i++)
        {
            total += parts[i];
        }

        Keep(x);
        return total;
    }

    static void Check(string kernel, Tensor x, Tensor other, string name)
    {
        if (other.Rows != x.Rows || other.Columns != x.Columns)
        {
            throw new ArgumentException(
                $"{kernel}: {name} is {other.Shape}; it must be {x.Shape} like the first tensor."
            );
        }
    }

    static void CheckMoments(in Learned of)
    {
        CheckCount("AdamW", of.First, of.Parameter.Count, "first");
        CheckCount("AdamW", of.Second, of.Parameter.Count, "second");
    }

    static void Check(string kernel, in Norm norm, int columns)
    {
        CheckCount(kernel, norm.Weight, columns, "weight");
        if (norm.Bias is not null)
        {
            CheckCount(kernel, norm.Bias, columns, "bias");
        }
    }

    static void CheckCount(string kernel, Tensor tensor, int count, string name)
    {
        if (tensor.Count != count)
        {
            throw new ArgumentException(
                $"{kernel}: {name} is {tensor.Shape}; it must have {count} elements."
            );
        }
    }

    /// <summary>Blocks hold addresses only: the tensors must outlive them.</summary>
    static void Keep(params ReadOnlySpan<Tensor?> tensors)
    {
        foreach (Tensor? tensor in tensors)
        {
            GC.KeepAlive(tensor);
        }
    }
}
