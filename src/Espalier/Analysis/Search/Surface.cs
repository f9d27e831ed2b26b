using Espalier.Analysis.Choosing;
using Espalier.Data.Metrics;
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

    // Of quality, by an operator alone; of perplexity, which has no end, GPT-2's lose ten times as much (Wallace et al. 2025).
    const double UsualShare = 0.03;
    const double UsualRise = 0.3;

    // Of another original: its quality, and its time in another sitting. Originals of the shipped studies had 0.004 and
    // 0.016 of quality, 0.08 and 0.10 of time; with these, intervals cover what seeds they were not made from gave
    // (studies/planning/README.md).
    const double UsualOriginal = 0.012;
    const double UsualSitting = 0.08;

    // What the prior of the originals' spread is worth, in seeds.
    const double Belief = 2;

    readonly Dictionary<Preference, (LogSurface Surface, double Base)> _figures = [];
    readonly Dictionary<Preference, double> _originals = [];
    readonly Metric _metric;
    readonly Singles _singles;
    readonly StudentRule _student;
    readonly double _examples;

    /// <param name="contenders">All that will be asked for.</param>
    /// <param name="figures">Those that will be asked for, quality always; all where it is left out.</param>
    /// <exception cref="ArgumentException">The original was not measured with every seed.</exception>
    public Surface(
        IReadOnlyList<Measurement> measurements,
        IReadOnlyList<Contender> contenders,
        IReadOnlyList<Preference>? figures = null
    )
    {
        IReadOnlyList<LogRun> runs = LogRun.Of(measurements);
        Likeness likeness = new(
            contenders.Concat(runs.Select(r => r.Contender)).SelectMany(OptionPlace.Of)
        );
        _metric = runs[0].Metric;
        _singles = new Singles(runs);
        _student = new StudentRule(_singles);
        _examples = runs.Average(r => r.Examples);
        foreach (Preference figure in figures ?? Enum.GetValues<Preference>())
        {
            LogRun[] own = [.. runs.Where(r => r.Value(figure) is not null)];
            if (own.Length > 0)
            {
                LogObservation[] seen =
                [
                    .. own.Where(r => r.Operators.Length > 0)
                        .Select(r => new LogObservation(
                            Place(figure, r.Operators),
                            Trained(figure, r.Contender.Pipeline) is { } model
                                ? $"{model} {r.Block}"
                                : null,
                            r.Value(figure)!.Value - Offset(figure, r.Operators),
                            Coins(figure, r.Value(figure)!.Value)
                        )),
                ];
                double[] originals =
                [
                    .. own.GroupBy(r => r.Block).Select(b => b.First().Level(figure)!.Value),
                ];
                _figures[figure] = (
                    new LogSurface(
                        seen,
                        likeness,
                        Believed(figure, own, _metric).Fitted(seen, likeness)
                    ),
                    originals.Average()
                );
                _originals[figure] = Spread(figure, originals);
            }
        }
    }

    /// <summary>Figures that were measured, so that they can be predicted.</summary>
    public bool Knows(Preference figure) => _figures.ContainsKey(figure);

    /// <summary>By how much one training of a pipeline differs from another, as a share of the figure.</summary>
    public double Luck(Preference figure, Alternative of)
    {
        (LogSurface surface, double origin) = _figures[figure];
        return Math.Sqrt(
            surface.RunScale * surface.RunScale
                + Coins(figure, Level(figure, of.Figure(figure)!.Value) - origin)
        );
    }

    /// <summary>
    /// With 95 % intervals of what another training from another original would give, measured in another sitting: what
    /// originals and sittings differ by is in them, as a budget is of milliseconds and not of ratios.
    /// </summary>
    public IReadOnlyList<Alternative> Predict(IReadOnlyList<Contender> contenders)
    {
        OptionPlace[][] places = [.. contenders.Select(OptionPlace.Of)];
        Dictionary<Preference, (double Mean, double Sd)[]> each = _figures.ToDictionary(
            f => f.Key,
            f => f.Value.Surface.Each([.. places.Select(p => Place(f.Key, p))])
        );
        return
        [
            .. contenders.Select(
                (c, i) =>
                    new Alternative(
                        c.Pipeline,
                        c.Effort,
                        _metric,
                        Of(Preference.Quality, i)!,
                        Of(Preference.Milliseconds, i),
                        Of(Preference.Joules, i),
                        Of(Preference.Bytes, i)
                    )
            ),
        ];

        Estimate? Of(Preference figure, int i)
        {
            if (!each.TryGetValue(figure, out var all))
            {
                return null;
            }

            double ratio = all[i].Mean + Offset(figure, places[i]),
                middle = _figures[figure].Base + ratio,
                run = Trained(figure, contenders[i].Pipeline) is null
                    ? 0
                    : _figures[figure].Surface.RunScale,
                reach =
                    Reach
                    * Math.Sqrt(
                        all[i].Sd * all[i].Sd
                            + run * run
                            + Coins(figure, ratio)
                            + _originals[figure]
                    );
            return new Estimate(
                AtLevel(figure, middle),
                AtLevel(figure, middle - reach),
                AtLevel(figure, middle + reach),
                1,
                Origin.Predicted
            )
            {
                Coverage = Statistics.Confidence,
            };
        }
    }

    /// <summary>Draws of a figure of all contenders together: what training often enough might show. [draw][contender].</summary>
    /// <param name="otherOriginals">Beside other originals, in another sitting: all of a draw shifts together.</param>
    internal double[][] Sample(
        Preference figure,
        IReadOnlyList<Contender> contenders,
        int count,
        Draws draws,
        bool otherOriginals = false
    )
    {
        (LogSurface surface, double origin) = _figures[figure];
        OptionPlace[][] places = [.. contenders.Select(OptionPlace.Of)];
        (double[] mean, var covariance) = surface.Joint([.. places.Select(p => Place(figure, p))]);
        double ridge = 1e-9 + 1e-6 * covariance.Diagonal().Maximum();
        for (int i = 0; i < contenders.Count; i++)
        {
            covariance[i, i] += ridge;
            mean[i] += origin + Offset(figure, places[i]);
        }

        var factor = covariance.Cholesky().Factor;
        double[][] all = new double[count][];
        for (int s = 0; s < count; s++)
        {
            double[] normal = [.. Enumerable.Range(0, mean.Length).Select(_ => draws.Normal())];
            double shift = otherOriginals ? Math.Sqrt(_originals[figure]) * draws.Normal() : 0;
            all[s] = new double[mean.Length];
            for (int i = 0; i < mean.Length; i++)
            {
                double sum = mean[i];
                for (int j = 0; j <= i; j++)
                {
                    sum += factor[i, j] * normal[j];
                }

                all[s][i] = AtLevel(figure, sum + shift);
            }
        }

        return all;
    }

    /// <summary>Where the product rule is known to be another one: the time of a student with exits (equation 4).</summary>
    double Offset(Preference figure, OptionPlace[] operators) =>
        figure is Preference.Milliseconds or Preference.Joules
            ? _student.Offset(figure, operators)
            : 0;

    /// <summary>
    /// The variance of a quality beside the original's. Where a share of it was lost, so many of the examples at least are
    /// answered otherwise than by the original, and whether that helps or hurts is a coin for each.
    /// </summary>
    double Coins(Preference figure, double logRatio) =>
        figure == Preference.Quality && _metric.IsBinomial ? Math.Abs(logRatio) / _examples : 0;

    double Level(Preference figure, double value) =>
        figure == Preference.Quality ? _metric.Level(value) : Math.Log(value);

    double AtLevel(Preference figure, double level) =>
        figure == Preference.Quality ? _metric.AtLevel(level) : Math.Exp(level);

    /// <summary>
    /// The variance of another original's figure about the mean of those at hand. One seed alone says nothing of it, so it
    /// begins with what the shipped studies showed of their machine's sittings.
    /// </summary>
    static double Spread(Preference figure, double[] originals)
    {
        double usual = figure switch
            {
                Preference.Quality => UsualOriginal,
                Preference.Bytes => 0,
                _ => UsualSitting,
            },
            mean = originals.Average(),
            variance =
                (Belief * usual * usual + originals.Sum(o => (o - mean) * (o - mean)))
                / (Belief + originals.Length - 1);
        return variance * (1 + 1.0 / originals.Length);
    }

    SurfacePlace Place(Preference figure, OptionPlace[] operators) =>
        new(operators, [.. operators.Select(o => Together(figure, o))]);

    /// <summary>
    /// What operators do together grows with what they do alone: where exits answer so early that a sixth of the quality is
    /// lost, a student or pruning may give back half of it or lose as much again.
    /// </summary>
    double Together(Preference figure, OptionPlace place) =>
        Share(figure, place.Operator)
        * (
            figure == Preference.Quality
                ? Math.Max(1, Math.Abs(_singles.Nearest(place, figure) ?? 0) / UsualLoss(_metric))
                : 1
        );

    /// <summary>
    /// What a figure shares its luck with. Answers are those of the model that was trained last: some operators train nothing, and
    /// without any training the luck is the original's, which the ratio to it takes out.
    /// </summary>
    static string? Trained(Preference figure, string pipeline)
    {
        if (figure != Preference.Quality)
        {
            return pipeline;
        }

        string trained = string.Concat(Pipeline.Parse(pipeline).Steps.Where(o => o.Trains));
        return trained.Length > 0 ? trained : null;
    }

    /// <summary>
    /// Before the first repetition and the first combination: accuracy of combinations within some points and time within
    /// some percent (Xin et al. 2022, Table 2 and Figure 4); perplexity of combinations within a tenth for each two that lose as much
    /// as is usual (Wallace et al. 2025, tables).
    /// </summary>
    static SurfaceScales Believed(Preference figure, LogRun[] runs, Metric metric)
    {
        (double run, double joint, double least) = figure switch
        {
            Preference.Quality when metric.IsLogarithmic => (0.01, 0.1, UsualRise),
            Preference.Quality => (0.01, 0.01, UsualShare),
            Preference.Bytes => (0.0005, 0.05, 0.3),
            _ => (0.02, 0.05, 0.5),
        };
        return new SurfaceScales(
            Operator.All.ToDictionary(
                o => o,
                o =>
                    Math.Sqrt(
                        runs.Where(r => r.Operators is [var only] && only.Operator == o)
                            .Select(r => Math.Pow(r.Value(figure)!.Value, 2))
                            .Append(Math.Pow(least * Share(figure, o), 2))
                            .Max()
                    ),
                SurfaceScales.SameOne
            ),
            joint,
            run
        );
    }

    static double UsualLoss(Metric metric) => metric.IsLogarithmic ? UsualRise : UsualShare;

    static double Share(Preference figure, Operator of) =>
        figure switch
        {
            Preference.Quality => of.Touches.Quality,
            Preference.Bytes => of.Touches.Size,
            _ => of.Touches.Time,
        };
}
