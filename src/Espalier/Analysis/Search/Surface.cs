using Espalier.Analysis.Choosing;
using Espalier.Measuring;
using Espalier.Operators;

namespace Espalier.Analysis.Search;

/// <summary>
/// All pipelines of one task over their options and efforts, predicted from those that were measured. Figures are
/// ratios to the original with the same seed, so that an original's luck cancels; predictions are for the mean of the
/// originals at hand.
/// </summary>
public sealed class Surface
{
    const double Reach = 1.96;

    readonly Dictionary<Preference, (LogSurface Surface, double Base)> _figures = [];
    readonly StudentRule? _student;

    /// <param name="contenders">All that will be asked for.</param>
    /// <exception cref="ArgumentException">The original was not measured with every seed.</exception>
    public Surface(
        IReadOnlyList<Measurement> measurements,
        IReadOnlyList<Contender> contenders,
        string? metric = null
    )
    {
        IReadOnlyList<LogRun> runs = LogRun.Of(measurements, metric);
        Likeness likeness = new(
            contenders.Concat(runs.Select(r => r.Contender)).SelectMany(OptionPlace.Of)
        );
        char[] letters = [.. Operator.All.Select(o => o.Letter)];
        _student = StudentRule.Of(runs);
        foreach (Preference figure in Enum.GetValues<Preference>())
        {
            LogRun[] own = [.. runs.Where(r => r.Value(figure) is not null)];
            if (own.Length > 0)
            {
                LogObservation[] seen =
                [
                    .. own.Where(r => r.Place.Operators.Length > 0)
                        .Select(r => new LogObservation(
                            r.Place,
                            $"{r.Contender.Pipeline} {r.Block}",
                            r.Value(figure)!.Value - Offset(figure, r.Contender)
                        )),
                ];
                _figures[figure] = (
                    new LogSurface(
                        seen,
                        likeness,
                        Believed(figure, own, letters).Fitted(seen, likeness)
                    ),
                    own.Average(r => Math.Log(r.Original(figure)!.Value))
                );
            }
        }
    }

    /// <summary>Figures that were measured, so that they can be predicted.</summary>
    public bool Knows(Preference figure) => _figures.ContainsKey(figure);

    /// <summary>Of one training against another, as a share of the figure.</summary>
    public double RunScale(Preference figure) => _figures[figure].Surface.RunScale;

    /// <summary>With 95 % intervals of what one training would give.</summary>
    public IReadOnlyList<Alternative> Predict(IReadOnlyList<Contender> contenders)
    {
        SurfacePlace[] places = [.. contenders.Select(SurfacePlace.Of)];
        Dictionary<Preference, (double Mean, double Sd)[]> each = _figures.ToDictionary(
            f => f.Key,
            f => f.Value.Surface.Each(places)
        );
        return
        [
            .. contenders.Select(
                (c, i) =>
                    new Alternative(
                        c.Pipeline,
                        c.Effort,
                        Of(Preference.Quality, c, i)!,
                        Of(Preference.Milliseconds, c, i),
                        Of(Preference.Joules, c, i),
                        Of(Preference.Bytes, c, i)
                    )
            ),
        ];

        Estimate? Of(Preference figure, Contender c, int i)
        {
            if (!each.TryGetValue(figure, out var all))
            {
                return null;
            }

            double middle = _figures[figure].Base + all[i].Mean + Offset(figure, c),
                run = RunScale(figure),
                reach = Reach * Math.Sqrt(all[i].Sd * all[i].Sd + run * run);
            return new Estimate(
                Math.Exp(middle),
                Math.Exp(middle - reach),
                Math.Exp(middle + reach),
                1,
                Origin.Predicted
            )
            {
                Coverage = Statistics.Confidence,
            };
        }
    }

    /// <summary>Draws of a figure of all contenders together: what training often enough might show. [draw][contender].</summary>
    internal double[][] Sample(
        Preference figure,
        IReadOnlyList<Contender> contenders,
        int count,
        Draws draws
    )
    {
        (LogSurface surface, double origin) = _figures[figure];
        (double[] mean, var covariance) = surface.Joint([.. contenders.Select(SurfacePlace.Of)]);
        double ridge = 1e-9 + 1e-6 * covariance.Diagonal().Maximum();
        for (int i = 0; i < contenders.Count; i++)
        {
            covariance[i, i] += ridge;
            mean[i] += origin + Offset(figure, contenders[i]);
        }

        var factor = covariance.Cholesky().Factor;
        double[][] all = new double[count][];
        for (int s = 0; s < count; s++)
        {
            double[] normal = [.. Enumerable.Range(0, mean.Length).Select(_ => draws.Normal())];
            all[s] = new double[mean.Length];
            for (int i = 0; i < mean.Length; i++)
            {
                double sum = mean[i];
                for (int j = 0; j <= i; j++)
                {
                    sum += factor[i, j] * normal[j];
                }

                all[s][i] = Math.Exp(sum);
            }
        }

        return all;
    }

    /// <summary>Where the product rule is known to be another one: the time of a student with exits (equation 4).</summary>
    double Offset(Preference figure, Contender contender) =>
        figure is Preference.Milliseconds or Preference.Joules
            ? _student?.Offset(figure, contender) ?? 0
            : 0;

    /// <summary>
    /// Before the first repetition and the first combination: accuracy of combinations within some points and time within
    /// some percent (Xin et al. 2022, Table 2 and Figure 4).
    /// </summary>
    static SurfaceScales Believed(Preference figure, LogRun[] runs, char[] letters)
    {
        (double run, double joint, double least) = figure switch
        {
            Preference.Quality => (0.01, 0.01, 0.03),
            Preference.Bytes => (0.0005, 0.05, 0.3),
            _ => (0.02, 0.05, 0.5),
        };
        return new SurfaceScales(
            letters.ToDictionary(
                l => l,
                l =>
                    Math.Sqrt(
                        runs.Where(r => r.Place.Operators is [var o] && o.Letter == l)
                            .Select(r => Math.Pow(r.Value(figure)!.Value, 2))
                            .Append(Math.Pow(least * Share(figure, l), 2))
                            .Max()
                    )
            ),
            joint,
            run,
            letters.ToDictionary(l => l, l => Share(figure, l))
        );
    }

    /// <summary>Padding changes no answer, and int8 few: L and Q hardly touch the quality, alone or with others.</summary>
    static double Share(Preference figure, char letter) =>
        (figure, letter) switch
        {
            (Preference.Quality, 'L') => 0.05,
            (Preference.Quality, 'Q') => 0.3,
            _ => 1,
        };
}
