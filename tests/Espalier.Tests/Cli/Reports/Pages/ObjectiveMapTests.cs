using Espalier.Analysis;
using Espalier.Analysis.Choosing;
using Espalier.Cli.Reports.Pages;
using Espalier.Measuring;

namespace Espalier.Tests.Cli.Reports.Pages;

public sealed class ObjectiveMapTests
{
    [Fact]
    public void Each_winner_is_the_least_of_all_points_at_an_exponent_within_its_span()
    {
        Findings findings = Findings.In(SyntheticStudy.Of())[0];
        ObjectiveMap map = ObjectiveMap.Of(findings)!;
        MeanPoint original = findings.Original!;
        Assert.True(map.ByExponent.Count > 2, $"{map.ByExponent.Count} winners");
        foreach (Won won in map.ByExponent)
        {
            double x = double.IsInfinity(won.To) ? 2 * won.From : (won.From + won.To) / 2;
            double Of(MeanPoint p) =>
                Math.Pow(original.Quality!.Value / p.Quality!.Value, x)
                * p.Milliseconds!.Value
                / original.Milliseconds!.Value;
            Assert.Equal(findings.Points.Min(Of), Of(won.Point), 1e-12);
            Assert.Equal(ParetoStatus.Front, won.Point.Standing);
        }

        Won usual = map.ByExponent.First(w => Objective.UsualExponent <= w.To);
        Assert.Equal(usual.Point, map.Usual);
    }

    [Fact]
    public void Modelled_energy_is_not_weighed_and_measured_energy_is()
    {
        IReadOnlyList<Measurement> modelled = SyntheticStudy.Of();
        Findings without = Findings.In(modelled)[0];
        ObjectiveMap none = ObjectiveMap.Of(without)!;
        Assert.Empty(none.ByEnergy);
        Assert.Contains("modelled here", ObjectiveSection.Method(without, none));

        Findings with = Findings.In([.. modelled.Select(m => Measured(m))])[0];
        ObjectiveMap map = ObjectiveMap.Of(with)!;
        Assert.Equal(["DELQ", "D"], map.ByEnergy.Select(w => w.Point.Pipeline));
        Assert.Equal(1, map.ByEnergy[^1].To);
        Assert.Contains("measured energy", ObjectiveSection.Method(with, map));
        string html = ObjectiveSection
            .Write(SectionOf([.. modelled.Select(m => Measured(m))]), 0)
            .ToString();
        Assert.Contains("Winners by weight of energy", html);
    }

    [Fact]
    public void Without_an_original_there_is_nothing_to_weigh()
    {
        Measurement[] without = [.. SyntheticStudy.Of().Where(m => m.Pipeline != "O")];
        Assert.Null(ObjectiveMap.Of(Findings.In(without)[0]));
        Assert.Contains(
            "Nothing to weigh",
            ObjectiveSection.Write(SectionOf(without), 0).ToString()
        );
    }

    static StudySection SectionOf(IReadOnlyList<Measurement> measurements) =>
        StudySection.Of(measurements, [], AnsweredExamples.None)[0];

    /// <summary>All use as much energy as they take time, but D almost none.</summary>
    static Measurement Measured(Measurement m)
    {
        double joules = m.MillisecondsPerExample!.Value * (m.Pipeline == "D" ? 1e-5 : 1e-2);
        return m with
        {
            JoulesPerExample = new Estimate(joules, joules, joules, 21, Origin.Measured),
        };
    }
}
