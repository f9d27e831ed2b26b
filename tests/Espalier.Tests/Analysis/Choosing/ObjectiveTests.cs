using Espalier.Analysis.Choosing;
using Espalier.Data.Metrics;
using Espalier.Measuring;
using Espalier.Models;

namespace Espalier.Tests.Analysis.Choosing;

public sealed class ObjectiveTests
{
    [Theory]
    [InlineData("Base", 1.000)]
    [InlineData("Base4b", 0.819)]
    [InlineData("Base8b", 1.751)]
    [InlineData("Distil", 1.208)]
    [InlineData("AH90", 1.928)]
    [InlineData("AH80", 2.422)]
    [InlineData("Distil4b", 0.913)]
    [InlineData("Distil8b", 1.717)]
    [InlineData("Distil+90+4b", 1.043)]
    public void GPT_2_on_WikiText_2_has_the_known_values(string method, double value)
    {
        Assert.Equal(value, new Objective().Of(Row("gpt2", "wikitext2", method)), 0.0006);
    }

    [Theory]
    [InlineData("Base8b", 0.447)]
    [InlineData("Distil8b", 0.474)]
    [InlineData("Distil+90+8b", 0.519)]
    public void By_energy_alone_8_bits_win(string method, double value)
    {
        Assert.Equal(value, new Objective(0, 1).Of(Row("gpt2", "wikitext2", method)), 0.0006);
    }

    [Fact]
    public void By_time_alone_no_method_beats_the_base_of_GPT_2()
    {
        Assert.Equal(1.111, new Objective(1, 0).Of(Row("gpt2", "wikitext2", "Base4b")), 0.0006);
        Assert.Equal("Base", Objective.Winners(Rows("gpt2", "wikitext2"))[0].Winner);
    }

    [Fact]
    public void The_winner_flips_with_the_weights_just_where_two_rows_are_equal()
    {
        WeighedRow[] rows = Rows("gpt2", "wikitext2");
        IReadOnlyList<WinnerSpan> spans = Objective.Winners(rows);
        Assert.Equal(["Base", "Base4b", "Base8b"], spans.Select(s => s.Winner));
        Assert.Equal(0, spans[0].From);
        Assert.Equal(1, spans[^1].To);
        for (int i = 0; i <= 100; i++)
        {
            double b = i / 100.0;
            WinnerSpan span = spans.First(s => b >= s.From && b <= s.To);
            double least = rows.Min(r => new Objective(1 - b, b).Of(r)),
                claimed = new Objective(1 - b, b).Of(rows.First(r => r.Name == span.Winner));
            Assert.Equal(least, claimed, 1e-12);
        }
    }

    [Theory]
    [InlineData("gpt2-large")]
    [InlineData("gpt2-xl")]
    public void Of_larger_models_4_bits_win_at_equal_weights_and_8_by_energy(string model)
    {
        WeighedRow[] rows = Rows(model, "wikitext2");
        WeighedRow equal = rows.MinBy(new Objective().Of)!,
            energy = rows.MinBy(new Objective(0, 1).Of)!,
            time = rows.MinBy(new Objective(1, 0).Of)!;
        Assert.EndsWith("4b", equal.Name);
        Assert.InRange(new Objective().Of(equal), 0.52, 0.61);
        Assert.EndsWith("8b", energy.Name);
        Assert.InRange(new Objective(0, 1).Of(energy), 0.26, 0.32);
        Assert.EndsWith("4b", time.Name);
        Assert.InRange(new Objective(1, 0).Of(time), 0.54, 0.71);
    }

    [Fact]
    public void The_winner_over_the_exponent_is_the_least_at_every_exponent()
    {
        WeighedRow[] rows =
        [
            new("fast", 1.1, 0.1, null),
            new("middle", 1.02, 0.2, null),
            new("beaten", 1.06, 0.25, null),
            new("base", 1, 1, null),
        ];
        IReadOnlyList<WinnerSpan> spans = Objective.WinnersByExponent(rows);
        Assert.Equal(["fast", "middle", "base"], spans.Select(s => s.Winner));
        // ln(0.2 / 0.1) / ln(1.1 / 1.02) and ln(1 / 0.2) / ln 1.02.
        Assert.Equal(9.1801, spans[0].To, 1e-3);
        Assert.Equal(81.2747, spans[1].To, 1e-3);
        Assert.Equal(0, spans[0].From);
        Assert.Equal(double.PositiveInfinity, spans[^1].To);
        for (double x = 0; x < 200; x += 0.25)
        {
            Objective objective = new(1, 0, x);
            WinnerSpan span = spans.First(s => x <= s.To);
            Assert.Equal(
                rows.Min(objective.Of),
                objective.Of(rows.First(r => r.Name == span.Winner)),
                1e-12
            );
        }
    }

    [Fact]
    public void Measurements_of_perplexity_give_the_same_values_and_winners()
    {
        IReadOnlyList<Measurement> rows = Published.WallaceMeasured("gpt2 wikitext2");
        Findings findings = Findings.In(rows)[0];
        ObjectiveMap map = ObjectiveMap.Of(findings)!;
        Assert.Equal("Q(bits=4)", map.Even!.Value.Point.Pipeline);
        Assert.Equal(0.819, map.Even.Value.Value, 0.0006);
        Assert.Equal(["O", "Q(bits=4)", "Q"], map.ByEnergy.Select(w => w.Point.Pipeline));
        Alternative o = findings.Original!.Alternative!;
        Assert.Equal(
            1.043,
            new Objective().Of(
                Objective.Row(
                    findings
                        .Points.Single(p => p.Pipeline == "DP(heads=0.9,ffn=1.0)Q(bits=4)")
                        .Alternative!,
                    o
                )!
            ),
            0.0006
        );

        // Over all models and data sets it is told how sure the winners are.
        map = ObjectiveMap.Of(Findings.In(Published.WallaceMeasured())[0])!;
        Assert.All(map.ByEnergy, w => Assert.InRange(w.Share!.Value, 0, 1));
        Assert.EndsWith("Q", map.ByEnergy[^1].Point.Pipeline);
        Assert.True(map.ByEnergy[^1].Share > 0.5, $"{map.ByEnergy[^1]}");
    }

    [Fact]
    public void Of_an_accuracy_P_is_that_of_the_base_over_that_of_the_row()
    {
        Alternative @base = Alternative(0.9, 10, 2),
            row = Alternative(0.75, 4, 1);
        WeighedRow weighed = Objective.Row(row, @base)!;
        Assert.Equal(new WeighedRow("Q", 0.9 / 0.75, 0.4, 0.5), weighed);
        // 1.2^1.5 · (0.4 + 0.5) / 2.
        Assert.Equal(0.591540, new Objective().Of(weighed), 1e-6);
        Assert.Null(Objective.Row(Alternative(0, 4, 1), @base));
        Assert.Null(Objective.Row(Alternative(-0.1, 4, 1), @base));
        Assert.Null(Objective.Row(row with { Milliseconds = null }, @base));
    }

    [Fact]
    public void Energy_that_was_not_measured_can_be_left_out_and_not_weighed()
    {
        WeighedRow row = Objective.Row(
            Alternative(0.9, 5, 1) with
            {
                Joules = null,
            },
            Alternative(0.9, 10, 2)
        )!;
        Assert.Equal(0.5, new Objective(1, 0).Of(row), 1e-12);
        Assert.Contains(
            "The energy of Q was not measured",
            Assert.Throws<ArgumentException>(() => Objective.Winners([row])).Message
        );
    }

    static Alternative Alternative(double quality, double ms, double joules) =>
        new(
            "Q",
            Effort.Full,
            Metric.Accuracy,
            new Estimate(quality, null, null, 1, Origin.Measured),
            new Estimate(ms, null, null, 11, Origin.Measured),
            new Estimate(joules, null, null, 11, Origin.Measured),
            null
        );

    static WeighedRow Row(string model, string data, string method) =>
        Rows(model, data).First(r => r.Name == method);

    static WeighedRow[] Rows(string model, string data)
    {
        var rows = Published
            .Rows("wallace2025.csv")
            .Where(r => r["model"] == model && r["dataset"] == data)
            .ToArray();
        return
        [
            .. rows.Select(r => new WeighedRow(
                r["method"],
                Ratio(r, "perplexity"),
                Ratio(r, "runtime_s"),
                Ratio(r, "energy_kwh")
            )),
        ];

        double Ratio(IReadOnlyDictionary<string, string> row, string name) =>
            row.Number(name) / rows.First(r => r["method"] == "Base").Number(name);
    }
}
