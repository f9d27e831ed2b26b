using Espalier.Analysis.Choosing;
using Espalier.Data.Metrics;
using Espalier.Operators;

namespace Espalier.Cli.Reports.Pages;

/// <summary>The answer of a study in one sentence, with what it rests on.</summary>
static class Headline
{
    public static string Of(Findings findings)
    {
        string task = findings.Setting.Task,
            name = findings.Metric.Name;
        Metric metric = findings.Metric;
        if (findings.Curves.Count == 0)
        {
            return $"On {task} no pipeline has both a quality and a time.";
        }

        if (findings.Original is not { } original)
        {
            MeanPoint fastest = findings.Front[0];
            return $"On {task}, {fastest.Pipeline} is the fastest of {Figures.Counted(findings.Pipelines, "pipeline")}: "
                + $"{Printed.Short(fastest.Milliseconds!.Value)} ms per {metric.Per} at {Share(fastest)} {name}; the original O was not measured.";
        }

        if (findings.Best is not { } best)
        {
            return $"On {task}, no measured pipeline is faster than the original and keeps its {name} "
                + $"within {metric.Tolerated()}.";
        }

        double gain = best.AgainstOriginal?.Mean ?? best.Worth!.Value - original.Worth!.Value;
        string change =
            Math.Abs(100 * gain) < 0.05 ? $"at the same {name}, {Share(best)}"
            : metric.MoreIsBetter
                ? $"and {(gain < 0 ? "loses" : "gains")} {metric.Gap(gain, "0.0").TrimStart('−')} {metric.GapsOf()} ({Share(best)}, not {Share(original)})"
            : $"with {metric.Gap(gain, "0.0").TrimStart('−')} {metric.GapUnit()} {(gain < 0 ? "more" : "less")} {name} ({Share(best)}, not {Share(original)})";
        return $"On {task}, {best.Pipeline} {(metric.IsOfText ? "writes a token in" : "answers in")} {Printed.Short(best.Milliseconds!.Value)} ms, "
            + $"{Printed.Short(best.SpeedUp?.Value ?? original.Milliseconds!.Value / best.Milliseconds.Value)} times as fast as the original, {change}.";
    }

    /// <summary>How sure the sentence is, in words.</summary>
    public static string Evidence(Findings findings)
    {
        string seeds = Figures.Counted(findings.Best?.Seeds ?? findings.Seeds, "seed");
        int examples = findings.Points.Max(p => p.Examples);
        string n =
            examples > 0
                ? $"{seeds}, {examples} {findings.Setting.Split} {findings.Metric.Over}"
                : seeds;
        if (findings is not { Best: { } best, Original: not null })
        {
            return n + ".";
        }

        string rule =
            $"The fastest measured operating point that loses at most {findings.Metric.Tolerated()} against O";
        return $"{rule}; {n}.{Compared(best)}{Own(findings, best)}{Padding(findings)}{Downloaded(findings)}";
    }

    /// <summary>Against O on the same seeds; two intervals that overlap say less.</summary>
    static string Compared(MeanPoint best) =>
        best.AgainstOriginal is not { Low: { } low, High: { } high, Mean: var mean } pair
            ? " Of one seed, how its quality compares with O’s cannot be told."
            : $" On the same seeds it has {Signed(best.Metric, mean)} {(best.Metric.MoreIsBetter ? best.Metric.GapUnit() : best.Metric.GapsOf())} against O (95 % interval {Signed(best.Metric, best.Metric.MoreIsBetter ? low : high)} to {Signed(best.Metric, best.Metric.MoreIsBetter ? high : low)}, {(pair.CoversExamples ? $"over seeds and {best.Metric.Over}" : $"over seeds, on these {best.Metric.Over}")}): "
                + (
                    pair.IsSure == true
                        ? $"{(mean < 0 ? "a loss" : "a gain")} beyond what {(pair.CoversExamples ? $"seeds and {best.Metric.Over}" : "seeds")} do."
                        : "these data cannot tell the two qualities apart."
                );

    static string Own(Findings findings, MeanPoint best) =>
        best.Quality is not { Low: { } low, High: { } high }
            ? " How uncertain its own quality is was not measured."
            : $" Its own 95 % interval is {best.Metric.Text(low)} to {best.Metric.Shown(high)}"
                + (
                    findings.CoversExamples
                        ? $", seeds and the choice of {best.Metric.Over} together."
                        : $", by seeds alone; another draw of the {best.Metric.Over} would move it too."
                );

    static string Downloaded(Findings findings) =>
        Pipeline.Parse(findings.Original!.Pipeline).Operators[0].KeepsClassifier
            ? " O is the model as downloaded; nobody fine-tuned it here."
            : "";

    /// <summary>The original pads every text, and much of a speed-up may be that it need not.</summary>
    static string Padding(Findings findings) =>
        Findings.Steps(findings.Best!.Pipeline).FirstOrDefault(o => o.Has(Effects.NoPadding))
            is { } unpadded
        && findings.Points.FirstOrDefault(p => Findings.Steps(p.Pipeline).SequenceEqual([unpadded]))
            is { SpeedUp: { } alone }
            ? $" O pads all texts to one length; {unpadded.Name}, which does not, is {Printed.Short(alone.Value)} times as fast by itself."
            : "";

    /// <summary>As the value changes: a gain of a metric that less is better of is a fall.</summary>
    static string Signed(Metric metric, double gain) =>
        metric.MoreIsBetter
            ? (gain > 0 ? "+" : "") + metric.Gap(gain, "0.0")
            : (gain < 0 ? "+" : "") + Printed.With(-metric.Points(gain), "0.0");

    /// <summary>Of a metric that less is better of, what is lost is a rise.</summary>
    static string Tolerated(this Metric metric) =>
        $"{metric.Gap(-Findings.Tolerance, "0.#").TrimStart('−')} {metric.GapUnit()}";

    static string Share(MeanPoint point) => point.Metric.Shown(point.Quality!.Value);
}
