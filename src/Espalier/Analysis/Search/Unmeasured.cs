using Espalier.Analysis.Choosing;
using Espalier.Measuring;
using Espalier.Models;
using Espalier.Operators;

namespace Espalier.Analysis.Search;

/// <summary>Combinations that nobody ran, predicted as the planner predicts them.</summary>
public static class Unmeasured
{
    // The surface of so many points is fitted in seconds; further seeds of a larger study add little to it.
    const int MostPoints = 600;

    /// <summary>
    /// All sets of operators that were measured alone, in the usual order and at the efforts that were timed. None where there
    /// is no original to take ratios to.
    /// </summary>
    /// <param name="measurements">Of the findings, those with a quality and a time of a pipeline.</param>
    public static IReadOnlyList<MeanPoint> Of(
        Findings findings,
        IReadOnlyList<Measurement> measurements
    )
    {
        if (findings.Original is not { } original)
        {
            return [];
        }

        IReadOnlyList<Contender> missing = Missing(original.Pipeline, measurements);
        Measurement[] seen = missing.Count > 0 ? Seen(original, measurements) : [];
        if (seen.Length == 0)
        {
            return [];
        }

        int seeds = seen.Select(m => m.Seeds[0]).Distinct().Count();
        return
        [
            .. new Surface(seen, missing)
                .Predict(missing)
                .Select(a => new MeanPoint
                {
                    Pipeline = a.Pipeline,
                    Effort = a.Effort,
                    Metric = a.Metric,
                    Quality = a.Quality,
                    Milliseconds = a.Milliseconds,
                    Joules = a.Joules,
                    Bytes = a.Bytes,
                    SpeedUp = new Estimate(
                        original.Milliseconds!.Value / a.Milliseconds!.Value,
                        null,
                        null,
                        seeds,
                        Origin.Predicted
                    ),
                    Seeds = seeds,
                    Examples = original.Examples,
                }),
        ];
    }

    static IReadOnlyList<Contender> Missing(
        string original,
        IReadOnlyList<Measurement> measurements
    )
    {
        Operator first = Pipeline.Parse(original).Operators[0];
        Operator[][] known = [.. measurements.Select(m => m.Pipeline).Distinct().Select(Operators)];
        HashSet<string> sets = [.. known.Select(SetOf)];
        SearchSpace space = new(
            [.. known.Where(k => k.Length == 1).Select(k => k[0]).Distinct()],
            [
                .. measurements
                    .Where(m => Operators(m.Pipeline).Any(o => o.Has(Effects.Exits)))
                    .Select(m => m.Effort)
                    .Distinct(),
            ]
        );
        return space.ContendersOf([
            .. space
                .Pipelines()
                .Where(p => !sets.Contains(SetOf(Operators(p))))
                .Select(p => $"{Pipeline.Of([first, .. Operators(p)])}"),
        ]);
    }

    /// <summary>Of the seeds that O was measured with, as many as the surface takes.</summary>
    static Measurement[] Seen(MeanPoint original, IReadOnlyList<Measurement> measurements)
    {
        List<Measurement> seen = [];
        foreach (
            Measurement[] seed in measurements
                .GroupBy(m => m.Seeds[0])
                .OrderBy(g => g.Key)
                .Select(g => g.ToArray())
                .Where(g => g.Any(m => m.Pipeline == original.Pipeline && m.Effort == Effort.Full))
        )
        {
            if (seen.Count > 0 && seen.Count + seed.Length > MostPoints)
            {
                break;
            }

            seen.AddRange(seed);
        }

        return [.. seen];
    }

    static Operator[] Operators(string pipeline) => [.. Pipeline.Parse(pipeline).Steps];

    static string SetOf(IReadOnlyList<Operator> operators) =>
        string.Join('+', operators.Select(o => $"{o}").Order(StringComparer.Ordinal));
}
