using Espalier.Kernels;
using Espalier.Kernels.Emit;
using Espalier.Kernels.Reference;
using Espalier.Tensors;
using Espalier.Tests.Kernels.Emulation;

namespace Espalier.Tests.Kernels;

/// <summary>A layer run as one against the same kernels one after the other.</summary>
public sealed class Int8LayerTests
{
    public static TheoryData<string> Families =>
        [.. KernelFamily.All.Where(f => f.IsSupported).Select(f => f.Name)];

    /// <summary>Heads, their width, hidden, feed-forward: groups of heads that fill panels, that do not, and half of one.</summary>
    static readonly (int Heads, int Width, int Hidden, int Inner)[] Shapes =
    [
        (4, 32, 128, 192),
        (2, 64, 128, 70),
        (5, 32, 96, 130),
        (1, 8, 32, 64),
        (3, 24, 40, 67),
        (9, 16, 70, 1),
        (2, 7, 33, 50),
    ];

    static readonly int[][] Lengths =
    [
        [40],
        [1],
        [130, 7],
        [3, 20, 20, 20, 1, 1, 50, 48, 49, 5, 6, 7, 8, 9, 10, 64, 2, 2, 2],
        [.. Enumerable.Repeat(17, 40)],
    ];

    [Theory, MemberData(nameof(Families))]
    public void A_layer_gives_what_its_kernels_give_one_after_the_other(string name)
    {
        KernelFamily family = KernelFamily.Choose(name);
        using Workers workers = new(2);
        foreach (var (heads, width, hidden, inner) in Shapes)
        {
            LayerWeights weights = Weights(heads, width, hidden, inner);
            Int8Layer layer = family.Int8.Pack(weights);
            ReferenceInt8Layer expected = new(weights, family.Int8, family.Rows, family.Attention);
            foreach (int[] lengths in Lengths)
            {
                foreach (bool padded in (bool[])[false, true])
                {
                    Sequences sequences = Sequences(lengths, padded);
                    string what =
                        $"{heads} x {width}, {hidden}, {inner}, {lengths.Length} sequences from {lengths[0]}";
                    AssertNear(
                        what,
                        Run(family, expected, workers, sequences, weights),
                        Run(family, layer, workers, sequences, weights)
                    );
                }
            }
        }
    }

    [Theory, MemberData(nameof(Families))]
    public void Attention_then_the_rest_is_the_layer_and_rows_may_go_in_between(string name)
    {
        KernelFamily family = KernelFamily.Choose(name);
        using Workers one = new(1);
        using Workers two = new(2);
        foreach (var (heads, width, hidden, inner) in Shapes)
        {
            LayerWeights weights = Weights(heads, width, hidden, inner);
            Int8Layer layer = family.Int8.Pack(weights);
            foreach (bool padded in (bool[])[false, true])
            {
                Sequences sequences = Sequences([60, 1, 130, 7], padded);
                int rows = sequences.Rows;
                Tensor whole = Run(family, layer, one, sequences, weights),
                    state = Normal(new Rng(3), 1, rows, hidden),
                    context = new(rows, heads * width),
                    sums = new(rows),
                    same = new(rows);
                QuantizedRows bytes = new(rows, hidden);
                family.Int8.Quantize(one, state, bytes);
                layer.Attend(one, sequences, bytes, context, same);
                layer.Attend(two, sequences, bytes, context, sums);
                Assert.Equal(same.Span.ToArray(), sums.Span.ToArray());
                AssertSums(heads, sequences, sums);
                AssertSumsAreThoseOfTheKernels(family, weights, sequences, bytes, sums);
                Tensor firsts = new(rows, heads * width);
                layer.Attend(two, sequences, bytes, firsts, firstRows: true);
                for (int s = 0; s < sequences.Count; s++)
                {
                    int row = sequences.Starts[s];
                    Assert.Equal(context.Row(row).ToArray(), firsts.Row(row).ToArray());
                }

                // The second half of each sequence goes.
                List<int> kept =
                [
                    .. Enumerable
                        .Range(0, sequences.Count)
                        .SelectMany(s =>
                            Enumerable.Range(sequences.Starts[s], (sequences.RowsOf(s) + 1) / 2)
                        ),
                ];
                for (int r = 0; r < kept.Count; r++)
                {
                    state.Row(kept[r]).CopyTo(state.Row(r));
                    context.Row(kept[r]).CopyTo(context.Row(r));
                    bytes.Move(kept[r], r, 1);
                }

                bytes.Rows = kept.Count;
                state = state.Head(kept.Count);
                layer.Feed(two, state, bytes, context.Head(kept.Count));
                for (int r = 0; r < kept.Count; r++)
                {
                    Assert.Equal(whole.Row(kept[r]).ToArray(), state.Row(r).ToArray());
                }
            }
        }
    }

    /// <summary>What real queries spread over the keys of a sequence is one for each query and head, and none on padding.</summary>
    static void AssertSums(int heads, Sequences sequences, Tensor sums)
    {
        for (int s = 0; s < sequences.Count; s++)
        {
            int keys = sequences.KeysOf(s);
            Span<float> of = sums.Span.Slice(sequences.Starts[s], sequences.RowsOf(s));
            double total = 0;
            foreach (float sum in of)
            {
                total += sum;
            }

            Assert.Equal(heads * keys, total, 1e-4 * heads * keys);
            Assert.False(of[keys..].ContainsAnyExcept(0f), $"padding of sequence {s} has a sum");
        }
    }

    static void AssertSumsAreThoseOfTheKernels(
        KernelFamily family,
        LayerWeights weights,
        Sequences sequences,
        QuantizedRows bytes,
        Tensor sums
    )
    {
        using Workers workers = new(1);
        ReferenceInt8Layer layer = new(weights, family.Int8, family.Rows, family.Attention);
        Tensor expected = new(sums.Shape),
            context = new(sequences.Rows, weights.Heads * weights.HeadWidth);
        layer.Attend(workers, sequences, bytes, context, expected);
        Near.Assert(expected, sums, 2e-5, "sums of keys");
    }

    // One thread takes whole sequences, eight take heads and then rows: neither may show.
    [Theory, MemberData(nameof(Families))]
    public void Threads_and_neighbours_in_the_batch_change_no_byte(string name)
    {
        KernelFamily family = KernelFamily.Choose(name);
        LayerWeights weights = Weights(3, 32, 96, 130);
        Int8Layer layer = family.Int8.Pack(weights);
        using Workers one = new(1);
        foreach (int[] lengths in Lengths)
        {
            Sequences sequences = Sequences(lengths, padded: false);
            float[] alone = Run(family, layer, one, sequences, weights).Span.ToArray();
            foreach (int threads in (int[])[2, 8])
            {
                using Workers workers = new(threads);
                Assert.Equal(alone, Run(family, layer, workers, sequences, weights).Span.ToArray());
            }

            Sequences first = Sequences([lengths[0]], padded: false);
            Assert.Equal(
                alone[..(lengths[0] * 96)],
                Run(family, layer, one, first, weights).Span.ToArray()
            );
        }
    }

    [Theory, MemberData(nameof(Families))]
    public void Layers_in_one_run_give_what_they_give_one_by_one_whatever_the_threads(string name)
    {
        KernelFamily family = KernelFamily.Choose(name);

        // Heads and neurons differ from layer to layer, as they do where they were pruned.
        LayerWeights[] weights =
        [
            Weights(3, 32, 96, 130),
            Weights(1, 32, 96, 64),
            Weights(5, 32, 96, 7),
        ];
        Int8Layer[] layers = [.. weights.Select(family.Int8.Pack), family.Int8.Pack(weights[0])];
        using Workers one = new(1);
        foreach (int[] lengths in Lengths)
        {
            Sequences sequences = Sequences(lengths, padded: false);
            Tensor state = Normal(new Rng(3), 1, sequences.Rows, 96);
            QuantizedRows bytes = new(sequences.Rows, 96);
            family.Int8.Quantize(one, state, bytes);
            foreach (Int8Layer layer in layers)
            {
                Int8Layer.Run(one, (Int8Layer[])[layer], sequences, state, bytes);
            }

            foreach (int threads in (int[])[1, 2, 3, 8])
            {
                using Workers workers = new(threads);
                for (int i = 0; i < 5; i++)
                {
                    Assert.Equal(
                        state.Span.ToArray(),
                        Run(family, layers, workers, sequences, weights[0]).Span.ToArray()
                    );
                }
            }
        }
    }

    // The kernels that this machine may lack, interpreted: the sums are exact, so the layer has the bytes of the family
    // with the same float vectors.
    [Theory]
    [InlineData("amx", "avx512")]
    [InlineData("avx-vnni", "avx2")]
    public void Emulated_kernels_give_a_layer_the_bytes_of_their_elders(string name, string elder)
    {
        Assert.SkipUnless(
            KernelFamily.All.Any(f => f.Name == elder && f.IsSupported),
            $"needs {elder}"
        );
        KernelFamily family = KernelFamily.Choose(elder);
        LayerWeights weights = Weights(3, 24, 40, 67);
        InterpretedCpu cpu = new();
        Int8Gemm emulated = name == "amx" ? new AmxInt8Gemm(cpu) : new AvxVnniInt8Gemm(cpu);
        using Workers workers = new(1);
        Sequences sequences = Sequences([7, 20, 1], padded: false);
        Assert.Equal(
            Run(family, family.Int8.Pack(weights), workers, sequences, weights).Span.ToArray(),
            Run(family, emulated.Pack(weights), workers, sequences, weights).Span.ToArray()
        );
    }

    [Fact]
    public void Nothing_is_allocated_after_the_first_call()
    {
        LayerWeights weights = Weights(3, 24, 40, 67);
        Sequences sequences = Sequences([7, 20, 1], padded: false);
        using Workers one = new(1);
        foreach (KernelFamily family in KernelFamily.All.SkipLast(1).Where(f => f.IsSupported))
        {
            Int8Layer layer = family.Int8.Pack(weights);
            Tensor state = Normal(new Rng(3), 1, 28, 40),
                context = new(28, 72),
                sums = new(28);
            QuantizedRows bytes = new(28, 40);
            family.Int8.Quantize(one, state, bytes);
            Int8Layer[] layers = [layer, layer];
            Round();
            Round();
            long allocated = Allocation.Least(Round);
            Assert.True(allocated == 0, $"{family.Name}: {allocated} bytes in one round");

            void Round()
            {
                Int8Layer.Run(one, layers, sequences, state, bytes);
                layer.Attend(one, sequences, bytes, context, sums);
                layer.Feed(one, state, bytes, context);
            }
        }
    }

    [Fact]
    public void What_does_not_fit_is_refused_with_its_numbers()
    {
        LayerWeights weights = Weights(2, 8, 32, 64);
        using Workers workers = new(1);
        Int8Layer layer = KernelFamily.Best.Int8.Pack(weights);
        QuantizedRows bytes = new(4, 32) { Rows = 4 };
        string message = Assert
            .Throws<ArgumentException>(() =>
                Int8Layer.Run(
                    workers,
                    (Int8Layer[])[layer],
                    Sequences([5], padded: false),
                    new Tensor(5, 32),
                    bytes
                )
            )
            .Message;
        Assert.Contains("its bytes [4, 32]", message);
    }

    static Tensor Run(
        KernelFamily family,
        Int8Layer layer,
        Workers workers,
        Sequences sequences,
        LayerWeights weights
    ) => Run(family, [layer], workers, sequences, weights);

    /// <summary>The state after layers; also checks that the bytes they leave are that state's.</summary>
    static Tensor Run(
        KernelFamily family,
        Int8Layer[] layers,
        Workers workers,
        Sequences sequences,
        LayerWeights weights
    )
    {
        int rows = sequences.Rows,
            hidden = weights.Query.Weight.Columns;
        Tensor state = Normal(new Rng(3), 1, rows, hidden);
        QuantizedRows bytes = new(rows, hidden),
            expected = new(rows, hidden);
        family.Int8.Quantize(workers, state, bytes);
        Int8Layer.Run(workers, layers, sequences, state, bytes);
        family.Int8.Quantize(workers, state, expected);
        Assert.Equal(expected.Values, bytes.Values);
        Assert.Equal(expected.Scales, bytes.Scales);
        Assert.Equal(expected.ZeroPoints, bytes.ZeroPoints);
        return state;
    }

    /// <summary>A last bit that differs before a row is quantized moves some of its bytes by one: a 255th of its range.</summary>
    static void AssertNear(string what, Tensor expected, Tensor actual)
    {
        double squares = 0,
            errors = 0;
        for (int i = 0; i < expected.Count; i++)
        {
            double error = expected.Span[i] - actual.Span[i];
            squares += (double)expected.Span[i] * expected.Span[i];
            errors += error * error;
            Assert.True(
                Math.Abs(error) < 0.1,
                $"{what}, element {i}: expected {expected.Span[i]}, got {actual.Span[i]}"
            );
        }

        double relative = Math.Sqrt(errors / squares);
        Assert.True(relative < 1e-3, $"{what}: relative error {relative}");
    }

    static LayerWeights Weights(int heads, int width, int hidden, int inner)
    {
        Rng rng = new(11);
        int all = heads * width;
        return new LayerWeights
        {
            Heads = heads,
            HeadWidth = width,
            Activation = Activation.Gelu,
            NormEpsilon = 1e-12f,
            Query = Linear("query", all, hidden),
            Key = Linear("key", all, hidden),
            Value = Linear("value", all, hidden),
            Attention = Linear("attention", hidden, all),
            AttentionNorm = Norm("attention norm"),
            Up = Linear("up", inner, hidden),
            Down = Linear("down", hidden, inner),
            Norm = Norm("norm"),
        };

        (Tensor, Tensor) Linear(string part, int outputs, int inputs) =>
            (
                Normal(rng.Split(part), 1 / MathF.Sqrt(inputs), outputs, inputs),
                Normal(rng.Split(part + " bias"), 0.1f, outputs)
            );

        (Tensor, Tensor) Norm(string part) =>
            (Normal(rng.Split(part), 1, hidden), Normal(rng.Split(part + " bias"), 0.1f, hidden));
    }

    static Sequences Sequences(int[] lengths, bool padded)
    {
        int[] starts = new int[lengths.Length + 1];
        for (int s = 0; s < lengths.Length; s++)
        {
            starts[s + 1] = starts[s] + lengths[s];
        }

        return new Sequences(
            starts,
            lengths.Length,
            padded ? [.. lengths.Select(length => (length + 1) / 2)] : null
        );
    }

    static Tensor Normal(Rng rng, float scale, params ReadOnlySpan<int> extents)
    {
        Tensor tensor = new(extents);
        for (int i = 0; i < tensor.Count; i++)
        {
            tensor.Span[i] = scale * rng.Normal((ulong)i);
        }

        return tensor;
    }
}
