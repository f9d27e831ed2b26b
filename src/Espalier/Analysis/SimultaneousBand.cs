using Espalier.Measuring;
using MathNet.Numerics.Distributions;

namespace Espalier.Analysis;

/// <summary>
/// Means of many figures over the same few originals, with intervals that hold for all of them at once: in 95 of 100
/// studies no true mean lies outside. Max-t: the reach is the quantile of the largest |t| of simulated studies without
/// effect, whose noise is drawn from this study's residuals, so that figures that move together cost little. For one
/// figure it is Student's interval.
/// </summary>
public sealed class SimultaneousBand
{
    readonly double[]? _largest; // of |t| in simulated studies, rising; null for a single figure
    readonly int _freedom;

    /// <param name="rows">[original][figure], two originals at least.</param>
    /// <param name="studies">Simulated.</param>
    /// <param name="sampling">
    /// Variance of each mean from the examples of the split, which all originals share; null where it is not known,
    /// and the intervals speak of these examples only.
    /// </param>
    public SimultaneousBand(
        IReadOnlyList<double[]> rows,
        int studies,
        Tensors.Rng rng,
        IReadOnlyList<double>? sampling = null
    )
    {
        int n = rows.Count,
            figures = rows[0].Length;
        _freedom = n - 1;
        Means = [.. Enumerable.Range(0, figures).Select(k => rows.Average(r => r[k]))];
        Deviations =
        [
            .. Enumerable
                .Range(0, figures)
                .Select(k => Statistics.StandardDeviation([.. rows.Select(r => r[k])])!.Value),
        ];
        Errors = [.. Deviations.Select((d, k) => Math.Sqrt(d * d / n + (sampling?[k] ?? 0)))];
        _largest = Errors.Count(e => e > 0) > 1 ? Simulated(rows, studies, new Draws(rng)) : null;
        Reach = _largest is null
            ? Inference.StudentReach(n)
            : _largest[(int)Math.Ceiling(Statistics.Confidence * studies) - 1];
    }

    SimultaneousBand(SimultaneousBand of, int originals)
    {
        (_largest, _freedom, Means, Deviations, Reach) = (
            of._largest,
            of._freedom,
            of.Means,
            of.Deviations,
            of.Reach
        );
        Errors = [.. Deviations.Select(d => d / Math.Sqrt(originals))];
    }

    /// <summary>What may be said of these examples alone: their choice is not in its intervals.</summary>
    public SimultaneousBand OnTheseExamples => new(this, _freedom + 1);

    public IReadOnlyList<double> Means { get; }

    /// <summary>Over the originals.</summary>
    public IReadOnlyList<double> Deviations { get; }

    /// <summary>Standard errors of the means.</summary>
    public IReadOnlyList<double> Errors { get; }

    /// <summary>Half the width of every interval, in standard errors.</summary>
    public double Reach { get; }

    public double Low(int figure) => Means[figure] - Reach * Errors[figure];

    public double High(int figure) => Means[figure] + Reach * Errors[figure];

    /// <summary>Chance of a largest |t| of so much where no figure has an effect.</summary>
    public double Tail(double t) =>
        t <= 0 ? 1
        : double.IsPositiveInfinity(t) ? 0
        : _largest is null ? 2 * StudentT.CDF(0, 1, _freedom, -t)
        : (1.0 + _largest.Length - Below(t)) / (1 + _largest.Length);

    /// <summary>
    /// p of the claim that these figures all lie within the margin: the worst of two one-sided t tests for each
    /// (Schuirmann 1987). All of them must reject, so their number needs no correction (an intersection-union test).
    /// </summary>
    public double Within(double margin, IEnumerable<int> figures) =>
        figures.Max(k => OneSided(InErrors(margin - Math.Abs(Means[k]), k)));

    /// <summary>The least margin within which these figures would be claimed to lie at level 5 %.</summary>
    public double Bound(IEnumerable<int> figures) =>
        figures.Max(k => Math.Abs(Means[k]) + OneSidedReach * Errors[k]);

    /// <summary>p of the claim that one of these figures lies beyond the margin; 0 asks for any effect.</summary>
    public double Beyond(double margin, IEnumerable<int> figures) =>
        Tail(figures.Max(k => InErrors(Math.Abs(Means[k]) - margin, k)));

    double OneSidedReach => Statistics.Student(_freedom, Statistics.Confidence);

    double OneSided(double t) =>
        double.IsPositiveInfinity(t) ? 0 : StudentT.CDF(0, 1, _freedom, -t);

    /// <summary>Figures without any spread are certain.</summary>
    double InErrors(double distance, int k) =>
        Errors[k] > 0 ? distance / Errors[k]
        : distance > 0 ? double.PositiveInfinity
        : 0;

    int Below(double t)
    {
        int at = Array.BinarySearch(_largest!, t);
        return at < 0 ? ~at : at;
    }

    /// <summary>
    /// Residuals times normal draws have the study's own covariance. From few originals it looks simpler than it is
    /// (n originals have n − 1 directions), so a share of 1/n is each figure's own noise.
    /// </summary>
    double[] Simulated(IReadOnlyList<double[]> rows, int studies, Draws draws)
    {
        int n = rows.Count,
            figures = Means.Count;
        double shared = Math.Sqrt((1 - 1.0 / n) / (n - 1)),
            own = Math.Sqrt(1.0 / n);
        double[][] residuals =
        [
            .. rows.Select(r =>
                r.Select((v, k) => Deviations[k] > 0 ? (v - Means[k]) / Deviations[k] : 0).ToArray()
            ),
        ];
        double[] largest = new double[studies],
            sum = new double[figures],
            squares = new double[figures],
            one = new double[figures];
        for (int study = 0; study < studies; study++)
        {
            Array.Clear(sum);
            Array.Clear(squares);
            for (int original = 0; original < n; original++)
            {
                for (int k = 0; k < figures; k++)
                {
                    one[k] = own * draws.Normal();
                }

                for (int i = 0; i < n; i++)
                {
                    double weight = shared * draws.Normal();
                    double[] residual = residuals[i];
                    for (int k = 0; k < figures; k++)
                    {
                        one[k] += weight * residual[k];
                    }
                }

                for (int k = 0; k < figures; k++)
                {
                    sum[k] += one[k];
                    squares[k] += one[k] * one[k];
                }
            }

            for (int k = 0; k < figures; k++)
            {
                double mean = sum[k] / n,
                    variance = (squares[k] - n * mean * mean) / (n - 1);
                if (Deviations[k] > 0 && variance > 0)
                {
                    largest[study] = Math.Max(
                        largest[study],
                        Math.Abs(mean) / Math.Sqrt(variance / n)
                    );
                }
            }
        }

        Array.Sort(largest);
        return largest;
    }
}
