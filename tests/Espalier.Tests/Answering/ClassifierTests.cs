using Espalier.Answering;
using Espalier.Models;
using Espalier.Tests.Cli;

namespace Espalier.Tests.Answering;

public sealed class ClassifierTests : IDisposable
{
    static readonly string[] Texts = ["good", "bad", "the good the bad", "", "a b c d e f g h"];

    readonly ToyModels _toys = new();

    public void Dispose() => _toys.Dispose();

    [Fact]
    public void An_answer_has_the_likeliest_label_its_probabilities_and_the_last_layer()
    {
        using Classifier model = Classifier.Load(_toys.Named("no", "maybe", "yes"));
        Prediction answer = model.Predict("the good");
        Assert.Equal(3, answer.Probabilities.Length);
        Assert.Equal(1, answer.Probabilities.Sum(), 1e-5);
        Assert.Equal(answer.Probabilities.Max(), answer.Probability);
        Assert.Equal(
            answer.Label,
            model.Labels[answer.Probabilities.IndexOf(answer.Probability!.Value)]
        );
        Assert.Equal(2, answer.Exit);
        Assert.Null(answer.Score);
    }

    [Fact]
    public void Many_texts_are_answered_in_order_as_one_by_one()
    {
        using Classifier model = Classifier.Load(_toys.WithExits(), new() { Threads = 1 });
        Effort effort = Effort.Parse("confidence:0.6");
        string[] many = [.. Enumerable.Range(0, 20).SelectMany(_ => Texts)];
        IReadOnlyList<Prediction> answers = model.PredictMany(many, effort);
        Assert.Equal(many.Length, answers.Count);
        for (int i = 0; i < many.Length; i++)
        {
            Prediction one = model.Predict(many[i], effort: effort);
            Assert.Equal(one.Logits, answers[i].Logits);
            Assert.Equal((one.Label, one.Exit), (answers[i].Label, answers[i].Exit));
        }

        Assert.Empty(model.PredictMany(Array.Empty<string>()));
    }

    [Fact]
    public void Effort_lets_texts_leave_early_and_full_does_not()
    {
        using Classifier model = Classifier.Load(_toys.WithExits());
        Assert.All(model.PredictMany(Texts), a => Assert.Equal(2, a.Exit));
        Assert.Contains(
            model.PredictMany(Texts, Effort.Parse("confidence:0.34")),
            a => a.Exit == 0
        );
    }

    [Fact]
    public void A_pair_is_another_text_than_its_first_half()
    {
        using Classifier model = Classifier.Load(_toys.Bert());
        Prediction alone = model.Predict("good"),
            pair = model.Predict("good", "bad");
        Assert.NotEqual(alone.Logits, pair.Logits);
        Assert.Equal(pair.Logits, model.PredictMany([("good", "bad")])[0].Logits);
    }

    [Fact]
    public void A_regression_answers_with_a_score_and_no_label()
    {
        using Classifier model = Classifier.Load(_toys.Regression());
        Prediction answer = model.Predict("good");
        Assert.Null(answer.Label);
        Assert.Null(answer.Probability);
        Assert.Empty(answer.Probabilities);
        Assert.Equal(answer.Logits[0], answer.Score);
    }

    [Fact]
    public async Task Threads_may_share_one()
    {
        using Classifier model = Classifier.Load(_toys.Bert(), new() { Threads = 2 });
        string[] expected = [.. model.PredictMany(Texts).Select(Shown)];
        string[][] all = await Task.WhenAll(
            Enumerable
                .Range(0, 8)
                .Select(_ =>
                    Task.Run(
                        () => Texts.Select(t => Shown(model.Predict(t))).ToArray(),
                        TestContext.Current.CancellationToken
                    )
                )
        );
        Assert.All(all, one => Assert.Equal(expected, one));

        static string Shown(Prediction answer) => string.Join(' ', answer.Logits);
    }

    [Fact]
    public void Once_disposed_it_says_so_and_may_be_disposed_again()
    {
        Classifier model = Classifier.Load(_toys.Bert());
        model.Dispose();
        model.Dispose();
        Assert.Throws<ObjectDisposedException>(() => model.Predict("good"));
    }

    [Theory]
    [InlineData(1, "special tokens stand around a pair")]
    [InlineData(100_000, "reads at most")]
    public void A_length_that_cannot_be_is_the_callers_mistake(int length, string expected) =>
        Assert.Contains(
            expected,
            Assert
                .Throws<ArgumentException>(() =>
                    Classifier.Load(_toys.Bert(), new() { MaxLength = length })
                )
                .Message
        );

    [Fact]
    public void An_encoder_that_was_not_fine_tuned_is_refused() =>
        Assert.Contains(
            "has no classifier",
            Assert.Throws<InvalidDataException>(() => Classifier.Load(_toys.Bare())).Message
        );

    [Fact]
    public void The_command_line_gives_the_same_answers()
    {
        string folder = _toys.WithExits();
        using Classifier model = Classifier.Load(folder);
        var line = CommandLine
            .Run(["predict", "-m", folder, "--effort", "confidence:0.6", "--json"], "the good\n")
            .Succeeds()
            .Json;
        Prediction answer = model.Predict("the good", effort: Effort.Parse("confidence:0.6"));
        Assert.Equal(answer.Label, line.GetProperty("label").GetString());
        Assert.Equal(answer.Exit, line.GetProperty("exit").GetInt32());
        Assert.Equal(
            answer.Probabilities,
            line.GetProperty("probabilities").EnumerateArray().Select(p => p.GetSingle())
        );
    }
}
