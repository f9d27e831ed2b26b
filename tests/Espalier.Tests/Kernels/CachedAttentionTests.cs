using Espalier.Kernels;
using Espalier.Tensors;
using Espalier.Tests.Goldens;

namespace Espalier.Tests.Kernels;

/// <summary>Attention over a cache, whose pages are filled a few tokens at a time.</summary>
public sealed class CachedAttentionTests
{
    static readonly AttentionForm[] Kinds =
    [
        new(4, 12, 2, Causal: true),
        new(3, 64, 1, Causal: true),
        new(4, 16, 4, Causal: true, Reach: 9),
        new(8, 20, 2, Causal: true, Reach: 70, Scale: 0.3f),
    ];

    public static TheoryData<string, CacheForm> Cases
    {
        get
        {
            TheoryData<string, CacheForm> cases = [];
            foreach (KernelFamily family in KernelFamily.All.Where(f => f.IsSupported))
            {
                foreach (CacheForm form in Enum.GetValues<CacheForm>())
                {
                    cases.Add(family.Name, form);
                }
            }

            return cases;
        }
    }

    // Tokens that each of three sequences gets in a step: prompts, single tokens, and some that wait.
    static readonly int[][] Steps =
    [
        [130, 3, 64],
        [1, 0, 1],
        [1, 61, 0],
        [1, 1, 1],
        [40, 1, 70],
    ];

    static Tensor Drawn(int rows, int columns, string name)
    {
        Tensor drawn = new(rows, columns);
        Rng rng = new Rng(7).Split(name);
        for (int i = 0; i < drawn.Count; i++)
        {
            drawn.Span[i] = rng.Normal((ulong)i);
        }

        return drawn;
    }

    /// <summary>What each step gives, one below the other, of each sequence.</summary>
    static float[][] Run(AttentionForm form, CacheForm kept, KernelFamily family, int threads)
    {
        using Workers workers = new(threads);
        int keyColumns = form.Heads / form.Group * form.Width,
            columns = form.Heads * form.Width;
        AttentionForm other = new(2, 32);
        KeyValueCache cache = new(kept, [other, form]);
        Past[] pasts = [new(cache), new(cache), new(cache)];
        List<float>[] results =
        [
            [],
            [],
            [],
        ];
        foreach (int[] step in Steps)
        {
            int[] here = [.. Enumerable.Range(0, 3).Where(s => step[s] > 0)];
            int[] starts = new int[here.Length + 1];
            for (int i = 0; i < here.Length; i++)
            {
                starts[i + 1] = starts[i] + step[here[i]];
                pasts[here[i]].Reserve(step[here[i]]);
            }

            Tensor q = new(starts[^1], columns),
                kv = new(starts[^1], 2 * keyColumns + 1),
                y = new(starts[^1], columns);
            for (int i = 0; i < here.Length; i++)
            {
                int s = here[i];
                for (int t = 0; t < step[s]; t++)
                {
                    int at = pasts[s].Length + t;
                    All(s).Queries.Row(at).CopyTo(q.Row(starts[i] + t));
                    All(s).Keys.Row(at).CopyTo(kv.Row(starts[i] + t)[1..]);
                    All(s).Values.Row(at).CopyTo(kv.Row(starts[i] + t)[(1 + keyColumns)..]);
                }
            }

            PastCall call = new(
                new Columns(q),
                new Columns(kv, 1),
                new Columns(kv, 1 + keyColumns),
                new Sequences(starts, here.Length),
                form,
                [.. here.Select(s => pasts[s])],
                1
            );
            family.Attention.Continue(workers, call, y);
            for (int i = 0; i < here.Length; i++)
            {
                results[here[i]]
                    .AddRange(y.Span[(starts[i] * columns)..(starts[i + 1] * columns)].ToArray());
                pasts[here[i]].Advance(step[here[i]]);
            }
        }

        return [.. results.Select(r => r.ToArray())];

        (Tensor Queries, Tensor Keys, Tensor Values) All(int s) => Whole(form, s);
    }

    static readonly Dictionary<(AttentionForm, int), (Tensor, Tensor, Tensor)> Drawings = [];

    static (Tensor Queries, Tensor Keys, Tensor Values) Whole(AttentionForm form, int s)
    {
        lock (Drawings)
        {
            if (!Drawings.TryGetValue((form, s), out var found))
            {
                int rows = Steps.Sum(step => step[s]),
                    keyColumns = form.Heads / form.Group * form.Width;
                found = (
                    Drawn(rows, form.Heads * form.Width, $"q{s}"),
                    Drawn(rows, keyColumns, $"k{s}"),
                    Drawn(rows, keyColumns, $"v{s}")
                );
                Drawings.Add((form, s), found);
            }

            return found;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Tokens_in_pieces_see_what_they_see_in_one_pass(string family, CacheForm kept)
    {
        using Workers workers = new(1);
        foreach (AttentionForm form in Kinds)
        {
            float[][] pieces = Run(form, kept, KernelFamily.Choose(family), 2);
            for (int s = 0; s < pieces.Length; s++)
            {
                var (q, k, v) = Whole(form, s);
                Tensor y = new(q.Shape);
                KernelFamily
                    .Choose("reference")
                    .Attention.Forward(
                        workers,
                        new AttentionCall(
                            new Columns(q),
                            new Columns(k),
                            new Columns(v),
                            new Sequences([0, q.Rows], 1),
                            form
                        ),
                        y
                    );

                // A rounded key moves scores of this size by a few hundredths.
                double tolerance = kept switch
                {
                    CacheForm.Fp32 => 1e-5,
                    CacheForm.Bf16 => 0.05,
                    _ => 0.1,
                };
                Close.To(pieces[s], y.Span, tolerance, 1e-4, $"{form}, sequence {s}");
            }
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void What_a_page_held_before_is_in_no_answer(string family, CacheForm kept)
    {
        const int Rows = 5;
        using Workers workers = new(2);
        Attention attention = KernelFamily.Choose(family).Attention;
        foreach (AttentionForm form in Kinds)
        {
            var (q, k, v) = Whole(form, 0);
            Tensor nothing = new(KeyValueCache.PageTokens, k.Columns);
            nothing.Span.Fill(float.NaN);
            KeyValueCache cache = new(kept, [form]);
            Past first = new(cache);
            float[] fresh = Read(first);
            first.Clear();
            first.Reserve(nothing.Rows);
            int[] all = [.. Enumerable.Range(0, nothing.Rows)];
            Columns numberless = new(nothing);
            Attention.Write(
                new PastRows(
                    numberless,
                    numberless,
                    all.Length,
                    new int[all.Length],
                    all,
                    [first],
                    0
                )
            );
            first.Clear();
            Past second = new(cache);
            Assert.Equal(fresh, Read(second));
            Assert.Equal(cache.PageBytes, cache.Bytes);

            float[] Read(Past past)
            {
                past.Reserve(Rows);
                Tensor y = new(Rows, q.Columns);
                PastCall call = new(
                    new Columns(q),
                    new Columns(k),
                    new Columns(v),
                    new Sequences([0, Rows], 1),
                    form,
                    [past],
                    0
                );
                attention.Continue(workers, call, y);
                return y.Span.ToArray();
            }
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Families_agree_whatever_the_form_and_threads_change_no_bit(
        string family,
        CacheForm kept
    )
    {
        foreach (AttentionForm form in Kinds)
        {
            float[][] one = Run(form, kept, KernelFamily.Choose(family), 1),
                two = Run(form, kept, KernelFamily.Choose(family), 2),
                reference = Run(form, kept, KernelFamily.Choose("reference"), 2);
            for (int s = 0; s < one.Length; s++)
            {
                Assert.Equal(one[s], two[s]);
                Close.To(one[s], reference[s], 1e-5, 1e-4, $"{form}, sequence {s}");
            }
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Tokens_beside_others_that_only_left_their_keys_see_what_they_see_beside_all(
        string family,
        CacheForm kept
    )
    {
        const int Rows = 75;
        using Workers workers = new(2);
        Attention attention = KernelFamily.Choose(family).Attention;
        foreach (AttentionForm form in Kinds)
        {
            var (q, k, v) = Whole(form, 0);
            int[] all = [.. Enumerable.Range(0, Rows)],
                some = [.. all.Where(t => t % 3 != 1 && t != 64)],
                others = [.. all.Except(some)];
            KeyValueCache cache = new(kept, [form]);
            Past whole = new(cache),
                parts = new(cache);
            whole.Reserve(Rows);
            parts.Reserve(Rows);
            Tensor expected = new(Rows, q.Columns),
                y = new(some.Length, q.Columns);
            attention.Continue(workers, Call(all, whole, null), expected);

            Attention.Write(
                new PastRows(
                    new Columns(Of(k, others)),
                    new Columns(Of(v, others)),
                    others.Length,
                    new int[others.Length],
                    others,
                    [parts],
                    0
                )
            );
            attention.Continue(workers, Call(some, parts, some), y);

            Close.To(y, Of(expected, some), 1e-6, 1e-5, $"{form}");

            PastCall Call(int[] tokens, Past past, int[]? places) =>
                new(
                    new Columns(Of(q, tokens)),
                    new Columns(Of(k, tokens)),
                    new Columns(Of(v, tokens)),
                    new Sequences([0, tokens.Length], 1),
                    form,
                    [past],
                    0,
                    places
                );
        }

        static Tensor Of(Tensor rows, int[] which)
        {
            Tensor some = new(which.Length, rows.Columns);
            for (int i = 0; i < which.Length; i++)
            {
                rows.Row(which[i]).CopyTo(some.Row(i));
            }

            return some;
        }
    }

    [Fact]
    public void Pages_that_are_given_back_serve_the_next_sequence()
    {
        KeyValueCache cache = new(CacheForm.Bf16, [new AttentionForm(4, 12, 2)]);
        Past first = new(cache);
        first.Reserve(65);
        Assert.Equal(2 * cache.PageBytes, cache.Bytes);
        Assert.Equal(2 * (2 * 64 * 12 + 2 * 64 * 16), cache.PageBytes);
        first.Clear();
        Past second = new(cache);
        second.Reserve(128);
        Assert.Equal(2 * cache.PageBytes, cache.Bytes);
        Assert.Equal((128, 0), (second.Room, first.Room));
    }

    [Fact]
    public void A_sequence_without_room_is_refused()
    {
        using Workers workers = new(1);
        AttentionForm form = new(2, 8, Causal: true);
        KeyValueCache cache = new(CacheForm.Fp32, [form]);
        Tensor x = new(1, 16);
        PastCall call = new(
            new Columns(x),
            new Columns(x),
            new Columns(x),
            new Sequences([0, 1], 1),
            form,
            [new Past(cache)],
            0
        );
        foreach (KernelFamily family in KernelFamily.All.Where(f => f.IsSupported))
        {
            string sentence = Assert
                .Throws<ArgumentException>(() =>
                    family.Attention.Continue(workers, call, new Tensor(1, 16))
                )
                .Message;
            Assert.Contains("room for 0", sentence);
        }
    }
}
