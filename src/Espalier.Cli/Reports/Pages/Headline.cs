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

        double points = 100 * (best.Quality!.Mean - original.Quality!.Mean);
        string change =
            Math.Abs(points) < 0.05
                ? $"at the same {metric}, {Share(best)}"
                : $"and {(points < 0 ? "loses" : "gains")} {Figures.Percent(Math.Abs(points) / 100)} points of {metric} ({Share(best)}, not {Share(original)})";
        return $"On {task}, {best.Pipeline} answers in {Figures.Short(best.Milliseconds!.Mean)} ms, "
            + $"{Figures.Short(original.Milliseconds!.Mean / best.Milliseconds.Mean)} times as fast as the original, {change}.";
    }

    /// <summary>How sure the sentence is, in words.</summary>
    public static string Evidence(Findings findings)
    {
        string seeds = Figures.Counted(findings.Best?.Seeds ?? findings.Seeds, "seed");
        string n =
            $"{seeds}, {findings.Points.Max(p => p.Examples)} {findings.Setting.Split} examples";
        if (findings is not { Best: { } best, Original: { } original })
        {
            return n + ".";
        }

        string rule =
            $"The fastest measured operating point that loses at most {100 * Findings.Tolerance:0.#} points against O";
        return Quality(best, original, rule, n) + Padding(findings, best, original);
    }

    static string Quality(MeanPoint best, MeanPoint original, string rule, string n) =>
        best.Quality is not { Low: { } low, High: { } high }
            ? $"{rule}; {n}; how uncertain it is was not measured."
        : low <= original.Quality!.Mean && original.Quality.Mean <= high
            ? $"{rule}; {n}. Its 95 % interval, {Range(low, high)}, contains O’s {Share(original)}: "
                + "these data cannot tell the two qualities apart."
        : $"{rule}; {n}. Its 95 % interval, {Range(low, high)}, does not contain O’s {Share(original)}.";

    /// <summary>The original pads every text, and much of a speed-up may be that it need not.</summary>
    static string Padding(Findings findings, MeanPoint best, MeanPoint original) =>
        Findings.Letters(best.Pipeline).Contains('L')
        && findings.Points.FirstOrDefault(p => Findings.Letters(p.Pipeline) == "L")
            is { Milliseconds: { } alone }
            ? $" O pads all texts to one length; L, which does not, is {Figures.Short(original.Milliseconds!.Mean / alone.Mean)} times as fast by itself."
            : "";

    static string Share(MeanPoint point) => Figures.Percent(point.Quality!.Mean) + " %";

    static string Range(double low, double high) =>
        $"{Figures.Percent(low)} to {Figures.Percent(high)} %";
}
