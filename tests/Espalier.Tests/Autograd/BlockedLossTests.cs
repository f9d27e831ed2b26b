using Espalier.Autograd;
using Espalier.Kernels;
using Espalier.Tensors;
using Espalier.Tests.Goldens;

namespace Espalier.Tests.Autograd;

/// <summary>Losses of scores that are never all there, against the same of scores that are.</summary>
public sealed class BlockedLossTests
{
    const int Rows = 13;
    const int Width = 24;
    static readonly int[] Targets = [3, 0, -1, 7, 600, 1, 2, 1299, 7, -1, 5, 900, 4];

    public static TheoryData<string> Families =>
        [.. KernelFamily.All.Where(f => f.IsSupported).Select(f => f.Name)];

    static Variable Parameter(string name, int rows) =>
        new(OperationCases.Normal(name, rows, Width, 0.3f), new Tensor(rows, Width));

    sealed record Step(float Loss, float[] Input, float[] Weight);

    /// <param name="vocabulary">1,300 is more than what the vector kernels take together, and not a multiple of it.</param>
    /// <param name="numbers">Of a block; null: all scores at once.</param>
    static Step Take(
        KernelFamily kernels,
        int vocabulary,
        Func<Tape, Variable, Variable> loss,
        int? numbers,
        int threads = 2
    )
    {
        using Workers workers = new(threads);
        Tape tape = new(workers, kernels);
        Variable x = Parameter("x", Rows),
            weight = Parameter("weight", vocabulary);
        tape.Begin();
        Variable scores = numbers is null
            ? tape.Linear(x, weight, null)
            : tape.Scores(x, weight, numbers.Value);
        Variable of = loss(tape, scores);
        tape.Backward(tape.WeightedSum((of, 0.5f)));
        return new(of.Value.Span[0], x.Gradient!.Span.ToArray(), weight.Gradient!.Span.ToArray());
    }

    static Variable NextToken(Tape tape, Variable scores, int vocabulary) =>
        tape.NextToken(scores, [.. Targets.Select(t => Math.Min(t, vocabulary - 1))]);

    static Variable Imitate(Tape tape, Variable scores, int vocabulary, bool reverse) =>
        tape.Imitate(
            scores,
            LikelyTokens.Of(
                tape.Workers,
                OperationCases.Normal("teacher", Rows, vocabulary),
                9,
                1.5
            ),
            [.. Targets.Select(t => Math.Min(t, vocabulary - 1))],
            new Imitation(0.7, 0.3, 1.5, reverse)
        );

    [Theory]
    [MemberData(nameof(Families))]
    public void Blocks_of_rows_give_the_loss_and_gradients_of_all_rows_at_once(string family)
    {
        KernelFamily kernels = KernelFamily.Choose(family);
        foreach (int vocabulary in (int[])[40, 1300])
        {
            foreach (
                Func<Tape, Variable, Variable> loss in (Func<Tape, Variable, Variable>[])
                    [
                        (t, s) => NextToken(t, s, vocabulary),
                        (t, s) => Imitate(t, s, vocabulary, reverse: false),
                        (t, s) => Imitate(t, s, vocabulary, reverse: true),
                    ]
            )
            {
                Step whole = Take(kernels, vocabulary, loss, null),
                    blocked = Take(kernels, vocabulary, loss, 4 * vocabulary);
                Assert.Equal(whole.Loss, blocked.Loss, 1e-6f * Math.Abs(whole.Loss));
                Close.To(blocked.Input, whole.Input, 1e-7, 1e-5, "the input's gradient");
                Close.To(blocked.Weight, whole.Weight, 1e-7, 1e-5, "the weight's gradient");
            }
        }
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void Blocks_give_the_same_bytes_on_any_number_of_threads(string family)
    {
        KernelFamily kernels = KernelFamily.Choose(family);
        Step one = Run(1),
            three = Run(3);
        Assert.Equal(one.Loss, three.Loss);
        Assert.Equal(one.Input, three.Input);
        Assert.Equal(one.Weight, three.Weight);

        Step Run(int threads) =>
            Take(kernels, 1300, (t, s) => NextToken(t, s, 1300), 5 * 1300, threads);
    }

    [Fact]
    public void Kernels_that_take_many_columns_together_agree_with_plain_loops()
    {
        KernelFamily reference = KernelFamily.Choose("reference");
        using Workers workers = new(1);
        Step plain = Take(reference, 1300, (t, s) => NextToken(t, s, 1300), 1 << 20);
        foreach (string family in Families.Select(f => f.Data))
        {
            Step fast = Take(
                KernelFamily.Choose(family),
                1300,
                (t, s) => NextToken(t, s, 1300),
                1 << 20
            );
            Assert.Equal(plain.Loss, fast.Loss, 2e-6f);
            Close.To(fast.Input, plain.Input, 1e-7, 2e-5, $"{family}: the input's gradient");
            Close.To(fast.Weight, plain.Weight, 1e-8, 2e-5, $"{family}: the weight's gradient");
        }
    }

    [Fact]
    public void Scores_that_somebody_reads_are_the_product()
    {
        using Workers workers = new(2);
        Tape tape = new(workers, KernelFamily.Best);
        Variable x = Parameter("x", Rows),
            weight = Parameter("weight", 40);
        tape.Begin();
        Variable scores = tape.Scores(x, weight);
        tape.Backward(NextToken(tape, scores, 40));
        Assert.Equal(
            tape.Linear(x, weight, null).Value.Span.ToArray(),
            scores.Value.Span.ToArray()
        );
    }
}
