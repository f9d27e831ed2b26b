using Espalier.Analysis;
using Espalier.Analysis.Cumulation;
using Espalier.Analysis.Orders;
using Espalier.Measuring;
using Espalier.Operators;
using Espalier.Tensors;

namespace Espalier.Cli.Reports.Pages;

/// <summary>What the page says of one setting.</summary>
sealed record StudySection(
    Findings Findings,
    IReadOnlyList<OrderComparison> Orders,
    IReadOnlyList<VarianceComponents> Components,
    IReadOnlyList<PredictedCurve> Checked,
    IReadOnlyList<CompoundFinding> Compounds,
    IReadOnlyList<ReductionRow> Reductions,
    IReadOnlyList<MeanPoint> Predicted
)
{
    // Resamples and relabellings are drawn from it: a report is the same each time it is made.
    const ulong Seed = 1;

    public static IReadOnlyList<StudySection> Of(ReportInput results)
    {
        StudySection[] sections =
        [
            .. Findings.In(results.Measurements, results.Answers).Select(f => Of(f, results)),
        ];
        OrderComparison[] all = [.. sections.SelectMany(s => s.Orders)];
        return
        [
            .. sections.Select(s => s with { Components = VarianceComponents.Of(s.Orders, all) }),
        ];
    }

    static StudySection Of(Findings findings, ReportInput results)
    {
        // The analysis takes measurements of pipelines that it can take apart.
        Measurement[] judged =

            [
                .. findings.Measurements.Where(m =>
                    m.Metrics is [{ Value: not null }, ..]
                    && m.Seeds.Count > 0
                    && Pipeline.TryParse(m.Pipeline) is not null
                ),
            ],
            whole = [.. judged.Where(m => m.MillisecondsPerExample is not null)];
        // Orders are compared by layers, also at efforts that were not timed.
        IReadOnlyList<OrderComparison> orders = Commutativity.Of(
            [
                .. judged,
                .. results.Curves.Where(m =>
                    Setting.Of(m) == findings.Setting && m.Metrics[0].Value is not null
                ),
            ],
            new CommutativityOptions(),
            new Rng(Seed),
            results.Answers
        );
        if (whole.Length == 0)
        {
            return new StudySection(findings, orders, [], [], [], [], []);
        }

        Axes axes = new();
        return new StudySection(
            findings,
            orders,
            [],
            CurvePrediction.Of(whole, axes),
            Analysis.Cumulation.Compounds.Find(whole, axes),
            ReductionTable.Of(whole, axes),
            Unmeasured.Of(findings, whole, axes)
        );
    }
}
