using System.IO.Compression;
using System.Text;
using Espalier.Analysis;
using Espalier.Data.Metrics;
using Espalier.Kernels;
using Espalier.Measuring;
using Espalier.Models;
using Espalier.Tensors;
using Espalier.Tests.Models;

namespace Espalier.Tests.Measuring;

/// <summary>What is said of a text from what was counted in its windows.</summary>
public sealed class WindowQualityTests
{
    static readonly Effort[] Full = [Effort.Full];

    /// <param name="tokens">Of each window.</param>
    /// <param name="loss">Mean −ln p of a token.</param>
    static ExitRecord Record(int[] tokens, double loss, ulong seed)
    {
        Rng rng = new(seed);
        return new ExitRecord(
            ToyLlama.Model().Config,
            [
                .. tokens.Select(
                    (count, i) =>
                        new ExampleExits(
                            [
                                (float)((loss + 0.3 * rng.Normal((ulong)i)) * (count - 1)),
                                rng.Below(count, (ulong)(i + 1000)),
                            ],
                            count,
                            null,
                            null
                        )
                ),
            ]
        );
    }

    static StoredAnswers Stored(params (string Pipeline, ExitRecord Record)[] models) =>
        new()
        {
            Task = "text",
            Split = "test",
            Seeds = [1],
            DataSha256 = new string('0', 64),
            Labels = null,
            OfText = true,
            Examples = models[0].Record.Count,
            Truth = StoredAnswers.TruthOf(models[0].Record),
            Models = [.. models.Select(m => StoredAnswers.Of(m.Pipeline, m.Record, Full))],
        };

    [Fact]
    public void Perplexity_is_of_all_tokens_and_not_a_mean_of_the_windows()
    {
        ExitRecord record = Record([32, 32, 9], 3, 1);

        Quality quality = record.At(Effort.Full).Measure(Metric.Perplexity);

        double loss = record.Examples.Sum(e => (double)e.Logits[0]);
        Assert.Equal(Math.Exp(loss / (31 + 31 + 8)), quality.Value!.Value, 1e-9);
        Assert.Equal(3, quality.N);
        Assert.Equal(
            record.Examples.Sum(e => (double)e.Logits[1]) / 70,
            record.At(Effort.Full).Measure(Metric.NextToken).Value!.Value,
            1e-12
        );
    }

    [Fact]
    public void The_interval_of_equal_windows_is_Students_of_their_means()
    {
        ExitRecord record = Record([.. Enumerable.Repeat(32, 25)], 3, 2);

        Quality quality = record.At(Effort.Full).Measure(Metric.Perplexity);

        double[] losses = [.. record.Examples.Select(e => e.Logits[0] / 31.0)];
        double half = Statistics.StudentReach(24) * Statistics.StandardDeviation(losses)!.Value / 5;
        Assert.Equal(Math.Exp(losses.Average() - half), quality.Low!.Value, 1e-6);
        Assert.Equal(Math.Exp(losses.Average() + half), quality.High!.Value, 1e-6);
        Assert.NotNull(quality.Covers);
    }

    [Fact]
    public void A_single_window_has_a_value_and_no_interval_and_a_loss_beyond_all_numbers_has_a_reason()
    {
        Assert.Null(Record([32], 3, 3).At(Effort.Full).Measure(Metric.Perplexity).Low);

        Quality lost = Record([32, 32], 900, 4).At(Effort.Full).Measure(Metric.Perplexity);
        Assert.Null(lost.Value);
        Assert.Contains("no number", lost.WhyUndefined);
    }

    [Fact]
    public void Answers_come_back_window_by_window_and_say_what_the_record_says()
    {
        ExitRecord record = Record([32, 32, 9], 3, 5);

        StoredAnswers back = StoredAnswers.Read("a", Stored(("Q", record)).ToFile());

        TokenCounts[] windows = back.WindowsAt("Q", Effort.Full);
        Assert.Equal(
            record.Examples.Select(e => new TokenCounts(e.Logits[0], e.Logits[1], e.Tokens - 1)),
            windows
        );
        Assert.Throws<ArgumentException>(() => back.TrueNumbers());
        Assert.Throws<ArgumentException>(() => back.TrueClasses());
        Assert.Contains(
            "fit",
            Assert
                .Throws<InvalidDataException>(() =>
                    StoredAnswers.Read(
                        "a",
                        (
                            back with
                            {
                                Models = [back.Models[0] with { Answers = new byte[12] }],
                            }
                        ).ToFile()
                    )
                )
                .Message
        );
    }

    [Fact]
    public void Answers_of_classes_are_written_as_before()
    {
        byte[] file = (Stored(("Q", Record([4], 1, 1))) with { OfText = false }).ToFile();
        using GZipStream gzip = new(new MemoryStream(file), CompressionMode.Decompress);
        using StreamReader text = new(gzip, Encoding.UTF8);
        Assert.DoesNotContain("of_text", text.ReadToEnd());
    }

    [Fact]
    public void Windows_that_two_models_share_make_the_difference_surer_than_the_difference_of_two_intervals()
    {
        ExitRecord o = Record([.. Enumerable.Repeat(32, 40), 17], 3, 6);
        // The same windows are hard for both; one model is worse by a little everywhere.
        ExitRecord q = new(
            o.Config,
            [
                .. o.Examples.Select(e =>
                    e with
                    {
                        Logits = [e.Logits[0] + 0.02f * (e.Tokens - 1), e.Logits[1]],
                    }
                ),
            ]
        );
        AnsweredExamples answers = new([Stored(("O", o), ("Q", q))]);
        Measurement Of(string pipeline, ExitRecord record) =>
            Records(pipeline, [.. record.At(Effort.Full).Measure([Metric.Perplexity])]);
        Measurement measuredO = Of("O", o),
            measuredQ = Of("Q", q);

        PairedDifference difference = PairedDifference.Of([measuredQ], [measuredO], answers)!;

        Assert.Equal(-0.02, difference.Mean, 1e-5);
        Assert.True(difference.CoversExamples);
        Assert.Equal(true, difference.IsSure);
        Assert.True(measuredQ.Primary.Low < measuredO.Primary.High, "apart, they overlap");
        Assert.Equal(measuredO.Primary.Worth!.Value, answers.Each(measuredO)!.Average(), 1e-9);
    }

    static Measurement Records(string pipeline, Quality[] qualities) =>
        new()
        {
            Pipeline = pipeline,
            Stage = pipeline,
            Task = "text",
            Split = "test",
            Effort = Effort.Full,
            Seeds = [1],
            Examples = qualities[0].N,
            Metrics = qualities,
            BatchSize = 1,
            Machine = Machine.Here(KernelFamily.Best, 1),
        };

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void Tokens_are_written_behind_the_prompt_as_often_as_one_asks(int requests)
    {
        using Workers workers = new(2);
        Model model = ToyLlama.Model();
        PackedModel packed = new(model, workers, KernelFamily.Best);
        LanguageSession session = new(packed, workers);
        int[] text = [.. Enumerable.Range(0, 90).Select(i => i * 7 % 90)];
        WrittenTokens work = new(session, text, requests);

        work.Further();
        work.Further();
        Past past = session.Begin();
        int last = Effort.Largest(session.Step([past], text.AsSpan(0, 64), [64]).Row(0));
        List<int> written = [last];
        for (int token = 1; token < work.Count; token++)
        {
            last = Effort.Largest(session.Step([past], [last], [1]).Row(0));
            written.Add(last);
        }

        Assert.Equal(32, work.Count);
        last = Effort.Largest(session.Step([past], [last], [1]).Row(0));
        Assert.Equal(last, work.Last[0]);
        work.First();
        Assert.Equal(written[0], work.Last[0]);

        // The shortest prompt is a quarter of it.
        Assert.Equal(
            Effort.Largest(
                session
                    .Step(
                        [session.Begin()],
                        text.AsSpan(0, requests > 1 ? 16 : 64),
                        [requests > 1 ? 16 : 64]
                    )
                    .Row(0)
            ),
            work.Last[^1]
        );
    }
}
