using Espalier.Analysis.Cumulation;
using Espalier.Data.Metrics;
using Espalier.Measuring;
using Espalier.Tensors;

namespace Espalier.Tests.Analysis.Cumulation;

public sealed class CurvePredictionTests
{
    // O takes 12 ms; D halves, P takes 0.7, E's first exit is at 1 ms; PQ gains 20 % beyond its parts.
    static readonly (string Effort, double Time, double Quality)[] Exits =
    [
        ("confidence:0.5", 1, 0.60),
        ("confidence:0.9", 7, 0.76),
        ("full", 12, 0.80),
    ];

    [Fact]
    public void Equations_1_to_5_give_these_curves()
    {
        IReadOnlyList<PredictedCurve> curves = CurvePrediction.Of(Study(1));
        PredictedCurve ep = Of(curves, "EP"),
            ed = Of(curves, "DE"),
            dep = Of(curves, "DEP");
        Assert.Equal([0.7, 4.9, 8.4], ep.Points.Select(p => Math.Round(p.Cost, 9)));
        // 1 + 6 · (6 − 1) / (12 − 1); at full effort the student's own time.
        Assert.Equal([1.0, 3.727272727, 6], ed.Points.Select(p => Math.Round(p.Cost, 9)));
        Assert.Equal([0.7, 2.609090909, 4.2], dep.Points.Select(p => Math.Round(p.Cost, 9)));
        // 0.8 · (0.72 / 0.8) · (0.76 / 0.8)
        Assert.Equal(0.684, dep.Points[2].Quality, 1e-9);
        Assert.Equal(0, dep.CostError!.Value, 1e-12);
        Assert.Equal(0, dep.QualityError!.Value, 1e-12);
    }

    [Fact]
    public void A_compound_of_D_and_P_keeps_the_first_exit_out_of_Ds_share()
    {
        PredictedCurve dep = Of(CurvePrediction.Of(Study(1), ["DP"]), "DEP");
        Assert.Equal(["DP", "E"], dep.Units);
        Assert.Equal([0.7, 2.609090909, 4.2], dep.Points.Select(p => Math.Round(p.Cost, 9)));
    }

    /// <summary>T_D + t_E (1 − T_D / T_O) = 6.5 at full effort, where the student takes 6.</summary>
    [Fact]
    public void Equation_4_as_printed_misses_its_own_limit_and_its_error_stands_beside()
    {
        Assert.Equal(6.5, ProductRule.Shallower(12, 1, 0.5), 1e-12);
        Assert.Equal(6, ProductRule.Shallower(12, 1, 6, 12)!.Value, 1e-12);
        Assert.Equal(1, ProductRule.Shallower(1, 1, 6, 12)!.Value, 1e-12);
        Assert.Null(ProductRule.Shallower(1, 2, 1, 2));
        IReadOnlyList<PredictedCurve> curves = CurvePrediction.Of(Study(1));
        PredictedCurve ed = Of(curves, "DE"),
            ep = Of(curves, "EP");
        Assert.Equal(0, ed.CostError!.Value, 1e-12);
        // Printed: 1, 4 and 6.5 where 1, 3.727 and 6 are measured.
        Assert.Equal((4 / 3.727272727 - 1 + 0.5 / 6) / 3, ed.CostErrorAsPrinted!.Value, 1e-6);
        Assert.Equal(ep.CostError, ep.CostErrorAsPrinted);
        Assert.Null(ep.FirstExit);
    }

    [Fact]
    public void The_time_of_the_first_exit_is_one_at_which_all_leave_there_and_else_the_least()
    {
        Measurement[] study = Study(1);
        EffortPoint first = Of(CurvePrediction.Of(study), "DE").FirstExit!;
        Assert.True(first.IsFirstExit);
        Assert.Equal("confidence:0.5", $"{first.Effort}");
        Measurement[] without =
        [
            .. study.Where(m => $"{m.Effort}" != "confidence:0.5" || m.Pipeline != "E"),
        ];
        EffortPoint least = Of(CurvePrediction.Of(without), "DE").FirstExit!;
        Assert.False(least.IsFirstExit);
        Assert.Equal("confidence:0.9", $"{least.Effort}");
    }

    [Fact]
    public void The_planted_compound_is_found_in_cost_and_nothing_else_is()
    {
        Measurement[] study = [.. Enumerable.Range(1, 5).SelectMany(s => Study((ulong)s, 0.004))];
        IReadOnlyList<CompoundFinding> found = Compounds.Find(study);
        Assert.Equal(["PQ"], Compounds.Letters(found, CombinedFigure.Cost));
        Assert.Empty(Compounds.Letters(found, CombinedFigure.Quality));
        CompoundFinding pq = found.First(f =>
            f.Figure == CombinedFigure.Cost && string.Concat(f.Units) == "PQ"
        );
        Assert.InRange(Math.Exp(pq.Residual), 0.77, 0.83);
        Assert.Equal(5, pq.Blocks);
        PredictedCurve separate = Of(CurvePrediction.Of(study), "DPQ"),
            together = Of(CurvePrediction.Of(study, ["PQ"]), "DPQ");
        Assert.True(together.CostError < 0.05, $"{together}");
        Assert.True(separate.CostError > 0.15, $"{separate}");
    }

    [Fact]
    public void One_block_without_known_errors_cannot_tell()
    {
        CombinationRun[] runs = [Run([], 10), Run(["P"], 5), Run(["Q"], 5), Run(["P", "Q"], 1)];
        CompoundFinding found = Assert.Single(
            Compounds.Find(runs),
            f => f.Figure == CombinedFigure.Cost
        );
        Assert.Equal(CompoundVerdict.CannotTell, found.Verdict);
        Assert.Null(found.P);

        static CombinationRun Run(string[] operators, double cost) =>
            new(
                "one",
                Metric.Accuracy,
                operators,
                [new EffortPoint(Espalier.Models.Effort.Full, cost, null)]
            );
    }

    [Fact]
    public void Table_2_is_made_of_measurements()
    {
        ReductionRow[] rows = [.. ReductionTable.Of(Study(1))];
        Assert.Equal(["O", "D", "P", "DP"], rows.Select(r => r.Pipeline));
        ReductionRow o = rows[0];
        Assert.Equal(-50, o.CostQ!.Value, 1e-9);
        Assert.Equal(-80, o.CostL!.Value, 1e-9);
        Assert.Equal(-90, o.CostQLEstimated!.Value, 1e-9);
        Assert.Equal(-90, o.CostQL!.Value, 1e-9);
        Assert.Null(rows[1].CostL);
    }

    [Fact]
    public void Ways_to_fewer_bits_are_rows_of_their_own_and_not_averaged()
    {
        ReductionRow[] rows =
        [
            .. ReductionTable.Of([
                Records.Of("O", 0.8, 10),
                Records.Of("Q", 0.8, 20),
                Records.Of("Q(bits=4)", 0.72, 4),
            ]),
        ];
        Assert.Equal(["Q", "Q(bits=4)"], rows.Select(r => r.Quantized));
        Assert.Equal([100.0, -60.0], rows.Select(r => Math.Round(r.CostQ!.Value, 9)));
        Assert.Equal([0.0, -10.0], rows.Select(r => Math.Round(r.QualityChange!.Value, 9)));
    }

    static PredictedCurve Of(IReadOnlyList<PredictedCurve> curves, string pipeline) =>
        curves.First(c => c.Pipeline == pipeline);

    static Measurement[] Study(ulong seed, double noise = 0)
    {
        Rng rng = new(seed);
        int drawn = 0;
        double Noisy(double value) => value * Math.Exp(noise * rng.Normal((ulong)drawn++));
        List<Measurement> all = [];
        foreach (
            var (pipeline, time, quality) in (ReadOnlySpan<(string, double, double)>)
                [
                    ("O", 1, 1),
                    ("D", 0.5, 0.9),
                    ("P", 0.7, 0.95),
                    ("Q", 0.5, 0.99),
                    ("L", 0.2, 1),
                    ("LQ", 0.1, 0.99),
                    ("DP", 0.35, 0.855),
                    ("DQ", 0.25, 0.891),
                    ("PQ", 0.35 * 0.8, 0.9405),
                    ("DPQ", 0.175 * 0.8, 0.84645),
                ]
        )
        {
            all.Add(Records.Of(pipeline, Noisy(0.8 * quality), Noisy(12 * time), seed));
        }

        foreach (var (effort, time, quality) in Exits)
        {
            double shallow = 1 + (time - 1) * 5 / 11;
            all.Add(Records.Of("E", Noisy(quality), Noisy(time), seed, effort));
            all.Add(Records.Of("EP", Noisy(0.95 * quality), Noisy(0.7 * time), seed, effort));
            all.Add(Records.Of("DE", Noisy(0.9 * quality), Noisy(shallow), seed, effort));
            all.Add(Records.Of("DEP", Noisy(0.855 * quality), Noisy(0.7 * shallow), seed, effort));
        }

        return [.. all];
    }
}
