namespace Espalier.Data.Metrics;

/// <summary>Correlations as SciPy has them, two passes over the data.</summary>
static class Correlation
{
    public static MetricValue Pearson(
        string name,
        IReadOnlyList<double> truth,
        IReadOnlyList<double> prediction
    ) =>
        WhyUndefined(truth, prediction) is { } why
            ? MetricValue.Undefined(name, why)
            : MetricValue.Of(name, Correlate(truth, prediction));

    /// <summary>Pearson of the ranks, equal values sharing the mean of theirs.</summary>
    public static MetricValue Spearman(
        string name,
        IReadOnlyList<double> truth,
        IReadOnlyList<double> prediction
    ) =>
        WhyUndefined(truth, prediction) is { } why
            ? MetricValue.Undefined(name, why)
            : MetricValue.Of(name, Correlate(Ranks(truth), Ranks(prediction)));

    static string? WhyUndefined(IReadOnlyList<double> truth, IReadOnlyList<double> prediction)
    {
        if (truth.Count != prediction.Count)
        {
            throw new ArgumentException(
                $"There are {truth.Count} scores and {prediction.Count} predictions; each example needs one of both."
            );
        }

        if (truth.Count < 2)
        {
            return $"a correlation needs two examples and there are {truth.Count}";
        }

        return WhyUndefined("score", truth) ?? WhyUndefined("prediction", prediction);
    }

    static string? WhyUndefined(string noun, IReadOnlyList<double> values)
    {
        for (int i = 0; i < values.Count; i++)
        {
            if (!double.IsFinite(values[i]))
            {
                return $"{noun} {i} is not finite";
            }
        }

        return values.All(value => value == values[0])
            ? $"all {values.Count} {noun}s are {values[0]}"
            : null;
    }

    static double Correlate(IReadOnlyList<double> x, IReadOnlyList<double> y)
    {
        double[] dx = Direction(x);
        double[] dy = Direction(y);
        double sum = 0;
        for (int i = 0; i < dx.Length; i++)
        {
            sum += dx[i] * dy[i];
        }

        return Math.Clamp(sum, -1, 1);
    }

    /// <summary>Centred and of length one. One pass over squares would lose values far from zero.</summary>
    static double[] Direction(IReadOnlyList<double> values)
    {
        // Scaled by powers of two, so that sums and squares neither overflow nor vanish, and nothing rounds.
        double[] centred = Scaled([.. values]);
        double mean = centred.Average();
        for (int i = 0; i < centred.Length; i++)
        {
            centred[i] -= mean;
        }

        centred = Scaled(centred);
        double length = Math.Sqrt(centred.Sum(d => d * d));
        return [.. centred.Select(d => d / length)];
    }

    static double[] Scaled(double[] values)
    {
        int exponent = Math.ILogB(values.Max(Math.Abs));
        return [.. values.Select(value => Math.ScaleB(value, -exponent))];
    }

    static double[] Ranks(IReadOnlyList<double> values)
    {
        int[] order = [.. Enumerable.Range(0, values.Count).OrderBy(index => values[index])];
        double[] ranks = new double[order.Length];
        for (int start = 0; start < order.Length; )
        {
            int end = start + 1;
            while (end < order.Length && values[order[end]] == values[order[start]])
            {
                end++;
            }

            for (int i = start; i < end; i++)
            {
                ranks[order[i]] = (start + end + 1) / 2.0;
            }

            start = end;
        }

        return ranks;
    }
}
