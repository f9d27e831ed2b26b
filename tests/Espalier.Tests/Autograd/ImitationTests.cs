using Espalier.Autograd;
using Espalier.Kernels;
using Espalier.Tensors;

namespace Espalier.Tests.Autograd;

/// <summary>Values of the loss by which a language model learns from another; gradients are among the operations' cases.</summary>
public sealed class ImitationTests : IDisposable
{
    const int Rows = 6;
    const int Vocabulary = 23;
    static readonly int[] Targets = [3, 0, 22, -1, 7, 7];
    static readonly Tensor Student = OperationCases.Normal("student", Rows, Vocabulary, 2);
    static readonly Tensor Other = OperationCases.Normal("other", Rows, Vocabulary, 2);
    readonly Workers _workers = new(2);
    readonly Tape _tape;

    public ImitationTests() => _tape = new Tape(_workers, KernelFamily.Best);

    public void Dispose() => _workers.Dispose();

    [Theory]
    [InlineData(1, false)]
    [InlineData(2.5, false)]
    [InlineData(1, true)]
    [InlineData(2.5, true)]
    public void With_all_tokens_it_is_the_divergence(double temperature, bool reverse)
    {
        Assert.Equal(
            Divergence(temperature, reverse, c => c),
            Loss(Other, Vocabulary, new(1, 0, temperature, reverse)),
            1e-5
        );
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Tokens_that_are_not_likely_count_as_one(bool reverse)
    {
        int[][] likely =
        [
            .. Enumerable
                .Range(0, Rows)
                .Select(r =>
                    Enumerable
                        .Range(0, Vocabulary)
                        .OrderByDescending(c => Other.Row(r)[c])
                        .Take(4)
                        .ToArray()
                ),
        ];
        double merged = Enumerable
            .Range(0, Rows)
            .Average(r => Divergence(1, reverse, c => likely[r].Contains(c) ? c : -1, r..(r + 1)));
        double loss = Loss(Other, 4, new(1, 0, 1, reverse));
        Assert.Equal(merged, loss, 1e-5);
        Assert.True(loss < Loss(Other, Vocabulary, new(1, 0, 1, reverse)));
    }

    [Theory]
    [InlineData(3, false)]
    [InlineData(Vocabulary, false)]
    [InlineData(3, true)]
    [InlineData(Vocabulary, true)]
    public void Who_says_what_the_teacher_says_loses_nothing(int likeliest, bool reverse) =>
        Assert.Equal(0, Loss(Student, likeliest, new(1, 0, 1, reverse)), 1e-5);

    [Fact]
    public void The_next_tokens_part_is_their_cross_entropy()
    {
        _tape.Begin();
        double plain = _tape.NextToken(new Variable(Student, null), Targets).Value.Span[0],
            soft = Loss(Other, 5, new(0.5));
        Assert.Equal(0.75 * plain, Loss(Other, 5, new(0, 0.75, 3)), 1e-5);
        Assert.Equal(soft + 0.75 * plain, Loss(Other, 5, new(0.5, 0.75)), 1e-5);
    }

    [Fact]
    public void What_a_teacher_finds_likely_are_its_largest_scores_and_the_rest()
    {
        LikelyTokens likely = LikelyTokens.Of(_workers, Other, 4, 1);
        double[] log = new double[Vocabulary];
        for (int r = 0; r < Rows; r++)
        {
            Losses.LogSoftmax(Other.Row(r), 1, log);
            int[] best =
            [
                .. Enumerable.Range(0, Vocabulary).OrderByDescending(c => log[c]).Take(4),
            ];
            Assert.Equal(best.Order(), likely.Ids[(4 * r)..(4 * r + 4)].Order());
            for (int i = 4 * r; i < 4 * r + 4; i++)
            {
                Assert.Equal(log[likely.Ids[i]], likely.Logs[i], 1e-5);
            }

            Assert.Equal(1 - best.Sum(c => Math.Exp(log[c])), Math.Exp(likely.Rest[r]), 1e-6);
        }
    }

    [Fact]
    public void A_target_beyond_the_vocabulary_is_refused() =>
        Assert.Contains(
            "for logits of",
            Assert
                .Throws<ArgumentException>(() =>
                {
                    _tape.Begin();
                    _tape.Imitate(
                        new Variable(Student, null),
                        LikelyTokens.Of(_workers, Other, 3, 1),
                        [0, 0, 0, 0, 0, Vocabulary],
                        new()
                    );
                })
                .Message
        );

    double Loss(Tensor teacher, int likeliest, Imitation how)
    {
        _tape.Begin();
        return _tape
            .Imitate(
                new Variable(Student, null),
                LikelyTokens.Of(_workers, teacher, likeliest, how.Temperature),
                Targets,
                how
            )
            .Value.Span[0];
    }

    /// <summary>T² times the mean over rows, where entries of one bucket are added up.</summary>
    static double Divergence(
        double temperature,
        bool reverse,
        Func<int, int> bucket,
        Range? rows = null
    )
    {
        double sum = 0;
        double[] student = new double[Vocabulary],
            teacher = new double[Vocabulary];
        int[] all = [.. Enumerable.Range(0, Rows).Take(rows ?? ..)];
        foreach (int r in all)
        {
            Losses.LogSoftmax(Student.Row(r), temperature, student);
            Losses.LogSoftmax(Other.Row(r), temperature, teacher);
            foreach (var entries in Enumerable.Range(0, Vocabulary).GroupBy(bucket))
            {
                double p = entries.Sum(c => Math.Exp(teacher[c])),
                    q = entries.Sum(c => Math.Exp(student[c]));
                sum += reverse ? q * Math.Log(q / p) : p * Math.Log(p / q);
            }
        }

        return temperature * temperature * sum / all.Length;
    }
}
