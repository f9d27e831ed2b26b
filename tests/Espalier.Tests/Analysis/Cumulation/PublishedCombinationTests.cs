using Espalier.Analysis.Cumulation;

namespace Espalier.Tests.Analysis.Cumulation;

public sealed class PublishedCombinationTests
{
    [Fact]
    public void Table_2_of_Xin_et_al_is_estimated_as_printed()
    {
        var rows = Published.Rows("xin2022-table2.csv");
        Assert.Equal(16, rows.Count);
        Assert.All(
            rows,
            row =>
            {
                double estimated = ReductionTable
                    .Estimated(row.Number("time_q_percent"), row.Number("time_l_percent"))!
                    .Value;
                Assert.True(
                    // Printed without decimals.
                    Math.Abs(estimated - row.Number("time_ql_estimated_percent"))
                        <= 0.5 + 1e-9,
                    $"{row["dataset"]} {row["pipeline"]}: {estimated} for {row["time_ql_estimated_percent"]}"
                );
            }
        );
        Assert.Equal(-91.5, ReductionTable.Estimated(-50, -83)!.Value, 1e-9);
    }

    [Theory]
    [InlineData("D+Q", 0.003)]
    [InlineData("P+Q", 0.011)]
    [InlineData("D+P", 0.213)]
    [InlineData("DP+Q", 0.004)]
    public void Perplexities_of_Wallace_et_al_are_predicted_as_well_as_is_known(
        string units,
        double error
    )
    {
        CompoundFinding found = Quality(Compounds.Find(Published.Wallace()), units);
        Assert.Equal(error, found.AbsoluteError, 0.0005);
    }

    [Fact]
    public void D_and_P_are_found_compound_in_the_perplexity_of_Wallace_et_al_and_nothing_else_is()
    {
        IReadOnlyList<CompoundFinding> found = Compounds.Find(Published.Wallace());
        Assert.Equal(["DP"], Compounds.Letters(found, CombinedFigure.Quality));
        CompoundFinding pair = Quality(found, "D+P");
        Assert.True(pair.Residual < -0.1, $"D and P are over-estimated; residual {pair.Residual}");
        Assert.Equal(CompoundVerdict.Cumulative, Quality(found, "D+Q").Verdict);
        Assert.Equal(CompoundVerdict.Cumulative, Quality(found, "DP+Q").Verdict);
    }

    [Fact]
    public void P_and_Q_are_found_compound_in_the_time_of_Xin_et_al_and_D_and_Q_are_not()
    {
        IReadOnlyList<CompoundFinding> found = Compounds.Find(Published.Xin());
        CompoundFinding pq = Cost(found, "P+Q"),
            dq = Cost(found, "D+Q");
        Assert.Equal(CompoundVerdict.Compound, pq.Verdict);
        Assert.InRange(pq.Residual, -0.40, -0.25);
        Assert.Equal(CompoundVerdict.Cumulative, dq.Verdict);
    }

    static CompoundFinding Quality(IReadOnlyList<CompoundFinding> found, string units) =>
        Assert.Single(
            found,
            f => f.Figure == CombinedFigure.Quality && string.Join("+", f.Units) == units
        );

    static CompoundFinding Cost(IReadOnlyList<CompoundFinding> found, string units) =>
        Assert.Single(
            found,
            f => f.Figure == CombinedFigure.Cost && string.Join("+", f.Units) == units
        );
}
