using Espalier.Tensors;

namespace Espalier.Kernels.Reference;

/// <summary>Plain loops, sums in double.</summary>
sealed class ReferenceRows : RowKernels
{
    public override void Activate(Workers workers, Activation activation, Tensor x, Tensor y) =>
        workers.Run(
            x.Rows,
            r =>
            {
                Span<float> from = x.Row(r),
                    to = y.Row(r);
                for (int i = 0; i < from.Length; i++)
                {
                    to[i] = (float)Activations.Value(activation, from[i]);
                }
            }
        );

    public override void ActivateBackward(
        Workers workers,
        Activation activation,
        Tensor x,
        Tensor dy,
        Tensor dx
    ) =>
        workers.Run(
            x.Rows,
            r =>
            {
                Span<float> at = x.Row(r),
                    from = dy.Row(r),
                    to = dx.Row(r);
                for (int i = 0; i < from.Length; i++)
                {
                    to[i] = (float)(from[i] * Activations.Derivative(activation, at[i]));
                }
            }
        );

    public override void Gate(Workers workers, in Gated of, Tensor y)
    {
        Check(of, y);
        for (int r = 0; r < y.Rows; r++)
        {
            for (int i = 0; i < y.Columns; i++)
            {
                double by = Activations.Value(of.Activation, Part(of.Gate, r)[i]);
                y.Row(r)[i] = (float)(by * Part(of.Up, r)[i]);
            }
        }
    }

    public override void GateBackward(Workers workers, in Gated of, Tensor dy, in Gated to)
    {
        Check(of, dy);
        Check(to, dy);
        for (int r = 0; r < dy.Rows; r++)
        {
            for (int i = 0; i < dy.Columns; i++)
            {
                double by = Part(of.Gate, r)[i],
                    from = Part(of.Up, r)[i],
                    down = dy.Row(r)[i];
                Part(to.Gate, r)[i] = (float)(
                    Activations.Derivative(of.Activation, by) * from * down
                );
                Part(to.Up, r)[i] = (float)(Activations.Value(of.Activation, by) * down);
            }
        }
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
        int half = rotation.Table.Width / 2;
        for (int r = 0; r < x.Tensor.Rows; r++)
        {
            ReadOnlySpan<float> turns = rotation.Table.Turns.Row(rotation.Positions[r]);
            for (int head = 0; head < rotation.Heads; head++)
            {
                Span<float> from = Part(x, r).Slice(head * rotation.Width, rotation.Width),
                    to = Part(y, r).Slice(head * rotation.Width, rotation.Width);
                from[(2 * half)..].CopyTo(to[(2 * half)..]);
                for (int i = 0; i < half; i++)
                {
                    double a = from[i],
                        b = from[half + i],
                        cos = turns[i],
                        sin = back ? -turns[half + i] : turns[half + i];
                    to[i] = (float)(a * cos - b * sin);
                    to[half + i] = (float)(b * cos + a * sin);
                }
            }
        }
    }

    static Span<float> Part(Columns columns, int row) => columns.Tensor.Row(row)[columns.Offset..];

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
        Norm of = norm;
        workers.Run(
            x.Rows,
            r =>
            {
                Span<float> from = x.Row(r),
                    to = y.Row(r);
                for (int i = 0; i < from.Length; i++)
                {
                    to[i] = residual is null ? from[i] : from[i] + residual.Row(r)[i];
                }

                if (sum is not null)
                {
                    to.CopyTo(sum.Row(r));
                }

                double mean = 0,
                    variance = 0;
                foreach (float value in to)
                {
                    mean += value;
                }

                mean = of.Kind == NormKind.Layer ? mean / to.Length : 0;
                foreach (float value in to)
                {
                    variance += (value - mean) * (value - mean);
                }

                double scale = 1 / Math.Sqrt(variance / to.Length + of.Epsilon);
                for (int i = 0; i < to.Length; i++)
                {
                    float bias = of.Bias?.Span[i] ?? 0;
                    to[i] = (float)((to[i] - mean) * scale * of.Weight.Span[i] + bias);
                }

                if (statistics is not null)
                {
                    statistics.Row(r)[0] = (float)mean;
                    statistics.Row(r)[1] = (float)scale;
                }
            }
        );
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
        // With n = (s − mean) · rstd and g = dy · weight: dx = rstd · (g − mean(g) − n · mean(g · n)); a norm that takes
        // no mean has no mean(g) either.
        int columns = dy.Columns;
        double[] dWeight = new double[columns],
            dBias = new double[columns];
        for (int r = 0; r < dy.Rows; r++)
        {
            Span<float> from = dy.Row(r),
                at = sum.Row(r),
                to = dx.Row(r);
            double mean = statistics.Row(r)[0],
                scale = statistics.Row(r)[1],
                meanG = 0,
                meanGn = 0;
            for (int i = 0; i < columns; i++)
            {
                double n = (at[i] - mean) * scale,
                    g = from[i] * norm.Weight.Span[i];
                meanG += norm.Kind == NormKind.Layer ? g / columns : 0;
                meanGn += g * n / columns;
                dWeight[i] += from[i] * n;
                dBias[i] += from[i];
            }

            for (int i = 0; i < columns; i++)
            {
                double n = (at[i] - mean) * scale,
                    g = from[i] * norm.Weight.Span[i];
                float here = (float)(scale * (g - meanG - n * meanGn));
                to[i] = more is null ? here : here + more.Row(r)[i];
            }
        }

        for (int i = 0; i < columns; i++)
        {
            weightGradient.Span[i] += (float)dWeight[i];
        }

        for (int i = 0; biasGradient is not null && i < columns; i++)
        {
            biasGradient.Span[i] += (float)dBias[i];
        }
    }

    public override void AddColumnSums(Workers workers, Tensor x, Tensor sums)
    {
        for (int i = 0; i < x.Columns; i++)
        {
            double total = 0;
            for (int r = 0; r < x.Rows; r++)
            {
                total += x.Row(r)[i];
            }

            sums.Span[i] += (float)total;
        }
    }

    public override void Dropout(Workers workers, Rng rng, float probability, Tensor x, Tensor y)
    {
        int threshold = DropoutMask.Threshold(probability);
        float scale = DropoutMask.Scale(probability);
        workers.Run(
            x.Rows,
            r =>
            {
                Span<float> from = x.Row(r),
                    to = y.Row(r);
                for (int i = 0; i < from.Length; i++)
                {
                    to[i] = DropoutMask.Keeps(rng, threshold, r, i) ? from[i] * scale : 0;
                }
            }
        );
    }

    public override void Add(Workers workers, Tensor x, Tensor other, Tensor y)
    {
        for (int i = 0; i < x.Count; i++)
        {
            y.Span[i] = other.Span[i] + x.Span[i];
        }
    }

    public override bool AdamW(
        Workers workers,
        in Learned of,
        in AdamWStep step,
        float gradientScale,
        PackedForms forms = default
    )
    {
        Span<float> p = of.Parameter.Span,
            g = of.Gradient!.Span,
            m = of.First.Span,
            v = of.Second.Span;
        for (int i = 0; i < p.Length; i++)
        {
            float gradientHere = g[i] * gradientScale;
            p[i] -= step.Rate * step.Decay * p[i];
            m[i] = step.Beta1 * m[i] + (1 - step.Beta1) * gradientHere;
            v[i] = step.Beta2 * v[i] + (1 - step.Beta2) * gradientHere * gradientHere;
            float root = MathF.Sqrt(v[i] / step.Correction2) + step.Epsilon;
            p[i] -= step.Rate * (m[i] / step.Correction1) / root;
        }

        return false;
    }

    public override void AdamW(
        Workers workers,
        in Learned of,
        in MissedSteps missed,
        float gradientScale
    )
    {
        Shape shape = new(of.Parameter.Columns);
        Tensor zeros = new(shape);
        foreach (int row in missed.Rows.Span)
        {
            int at = row * of.Parameter.Columns;
            for (int s = missed.Taken.Span[row]; s < missed.Steps.Length; s++)
            {
                bool last = s == missed.Steps.Length - 1;
                Learned here = new(
                    of.Parameter.Part(at, shape),
                    last && of.Gradient is not null ? of.Gradient.Part(at, shape) : zeros,
                    of.First.Part(at, shape),
                    of.Second.Part(at, shape)
                );
                AdamW(workers, here, missed.Steps.Span[s], gradientScale);
            }

            of.Gradient?.Row(row).Clear();
        }
    }

    public override double Exponentials(
        ReadOnlySpan<float> x,
        double most,
        double temperature,
        Span<float> y
    ) => Exponential(x, most, temperature, y);

    /// <summary>Number by number, in double.</summary>
    public static double Exponential(
        ReadOnlySpan<float> x,
        double most,
        double temperature,
        Span<float> y
    )
    {
        double total = 0;
        for (int i = 0; i < x.Length; i++)
        {
            double e = Math.Exp((x[i] - most) / temperature);
            total += e;
            y[i] = (float)e;
        }

        return total;
    }

    public override double SumOfSquares(Workers workers, Tensor x)
    {
        double total = 0;
        foreach (float value in x.Span)
        {
            total += (double)value * value;
        }

        return total;
    }
}
