using Espalier.Analysis;
using Espalier.Analysis.Cumulation;
using Espalier.Analysis.Orders;
using Espalier.Measuring;
using Espalier.Tensors;

namespace Espalier.Cli.Reports.Pages;

/// <summary>What the page says of one setting.</summary>
sealed record StudySection(
    Findings Findings,
    IReadOnlyList<OrderComparison> Orders,
    IReadOnlyList<PredictedCurve> Checked,
    IReadOnlyList<CompoundFinding> Compounds,
    IReadOnlyList<ReductionRow> Reductions,
    IReadOnlyList<MeanPoint> Predicted
)
{
    // Resamples and relabellings are drawn from it: a report is the same each time it is made.
    const ulong Seed = 1;

    public static IReadOnlyList<StudySection> Of(IReadOnlyList<Measurement> measurements) =>
        [.. Findings.In(measurements).Select(Of)];

    static StudySection Of(Findings findings)
    {
        // The analysis takes whole measurements of pipelines that it can take apart.
        Measurement[] whole =
        [
            .. findings.Measurements.Where(m =>
                m.MillisecondsPerExample is not null
                && m.Metrics is [{ Value: not null }, ..]
                && m.Seeds.Count > 0
                && Findings.IsPipeline(m.Pipeline)
            ),
        ];
        if (whole.Length == 0)
        {
            return new StudySection(findings, [], [], [], [], []);
        }

        Axes axes = new();
        IReadOnlyList<CompoundFinding> compounds = Analysis.Cumulation.Compounds.Find(whole, axes);
        return new StudySection(
            findings,
            Commutativity.Of(whole, new CommutativityOptions(), new Rng(Seed)),
            CurvePrediction.Of(whole, axes),
            compounds,
            ReductionTable.Of(whole, axes),
            Unmeasured.Of(findings, whole, axes)
        );
    }
}
