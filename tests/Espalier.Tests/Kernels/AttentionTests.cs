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

    // Rows of each sequence, behind a slash the real ones; of the keys too, where they are others.
    sealed record Shape(string Rows, AttentionForm Form, float Dropout = 0, string? Keys = null);

    static readonly Shape[] Shapes =
    [
        new("1", new(1, 1)),
        new("1 2 3", new(2, 12)),
        new("7 0 16 17", new(3, 8), 0.1f),
        new("15 33 1 53", new(4, 32), 0.1f),
        new("40 48 49", new(2, 64)),
        new("31 96 97", new(2, 33), 0.3f),
        new("128/40 128/1 128/128 128/0", new(2, 32), 0.1f),
        new("512", new(1, 64), 0.1f),
        new("200 513", new(2, 20)),
        new("15 33 1 53", new(4, 32, KeyHeads: 2, Causal: true), 0.1f),
        new("16 100 7 0", new(2, 20, Reach: 8)),
        new("200 130", new(3, 33, KeyHeads: 1, Reach: 50, Scale: 0.3f), 0.1f),
        new("100/60 60/1 9/0", new(2, 16, Reach: 0)),
        new("97", new(4, 16, KeyHeads: 2, Causal: true, Reach: 17)),
        new("1 3 5 70", new(4, 24, KeyHeads: 2, Causal: true), 0, "20 3 49 170"),
        new("4/2 60/60", new(2, 8, Causal: true, Reach: 5), 0.2f, "30/17 90/64"),
        new("7 2", new(2, 12), 0.1f, "90/30 4"),
        new("9 40", new(2, 8, Causal: true), 0, "4 20"),
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
        Near.Assert(expected.KeySums, actual.KeySums, 2e-5, "sums of keys");
        Near.Assert(expected.Dq, actual.Dq, 1e-5, "dq");
        Near.Assert(expected.Dkv, actual.Dkv, 1e-5, "dk, dv");
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
            Near.Assert(one.KeySums, more.KeySums, 0, $"sums of keys with {workers.Threads}");
            Near.Assert(one.Dq, more.Dq, 0, $"dq with {workers.Threads}");
            Near.Assert(one.Dkv, more.Dkv, 0, $"dk, dv with {workers.Threads}");
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Neither_probabilities_nor_sums_of_keys_change_a_bit(string family, int shape)
    {
        Attention attention = KernelFamily.Choose(family).Attention;
        Case kept = new(shape),
            summed = new(shape),
            forgotten = new(shape);
        kept.Forward(attention, Two, kept.Probabilities, null);
        summed.Forward(attention, Two, null, summed.KeySums);
        forgotten.Forward(attention, Two, null, null);
        Near.Assert(kept.Y, forgotten.Y, 0, "y with probabilities");
        Near.Assert(summed.Y, forgotten.Y, 0, "y with sums");
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void A_query_spreads_exactly_one_over_the_keys_that_it_sees(string family, int shape)
    {
        Case one = new(shape);
        one.Forward(KernelFamily.Choose(family).Attention, Two, one.Probabilities, null);
        foreach (var (row, seen, what) in one.Distributions())
        {
            double sum = 0;
            for (int j = 0; j < row.Length; j++)
            {
                sum += row.Span[j];
                bool sees = j >= seen.First && j < seen.Past;
                Assert.True(sees || row.Span[j] == 0, $"{what} gives key {j} {row.Span[j]}");
            }

            Assert.Equal(seen.First < seen.Past ? 1 : 0, sum, 1e-5);
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Scores_and_their_gradients_are_those_of_the_reference(string family, int shape)
    {
        Case expected = new(shape),
            actual = new(shape),
            alone = new(shape);
        expected.RunScores(Reference, Two);
        actual.RunScores(KernelFamily.Choose(family).Attention, Two);
        alone.RunScores(KernelFamily.Choose(family).Attention, One);
        Near.Assert(expected.Probabilities, actual.Probabilities, 2e-6, "scores");
        Near.Assert(expected.Dq, actual.Dq, 1e-5, "dq");
        Near.Assert(expected.Dkv, actual.Dkv, 1e-5, "dk");
        Near.Assert(alone.Probabilities, actual.Probabilities, 0, "scores of one thread");
        Near.Assert(alone.Dq, actual.Dq, 0, "dq of one thread");
        Near.Assert(alone.Dkv, actual.Dkv, 0, "dk of one thread");
    }

    [Theory]
    [InlineData("3 5", 2, 0, 0, false, null)]
    [InlineData("4 6/4", 1, 0, 0.3f, false, null)]
    [InlineData("4 6/4", 4, 2, 0.3f, true, null)]
    [InlineData("7 2", 2, 1, 0, true, "9 6/4")]
    public void The_gradients_of_the_reference_are_its_finite_differences(
        string rows,
        int heads,
        int keyHeads,
        float dropout,
        bool local,
        string? keys
    )
    {
        const float step = 1e-2f;
        AttentionForm form = new(heads, 4, keyHeads, local, local ? 2 : null, local ? 0.4f : null);
        Case attention = new(new Shape(rows, form, dropout, keys));
        attention.Run(Reference, One);
        Check(attention.Q, attention.Dq);
        Check(attention.Kv, attention.Dkv);

        void Check(Tensor moved, Tensor gradient)
        {
            for (int i = 0; i < moved.Count; i++)
            {
                float here = moved.Span[i];
                moved.Span[i] = here + step;
                double up = Loss();
                moved.Span[i] = here - step;
                double down = Loss();
                moved.Span[i] = here;
                Assert.Equal((up - down) / (2 * step), gradient.Span[i], 1e-3);
            }
        }

        double Loss()
        {
            attention.Forward(Reference, One, null, null);
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
            Round();
            Round();
            long allocated = Allocation.Least(Round);
            Assert.True(allocated == 0, $"{family.Name}: {allocated} bytes in one round");

            void Round()
            {
                attention.Run(family.Attention, One);
                attention.RunScores(family.Attention, One);
            }
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
            RefusedForm(new(2, 4, KeyHeads: 3), "2 heads and 3 of keys");
            RefusedForm(new(2, 4, Reach: -1), "the reach -1");
            RefusedForm(
                new(4, 2, KeyHeads: 1),
                "1 sequences of queries and 2 of keys",
                new([0, 1, 4], 2)
            );
            RefusedForm(
                new(2, 4),
                "k is [4, 8] from column 0 on; it must have 5 rows",
                new([0, 5], 1)
            );

            void Refused(Columns q, int[] starts, int[]? lengths, string part) =>
                RefusedCall(
                    new AttentionCall(q, new(x), new(x), new(starts, 1, lengths), new(2, 4)),
                    part
                );

            void RefusedForm(AttentionForm form, string part, Sequences? keys = null) =>
                RefusedCall(
                    new AttentionCall(new(x), new(x), new(x), new([0, 4], 1), form, keys),
                    part
                );

            void RefusedCall(AttentionCall call, string part)
            {
                var error = Assert.Throws<ArgumentException>(() =>
                    family.Attention.Forward(One, call, new Tensor(4, 8))
                );
                Assert.Contains(part, error.Message, StringComparison.Ordinal);
            }
        }
    }

    /// <summary>q, and k and v as columns of one projection, each with three columns in front that belong to nobody.</summary>
    sealed class Case
    {
        const int Front = 3;
        readonly AttentionCall _call;
        readonly int _keyColumns;

        public Case(int shape)
            : this(Shapes[shape]) { }

        public Case(Shape shape)
        {
            AttentionForm form = shape.Form;
            Sequences queries = Parsed(shape.Rows);
            Sequences? keys = shape.Keys is null ? null : Parsed(shape.Keys);
            int columns = form.Heads * form.Width,
                keyRows = (keys ?? queries).Rows;
            _keyColumns = columns / form.Group;
            Q = Filled.Normal(1, queries.Rows, Front + columns);
            Kv = Filled.Normal(4, keyRows, Front + 2 * _keyColumns);
            Dy = Filled.Normal(2, queries.Rows, columns);
            Y = Filled.Normal(3, queries.Rows, columns);
            Dq = new(Q.Shape);
            Dkv = new(Kv.Shape);
            KeySums = Filled.Normal(5, keyRows);
            Probabilities = new(
                1,
                (int)queries.ProbabilitiesStart(queries.Count, form.Heads, keys)
            );
            Probabilities.Span.Fill(7);
            _call = new(
                new(Q, Front),
                new(Kv, Front),
                new(Kv, Front + _keyColumns),
                queries,
                form,
                keys,
                new(shape.Dropout, new Rng(0x1234_5678_9ABC))
            );
        }

        public Tensor Q { get; }
        public Tensor Kv { get; }
        public Tensor Dy { get; }
        public Tensor Y { get; }
        public Tensor Probabilities { get; }
        public Tensor KeySums { get; }

        /// <summary>As <see cref="Q"/>; the columns in front must stay 0. <see cref="Dkv"/> likewise.</summary>
        public Tensor Dq { get; }
        public Tensor Dkv { get; }

        public void Run(Attention attention, Workers workers)
        {
            Forward(attention, workers, Probabilities, KeySums);
            attention.Backward(
                workers,
                _call,
                Probabilities,
                Dy,
                new(Dq, Front),
                new(Dkv, Front),
                new(Dkv, Front + _keyColumns)
            );
        }

        /// <summary>Scores into the probabilities' place, and gradients from them there.</summary>
        public void RunScores(Attention attention, Workers workers)
        {
            AttentionCall call = _call with { Values = default };
            attention.Scores(workers, call, Probabilities);
            attention.ScoresBackward(workers, call, Probabilities, new(Dq, Front), new(Dkv, Front));
        }

        public void Forward(
            Attention attention,
            Workers workers,
            Tensor? probabilities,
            Tensor? keySums
        ) => attention.Forward(workers, _call, Y, probabilities, keySums);

        /// <summary>The kept probabilities of each head and query, and the keys that it may see.</summary>
        public IEnumerable<(
            ReadOnlyMemory<float> Row,
            (int First, int Past) Seen,
            string What
        )> Distributions()
        {
            Sequences queries = _call.Sequences,
                keys = _call.KeySequences ?? queries;
            float[] all = Probabilities.Span.ToArray();
            int at = 0;
            for (int s = 0; s < queries.Count; s++)
            {
                for (int h = 0; h < _call.Form.Heads; h++)
                {
                    for (int i = 0; i < queries.RowsOf(s); i++)
                    {
                        // What a form says in one line, said again in plain words.
                        int last = keys.KeysOf(s) - 1,
                            place = last - (queries.KeysOf(s) - 1 - i),
                            reach = _call.Form.Reach ?? 1_000_000;
                        int[] seen =
                        [
                            .. Enumerable
                                .Range(0, last + 1)
                                .Where(j => Math.Abs(j - place) <= reach)
                                .Where(j => !_call.Form.Causal || j <= place),
                        ];
                        yield return (
                            all.AsMemory(at, keys.RowsOf(s)),
                            seen.Length == 0 ? (0, 0) : (seen[0], seen[^1] + 1),
                            $"query {i} of head {h} of sequence {s}"
                        );
                        at += keys.RowsOf(s);
                    }
                }
            }
        }

        static Sequences Parsed(string text)
        {
            int[][] rows =
            [
                .. text.Split(' ')
                    .Select(s =>
                        s.Split('/')
                            .Select(n =>
                                int.Parse(n, NumberStyles.None, CultureInfo.InvariantCulture)
                            )
                            .ToArray()
                    ),
            ];
            int[] starts = [0, .. rows.Select((_, i) => rows.Take(i + 1).Sum(r => r[0]))];
            return new(
                starts,
                rows.Length,
                text.Contains('/', StringComparison.Ordinal) ? [.. rows.Select(r => r[^1])] : null
            );
        }
    }
}
