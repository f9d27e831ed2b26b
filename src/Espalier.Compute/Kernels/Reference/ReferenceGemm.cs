using Espalier.Tensors;

namespace Espalier.Kernels.Reference;

/// <summary>Plain loops; B is kept as [K, N].</summary>
sealed class ReferenceGemm : Gemm
{
    sealed class Plain(int k, int n) : PackedMatrix(k, n)
    {
        public Tensor Values { get; } = new(k, n);
        public override long Bytes => 4L * K * N;
    }

    public override PackedMatrix Allocate(int k, int n) => new Plain(k, n);

    public override void Pack(Workers workers, Tensor b, bool transposed, PackedMatrix into)
    {
        Tensor values = ((Plain)into).Values;
        if (!transposed)
        {
            b.Span.CopyTo(values.Span);
            return;
        }

        workers.Run(
            into.K,
            k =>
            {
                Span<float> row = values.Row(k),
                    from = b.Span;
                for (int n = 0; n < row.Length; n++)
                {
                    row[n] = from[n * into.K + k];
                }
            }
        );
    }

    public override void Multiply(
        Workers workers,
        Tensor a,
        bool transposedA,
        PackedMatrix b,
        Tensor c,
        Epilogue epilogue = default
    )
    {
        Check(a, transposedA, b, c);
        Multiply(workers, a, transposedA, ((Plain)b).Values, c, epilogue);
    }

    /// <summary>As b lies here as it is, there is nothing to pack.</summary>
    public override void Multiply(
        Workers workers,
        Tensor a,
        bool transposedA,
        Tensor b,
        Tensor c,
        bool accumulate
    ) => Multiply(workers, a, transposedA, b, c, new Epilogue(Accumulate: accumulate));

    static void Multiply(
        Workers workers,
        Tensor a,
        bool transposedA,
        Tensor values,
        Tensor c,
        Epilogue epilogue
    )
    {
        var (m, kCount) = transposedA ? (a.Columns, a.Rows) : (a.Rows, a.Columns);
        int nCount = values.Columns;
        workers.Run(
            m,
            i =>
            {
                Span<float> row = c.Row(i),
                    from = a.Span;
                if (!epilogue.Accumulate)
                {
                    row.Clear();
                }

                for (int k = 0; k < kCount; k++)
                {
                    float x = transposedA ? from[k * m + i] : from[i * kCount + k];
                    Span<float> weights = values.Row(k);
                    for (int n = 0; n < nCount; n++)
                    {
                        row[n] += x * weights[n];
                    }
                }

                Finish(row, i, epilogue);
            }
        );
    }

    /// <summary>Bias, what the backward pass needs, activation; shared by the reference kernels.</summary>
    internal static void Finish(Span<float> row, int i, Epilogue epilogue)
    {
        if (epilogue.Bias is { } bias)
        {
            Span<float> add = bias.Span;
            for (int n = 0; n < row.Length; n++)
            {
                row[n] += add[n];
            }
        }

        if (epilogue.Linear is { } linear)
        {
            row.CopyTo(linear.Row(i));
        }

        if (epilogue.Activation != Activation.None)
        {
            for (int n = 0; n < row.Length; n++)
            {
                row[n] = (float)Activations.Value(epilogue.Activation, row[n]);
            }
        }
    }
}
