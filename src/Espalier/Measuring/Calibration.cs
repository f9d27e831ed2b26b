namespace Espalier.Measuring;

/// <summary>
/// Weights of sampled items under which the sample's means are the population's (linear calibration, Deville and
/// Särndal 1992). An estimate from it is off only by what the features do not explain.
/// </summary>
/// <param name="Shares">Of each item; they add up to 1.</param>
sealed record Calibration(double[] Shares, double[][] Basis, double[] Plain)
{
    // Beyond these, one item would speak for many that are not there.
    const double Lightest = 0.2;
    const double Heaviest = 4;

    // So many items for each feature, or weights follow chance.
    const int ItemsPerFeature = 10;
    const double Degenerate = 1e-9;

    /// <param name="plain">Shares before weighting.</param>
    /// <param name="features">The most important first, [feature][item]; later ones are dropped where weights would get wild.</param>
    /// <param name="targets">Means of the population.</param>
    public static Calibration Of(double[] plain, double[][] features, double[] targets)
    {
        for (int count = Math.Min(features.Length, plain.Length / ItemsPerFeature); ; count--)
        {
            Calibration found = Fit(plain, features[..count], targets);
            bool tame = found
                .Shares.Zip(plain)
                .All(p => p.First >= Lightest * p.Second && p.First <= Heaviest * p.Second);
            if (tame || count == 0)
            {
                return found;
            }
        }
    }

    public double Mean(ReadOnlySpan<double> figures) => Dot(Shares, figures);

    /// <summary>What is left of figures when their mean and their projection on the features are taken away.</summary>
    public double[] Residuals(double[] figures)
    {
        double mean = Dot(Plain, figures);
        double[] left = [.. figures.Select(f => f - mean)];
        foreach (double[] direction in Basis)
        {
            double along = Dot(Plain, direction, left);
            for (int i = 0; i < left.Length; i++)
            {
                left[i] -= along * direction[i];
            }
        }

        return left;
    }

    static Calibration Fit(double[] plain, double[][] features, double[] targets)
    {
        // Modified Gram-Schmidt under the plain shares; the gap to the target goes through the same steps.
        List<double[]> basis = [];
        List<double> gaps = [];
        for (int k = 0; k < features.Length; k++)
        {
            double mean = Dot(plain, features[k]),
                gap = targets[k] - mean;
            double[] direction = [.. features[k].Select(f => f - mean)];
            double before = Dot(plain, direction, direction);
            for (int j = 0; j < basis.Count; j++)
            {
                double along = Dot(plain, basis[j], direction);
                gap -= along * gaps[j];
                for (int i = 0; i < direction.Length; i++)
                {
                    direction[i] -= along * basis[j][i];
                }
            }

            double square = Dot(plain, direction, direction);
            if (square > Degenerate * Math.Max(before, mean * mean))
            {
                double length = Math.Sqrt(square);
                basis.Add([.. direction.Select(d => d / length)]);
                gaps.Add(gap / length);
            }
        }

        double[] shares =
        [
            .. plain.Select(
                (share, i) => share * (1 + basis.Select((b, k) => b[i] * gaps[k]).Sum())
            ),
        ];
        return new Calibration(shares, [.. basis], plain);
    }

    static double Dot(ReadOnlySpan<double> shares, ReadOnlySpan<double> a)
    {
        double sum = 0;
        for (int i = 0; i < a.Length; i++)
        {
            sum += shares[i] * a[i];
        }

        return sum;
    }

    static double Dot(ReadOnlySpan<double> shares, ReadOnlySpan<double> a, ReadOnlySpan<double> b)
    {
        double sum = 0;
        for (int i = 0; i < a.Length; i++)
        {
            sum += shares[i] * a[i] * b[i];
        }

        return sum;
    }
}
