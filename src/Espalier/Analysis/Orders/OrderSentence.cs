using Espalier.Data.Metrics;

namespace Espalier.Analysis.Orders;

/// <summary>From drafts of one family to verdicts and their sentences.</summary>
public static class OrderSentence
{
    internal static IEnumerable<(OrderDraft Draft, OrderComparison Found)> Judged(
        IReadOnlyList<OrderDraft> family,
        CommutativityOptions options
    )
    {
        Dictionary<(OrderDraft, CurveRegion), RegionFinding> regions = Adjusted(family, options);
        OrderDraft[] tested = [.. family.Where(d => d.Found.Test is not null)];
        double[] p = Inference.Holm([.. tested.Select(d => d.Found.Test!.P)]);
        foreach (OrderDraft draft in family)
        {
            int at = Array.IndexOf(tested, draft);
            yield return (
                draft,
                Finding(
                    draft.Found,
                    [.. draft.Regions.Select(r => regions[(draft, r.Region)])],
                    draft.ByTime is { } time ? regions[(draft, time.Region)] : null,
                    at < 0 ? null : draft.Found.Test! with { Adjusted = p[at] }
                )
            );
        }
    }

    /// <summary>A set with the same answers as another is no test of its own; its times are its own.</summary>
    internal static OrderComparison Repeated(
        OrderDraft draft,
        OrderComparison same,
        CommutativityOptions options
    )
    {
        RegionFinding? time = draft.ByTime is { } own
            ? Adjusted([draft with { Regions = [] }], options).Single().Value
            : null;
        OrderComparison found = draft.Found;
        return Finding(found, same.Regions, time, same.Test) with
        {
            SameAs = same.Operators,
            Sentence =
                $"{found.Operators} on {found.Task}: the same answers as {same.Operators}, and the same verdict.",
        };
    }

    /// <summary>Each region of the curve is one family over the sets, and each claim.</summary>
    static Dictionary<(OrderDraft, CurveRegion), RegionFinding> Adjusted(
        IReadOnlyList<OrderDraft> family,
        CommutativityOptions options
    )
    {
        var all = family
            .SelectMany(d =>
                (d.ByTime is { } time ? d.Regions.Append(time) : d.Regions).Select(r =>
                    (Draft: d, Region: r)
                )
            )
            .ToArray();
        return all.GroupBy(r => r.Region.Region)
            .SelectMany(same =>
            {
                double[][] adjusted =
                [
                    .. Enumerable
                        .Range(0, same.First().Region.P.Length)
                        .Select(claim => Inference.Holm([.. same.Select(r => r.Region.P[claim])])),
                ];
                return same.Select(
                    (r, i) =>
                        (
                            Key: (r.Draft, r.Region.Region),
                            Value: r.Region.Judged([.. adjusted.Select(a => a[i])], options.Alpha)
                        )
                );
            })
            .ToDictionary(r => r.Key, r => r.Value);
    }

    static OrderComparison Finding(
        OrderComparison draft,
        IReadOnlyList<RegionFinding> regions,
        RegionFinding? byTime,
        PermutationTest? test
    )
    {
        OrderComparison found = draft with
        {
            Test = test,
            Regions = regions,
            ByTime = byTime,
            Verdict = Primary(regions)?.Verdict ?? OrderVerdict.Undecided,
        };
        return found with { Sentence = Sentence(found) };
    }

    /// <summary>The region that the verdict is of: what was stated before.</summary>
    public static RegionFinding? Primary(IReadOnlyList<RegionFinding> regions) =>
        regions.FirstOrDefault(r =>
            r.Region is CurveRegion.FromSecondExit or CurveRegion.FullEffort
        ) ?? (regions.Count > 0 ? regions[^1] : null);

    static string Sentence(OrderComparison c)
    {
        string who = $"{c.Operators} on {c.Task}";
        if (Primary(c.Regions) is not { } primary)
        {
            string why =
                c.Originals.Count < 2
                    ? $"every order was run on {c.Originals.Count} originals, and 2 are the least that show noise"
                    : "the curves share no effort at which all can be read";
            return $"{who}: cannot tell whether order matters; {why}.";
        }

        List<string> parts = [$"{Where(primary.Region)}, {Verdict(primary, c)}"];
        if (
            c.From is { } from
            && primary.Region == CurveRegion.FromSecondExit
            && from.Layers < primary.Differences.Min(d => d.Place)
        )
        {
            parts.Add(
                $"within {c.Metric.GapIn(from.Bound)} already from {from.Layers:0.##} layers on"
            );
        }

        if (c.Regions.FirstOrDefault(r => r.Region == CurveRegion.FirstExit) is { } first)
        {
            parts.Add($"{Where(first.Region)}, {Verdict(first, c)}");
        }

        return $"{who}, {c.Originals.Count} originals: {string.Join("; ", parts)}.";
    }

    /// <summary>
    /// What is known of one region: the verdict, the size and its interval. Where the choice of the examples is in the
    /// intervals that is the verdict over both, and the one over originals on these examples stands behind it.
    /// </summary>
    static string Verdict(RegionFinding r, OrderComparison c)
    {
        string margin = c.Metric.GapIn(c.Margin),
            both = r.CoversExamples ? $" over seeds and {c.Metric.Over}" : "",
            all = r.Verdict switch
            {
                OrderVerdict.Equivalent =>
                    $"equivalent{both} within {c.Metric.GapIn(r.Bound)} (margin {margin}, {P(r.Equivalent)}{Read(r)})",
                OrderVerdict.Different =>
                    $"different{both} by more than {margin} ({P(r.Beyond)}): {Size(r, c.Metric)}",
                _ when r.Any <= 0.05 =>
                    $"{Size(r, c.Metric)}{both}, {P(r.Any)}; whether by more than {margin} or less is undecided",
                _ =>
                    $"undecided{both} against a margin of {margin}: {Size(r, c.Metric)}{Wanted(r, c)}",
            };
        return r.CoversExamples ? $"{all}; {Here(r, c, margin)}" : all;
    }

    /// <summary>The verdict over originals on the examples at hand, and what it would take.</summary>
    static string Here(RegionFinding r, OrderComparison c, string margin)
    {
        OnTheseExamples here = r.Here;
        return $"over seeds on these {here.Examples} {c.Metric.Over} "
            + here.Verdict switch
            {
                OrderVerdict.Equivalent =>
                    $"equivalent within {c.Metric.GapIn(here.Bound)} ({P(here.Equivalent)})",
                OrderVerdict.Different => $"different by more than {margin} ({P(here.Beyond)})",
                _ when here.Originals is { } n && n > c.Originals.Count && MayBeNone(r) =>
                    $"undecided, and about {n} originals would show that they are equivalent there",
                _ => "undecided",
            };
    }

    /// <summary>Originals do nothing about the choice of the examples: where that is in the intervals, it may take more of both.</summary>
    static string Wanted(RegionFinding r, OrderComparison c)
    {
        if (!MayBeNone(r))
        {
            return "";
        }

        int own = c.Originals.Count;
        return (r.CoversExamples ? r.Needed : new Needed(r.Here.Originals ?? 0, 0)) switch
        {
            { } all when r.CoversExamples && all.Examples > r.Here.Examples =>
                $"; {(all.Originals > own ? $"about {all.Originals} originals and {About(all.Examples)}" : $"about {About(all.Examples)}")} test {c.Metric.Over} would show that orders are equivalent if they are: originals alone would not",
            { } all when all.Originals > own =>
                $"; about {all.Originals} originals would show that orders are equivalent if they are",
            _ => "",
        };
    }

    static bool MayBeNone(RegionFinding r) => r.Differences.All(d => d.Low <= 0 && d.High >= 0);

    /// <summary>Two digits: nothing is known better.</summary>
    static string About(int examples)
    {
        double step = Math.Pow(10, Math.Max(0, Math.Floor(Math.Log10(examples)) - 1));
        return FormattableString.Invariant($"{step * Math.Ceiling(examples / step):#,0}");
    }

    /// <summary>The better order first.</summary>
    static string Size(RegionFinding r, Metric metric)
    {
        OrderDifference d = r.Told;
        var (better, worse, low, high) =
            d.Mean < 0 ? (d.B, d.A, -d.High, -d.Low) : (d.A, d.B, d.Low, d.High);
        string where = r.Places > 1 ? $" at {d.Place:0.##} layers" : "";
        return $"{better} is {metric.GapIn(Math.Abs(d.Mean))} {(metric.MoreIsBetter ? "above" : "below")} {worse}{where} (95 % interval {metric.Gap(low, "0.0")} to {metric.Gap(high, "0.0")})";
    }

    /// <summary>A region of which thresholds let one place be read says less than its name.</summary>
    static string Read(RegionFinding r) =>
        r.Places == 1 && r.Region == CurveRegion.FromSecondExit
            ? $", read at {r.Differences[0].Place:0.##} layers alone"
            : "";

    public static string Where(CurveRegion region) =>
        region switch
        {
            CurveRegion.FirstExit => "where all leave at the first exit",
            CurveRegion.BetweenFirstAndSecond => "between the first exit and the second",
            CurveRegion.FromSecondExit => "from the second exit on",
            CurveRegion.FullEffort => "at full effort",
            _ => "at equal time behind the first exit",
        };

    static string P(double p) => "p " + (p < 0.0005 ? "" : "= ") + Inference.Shown(p);
}
