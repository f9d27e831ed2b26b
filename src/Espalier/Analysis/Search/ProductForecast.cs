using Espalier.Analysis.Choosing;
using Espalier.Data.Metrics;
using Espalier.Measuring;

namespace Espalier.Analysis.Search;

/// <summary>
/// What the product rule makes of single operators, without any measured combination (Xin et al. 2022): what a planner has to
/// beat. Of options that stand nowhere alone the nearest count.
/// </summary>
public static class ProductForecast
{
    /// <returns>Those of which every operator was measured alone, without intervals.</returns>
    public static IReadOnlyList<Alternative> Of(
        IReadOnlyList<Measurement> measurements,
        IReadOnlyList<Contender> contenders
    )
    {
        IReadOnlyList<LogRun> runs = LogRun.Of(measurements);
        Metric metric = runs[0].Metric;
        Singles singles = new(runs);
        StudentRule student = new(singles);
        LogRun[] originals = [.. runs.DistinctBy(r => r.Block)];
        return
        [
            .. contenders
                .Select(c =>
                    Of(Preference.Quality, c) is { } quality
                        ? new Alternative(
                            c.Pipeline,
                            c.Effort,
                            metric,
                            quality,
                            Of(Preference.Milliseconds, c),
                            Of(Preference.Joules, c),
                            Of(Preference.Bytes, c)
                        )
                        : null
                )
                .OfType<Alternative>(),
        ];

        Estimate? Of(Preference figure, Contender contender)
        {
            OptionPlace[] places = OptionPlace.Of(contender);
            double? level = originals.Average(o => o.Level(figure));
            foreach (OptionPlace place in places)
            {
                level += singles.Nearest(place, figure);
            }

            if (figure is Preference.Milliseconds or Preference.Joules)
            {
                level += student.Offset(figure, places);
            }

            return level is { } known
                ? new Estimate(
                    figure == Preference.Quality ? metric.AtLevel(known) : Math.Exp(known),
                    null,
                    null,
                    1,
                    Origin.Predicted
                )
                : null;
        }
    }
}
