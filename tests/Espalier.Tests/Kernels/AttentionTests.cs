using System.Globalization;
using Espalier.Kernels;
using Espalier.Tensors;

namespace Espalier.Tests.Kernels;

/// <summary>Every family's attention against the reference, and the reference against its finite differences.</summary>
public sealed class AttentionTests
{
    static readonly Attention Reference = KernelFamily.All[^1].Attention;
    static readonly Workers One = new(1);
    static readonly Workers Two = new(2);
    static readonly Workers Eight = new(8);

    // Rows of each sequence; behind a slash the real ones. Then heads, width, dropout.
    static readonly (string Rows, int Heads, int Width, float Dropout)[] Shapes =
    [
        ("1", 1, 1, 0),
        ("1 2 3", 2, 12, 0),
        ("7 0 16 17", 3, 8, 0.1f),
        ("15 33 1 53", 4, 32, 0.1f),
        ("40 48 49", 2, 64, 0),
        ("31 96 97", 2, 33, 0.3f),
        ("128/40 128/1 128/128 128/0", 2, 32, 0.1f),
        ("512", 1, 64, 0.1f),
        ("200 513", 2, 20, 0),
    ];

    public static TheoryData<string, int> Cases
    {
        get
        {
            TheoryData<string, int> cases = [];
            foreach (KernelFamily family in KernelFamily.All.Where(f => f.IsSupported))
            {
                for (int shape = 0; shape < Shapes.Length; shape++)
                {
                    cases.Add(family.Name, shape);
                }
            }

            return cases;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Results_and_gradients_are_those_of_the_reference(string family, int shape)
    {
        Case expected = new(shape),
            actual = new(shape);
        expected.Run(Reference, Two);
        actual.Run(KernelFamily.Choose(family).Attention, Two);
        Near.Assert(expected.Y, actual.Y, 3e-6, "y");
        Near.Assert(expected.Probabilities, actual.Probabilities, 2e-6, "probabilities");
        Near.Assert(expected.Gradient, actual.Gradient, 1e-5, "dq, dk, dv");
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void One_two_and_eight_threads_give_the_same_bits(string family, int shape)
    {
        Attention attention = KernelFamily.Choose(family).Attention;
        Case one = new(shape);
        one.Run(attention, One);
        foreach (Workers workers in (Workers[])[Two, Eight])
        {
            Case more = new(shape);
            more.Run(attention, workers);
            Near.Assert(one.Y, more.Y, 0, $"y with {workers.Threads} threads");
            Near.Assert(one.Gradient, more.Gradient, 0, $"dq, dk, dv with {workers.Threads}");
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Not_keeping_the_probabilities_changes_no_bit(string family, int shape)
    {
        Attention attention = KernelFamily.Choose(family).Attention;
        Case kept = new(shape),
            forgotten = new(shape);
        kept.Forward(attention, Two, kept.Probabilities);
        forgotten.Forward(attention, Two, null);
        Near.Assert(kept.Y, forgotten.Y, 0, "y");
    }

    [Theory]
    [InlineData("3 5", 2, 4, 0)]
    [InlineData("4 6/4", 1, 3, 0.3f)]
    public void The_gradients_of_the_reference_are_its_finite_differences(
        string rows,
        int heads,
        int width,
        float dropout
    )
    {
        const float step = 1e-2f;
        Case attention = new((rows, heads, width, dropout));
        attention.Run(Reference, One);
        for (int i = 0; i < attention.Qkv.Count; i++)
        {
            float here = attention.Qkv.Span[i];
            attention.Qkv.Span[i] = here + step;
            double up = Loss();
            attention.Qkv.Span[i] = here - step;
            double down = Loss();
            attention.Qkv.Span[i] = here;
            Assert.Equal((up - down) / (2 * step), attention.Gradient.Span[i], 1e-3);
        }

        double Loss()
        {
            attention.Forward(Reference, One, null);
            double loss = 0;
            for (int i = 0; i < attention.Y.Count; i++)
            {
                loss += (double)attention.Y.Span[i] * attention.Dy.Span[i];
            }

            return loss;
        }
    }

    [Fact]
    public void Nothing_is_allocated_after_the_first_call()
    {
        foreach (KernelFamily family in KernelFamily.All.SkipLast(1).Where(f => f.IsSupported))
        {
            Case attention = new(3);
            long before = 0;
            for (int i = 0; i < 3; i++)
            {
                before = GC.GetAllocatedBytesForCurrentThread();
                attention.Run(family.Attention, One);
            }

            long after = GC.GetAllocatedBytesForCurrentThread();
            Assert.True(after == before, $"{family.Name}: {after - before} bytes in one round");
        }
    }

    [Fact]
    public void What_does_not_fit_is_refused_in_a_sentence()
    {
        Tensor x = new(4, 8);
        foreach (KernelFamily family in KernelFamily.All.SkipLast(1))
        {
            Refused(new Columns(x, 1), [0, 4], null, "4 rows and 2 · 4 columns");
            Refused(new Columns(x), [0, 5], null, "5 rows");
            Refused(new Columns(x), [0], null, "one start more");
            Refused(new Columns(x), [0, 4], [5], "4 rows, 5 of them real");

            void Refused(Columns q, int[] starts, int[]? lengths, string part)
            {
                var error = Assert.Throws<ArgumentException>(() =>
                    family.Attention.Forward(
                        One,
                        q,
                        new Columns(x),
                        new Columns(x),
                        new Sequences(starts, 1, lengths),
                        2,
                        4,
                        new Tensor(4, 8)
                    )
                );
                Assert.Contains(part, error.Message, StringComparison.Ordinal);
            }
        }
    }

    /// <summary>q, k and v as columns of one fused projection, with three columns in front that belong to nobody.</summary>
    sealed class Case
    {
        const int Front = 3;
        readonly Sequences _sequences;
        readonly int _heads;
        readonly int _width;
        readonly AttentionDropout _dropout;

        public Case(int shape)
            : this(Shapes[shape]) { }

        public Case((string Rows, int Heads, int Width, float Dropout) shape)
        {
            (_heads, _width) = (shape.Heads, shape.Width);
            _dropout = new(shape.Dropout, new Rng(0x1234_5678_9ABC));
            int[][] rows =
            [
                .. shape
                    .Rows.Split(' ')
                    .Select(s =>
                        s.Split('/')
                            .Select(n =>
                                int.Parse(n, NumberStyles.None, CultureInfo.InvariantCulture)
                            )
                            .ToArray()
                    ),
            ];
            int[] starts = [0, .. rows.Select((_, i) => rows.Take(i + 1).Sum(r => r[0]))];
            int[]? lengths = shape.Rows.Contains('/', StringComparison.Ordinal)
                ? [.. rows.Select(r => r[^1])]
                : null;
            _sequences = new(starts, rows.Length, lengths);
            int columns = _heads * _width;
            Qkv = Filled.Normal(1, _sequences.Rows, Front + 3 * columns);
            Dy = Filled.Normal(2, _sequences.Rows, columns);
            Y = Filled.Normal(3, _sequences.Rows, columns);
            Gradient = new(Qkv.Shape);
            Probabilities = new(1, (int)_sequences.ProbabilitiesStart(rows.Length, _heads));
            Probabilities.Span.Fill(7);
        }

        public Tensor Qkv { get; }
        public Tensor Dy { get; }
        public Tensor Y { get; }
        public Tensor Probabilities { get; }

        /// <summary>As <see cref="Qkv"/>; the columns in front must stay 0.</summary>
        public Tensor Gradient { get; }

        public void Run(Attention attention, Workers workers)
        {
            Forward(attention, workers, Probabilities);
            attention.Backward(
                workers,
                Part(Qkv, 0),
                Part(Qkv, 1),
                Part(Qkv, 2),
                _sequences,
                _heads,
                _width,
                Probabilities,
                Dy,
                Part(Gradient, 0),
                Part(Gradient, 1),
                Part(Gradient, 2),
                _dropout
            );
        }

        public void Forward(Attention attention, Workers workers, Tensor? probabilities) =>
            attention.Forward(
                workers,
                Part(Qkv, 0),
                Part(Qkv, 1),
                Part(Qkv, 2),
                _sequences,
                _heads,
                _width,
                Y,
                probabilities,
                _dropout
            );

        Columns Part(Tensor tensor, int part) => new(tensor, Front + part * _heads * _width);
    }
}
