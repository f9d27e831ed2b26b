namespace Espalier.Analysis.Orders;

/// <summary>From figures to the verdict and its sentence.</summary>
static class OrderSentence
{
    public static OrderComparison Judged(
        OrderComparison c,
        Blocks? blocks,
        CommutativityOptions options
    )
    {
        string who = $"{c.Operators} on {c.Task}";
        if (c.Test is not { } test || c.Power is not { } power)
        {
            string why =
                c.Originals.Count < 2
                    ? $"every order was run on {c.Originals.Count} originals, and 2 are the least that show noise"
                    : "the curves share neither a cost nor an effort";
            return c with { Sentence = $"{who}: cannot tell whether order matters; {why}." };
        }

        string evidence =
            $"over {c.Originals.Count} originals the mean curves of {c.Orders.Count} orders are {test.Statistic:0.####} "
            + $"apart{(blocks!.ByEffort ? " at the same effort" : "")} where relabelling gives {test.Expected:0.####} "
            + $"(p {(test.P < 0.0005 ? "" : "= ")}{test.ShownP}, {(test.Exact ? "all" : "drawn")} {test.Relabellings} relabellings)";
        if (test.P <= options.Alpha)
        {
            OrderContrast most = c.Contrasts.MaxBy(x => x.Distance)!;
            return c with
            {
                Verdict = OrderVerdict.DoNotCommute,
                Sentence =
                    $"{who} do not commute: {evidence}; furthest apart are {most.A} and {most.B}, by {most.Distance:0.####}.",
            };
        }

        string needed = power.OriginalsNeeded is { } n
            ? $"; about {n} originals would show {c.Margin:0.####}, the distance that seeds alone make"
            : "";
        if (power.WhyNone is { } none)
        {
            return c with
            {
                Sentence =
                    $"{who}: cannot tell whether order matters; {evidence}, and {none}{needed}.",
            };
        }

        bool seen = power.SmallestEffect <= c.Margin;
        string visible =
            $"an effect of {power.SmallestEffect:0.####} would have been seen in {100 * power.Against:0} % of such studies";
        return seen
            ? c with
            {
                Verdict = OrderVerdict.Commute,
                Sentence =
                    $"{who} commute: {evidence}, and {visible}, which is within {c.Margin:0.####}, the margin.",
            }
            : c with
            {
                Sentence =
                    $"{who}: cannot tell whether order matters; {evidence}, but only {visible}{needed}.",
            };
    }
}
