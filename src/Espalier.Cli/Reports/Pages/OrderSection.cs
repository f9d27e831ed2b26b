using Espalier.Analysis;
using Espalier.Analysis.Choosing;
using Espalier.Analysis.Orders;
using Espalier.Data.Metrics;

namespace Espalier.Cli.Reports.Pages;

/// <summary>Does the order of operators matter: distances of curves, the verdict and what it rests on.</summary>
static class OrderSection
{
    // Chords of less are no news.
    const double ToldStep = 0.3;
    const int MostWeak = 6;

    public static Markup Write(StudySection section, int index)
    {
        Metric metric = section.Findings.Metric;
        if (section.Orders.Count == 0)
        {
            return $"""
                <section id="orders-{index}" aria-labelledby="orders-{index}-title">
                <h2 id="orders-{index}-title">Does the order matter?</h2>
                <p class="note">Nothing to compare: no set of operators was measured in two orders. Run both, as DEP and EDP, to ask this question.</p>
                </section>

                """;
        }

        // L changes no answer: what is said of the same answers is said once.
        OrderComparison[] own = [.. section.Orders.Where(o => o.SameAs is null)],
            drawn = [.. own.Where(o => o.Regions.Count > 0)];
        return $"""
            <section id="orders-{index}" aria-labelledby="orders-{index}-title">
            <h2 id="orders-{index}-title">Does the order matter?</h2>
            {own.Select(o =>
                (Markup)
                    $"<p class=\"verdict\"><span class=\"tag\">{Title(o.Verdict)}</span> {o.Sentence}{Repeated(section.Orders, o)}</p>"
            )}
            <p class="note">{Method(own.MaxBy(o => o.WidestStep)!)}{Weak(section.Findings)}</p>
            <div class="panels">
            {drawn.Select(o =>
                (Markup)
                    $"<figure><h3>{o.Operators}</h3>{DifferenceChart.Draw(o)}<figcaption>n = {Figures.Counted(o.Originals.Count, "seed")}; bands are simultaneous 95 % intervals, the grey strip is the margin.</figcaption></figure>"
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
            {own.Where(o => o.Runs.Count > 0).Select(o =>
                (Markup)
                    $"<figure><h4>{o.Operators}</h4>{OrderChart.Curves(o)}<figcaption>{string.Join(", ", o.Orders)}; n = {Figures.Counted(o.Originals.Count, "seed")}, a line for each run. Not joined: the first exit, and neighbours more than {EffortCurve.WidestChord.ToString()} layer apart.</figcaption></figure>"
            )}
            </div>
            </section>

            """;
    }

    /// <summary>How a verdict comes about, and what was stated before.</summary>
    public static string Method(OrderComparison o) =>
        $"Margins are fixed before measuring: {Points(o, o.Margin)} {o.Metric.GapsOf()}, and {Points(o, o.SecondMargin)}. Quality is compared at equal layers, one order less the other on the same original{(o.Metric.MoreIsBetter ? "" : "; a difference above 0 is for the better, which is less")}. "
        + "Equivalent: at every place of the region two one-sided t tests put the difference within the margin. Different: a simultaneous 95 % interval (largest |t| of simulated studies) lies beyond it at some place. All else is undecided: p above 0.05 shows no equivalence. "
        + "The verdict is that of the region from the second exit on; p values are corrected by Holm over the sets of trained operators, and apart over those with L or Q, which ask the same models again. "
        + "Nothing is read between the first exit and the next threshold. "
        + (
            o.Regions.Count > 0 && o.Regions.All(r => r.CoversExamples)
                ? "Intervals hold another draw of the test examples too."
                : "All of it speaks of these test examples; their choice is not in the intervals."
        )
        + (
            o.WidestStep > ToldStep
                ? $" Thresholds leave steps of up to {Figures.Tick(Math.Round(o.WidestStep, 2))} {(Math.Abs(o.WidestStep - 1) < 0.005 ? "layer" : "layers")}, over which curves are taken for straight."
                : ""
        );

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
        bool covers = orders.Any(o => o.Regions.Any(r => r.CoversExamples));
        return $"""
            <div class="scroll" tabindex="0" role="region" aria-label="Differences of orders by region">
            <table><thead><tr><th scope="col">operators</th><th scope="col">region</th><th scope="col">verdict</th>{(covers ? (Markup)$"<th scope=\"col\">on these examples</th>" : Markup.Empty)}<th scope="col">at {(orders.Length > 0 ? Points(orders[0], orders[0].SecondMargin) : "")}</th><th scope="col">difference</th><th scope="col">at layers</th><th scope="col" class="number">{(orders.Length > 0 ? orders[0].Metric.GapUnit() : "points")}</th><th scope="col" class="number">95 % interval</th><th scope="col" class="number">within</th><th scope="col" class="number">p within {(orders.Length > 0 ? Points(orders[0], orders[0].Margin) : "")}</th><th scope="col" class="number">p beyond</th><th scope="col" class="number">p any</th></tr></thead><tbody>
            {orders.SelectMany(o =>
                o.Regions.Concat(o.ByTime is { } time ? [time] : Array.Empty<RegionFinding>())
                    .Select(r =>
                        (Markup)
                            $"<tr><th scope=\"row\">{o.Operators}</th><td>{Region(r)}</td><td>{Title(r.Verdict)}</td>{(covers ? (Markup)$"<td>{Title(r.Here.Verdict)}</td>" : Markup.Empty)}<td>{Title(r.Second)}</td><td>{r.Told.A} − {r.Told.B}</td><td>{Place(r)}</td><td class=\"number\">{Points(o, r.Told.Mean)}</td><td class=\"number\">{Points(o, r.Told.Low)} to {Points(o, r.Told.High)}</td><td class=\"number\">{Points(o, r.Bound)}</td><td class=\"number\">{Inference.Shown(r.Equivalent)}</td><td class=\"number\">{Inference.Shown(r.Beyond)}</td><td class=\"number\">{Inference.Shown(r.Any)}</td></tr>"
                    )
            )}
            </tbody></table></div>

            """;
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
        $"""
            <div class="scroll" tabindex="0" role="region" aria-label="Distances of orders">
            <table><thead><tr><th scope="col">operators</th><th scope="col">pairs of runs</th><th scope="col" class="number">mean, {(orders.Length > 0 ? orders[0].Metric.GapUnit() : "points")}</th><th scope="col" class="number">without effect</th><th scope="col" class="number">SD</th><th scope="col" class="number">95 % interval</th><th scope="col" class="number">pairs</th><th scope="col" class="number">p</th><th scope="col" class="number">p, Holm</th></tr></thead><tbody>
            {orders.SelectMany(o =>
                Rows(o)
                    .Select(
                        (r, i) =>
                            (Markup)
                                $"<tr><th scope=\"row\">{o.Operators}</th><td>{r.Name}</td><td class=\"number\">{Points(o, r.Summary.Mean)}</td><td class=\"number\">{(i == 2 ? Points(o, o.PairedByNoise) : "")}</td><td class=\"number\">{Points(o, r.Summary.Sd)}</td><td class=\"number\">{Points(o, r.Summary.Low)} to {Points(o, r.Summary.High)}</td><td class=\"number\">{r.Summary.Pairs}</td><td></td><td></td></tr>"
                    )
                    .Concat(o.Test is { } test ? [Relabelled(o, test)] : Array.Empty<Markup>())
            )}
            </tbody></table></div>

            """;

    static Markup Relabelled(OrderComparison o, PermutationTest test) =>
        $"<tr><th scope=\"row\">{o.Operators}</th><td>mean curves, {(test.Exact ? "all" : "drawn")} {test.Relabellings} relabellings</td><td class=\"number\">{Points(o, test.Statistic)}</td><td class=\"number\">{Points(o, test.Expected)}</td><td></td><td></td><td></td><td class=\"number\">{test.ShownP}</td><td class=\"number\">{Inference.Shown(test.Adjusted)}</td></tr>";

    static Markup Components(StudySection section) =>
        section.Components.Count == 0
            ? Markup.Empty
            : (Markup)
                $"""
                    <h3>Where differences of quality come from</h3>
                    <p class="note">Standard deviations in {section.Findings.Metric.GapUnit()}, of one run. Original: the seed of the fine-tuned model, which all orders share. Order: of the mean over originals. Training: what is left, chance of training and what an order does on one original alone; with one run of each the two cannot be told apart. Examples: another draw of the test split, by the binomial of one run. All but training’s interval (χ²) are point estimates by the method of moments; 0 is an estimate below 0.</p>
                    <div class="scroll" tabindex="0" role="region" aria-label="Components of variance">
                    <table><thead><tr><th scope="col">operators</th><th scope="col">where</th><th scope="col" class="number">original</th><th scope="col" class="number">order</th><th scope="col" class="number">training</th><th scope="col" class="number">95 % interval</th><th scope="col" class="number">examples</th><th scope="col" class="number">order × task</th></tr></thead><tbody>
                    {section.Components.Select(c =>
                        (Markup)
                            $"<tr><th scope=\"row\">{c.Operators}</th><td>{c.Place}</td><td class=\"number\">{Points(section.Findings.Metric, c.Original)}</td><td class=\"number\">{Points(section.Findings.Metric, c.Order)}</td><td class=\"number\">{Points(section.Findings.Metric, c.Training)}</td><td class=\"number\">{Points(section.Findings.Metric, c.TrainingLow)} to {Points(section.Findings.Metric, c.TrainingHigh)}</td><td class=\"number\">{Points(section.Findings.Metric, c.Examples)}</td><td class=\"number\">{(c.OrderByTask is null ? "one task" : Points(section.Findings.Metric, c.OrderByTask))}</td></tr>"
                    )}
                    </tbody></table></div>

                    """;

    static string Points(OrderComparison o, double? worth) => Points(o.Metric, worth);

    static string Points(Metric metric, double? worth) =>
        worth is { } gap ? metric.Gap(gap, "0.00") : "–";
}
