using Espalier.Analysis.Choosing;
using Espalier.Data.Metrics;
using Espalier.Measuring;
using Espalier.Models;
using Espalier.Operators;

namespace Espalier.Analysis.Search;

/// <summary>A measurement beside that of the original with the same seed.</summary>
sealed class LogRun
{
    readonly Alternative _own;
    readonly Alternative _original;

    LogRun(string block, int examples, double layers, Alternative own, Alternative original)
    {
        (Block, Examples, Layers, _own, _original) = (block, examples, layers, own, original);
        Contender = new Contender(own.Pipeline, own.Effort);
        Operators = OptionPlace.Of(Contender);
    }

    /// <summary>The seeds.</summary>
    public string Block { get; }

    /// <summary>That its quality was taken on.</summary>
    public int Examples { get; }

    /// <summary>That an example went through on average.</summary>
    public double Layers { get; }
    public Contender Contender { get; }

    /// <summary>All but O.</summary>
    public OptionPlace[] Operators { get; }

    public static IReadOnlyList<LogRun> Of(IReadOnlyList<Measurement> measurements)
    {
        // A machine or a task too many is refused here.
        _ = Alternatives.Of(measurements);
        List<LogRun> runs = [];
        foreach (var seed in measurements.GroupBy(m => m.Seeds.Count == 0 ? 0 : m.Seeds[0]))
        {
            Measurement original =
                seed.FirstOrDefault(m => m.Effort == Effort.Full && IsOriginal(m.Pipeline))
                ?? throw new ArgumentException(
                    $"The original O was not measured with seed {seed.Key}; figures are predicted as ratios to it."
                );
            Alternative o = Alternatives.Of([original])[0];
            foreach (var run in seed.GroupBy(m => string.Join("/", m.Seeds)))
            {
                runs.AddRange(
                    Alternatives
                        .Of([.. run])
                        .Select(a => new LogRun(
                            run.Key,
                            run.First().Examples,
                            run.Where(m => m.Pipeline == a.Pipeline && m.Effort == a.Effort)
                                .Average(m => m.Estimate(Figure.Layers)?.Value)
                                ?? 1,
                            a,
                            o
                        ))
                );
            }
        }

        return runs;
    }

    /// <summary>O alone, whatever its options.</summary>
    public static bool IsOriginal(string pipeline) => Pipeline.Parse(pipeline).IsOriginal;

    public Metric Metric => _own.Metric;

    /// <summary>
    /// ln of the ratio to the original, or the difference of a metric without ratios; null where either was not measured.
    /// </summary>
    public double? Value(Preference figure) =>
        _own.Figure(figure)?.Value is not { } own
        || _original.Figure(figure)?.Value is not { } original
            ? null
        : figure == Preference.Quality ? Metric.Effect(own, original)
        : own / original is > 0 and var ratio ? Math.Log(ratio)
        : null;

    /// <summary>Of the original, where what operators do to it is added.</summary>
    public double? Level(Preference figure) =>
        _original.Figure(figure)?.Value is { } value
            ? figure == Preference.Quality
                ? Metric.Level(value)
                : Math.Log(value)
            : null;
}
