using Espalier.Analysis;
using Espalier.Measuring;

namespace Espalier.Cli.Reports.Pages;

/// <summary>On which machine, with which versions, and how each figure came about.</summary>
static class Provenance
{
    public static Markup Write(ReportInput results)
    {
        Machine[] machines =
        [
            .. results.Measurements.Select(m => m.Machine with { LoadAverage = null }).Distinct(),
        ];
        double[] loads =
        [
            .. results.Measurements.Select(m => m.Machine.LoadAverage).OfType<double>(),
        ];
        string load =
            loads.Length > 0
                ? $"{loads.Min():0.0} to {loads.Max():0.0} processes before measuring began"
                : "unknown";
        string[] sources =
        [
            .. results.Measurements.Select(m => m.EnergySource).OfType<string>().Distinct(),
        ];
        if (results.Measurements.All(m => m.Machine.Processor == PublishedTable.Unknown))
        {
            return Markup.Section(
                "machine",
                "Machine and method",
                $"<p class=\"prose\">All figures are those of a table that others measured; how and on what, it does not say. Intervals are over what stands for seeds in it, Student’s t of the mean; ratios to O are within one of them. Times and energies are in the units of the table, whatever their columns are called, and what is predicted comes from its rows alone.</p>"
            );
        }

        bool isText = results.Measurements.All(m => m.Primary.Kind.IsOfText);
        Markup inner = $"""
            <div class="columns">
            <div>
            {machines.Select(m => Facts(m, load))}
            </div>
            <div class="prose">
            <p><b>Quality</b> is measured on the task’s test split, {(
                isText ? "each of its windows by itself" : "from one pass that records every exit"
            )}; the headline and the budget choose by the same figures, so what they choose looks better than it is. <b>Time</b> is really run, one configuration after another in interleaved rounds; a figure is the median over rounds, and over seeds the mean of medians. How many times as fast as O is taken within a seed and a sitting, where the machine was the same for both. {Timed(
                results.Measurements
            )}</p>
            <p><b>Intervals</b> are 95 %. Over seeds they are Student’s t of the mean; with few seeds they are wide, as they must be. {(
                isText
                    ? "Those of perplexity hold the sampling of the split’s windows too, which all seeds share: tokens beside each other depend on each other, and windows hardly do"
                    : $"Those of accuracy hold the sampling of the split’s examples too, which all seeds share, by {Sampling(results)}"
            )}; those of times hold a variance of sittings where there are several. Of one seed, quality has {(
                isText
                    ? "the jackknife’s interval over windows"
                    : "Wilson’s interval over examples"
            )} and time its own over rounds.</p>
            <p><b>Origin</b>: measured was run here; modelled was computed from something measured with constants that were not; predicted was derived from measurements of other pipelines.</p>
            <p><b>Lines</b> join neighbouring efforts. Where two neighbours are far apart there is no operating point between them, and the line is left out. Orders are compared only where curves may be read: see there.</p>
            {sources.Each(s => $"<p><b>Energy</b>: {s}</p>")}
            </div>
            </div>
            """;
        return Markup.Section("machine", "Machine and method", inner);
    }

    /// <summary>Which examples times rest on.</summary>
    static string Timed(IReadOnlyList<Measurement> measurements)
    {
        TimedSet[] sets = [.. measurements.Select(m => m.Timed).OfType<TimedSet>()];
        if (sets.Length == 0)
        {
            int[] few = [.. measurements.Select(m => m.TimedExamples).OfType<int>()];
            return few.Length == 0
                ? ""
                : $"Times rest on {few.Min()} to {few.Max()} examples spread over the split, which may be shorter or easier than all of it; no interval covers that.";
        }

        double tokens = sets.Max(s => Math.Abs(s.Tokens / s.SplitTokens - 1)),
            layers = sets.Max(s => Math.Abs(s.Layers / s.SplitLayers - 1));
        if (measurements.All(m => m.Primary.Kind.IsOfText))
        {
            return "They are of a token: the mean over those that are written behind a prompt, with all keys and values of what stands in front kept.";
        }

        return $"Times are of the whole split, from {sets.Min(s => s.Examples)} to {sets.Max(s => s.Examples)} of its examples; tokens and layers of those differ from all by {100 * tokens:0.0} and {100 * layers:0.0} % at most.";
    }

    static string Sampling(ReportInput results) =>
        results.Measurements.Any(m => results.Answers.Each(m) is not null)
            ? "the answers to each example"
            : "the binomial of one model: answers to single examples were not kept";

    static Markup Facts(Machine m, string load)
    {
        (string Name, string Value)[] facts =
        [
            ("processor", m.Processor),
            (
                "used",
                $"{Figures.Counted(m.Threads, "thread")} of {m.LogicalProcessors}, {m.Kernels} kernels"
            ),
            ("memory", m.MemoryBytes is { } bytes ? $"{bytes / 1e9:0.0} GB" : "unknown"),
            (
                "virtual",
                m.IsVirtual is { } isVirtual
                    ? isVirtual
                        ? "yes: neighbours may take time"
                        : "no"
                    : "unknown"
            ),
            ("load", load),
            ("system", m.OperatingSystem),
            ("runtime", m.Runtime),
            ("Espalier", m.Espalier),
        ];
        return $"<dl class=\"facts\">{facts.Each(f => $"<div><dt>{f.Name}</dt><dd>{f.Value}</dd></div>")}</dl>";
    }
}
