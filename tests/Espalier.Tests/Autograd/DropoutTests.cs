using Espalier.Autograd;
using Espalier.Kernels;
using Espalier.Tensors;

namespace Espalier.Tests.Autograd;

public sealed class DropoutTests : IDisposable
{
    const float Probability = 0.1f;
    const int Rows = 400;
    const int Columns = 301;
    static readonly Rng Masks = new(7);
    readonly Workers _workers = new(2);

    public static TheoryData<string> Families =>
        [.. KernelFamily.All.Where(f => f.IsSupported).Select(f => f.Name)];

    [Theory]
    [MemberData(nameof(Families))]
    public void The_kept_share_is_as_asked_in_all_and_in_every_column(string family)
    {
        Tensor y = Dropped(family, Masks);
        int kept = 0;
        int[] columns = new int[Columns];
        for (int i = 0; i < y.Count; i++)
        {
            float value = y.Span[i];
            Assert.True(
                value == 0 || Math.Abs(value - 1 / (1 - Probability)) < 2e-5,
                $"element {i} is {value}, neither 0 nor 1 / (1 - p)"
            );
            int one = value == 0 ? 0 : 1;
            kept += one;
            columns[i % Columns] += one;
        }

        AssertShare(kept, y.Count, 5, "kept in all");
        for (int c = 0; c < Columns; c++)
        {
            // Of 301 columns one is above 5 sigma in 6000 seeds.
            AssertShare(columns[c], Rows, 5, $"kept in column {c}");
        }
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void One_stream_is_one_mask_and_another_stream_another(string family)
    {
        Tensor y = Dropped(family, Masks);
        Assert.True(y.Span.SequenceEqual(Dropped(family, Masks).Span));
        Assert.True(y.Span.SequenceEqual(Dropped("reference", Masks).Span));
        AssertIndependent(y, Dropped(family, new Rng(8)), "two streams");
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void Two_operations_of_a_step_and_two_rows_have_masks_of_their_own(string family)
    {
        Tape tape = Begin(family, Masks);
        Variable x = new(Ones(), gradient: null);
        Tensor first = tape.Dropout(x, Probability).Value,
            second = tape.Dropout(x, Probability).Value;
        AssertIndependent(first, second, "two operations");
        Tensor shifted = new(Rows, Columns);
        first.Span[Columns..].CopyTo(shifted.Span);
        first.Row(0).CopyTo(shifted.Row(Rows - 1));
        AssertIndependent(first, shifted, "neighbouring rows");
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void The_backward_pass_drops_what_the_forward_pass_dropped(string family)
    {
        Tape tape = Begin(family, Masks);
        Variable x = new(Ones(), new Tensor(Rows, Columns));
        Variable y = tape.Dropout(x, Probability);
        tape.Backward(Projection.Forward(tape, [y], (_, i) => 1 + i));
        for (int i = 0; i < x.Value.Count; i++)
        {
            float expected = y.Value.Span[i] * (1 + i);
            Assert.True(
                x.Gradient!.Span[i] == expected,
                $"the gradient at {i} is {x.Gradient.Span[i]}, expected {expected}"
            );
        }
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void Attention_drops_its_probabilities_head_by_head(string family)
    {
        // All keys are alike, so every probability is 1/n, and v is the identity: y shows the mask.
        const int heads = 4,
            n = 64;
        Tape tape = Begin(family, Masks);
        Tensor v = new(n, heads * n);
        for (int i = 0; i < n; i++)
        {
            for (int h = 0; h < heads; h++)
            {
                v.Row(i)[h * n + i] = n;
            }
        }

        Variable zero = new(new Tensor(v.Shape), gradient: null);
        Tensor y = tape.SelfAttention(
            zero,
            zero,
            new Variable(v, gradient: null),
            new Sequences([0, n], 1),
            new AttentionForm(heads, n),
            Probability
        ).Value;
        int kept = 0,
            same = 0;
        for (int i = 0; i < n; i++)
        {
            for (int c = 0; c < heads * n; c++)
            {
                float value = y.Row(i)[c];
                Assert.True(
                    value == 0 || Math.Abs(value - 1 / (1 - Probability)) < 1e-4,
                    $"row {i}, column {c} is {value}, neither 0 nor 1 / (1 - p)"
                );
                kept += value == 0 ? 0 : 1;
                same += value == 0 == (y.Row(i)[(c + n) % (heads * n)] == 0) ? 1 : 0;
            }
        }

        AssertShare(kept, y.Count, 5, "kept probabilities");
        const double alike = (1 - Probability) * (1 - Probability) + Probability * Probability;
        Assert.InRange((double)same / y.Count, alike - 0.02, alike + 0.02);
    }

    [Fact]
    public void Without_a_stream_or_a_probability_nothing_is_dropped()
    {
        Tape tape = Begin(KernelFamily.Best.Name, null);
        Variable x = new(Ones(), gradient: null);
        Assert.Same(x, tape.Dropout(x, Probability));
        tape.Begin(Masks);
        Assert.Same(x, tape.Dropout(x, 0));
    }

    public void Dispose() => _workers.Dispose();

    Tape Begin(string family, Rng? masks)
    {
        Tape tape = new(_workers, KernelFamily.Choose(family));
        tape.Begin(masks);
        return tape;
    }

    Tensor Dropped(string family, Rng masks) =>
        Begin(family, masks).Dropout(new Variable(Ones(), gradient: null), Probability).Value;

    static Tensor Ones()
    {
        Tensor ones = new(Rows, Columns);
        ones.Span.Fill(1);
        return ones;
    }

    static void AssertShare(int kept, int of, double sigmas, string what)
    {
        double expected = of * (1.0 - Probability),
            sigma = Math.Sqrt(expected * Probability);
        Assert.True(
            Math.Abs(kept - expected) <= sigmas * sigma,
            $"{what}: {kept} of {of}, {(kept - expected) / sigma:f1} sigma from {expected:f0}"
        );
    }

    /// <summary>Masks that know nothing of each other agree in a share p² + (1 − p)² of all places.</summary>
    static void AssertIndependent(Tensor a, Tensor b, string what)
    {
        int same = 0;
        for (int i = 0; i < a.Count; i++)
        {
            same += a.Span[i] == 0 == (b.Span[i] == 0) ? 1 : 0;
        }

        const double share = (1.0 - Probability) * (1 - Probability) + Probability * Probability;
        double sigma = Math.Sqrt(share * (1 - share) / a.Count),
            off = ((double)same / a.Count - share) / sigma;
        Assert.True(
            Math.Abs(off) <= 6,
            $"{what} agree in {same} of {a.Count} places, {off:f1} sigma from chance"
        );
    }
}
