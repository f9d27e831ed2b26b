using Espalier.Analysis.Choosing;
using Espalier.Measuring;
using Espalier.Models;
using Espalier.Operators;

namespace Espalier.Analysis.Search;

/// <summary>A measurement beside that of the original with the same seed.</summary>
sealed class LogRun
{
    readonly Alternative _own;
    readonly Alternative _original;

    LogRun(string block, Alternative own, Alternative original)
    {
        (Block, _own, _original) = (block, own, original);
        Contender = new Contender(own.Pipeline, own.Effort);
        Place = SurfacePlace.Of(Contender);
    }

    /// <summary>The seeds.</summary>
    public string Block { get; }
    public Contender Contender { get; }
    public SurfacePlace Place { get; }

    public static IReadOnlyList<LogRun> Of(IReadOnlyList<Measurement> measurements, string? metric)
    {
        // A machine or a task too many is refused here.
        _ = Alternatives.Of(measurements, metric);
        List<LogRun> runs = [];
        foreach (var seed in measurements.GroupBy(m => m.Seeds.Count == 0 ? 0 : m.Seeds[0]))
        {
            Measurement original =
                seed.FirstOrDefault(m => m.Effort == Effort.Full && IsOriginal(m.Pipeline))
                ?? throw new ArgumentException(
                    $"The original O was not measured with seed {seed.Key}; figures are predicted as ratios to it."
                );
            Alternative o = Alternatives.Of([original], metric)[0];
            foreach (var run in seed.GroupBy(m => string.Join("/", m.Seeds)))
            {
                runs.AddRange(
                    Alternatives.Of([.. run], metric).Select(a => new LogRun(run.Key, a, o))
                );
            }
        }

        return runs;
    }

    /// <summary>O alone, whatever its options.</summary>
    public static bool IsOriginal(string pipeline) =>
        Pipeline.Parse(pipeline).Operators is [FineTune];

    /// <summary>ln of the ratio to the original; null where either was not measured.</summary>
    public double? Value(Preference figure) =>
        Of(_own, figure) / Of(_original, figure) is { } ratio and > 0 ? Math.Log(ratio) : null;

    public double? Original(Preference figure) => Of(_original, figure);

    public static double? Of(Alternative a, Preference figure) =>
        figure switch
        {
            Preference.Quality => a.Quality.Value,
            Preference.Milliseconds => a.Milliseconds?.Value,
            Preference.Joules => a.Joules?.Value,
            _ => a.Bytes?.Value,
        };
}
