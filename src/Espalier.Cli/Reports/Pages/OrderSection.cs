using Espalier.Analysis;
using Espalier.Analysis.Choosing;
using Espalier.Analysis.Orders;
using Espalier.Data.Metrics;
using Espalier.Operators;

namespace Espalier.Cli.Reports.Pages;

/// <summary>Does the order of operators matter: distances of curves, the verdict and what it rests on.</summary>
static class OrderSection
{
    // Chords of less are no news.
    const double ToldStep = 0.3;
    const int MostWeak = 6;
    const string Asked = "Does the order matter?";

    public static Markup Write(StudySection section, int index)
    {
        Metric metric = section.Findings.Metric;
        if (section.Orders.Count == 0)
        {
            return Markup.Section(
                $"orders-{index}",
                Asked,
                $"<p class=\"note\">Nothing to compare: no set of operators was measured in two orders. Run both, as DEP and EDP, to ask this question.</p>"
            );
        }

        // L changes no answer: what is said of the same answers is said once.
        OrderComparison[] own = [.. section.Orders.Where(o => o.SameAs is null)],
            drawn = [.. own.Where(o => o.Regions.Count > 0)];
        Markup inner = $"""
            {own.Each(o => $"<p class=\"verdict\"><span class=\"tag\">{Title(o.Verdict)}</span> {o.Sentence}{Repeated(section.Orders, o)}</p>"
            )}
            <p class="note">{Method(own.MaxBy(o => o.WidestStep)!)}{Weak(section.Findings)}</p>
            <div class="panels">
            {drawn.Each(o => $"<figure><h3>{o.Operators}</h3>{DifferenceChart.Draw(o)}<figcaption>n = {Figures.Counted(o.Originals.Count, "seed")}; bands are simultaneous 95 % intervals, the grey strip is the margin.</figcaption></figure>"
            )}
            </div>
            {Regions(drawn)}
            <h3>Distances of curves, as in the paper</h3>
            <figure>
            <div class="plot">{OrderChart.Draw(own, metric, isNarrow: false)}{OrderChart.Draw(
                own,
                metric,
                isNarrow: true
            )}</div>
            <figcaption>Distance of two curves: the largest difference in {metric.Name} at equal layers, over the places at which all can be read. Each dot is a pair of runs; the bar is the mean with its 95 % interval over originals. A mean of largest differences is no size of an effect: without any effect of order it is above 0 too, by how much stands in the table.</figcaption>
            </figure>
            {Distances(own)}
            {Components(section)}
            <h3>The curves behind it</h3>
            <div class="panels">
            {own.Where(o => o.Runs.Count > 0).Each(o => $"<figure><h4>{o.Operators}</h4>{OrderChart.Curves(o)}<figcaption>{string.Join(", ", o.Orders)}; n = {Figures.Counted(o.Originals.Count, "seed")}, a line for each run.{(o.Runs.Any(r => r.Curve.Points.Length > 1) ? $" Not joined: the first exit, and neighbours more than {EffortCurve.WidestChord} layer apart." : "")}</figcaption></figure>"
            )}
            </div>
            """;
        return Markup.Section($"orders-{index}", Asked, inner);
    }

    /// <summary>How a verdict comes about, and what was stated before.</summary>
    public static string Method(OrderComparison o)
    {
        bool hasExits =
            !o.Regions.All(r => r.Region == CurveRegion.FullEffort) || o.Regions.Count == 0;
        return $"Margins are fixed before measuring: {Points(o, o.Margin)} {o.Metric.GapsOf()}, and {Points(o, o.SecondMargin)}. Quality is compared at equal layers, one order less the other on the same original{(o.Metric.MoreIsBetter ? "" : "; a difference above 0 is for the better, which is less")}. "
            + "Equivalent: at every place of the region two one-sided t tests put the difference within the margin. Different: a simultaneous 95 % interval (largest |t| of simulated studies) lies beyond it at some place. All else is undecided: p above 0.05 shows no equivalence. "
            + $"The verdict is that {(hasExits ? "of the region from the second exit on" : "at full effort, as there are no exits")}; p values are corrected by Holm over the sets of trained operators, and apart over those with {OrderRule.Letters(Group.II, "or")}, which ask the same models again. "
            + (hasExits ? "Nothing is read between the first exit and the next threshold. " : "")
            + (
                o.Regions.Count > 0 && o.Regions.All(r => r.CoversExamples)
                    ? $"Intervals hold another draw of the test {o.Metric.Over} too."
                    : $"All of it speaks of these test {o.Metric.Over}; their choice is not in the intervals."
            )
            + (
                o.WidestStep > ToldStep
                    ? $" Thresholds leave steps of up to {Figures.Tick(Math.Round(o.WidestStep, 2))} {(Math.Abs(o.WidestStep - 1) < 0.005 ? "layer" : "layers")}, over which curves are taken for straight."
                    : ""
            );
    }

    public static string Title(OrderVerdict verdict) =>
        verdict switch
        {
            OrderVerdict.Equivalent => "equivalent",
            OrderVerdict.Different => "order matters",
            _ => "undecided",
        };

    /// <summary>Names and summaries in the order of Table 1 of the paper.</summary>
    public static IEnumerable<(string Name, DistanceSummary Summary)> Rows(OrderComparison o) =>
        [
            ("same order", o.Same),
            ("different orders", o.Different),
            ("different orders, same original", o.Paired),
        ];

    /// <summary>A student that hardly beats guessing has little that an order could change.</summary>
    static string Weak(Findings findings)
    {
        MeanPoint[] weak =
        [
            .. findings.NearMajority.Where(p => Findings.Letters(p.Pipeline).All(char.IsLetter)),
        ];
        return weak.Length == 0
            ? ""
            : $" Guessing the largest class would give {findings.Metric.Shown(findings.MajorityShare!.Value)}; near it, with less than a third of what O has above it, are {string.Join(", ", weak.Take(MostWeak).Select(p => $"{p.Pipeline} ({p.Metric.Shown(p.Quality!.Value)})"))}{(weak.Length > MostWeak ? $" and {weak.Length - MostWeak} more" : "")}: their orders say little.";
    }

    static string Repeated(IReadOnlyList<OrderComparison> all, OrderComparison o)
    {
        string[] same = [.. all.Where(c => c.SameAs == o.Operators).Select(c => c.Operators)];
        return same.Length == 0 ? "" : $" The same answers: {string.Join(", ", same)}.";
    }

    static Markup Regions(OrderComparison[] orders)
    {
        if (orders.Length == 0)
        {
            return Markup.Empty;
        }

        bool covers = orders.Any(o => o.Regions.Any(r => r.CoversExamples));
        OrderComparison any = orders[0];
        string unit = any.Metric.IsOfText ? $" {any.Metric.GapUnit()}" : "";
        return new TextTable(
            [
                .. TextTable.Words("operators", "region", "verdict"),
                .. covers ? TextTable.Words($"on these {any.Metric.Over}") : [],
                .. TextTable.Words(
                    $"at {Points(any, any.SecondMargin)}{unit}",
                    "difference",
                    "at layers"
                ),
                .. TextTable.Numbers(any.Metric.GapUnit(), "95 % interval", "within"),
                .. TextTable.Numbers(
                    $"p within {Points(any, any.Margin)}{unit}",
                    "p beyond",
                    "p any"
                ),
            ],
            from o in orders
            from r in o.ByTime is { } time ? o.Regions.Append(time) : o.Regions
            select (IReadOnlyList<string>)
                [
                    o.Operators,
                    Region(r),
                    Title(r.Verdict),
                    .. covers ? (string[])[Title(r.Here.Verdict)] : [],
                    Title(r.Second),
                    $"{r.Told.A} − {r.Told.B}",
                    Place(r),
                    Points(o, r.Told.Mean),
                    $"{Points(o, r.Told.Low)} to {Points(o, r.Told.High)}",
                    Points(o, r.Bound),
                    Inference.Shown(r.Equivalent),
                    Inference.Shown(r.Beyond),
                    Inference.Shown(r.Any),
                ]
        ).Html("Differences of orders by region");
    }

    static string Region(RegionFinding r) =>
        r.Region switch
        {
            CurveRegion.FirstExit => "first exit",
            CurveRegion.BetweenFirstAndSecond => "between exits 1 and 2",
            CurveRegion.FromSecondExit => "from exit 2 on",
            CurveRegion.FullEffort => "full effort",
            _ => "at equal time",
        };

    static string Place(RegionFinding r) =>
        r.Region == CurveRegion.EqualTime
            ? $"{Printed.With(100 * r.Told.Place, "0.0")} % of O’s time"
            : $"{Figures.Tick(Math.Round(r.Told.Place, 2))}";

    static Markup Distances(OrderComparison[] orders) =>
        new TextTable(
            [
                .. TextTable.Words("operators", "pairs of runs"),
                .. TextTable.Numbers($"mean, {orders[0].Metric.GapUnit()}", "without effect", "SD"),
                .. TextTable.Numbers("95 % interval", "pairs", "p", "p, Holm"),
            ],
            orders.SelectMany(o =>
                Rows(o)
                    .Select(
                        (r, i) =>
                            new[]
                            {
                                o.Operators,
                                r.Name,
                                Points(o, r.Summary.Mean),
                                i == 2 ? Points(o, o.PairedByNoise) : "",
                                Points(o, r.Summary.Sd),
                                $"{Points(o, r.Summary.Low)} to {Points(o, r.Summary.High)}",
                                $"{r.Summary.Pairs}",
                                "",
                                "",
                            }
                    )
                    .Concat(o.Test is { } test ? [Relabelled(o, test)] : [])
            )
        ).Html("Distances of orders");

    static string[] Relabelled(OrderComparison o, PermutationTest test) =>
        [
            o.Operators,
            $"mean curves, {(test.Exact ? "all" : "drawn")} {test.Relabellings} relabellings",
            Points(o, test.Statistic),
            Points(o, test.Expected),
            "",
            "",
            "",
            test.ShownP,
            Inference.Shown(test.Adjusted),
        ];

    static Markup Components(StudySection section) =>
        section.Components.Count == 0
            ? Markup.Empty
            : (Markup)
                $"""
                    <h3>Where differences of quality come from</h3>
                    <p class="note">Standard deviations in {section.Findings.Metric.GapUnit()}, of one run. Original: the seed of the fine-tuned model, which all orders share. Order: of the mean over originals. Training: what is left, chance of training and what an order does on one original alone; with one run of each the two cannot be told apart. {(
                        !section.Findings.Metric.IsOfText
                            ? "Examples: another draw of the test split, by the binomial of one run. "
                            : ""
                    )}All but training’s interval (χ²) are point estimates by the method of moments; 0 is an estimate below 0.</p>
                    {ComponentTable(section.Components, section.Findings.Metric)}
                    """;

    static Markup ComponentTable(IReadOnlyList<VarianceComponents> all, Metric metric) =>
        new TextTable(
            [
                .. TextTable.Words("operators", "where"),
                .. TextTable.Numbers("original", "order", "training", "95 % interval"),
                .. !metric.IsOfText ? TextTable.Numbers("examples") : [],
                .. TextTable.Numbers("order × task"),
            ],
            all.Select(c =>
                (string[])
                    [
                        c.Operators,
                        c.Place,
                        Points(metric, c.Original),
                        Points(metric, c.Order),
                        Points(metric, c.Training),
                        $"{Points(metric, c.TrainingLow)} to {Points(metric, c.TrainingHigh)}",
                        .. !metric.IsOfText ? (string[])[Points(metric, c.Examples)] : [],
                        c.OrderByTask is null ? "one task" : Points(metric, c.OrderByTask),
                    ]
            )
        ).Html("Components of variance");

    static string Points(OrderComparison o, double? worth) => Points(o.Metric, worth);

    static string Points(Metric metric, double? worth) =>
        worth is { } gap ? metric.Gap(gap, "0.00") : "–";
}
