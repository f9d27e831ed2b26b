using Espalier.Autograd;
using Espalier.Kernels;
using Espalier.Tensors;

namespace Espalier.Tests.Autograd;

/// <summary>
/// Every operation in every variant. Extents are odd on purpose, so that vector kernels run their edges; sequences of
/// attention are longer than a vector, of one token, and in between.
/// </summary>
static class OperationCases
{
    const float Drop = 0.3f;
    static readonly Rng Numbers = new Rng(20261).Split("cases");

    public static IReadOnlyList<OperationCase> All { get; } =
    [
        .. Enum.GetValues<Activation>().Select(activation => Linear(activation, bias: true)),
        Linear(Activation.None, bias: false),
        Linear(Activation.Gelu, bias: false),
        Attention("attention", null, new(2, 5), 7 * 7 + 1 + 17 * 17),
        Attention("attention with padding", [4, 1, 17], new(2, 5), 7 * 4 + 1 + 17 * 17),
        Attention("attention with dropout", null, new(2, 5), 7 * 7 + 1 + 17 * 17, Drop),
        Attention("causal attention", null, new(2, 5, Causal: true), 28 + 1 + 153),
        Attention(
            "grouped local attention with dropout",
            null,
            new(4, 5, KeyHeads: 2, Reach: 3, Scale: 0.7f),
            7 * 7 - 2 * (1 + 2 + 3) + 1 + 17 * 7 - 2 * (1 + 2 + 3),
            Drop
        ),
        Attention(
            "causal local attention of one key head with padding",
            [4, 1, 17],
            new(2, 5, KeyHeads: 1, Causal: true, Reach: 2),
            (1 + 2 + 3 + 3 + 2 + 1) + 1 + (17 * 3 - 1 - 2)
        ),
        AddNorm("norm", residual: false, 0),
        AddNorm("norm of a sum", residual: true, 0),
        AddNorm("norm with dropout", residual: false, Drop),
        AddNorm("norm of a sum with dropout", residual: true, Drop),
        AddNorm("norm without bias", residual: false, 0, bias: false),
        AddNorm("RMS norm", residual: false, 0, NormKind.RootMeanSquare, bias: false),
        AddNorm("RMS norm of a sum", residual: true, Drop, NormKind.RootMeanSquare),
        .. Enum.GetValues<Activation>().Select(Gate),
        new(
            "gate of the second half",
            [Activations("x", 9, 2 * 19)],
            (tape, v) => tape.Gate(v[0], Activation.Silu, second: true),
            Elements(3 * 9 * 19)
        ),
        new(
            "gate of the first half",
            [Activations("x", 9, 2 * 19)],
            (tape, v) => tape.Gate(v[0], Activation.GeluTanh),
            Elements(3 * 9 * 19)
        ),
        Rotate("rotary embedding", 10),
        Rotate("rotary embedding of a part", 6),
        new(
            "sum",
            [Activations("x", 19, 21), Activations("residual", 19, 21)],
            (tape, v) => tape.Add(v[0], v[1]),
            Elements(3 * 19 * 21)
        ),
        new(
            "sum with dropout",
            [Activations("x", 19, 21), Activations("residual", 19, 21)],
            (tape, v) => tape.Add(v[0], v[1], Drop),
            Elements(3 * 19 * 21),
            Drops: true
        ),
        new(
            "two blocks whose norms come first",
            [
                Activations("x", 9, 13),
                Activations("branch", 9, 13),
                new("weight", Normal("norm weight", 1, 13).Reshape(13), true),
            ],
            (tape, v) =>
            {
                Variable stream = tape.Add(v[1], v[0]);
                Variable normed = tape.AddNorm(stream, null, v[2], null, 1e-5f);
                stream = tape.Add(normed, stream);
                return tape.Add(tape.AddNorm(stream, null, v[2], null, 1e-5f), stream);
            },
            Elements(3 * 3 * 9 * 13 + 2 * 2 * 9 * 13)
        ),
        new(
            "dropout",
            [Activations("x", 19, 21)],
            (tape, v) => tape.Dropout(v[0], Drop),
            Elements(2 * 19 * 21),
            Drops: true
        ),
        Embed(),
        Pool(Pooling.First, null, 25 * 13 + 3 * 13),
        Pool(Pooling.Mean, null, 25 * 13 + 3 * 13),
        Pool(Pooling.Mean, [4, 1, 17], 25 * 13 + 3 * 13),
        Loss("cross-entropy", (tape, x, _) => tape.CrossEntropy(x, [3, 0, 4, 1, 1, 2, 0])),
        Loss("soft cross-entropy, T = 1", (tape, x, t) => tape.SoftCrossEntropy(x, t)),
        Loss("soft cross-entropy, T = 2", (tape, x, t) => tape.SoftCrossEntropy(x, t, 2)),
        Imitation("imitation", 5, new(0.8)),
        Imitation("imitation of the 2 likeliest, T = 2", 2, new(1, 0, 2)),
        Imitation("imitation backwards", 5, new(1, 0, 1, Reverse: true)),
        Imitation("imitation of the 3 likeliest backwards", 3, new(0.5, 0.25, 1.5, true)),
        ScoreLoss("attention scores", null, new(2, 5), 7 * 7 + 1 + 17 * 17),
        ScoreLoss("attention scores with padding", [4, 1, 17], new(2, 5), 4 * 4 + 1 + 17 * 17),
        ScoreLoss(
            "causal attention scores in groups",
            null,
            new(4, 5, KeyHeads: 2, Causal: true, Scale: 0.3f),
            28 + 1 + 153
        ),
        new(
            "scaled rows",
            [Activations("x", 19, 21), new("scales", Normal("scales", 1, 5).Reshape(5), true)],
            (tape, v) =>
                tape.ScaleRows(v[0], v[1], [.. Enumerable.Range(0, 40).Select(r => r * 3 % 5)]),
            Elements(2 * 19 * 21)
        ),
        Loss("mean squares", (tape, x, t) => tape.MeanSquares(x, t)),
        new(
            "weighted sum",
            [Activations("a", 1, 1), Activations("b", 1, 1)],
            (tape, v) => tape.WeightedSum((v[0], 0.75f), (v[1], -2), (v[0], 0.5f)),
            Elements(3 + 1)
        ),
    ];

    public static OperationCase Named(string name) => All.Single(c => c.Name == name);

    /// <summary>Standard normal numbers that the name and the shape fix.</summary>
    public static Tensor Normal(string name, int rows, int columns, float scale = 1)
    {
        Rng rng = Numbers.Split(name);
        Tensor tensor = new(rows, columns);
        for (int i = 0; i < tensor.Count; i++)
        {
            tensor.Span[i] = scale * rng.Normal((ulong)i);
        }

        return tensor;
    }

    static OperationCase Linear(Activation activation, bool bias)
    {
        // Relu has no derivative at 0: its biases keep what it sees away from there.
        bool kink = activation == Activation.Relu;
        Tensor biases = Normal("bias", 1, 11);
        for (int i = 0; kink && i < biases.Count; i++)
        {
            biases.Span[i] = i % 2 == 0 ? 3 : -3;
        }

        Input x = Activations("x", 18, 9),
            weight = new("weight", Normal("weight", 11, 9, kink ? 0.1f : 0.4f), false);
        return new(
            $"linear, {activation}{(bias ? "" : ", no bias")}",
            bias ? [x, weight, new("bias", biases.Reshape(11), true)] : [x, weight],
            (tape, v) => tape.Linear(v[0], v[1], bias ? v[2] : null, activation),
            new Cost(18 * 9 * 11, 4 * (18 * 9 + 11 * 9 + 18 * 11))
        );
    }

    /// <summary>Heads of width 5 on sequences of 7, 1 and 17 tokens; with lengths, only the first so many are keys.</summary>
    /// <param name="pairs">Of one head, a query and a key that it sees.</param>
    static OperationCase Attention(
        string name,
        int[]? lengths,
        AttentionForm form,
        long pairs,
        float dropout = 0
    )
    {
        pairs *= form.Heads;
        int columns = form.Heads * 5,
            keyColumns = columns / form.Group;
        return new(
            name,
            [
                Activations("q", 25, columns),
                Activations("k", 25, keyColumns),
                Activations("v", 25, keyColumns),
            ],
            (tape, v) =>
                tape.SelfAttention(v[0], v[1], v[2], new([0, 7, 8, 25], 3, lengths), form, dropout),
            new Cost(2 * 5 * pairs, 4 * (2 * 25 * (columns + keyColumns) + 2 * pairs)),
            dropout > 0
        );
    }

    /// <summary>As <see cref="Attention"/>, but for pairs that padding takes part in.</summary>
    static OperationCase ScoreLoss(string name, int[]? lengths, AttentionForm form, long pairs)
    {
        pairs *= form.Heads;
        int columns = form.Heads * 5,
            keyColumns = columns / form.Group;
        Sequences sequences = new([0, 7, 8, 25], 3, lengths);

        // What a teacher of another width says: scores of its own, and none for pairs that are not seen.
        Tensor teacher = new(1, form.Heads * (7 * 7 + 1 + 17 * 17));
        using (Workers workers = new(1))
        {
            Tensor q = Normal("teacher q", 25, form.Heads * 8),
                k = Normal("teacher k", 25, form.Heads * 8 / form.Group);
            KernelFamily
                .All[^1]
                .Attention.Scores(
                    workers,
                    new(new(q), new(k), new(k), sequences, form with { Width = 8 }),
                    teacher
                );
        }

        return new(
            name,
            [Activations("q", 25, columns), Activations("k", 25, keyColumns)],
            (tape, v) => tape.ScoreLoss(v[0], v[1], teacher, sequences, form),
            new Cost(5 * pairs, 4 * (25 * (columns + keyColumns) + 2 * pairs))
        );
    }

    static OperationCase AddNorm(
        string name,
        bool residual,
        float dropout,
        NormKind kind = NormKind.Layer,
        bool bias = true
    )
    {
        List<Input> inputs =
        [
            Activations("x", 18, 13),
            new("weight", Normal("norm weight", 1, 13).Reshape(13), true),
        ];
        if (bias)
        {
            inputs.Add(new("bias", Normal("norm bias", 1, 13).Reshape(13), true));
        }

        if (residual)
        {
            inputs.Add(Activations("residual", 18, 13));
        }

        return new(
            name,
            [.. inputs],
            (tape, v) =>
                tape.AddNorm(
                    v[0],
                    residual ? v[^1] : null,
                    v[1],
                    bias ? v[2] : null,
                    1e-5f,
                    dropout,
                    kind
                ),
            Elements((residual ? 3 : 2) * 18 * 13),
            dropout > 0
        );
    }

    static OperationCase Gate(Activation activation)
    {
        // As for a linear, Relu's gate stays away from 0.
        Tensor gate = Normal("gate", 9, 19, activation == Activation.Relu ? 0.1f : 1);
        for (int i = 0; activation == Activation.Relu && i < gate.Count; i++)
        {
            gate.Span[i] += i % 2 == 0 ? 2 : -2;
        }

        return new(
            $"gate, {activation}",
            [new("gate", gate, true), Activations("up", 9, 19)],
            (tape, v) => tape.Gate(v[0], v[1], activation),
            Elements(3 * 9 * 19)
        );
    }

    static OperationCase Rotate(string name, int turned)
    {
        RotaryTable table = new(turned, 100, 12);
        int[] positions = [0, 1, 2, 3, 11, 5, 0, 1, 2];
        return new(
            name,
            [Activations("x", 9, 20)],
            (tape, v) => tape.Rotate(v[0], new Rotation(table, positions, 2, 10)),
            Elements(2 * 9 * 20)
        );
    }

    static OperationCase Embed()
    {
        int[] words = [4, 0, 4, 2, 6, 4],
            positions = [0, 1, 2, 3, 0, 1];
        return new(
            "embedding",
            [
                new("words", Normal("words", 7, 70), true),
                new("positions", Normal("positions", 4, 70), true),
            ],
            (tape, v) => tape.Embed(6, (v[0], words), (v[1], positions)),
            Elements(3 * 6 * 70)
        );
    }

    static OperationCase Pool(Pooling pooling, int[]? lengths, int numbers) =>
        new(
            $"pool, {pooling}{(lengths is null ? "" : " with padding")}",
            [Activations("x", 25, 13)],
            (tape, v) => tape.Pool(v[0], new Sequences([0, 7, 8, 25], 3, lengths), pooling),
            Elements(numbers)
        );

    static OperationCase Imitation(string name, int likeliest, Imitation how) =>
        Loss(
            name,
            (tape, x, t) =>
                tape.Imitate(
                    x,
                    LikelyTokens.Of(tape.Workers, t, likeliest, how.Temperature),
                    [3, 0, 4, -1, 1, 2, 0],
                    how
                )
        );

    static OperationCase Loss(string name, Func<Tape, Variable, Tensor, Variable> run)
    {
        Tensor teacher = Normal("teacher", 7, 5);
        return new(
            name,
            [Activations("x", 7, 5)],
            (tape, v) => run(tape, v[0], teacher),
            Elements(2 * 7 * 5)
        );
    }

    static Input Activations(string name, int rows, int columns) =>
        new(name, Normal(name, rows, columns), true);

    static Cost Elements(long numbers) => new(0, 4 * numbers);
}
