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
        return $"""
            <section id="machine" aria-labelledby="machine-title">
            <h2 id="machine-title">Machine and method</h2>
            <div class="columns">
            <div>
            {machines.Select(m => Facts(m, load))}
            </div>
            <div class="prose">
            <p><b>Quality</b> is measured on the task’s test split, from one pass that records every exit; the headline and the budget choose by the same figures, so what they choose looks better than it is. <b>Time</b> is really run, one configuration after another in interleaved rounds; a figure is the median over rounds, and over seeds the mean of medians.</p>
            <p><b>Intervals</b> are 95 %. Over seeds they are Student’s t of the mean; with few seeds they are wide, as they must be. Of one seed, quality has Wilson’s interval over examples and time that between two order statistics.</p>
            <p><b>Origin</b>: measured was run here; modelled was computed from something measured with constants that were not; predicted was derived from measurements of other pipelines.</p>
            <p><b>Lines</b> join neighbouring efforts. Where two neighbours are far apart there is no operating point between them, and the line is left out.</p>
            {sources.Select(s => (Markup)$"<p><b>Energy</b>: {s}</p>")}
            </div>
            </div>
            </section>

            """;
    }

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
        return $"<dl class=\"facts\">{facts.Select(f => (Markup)$"<div><dt>{f.Name}</dt><dd>{f.Value}</dd></div>")}</dl>";
    }
}
