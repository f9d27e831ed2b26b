using Espalier.Analysis.Choosing;
using Espalier.Analysis.Cumulation;
using Espalier.Analysis.Orders;
using Espalier.Analysis.Search;
using Espalier.Measuring;
using Espalier.Operators;
using Espalier.Tensors;

namespace Espalier.Analysis;

/// <summary>All that a study says of one setting; whoever draws it computes nothing.</summary>
/// <param name="Objective">Null where there is no original, or nothing beside it.</param>
/// <param name="Checks">Combinations predicted from their parts by the product rule, beside what was measured.</param>
/// <param name="Predicted">Combinations that nobody ran.</param>
public sealed record StudySection(
    Findings Findings,
    ObjectiveMap? Objective,
    IReadOnlyList<OrderComparison> Orders,
    IReadOnlyList<VarianceComponents> Components,
    IReadOnlyList<PredictionCheck> Checks,
    IReadOnlyList<CompoundFinding> Compounds,
    IReadOnlyList<ReductionRow> Reductions,
    IReadOnlyList<MeanPoint> Predicted
)
{
    // Resamples and relabellings are drawn from it: a report is the same each time it is made.
    const ulong Seed = 1;

    /// <param name="curves">Quality at more efforts than were timed, where it was kept; for comparing orders.</param>
    public static IReadOnlyList<StudySection> Of(
        IReadOnlyList<Measurement> measurements,
        IReadOnlyList<Measurement> curves,
        AnsweredExamples answers
    )
    {
        StudySection[] sections =
        [
            .. Findings.In(measurements, answers).Select(f => Of(f, curves, answers)),
        ];
        OrderComparison[] all = [.. sections.SelectMany(s => s.Orders)];
        return
        [
            .. sections.Select(s => s with { Components = VarianceComponents.Of(s.Orders, all) }),
        ];
    }

    static StudySection Of(
        Findings findings,
        IReadOnlyList<Measurement> curves,
        AnsweredExamples answers
    )
    {
        // The analysis takes measurements of pipelines that it can take apart.
        Measurement[] judged =

            [
                .. findings.Measurements.Where(m =>
                    m.Primary.Value is not null
                    && m.Seeds.Count > 0
                    && Pipeline.TryParse(m.Pipeline) is not null
                ),
            ],
            whole = [.. judged.Where(m => m.Milliseconds is not null)];

        // Orders are compared by layers, also at efforts that were not timed.
        IReadOnlyList<OrderComparison> orders = Commutativity.Of(
            [
                .. judged.Where(m => m.Estimate(Figure.Layers) is not null),
                .. curves.Where(m =>
                    Setting.Of(m) == findings.Setting && m.Primary.Value is not null
                ),
            ],
            new CommutativityOptions(),
            new Rng(Seed),
            answers
        );
        ObjectiveMap? objective = ObjectiveMap.Of(findings);
        return whole.Length == 0
            ? new StudySection(findings, objective, orders, [], [], [], [], [])
            : new StudySection(
                findings,
                objective,
                orders,
                [],
                PredictionCheck.Of(CurvePrediction.Of(whole), findings.Metric),
                Cumulation.Compounds.Find(whole),
                ReductionTable.Of(whole),
                Unmeasured.Of(findings, whole)
            );
    }
}
