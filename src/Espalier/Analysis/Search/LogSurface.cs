using Espalier.Operators;
using MathNet.Numerics.LinearAlgebra;
using MathNet.Numerics.LinearAlgebra.Factorization;

namespace Espalier.Analysis.Search;

/// <summary>A place of the surface: the operators of a contender, each at its options.</summary>
/// <param name="Shares">Of each of them in what it does together with others; 1 is usual.</param>
sealed record SurfacePlace(OptionPlace[] Operators, double[] Shares);

/// <summary>A logarithm of a ratio to the original, seen at a place.</summary>
/// <param name="Run">Of which training: its luck is shared by all that was measured of it. Null: none was needed.</param>
/// <param name="Noise">Variance of its own, that nothing shares.</param>
sealed record LogObservation(SurfacePlace Place, string? Run, double Value, double Noise = 0);

/// <summary>Standard deviations in logarithms.</summary>
/// <param name="Main">Of an operator's effect, before anything is known of it.</param>
/// <param name="Joint">Of what two operators do together beyond the product rule.</param>
/// <param name="Run">Of one training against another.</param>
sealed record SurfaceScales(IReadOnlyDictionary<Operator, double> Main, double Joint, double Run)
{
    // So many observations is a belief worth.
    const double Belief = 3;

    static readonly double[] MainFactors = [0.35, 0.6, 1];
    static readonly double[] JointFactors = [0.1, 0.18, 0.32, 0.56, 1, 1.8, 3.2];
    static readonly double[] RunFactors = [0.2, 0.35, 0.6, 1, 1.7, 2.8];

    /// <summary>
    /// The scales under which what was seen is most likely, these being the beliefs: the peak of likelihood times prior
    /// (scaled inverse χ² of each variance) over a grid of factors, climbed along one factor after the other.
    /// </summary>
    public SurfaceScales Fitted(IReadOnlyList<LogObservation> seen, Likeness likeness)
    {
        if (seen.Count == 0)
        {
            return this;
        }

        var main = Part(this with { Joint = 0, Run = 0 });
        var joint = Part(this with { Main = MainTimes(0), Run = 0 });
        var run = Part(this with { Main = MainTimes(0), Joint = 0 });
        Vector<double> values = Vector<double>.Build.Dense(seen.Count, i => seen[i].Value);
        Dictionary<(double, double, double), double> known = [];
        (double M, double J, double R) best = (1, 1, 1),
            before;
        do
        {
            before = best;
            best = MainFactors.Select(m => best with { M = m }).MaxBy(Likely);
            best = JointFactors.Select(j => best with { J = j }).MaxBy(Likely);
            best = RunFactors.Select(r => best with { R = r }).MaxBy(Likely);
        } while (best != before);

        return new SurfaceScales(MainTimes(best.M), best.J * Joint, best.R * Run);

        double Likely((double M, double J, double R) f)
        {
            if (!known.TryGetValue(f, out double likely))
            {
                Cholesky<double> factor = (
                    main * (f.M * f.M) + joint * (f.J * f.J) + run * (f.R * f.R)
                ).Cholesky();
                likely =
                    -0.5 * (values.DotProduct(factor.Solve(values)) + factor.DeterminantLn)
                    + Prior(f.M)
                    + Prior(f.J)
                    + Prior(f.R);
                known.Add(f, likely);
            }

            return likely;
        }

        Matrix<double> Part(SurfaceScales only) => LogSurface.CovarianceOf(seen, likeness, only);
    }

    Dictionary<Operator, double> MainTimes(double factor) =>
        Main.ToDictionary(m => m.Key, m => factor * m.Value, SameOne);

    /// <summary>Places hold operators of one list, so that none needs to be compared by its options.</summary>
    internal static IEqualityComparer<Operator> SameOne => ReferenceEqualityComparer.Instance;

    static double Prior(double factor) => -Belief * (Math.Log(factor) + 0.5 / (factor * factor));
}

/// <summary>
/// One figure of all pipelines as one surface. The logarithm of its ratio to the original is a sum of a smooth function
/// for each operator's options (the product rule) and one for each two operators' (what the rule misses), all Gaussian
/// processes; so single operators predict combinations, the first measured combinations correct all similar ones, and
/// intervals widen away from what was measured.
/// </summary>
sealed class LogSurface
{
    // Efforts of a run differ by less than runs do; it also keeps the matrix well conditioned.
    const double EffortShare = 0.25;

    // What two operators do together in one order says this much of what they do in the other.
    const double OtherOrder = 0.5;

    readonly IReadOnlyList<LogObservation> _seen;
    readonly Likeness _likeness;
    readonly SurfaceScales _scales;
    readonly Cholesky<double>? _factor;
    readonly Vector<double>? _weights;

    public LogSurface(IReadOnlyList<LogObservation> seen, Likeness likeness, SurfaceScales scales)
    {
        (_seen, _likeness, _scales) = (seen, likeness, scales);
        if (seen.Count == 0)
        {
            return;
        }

        _factor = CovarianceOf(seen, likeness, scales).Cholesky();
        _weights = _factor.Solve(Vector<double>.Build.Dense(seen.Count, i => seen[i].Value));
    }

    public double RunScale => _scales.Run;

    /// <summary>Of what was seen: effects, the luck of runs, and what their efforts differ by.</summary>
    public static Matrix<double> CovarianceOf(
        IReadOnlyList<LogObservation> seen,
        Likeness likeness,
        SurfaceScales scales
    )
    {
        double run = scales.Run * scales.Run,
            effort = run * EffortShare * EffortShare + 1e-10;
        return Matrix<double>.Build.Dense(
            seen.Count,
            seen.Count,
            (i, j) =>
                Covariance(seen[i].Place, seen[j].Place, likeness, scales)
                + (seen[i].Run is { } training && training == seen[j].Run ? run : 0)
                + (i == j ? effort + seen[i].Noise : 0)
        );
    }

    /// <summary>Means and, of what training often enough would show, the joint covariance.</summary>
    public (double[] Mean, Matrix<double> Covariance) Joint(IReadOnlyList<SurfacePlace> places)
    {
        Matrix<double> prior = Matrix<double>.Build.Dense(
            places.Count,
            places.Count,
            (i, j) => Covariance(places[i], places[j])
        );
        if (_factor is null)
        {
            return (new double[places.Count], prior);
        }

        Matrix<double> cross = Cross(places);
        return (
            (cross.TransposeThisAndMultiply(_weights!)).ToArray(),
            prior - cross.TransposeThisAndMultiply(_factor.Solve(cross))
        );
    }

    /// <summary>Means and standard deviations, each place by itself.</summary>
    public (double Mean, double Sd)[] Each(IReadOnlyList<SurfacePlace> places)
    {
        const int together = 256;
        List<(double, double)> all = [];
        for (int from = 0; from < places.Count; from += together)
        {
            SurfacePlace[] part = [.. places.Skip(from).Take(together)];
            double[] mean = new double[part.Length],
                variance = [.. part.Select(p => Covariance(p, p))];
            if (_factor is not null)
            {
                Matrix<double> cross = Cross(part),
                    solved = _factor.Solve(cross);
                for (int i = 0; i < part.Length; i++)
                {
                    mean[i] = cross.Column(i).DotProduct(_weights!);
                    variance[i] -= cross.Column(i).DotProduct(solved.Column(i));
                }
            }

            all.AddRange(mean.Zip(variance, (m, v) => (m, Math.Sqrt(Math.Max(v, 0)))));
        }

        return [.. all];
    }

    Matrix<double> Cross(IReadOnlyList<SurfacePlace> places) =>
        Matrix<double>.Build.Dense(
            _seen.Count,
            places.Count,
            (i, j) => Covariance(_seen[i].Place, places[j])
        );

    double Covariance(SurfacePlace a, SurfacePlace b) => Covariance(a, b, _likeness, _scales);

    static double Covariance(
        SurfacePlace a,
        SurfacePlace b,
        Likeness likeness,
        SurfaceScales scales
    )
    {
        double sum = 0,
            together = 0;
        List<(int InB, double Like)> shared = [];
        for (int i = 0; i < a.Operators.Length; i++)
        {
            Operator own = a.Operators[i].Operator;
            int j = Array.FindIndex(b.Operators, o => ReferenceEquals(o.Operator, own));
            if (j < 0)
            {
                continue;
            }

            double like = likeness.Of(a.Operators[i], b.Operators[j]),
                main = scales.Main[own],
                shares = like * a.Shares[i] * b.Shares[j];
            sum += main * main * like;
            foreach ((int inB, double other) in shared)
            {
                together += shares * other * (inB < j ? 1 : OtherOrder);
            }

            shared.Add((j, shares));
        }

        return sum + scales.Joint * scales.Joint * together;
    }
}
