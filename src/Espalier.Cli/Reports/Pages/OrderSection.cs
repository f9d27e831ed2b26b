using Espalier.Analysis.Orders;

namespace Espalier.Cli.Reports.Pages;

/// <summary>Does the order of operators matter: distances of curves, the verdict and what it rests on.</summary>
static class OrderSection
{
    public static Markup Write(StudySection section, int index)
    {
        string metric = section.Findings.Setting.Metric;
        if (section.Orders.Count == 0)
        {
            return $"""
                <section id="orders-{index}" aria-labelledby="orders-{index}-title">
                <h2 id="orders-{index}-title">Does the order matter?</h2>
                <p class="note">Nothing to compare: no set of operators was measured in two orders. Run both, as DEP and EDP, to ask this question.</p>
                </section>

                """;
        }

        return $"""
            <section id="orders-{index}" aria-labelledby="orders-{index}-title">
            <h2 id="orders-{index}-title">Does the order matter?</h2>
            {section.Orders.Select(o =>
                (Markup)
                    $"<p class=\"verdict\"><span class=\"tag\">{Title(o.Verdict)}</span> {o.Sentence}</p>"
            )}
            <figure>
            <div class="plot">{OrderChart.Draw(
                section.Orders,
                metric,
                isNarrow: false
            )}{OrderChart.Draw(section.Orders, metric, isNarrow: true)}</div>
            <figcaption>Distance of two tradeoff curves: the largest difference in {metric} at the same time, over the times that both cover. Each dot is a pair of runs; the bar is the mean with its 95 % interval over originals. Orders commute if different orders lie no further apart than different seeds of one order. All distances are measured.</figcaption>
            </figure>
            {Table(section.Orders)}
            <h3>The curves behind it</h3>
            <div class="panels">
            {section.Orders.Select(o =>
                (Markup)
                    $"<figure><h4>{o.Operators}</h4>{OrderChart.Curves(o, metric)}<figcaption>{string.Join(", ", o.Orders)}; n = {Figures.Counted(o.Originals.Count, "seed")}, a line for each run.</figcaption></figure>"
            )}
            </div>
            </section>

            """;
    }

    public static string Title(OrderVerdict verdict) =>
        verdict switch
        {
            OrderVerdict.Commute => "they commute",
            OrderVerdict.DoNotCommute => "order matters",
            _ => "cannot tell",
        };

    /// <summary>Names and summaries in the order of Table 1 of the paper.</summary>
    public static IEnumerable<(string Name, DistanceSummary Summary)> Rows(OrderComparison o) =>
        [
            ("same order", o.Same),
            ("different orders", o.Different),
            ("different orders, same original", o.Paired),
        ];

    static Markup Table(IReadOnlyList<OrderComparison> orders) =>
        $"""
            <div class="scroll" tabindex="0" role="region" aria-label="Distances of orders">
            <table><thead><tr><th scope="col">operators</th><th scope="col">pairs of runs</th><th scope="col" class="number">mean, points</th><th scope="col" class="number">SD</th><th scope="col" class="number">95 % interval</th><th scope="col" class="number">pairs</th><th scope="col" class="number">p</th></tr></thead><tbody>
            {orders.SelectMany(o =>
                Rows(o).Select(
                    (r, i) =>
                        (Markup)
                            $"<tr><th scope=\"row\">{o.Operators}</th><td>{r.Name}</td><td class=\"number\">{Points(r.Summary.Mean)}</td><td class=\"number\">{Points(r.Summary.Sd)}</td><td class=\"number\">{Points(r.Summary.Low)} to {Points(r.Summary.High)}</td><td class=\"number\">{r.Summary.Pairs}</td><td class=\"number\">{(i == 1 && o.Test is { } test ? test.ShownP : "")}</td></tr>"
                )
            )}
            </tbody></table></div>

            """;

    public static string Points(double? quality) =>
        quality is { } q ? $"{100 * q:0.00}".Replace('-', '−') : "–";
}
