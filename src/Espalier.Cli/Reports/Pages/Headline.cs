using Espalier.Operators;

namespace Espalier.Cli.Reports.Pages;

/// <summary>The answer of a study in one sentence, with what it rests on.</summary>
static class Headline
{
    public static string Of(Findings findings)
    {
        string task = findings.Setting.Task,
            metric = findings.Setting.Metric;
        if (findings.Curves.Count == 0)
        {
            return $"On {task} no pipeline has both a quality and a time.";
        }

        if (findings.Original is not { } original)
        {
            MeanPoint fastest = findings.Front[0];
            return $"On {task}, {fastest.Pipeline} is the fastest of {Figures.Counted(findings.Pipelines, "pipeline")}: "
                + $"{Figures.Short(fastest.Milliseconds!.Mean)} ms per example at {Share(fastest)} {metric}; the original O was not measured.";
        }

        if (findings.Best is not { } best)
        {
            return $"On {task}, no measured pipeline is faster than the original and keeps its {metric} "
                + $"within {100 * Findings.Tolerance:0.#} points.";
        }

        double points =
            100 * (best.AgainstOriginal?.Mean ?? best.Quality!.Mean - original.Quality!.Mean);
        string change =
            Math.Abs(points) < 0.05
                ? $"at the same {metric}, {Share(best)}"
                : $"and {(points < 0 ? "loses" : "gains")} {Figures.Percent(Math.Abs(points) / 100)} points of {metric} ({Share(best)}, not {Share(original)})";
        return $"On {task}, {best.Pipeline} answers in {Figures.Short(best.Milliseconds!.Mean)} ms, "
            + $"{Figures.Short(best.SpeedUp?.Mean ?? original.Milliseconds!.Mean / best.Milliseconds.Mean)} times as fast as the original, {change}.";
    }

    /// <summary>How sure the sentence is, in words.</summary>
    public static string Evidence(Findings findings)
    {
        string seeds = Figures.Counted(findings.Best?.Seeds ?? findings.Seeds, "seed");
        string n =
            $"{seeds}, {findings.Points.Max(p => p.Examples)} {findings.Setting.Split} examples";
        if (findings is not { Best: { } best, Original: not null })
        {
            return n + ".";
        }

        string rule =
            $"The fastest measured operating point that loses at most {100 * Findings.Tolerance:0.#} points against O";
        return $"{rule}; {n}.{Compared(best)}{Own(findings, best)}{Padding(findings)}{Downloaded(findings)}";
    }

    /// <summary>Against O on the same seeds; two intervals that overlap say less.</summary>
    static string Compared(MeanPoint best) =>
        best.AgainstOriginal is not { Low: { } low, High: { } high, Mean: var mean } pair
            ? " Of one seed, how its quality compares with O’s cannot be told."
            : $" On the same seeds it has {Signed(mean)} points against O (95 % interval {Signed(low)} to {Signed(high)}, {(pair.CoversExamples ? "over seeds and examples" : "over seeds, on these examples")}): "
                + (
                    pair.IsSure == true
                        ? $"{(mean < 0 ? "a loss" : "a gain")} beyond what {(pair.CoversExamples ? "seeds and examples" : "seeds")} do."
                        : "these data cannot tell the two qualities apart."
                );

    static string Own(Findings findings, MeanPoint best) =>
        best.Quality is not { Low: { } low, High: { } high }
            ? " How uncertain its own quality is was not measured."
            : $" Its own 95 % interval is {Range(low, high)}"
                + (
                    findings.CoversExamples
                        ? ", seeds and the choice of examples together."
                        : ", by seeds alone; another draw of the examples would move it too."
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
            ? $" O pads all texts to one length; {unpadded.Name}, which does not, is {Figures.Short(alone.Mean)} times as fast by itself."
            : "";

    static string Signed(double share) => (share > 0 ? "+" : "") + Figures.Percent(share);

    static string Share(MeanPoint point) => Figures.Percent(point.Quality!.Mean) + " %";

    static string Range(double low, double high) =>
        $"{Figures.Percent(low)} to {Figures.Percent(high)} %";
}
