using Espalier.Data;
using Espalier.Data.Metrics;
using Espalier.Kernels;
using Espalier.Measuring;
using Espalier.Models;
using Espalier.Tensors;

namespace Espalier.Tests.Measuring;

public sealed class QualityMeterTests : IDisposable
{
    readonly Workers _workers = new(1);

    public void Dispose() => _workers.Dispose();

    public static TheoryData<string> EveryRule =>
        [
            "full",
            "confidence:0.4",
            "confidence:0.6",
            "confidence:0.9",
            "entropy:0.5",
            "entropy:0.9",
            "normalized:0.5",
            "normalized:0.8",
            "patience:1",
            "patience:2",
        ];

    [Theory]
    [MemberData(nameof(EveryRule))]
    public void One_pass_gives_the_exits_and_answers_that_running_at_the_effort_gives(string text)
    {
        Effort effort = Effort.Parse(text);
        foreach (bool regression in (bool[])[false, true])
        {
            ModelConfig config = RandomEncoder.Config(exits: true, regression, layers: 4);
            Session session = Of(RandomEncoder.Model(new Rng(11), config));
            Batch batch = RandomEncoder.Batch(new Rng(12), config, 40);
            EffortAnswers recorded = Judge(session, [batch]).At(effort);
            Tensor logits = new(batch.Count, config.Outputs);
            int[] exits = new int[batch.Count];
            session.Run(batch, effort, logits, exits);
            Assert.Equal(exits, recorded.Exits);
            Assert.Equal(exits.Average() + 1, recorded.AverageLayers, 1e-12);
            IEnumerable<int> rows = Enumerable.Range(0, batch.Count);
            if (regression)
            {
                Assert.Equal(
                    rows.Select(i => (double)logits.Row(i)[0]),
                    recorded.Numbers,
                    (a, b) => Math.Abs(a - b) < 1e-5
                );
                Assert.Empty(recorded.Classes);
            }
            else
            {
                Assert.Equal(rows.Select(i => Effort.Largest(logits.Row(i))), recorded.Classes);
                Assert.Empty(recorded.Numbers);
            }
        }
    }

    [Fact]
    public void The_rules_above_do_send_examples_to_different_exits()
    {
        ExitRecord record = Record(layers: 4);
        foreach (
            string text in (string[])
                ["confidence:0.6", "entropy:0.9", "normalized:0.8", "patience:1"]
        )
        {
            int different = record.At(Effort.Parse(text)).Exits.Distinct().Count();
            Assert.True(different >= 3, $"{text}: {different} different exits");
        }
    }

    [Fact]
    public void A_model_without_exits_always_goes_through_all_layers()
    {
        ModelConfig config = RandomEncoder.Config();
        Session session = Of(RandomEncoder.Model(new Rng(1), config));
        EffortAnswers answers = Judge(session, [RandomEncoder.Batch(new Rng(2), config, 9)])
            .At(Effort.Parse("confidence:0"));
        Assert.All(answers.Exits, exit => Assert.Equal(0, exit));
        Assert.Equal(2, answers.AverageLayers);
    }

    [Fact]
    public void The_grouping_into_batches_does_not_show()
    {
        ModelConfig config = RandomEncoder.Config(exits: true);
        Session session = Of(RandomEncoder.Model(new Rng(1), config));
        Batch early = RandomEncoder.Batch(new Rng(2), config, 5),
            late = RandomEncoder.Batch(new Rng(3), config, 7, first: 5);
        ExitRecord straight = Judge(session, [early, late]),
            turned = Judge(session, [late, early]);
        Assert.Equal(12, straight.Count);
        for (int i = 0; i < straight.Count; i++)
        {
            Assert.Equal(straight.Examples[i].Logits, turned.Examples[i].Logits);
            Assert.Equal(straight.Examples[i].Label, turned.Examples[i].Label);
        }
    }

    [Fact]
    public void Accuracy_has_its_wilson_interval_and_is_counted_by_hand()
    {
        ExitRecord record = Record(layers: 2);
        EffortAnswers answers = record.At(Effort.Full);
        int right = record.Examples.Where((e, i) => e.Label == answers.Classes[i]).Count();
        IReadOnlyList<Quality> all = answers.Measure([Metric.Accuracy, Metric.MacroF1]);
        Interval interval = Interval.Wilson(right, record.Count);
        Assert.Equal(
            new Quality(
                "accuracy",
                (double)right / record.Count,
                interval.Low,
                interval.High,
                record.Count,
                null
            ),
            all[0]
        );
        Assert.InRange(right, 1, record.Count - 1);
        Assert.Null(all[1].Low);
        Assert.NotNull(all[1].Value);
    }

    [Fact]
    public void Regression_is_judged_by_its_numbers()
    {
        ModelConfig config = RandomEncoder.Config(exits: true, regression: true);
        Session session = Of(RandomEncoder.Model(new Rng(1), config));
        Batch batch = RandomEncoder.Batch(new Rng(2), config, 20);
        EffortAnswers answers = Judge(session, [batch]).At(Effort.Parse("patience:1"));
        Quality pearson = answers.Measure(Metric.Pearson);
        double[] truth = [.. batch.Scores.Select(s => (double)s)];
        Assert.Equal(Metric.Pearson.Measure(truth, answers.Numbers).Value, pearson.Value);
        Assert.InRange(pearson.Value!.Value, -1, 1);
        Assert.Throws<ArgumentException>(() => answers.Measure(Metric.Accuracy));
    }

    [Fact]
    public void A_metric_that_is_undefined_says_why()
    {
        ModelConfig config = RandomEncoder.Config(classes: 2);
        Batch batch = RandomEncoder.Batch(new Rng(2), config, 6);
        Array.Fill(batch.Labels, 1);
        Quality matthews = Judge(Of(RandomEncoder.Model(new Rng(1), config)), [batch])
            .At(Effort.Full)
            .Measure(Metric.Matthews);
        Assert.Null(matthews.Value);
        Assert.Contains("all 6 labels are class 1", matthews.WhyUndefined);
    }

    [Fact]
    public void Multiply_adds_count_the_layers_and_tokens_really_passed()
    {
        ExitRecord record = Record(layers: 4);
        EffortAnswers early = record.At(Effort.Parse("confidence:0.6"));

        // Behind the last attention one row goes on.
        double Of(int layers, double tokens) =>
            layers * (tokens * (4.0 * 32 * 32 + 2 * 64 * 32) + 2.0 * tokens * tokens * 32)
            - (layers == 4 ? (tokens - 1) * (32 * 32 + 2 * 64 * 32) : 0);
        double expected = record
            .Examples.Select((e, i) => Of(early.Exits[i] + 1, e.Tokens))
            .Average();
        Assert.Equal(expected, early.AverageMultiplyAdds(dynamicLength: true, padTo: 24), 1e-6);
        Assert.Equal(expected, early.AverageMultiplyAdds(dynamicLength: false, padTo: null), 1e-6);
        Assert.Equal(
            early.Exits.Average(exit => Of(exit + 1, 24)),
            early.AverageMultiplyAdds(dynamicLength: false, padTo: 128),
            1e-6
        );
    }

    [Fact]
    public void Batches_that_cannot_be_judged_are_refused()
    {
        ModelConfig config = RandomEncoder.Config();
        Session session = Of(RandomEncoder.Model(new Rng(1), config));
        Batch batch = RandomEncoder.Batch(new Rng(2), config, 4);
        string Refusal(params Batch[] batches) =>
            Assert.Throws<ArgumentException>(() => Judge(session, batches)).Message;

        Assert.Contains("no example", Refusal());
        Assert.Contains("twice", Refusal(batch, batch));
        Assert.Contains("A label is 7", Refusal(Labelled([0, 1, 7, 0])));
        Assert.Contains("2 labels", Refusal(Labelled([0, 1])));
        Assert.Contains("Example 1 has no label", Unlabelled([2, -1, 0, 1]));
        Assert.Contains("Example 0 has no label", Unlabelled([]));

        string Unlabelled(int[] labels)
        {
            EffortAnswers answers = Judge(session, [Labelled(labels)]).At(Effort.Full);
            Assert.Equal(4, answers.Classes.Count);
            return Assert.Throws<ArgumentException>(() => answers.Measure(Metric.Accuracy)).Message;
        }

        Batch Labelled(int[] labels) =>
            new()
            {
                Ids = batch.Ids,
                TypeIds = batch.TypeIds,
                Starts = batch.Starts,
                Labels = labels,
            };
    }

    [Theory]
    [InlineData(2, 0.5)]
    [InlineData(3, 0.3333)]
    [InlineData(77, 0.0129)]
    public void The_default_grid_starts_at_a_guess_and_ends_with_full(int classes, double first)
    {
        IReadOnlyList<Effort> grid = Efforts.Default(
            RandomEncoder.Config(exits: true, classes: classes)
        );
        Assert.Equal(new Effort(ExitRule.Confidence, first), grid[0]);
        Assert.Equal(Effort.Full, grid[^1]);
        double[] thresholds = [.. grid.SkipLast(1).Select(e => e.Threshold)];
        Assert.Equal(thresholds.Order().Distinct(), thresholds);
        Assert.InRange(thresholds[^1], 0.998, 0.9999);
        Assert.All(grid, effort => Assert.Equal(effort, Effort.Parse(effort.ToString())));
    }

    [Fact]
    public void Models_without_exits_or_confidence_get_the_grid_they_can_use()
    {
        Assert.Equal([Effort.Full], Efforts.Default(RandomEncoder.Config()));
        Assert.Equal(
            ["patience:1", "patience:2", "patience:3", "patience:4", "full"],
            Efforts
                .Default(RandomEncoder.Config(exits: true, regression: true, layers: 6))
                .Select(e => e.ToString())
        );
        Assert.Equal(
            ["full"],
            Efforts
                .Default(RandomEncoder.Config(exits: true, regression: true))
                .Select(e => e.ToString())
        );
    }

    [Theory]
    [InlineData(2)]
    [InlineData(5)]
    [InlineData(9)]
    public void Spread_spaces_the_average_layers_evenly(int count)
    {
        ExitRecord record = Record(layers: 4, examples: 400);
        IReadOnlyList<Effort> efforts = Efforts.Spread(record, count);
        Assert.Equal(count, efforts.Count);
        // 1,200 confidences lie about 0.0005 apart, so six decimals tell any two of them from each other.
        Assert.All(efforts, effort => Assert.True($"{effort}".Length <= 19, $"{effort}"));
        double[] layers = [.. efforts.Select(e => record.At(e).AverageLayers)];
        for (int i = 0; i < count; i++)
        {
            double wanted = 1 + 3.0 * i / (count - 1);
            Assert.True(
                Math.Abs(layers[i] - wanted) < 0.05,
                $"{efforts[i]}: {layers[i]}, wanted {wanted}"
            );
        }
    }

    [Fact]
    public void Spread_returns_fewer_where_all_examples_are_alike()
    {
        ModelConfig config = RandomEncoder.Config(exits: true);
        float[] sure = [5, 0, 0, 0, 5, 0];
        ExitRecord record = new(
            config,
            [.. Enumerable.Range(0, 10).Select(_ => new ExampleExits(sure, 4, 0, null))]
        );
        IReadOnlyList<Effort> efforts = Efforts.Spread(record, 8);
        Assert.Equal(2, efforts.Count);
        Assert.Equal(1, record.At(efforts[0]).AverageLayers);
        Assert.Equal(Effort.Full, efforts[1]);
        Assert.Contains(
            "1 efforts",
            Assert.Throws<ArgumentException>(() => Efforts.Spread(record, 1)).Message
        );
    }

    ExitRecord Record(int layers, int examples = 60)
    {
        ModelConfig config = RandomEncoder.Config(exits: true, layers: layers);
        return Judge(
            Of(RandomEncoder.Model(new Rng(11), config)),
            [RandomEncoder.Batch(new Rng(12), config, examples)]
        );
    }

    static ExitRecord Judge(Session session, IReadOnlyList<Batch> batches) =>
        QualityMeter.Run(session, batches, null, TestContext.Current.CancellationToken);

    Session Of(Model model) => new(model, _workers, KernelFamily.Best, null);
}
