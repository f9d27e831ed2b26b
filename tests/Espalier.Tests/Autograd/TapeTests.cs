using Espalier.Autograd;
using Espalier.Checkpoints;
using Espalier.Data;
using Espalier.Kernels;
using Espalier.Kernels.Reference;
using Espalier.Models;
using Espalier.Models.Storage;
using Espalier.Tensors;
using Espalier.Tests.Goldens;
using Espalier.Tests.Models;

namespace Espalier.Tests.Autograd;

public sealed class TapeTests
{
    public static TheoryData<string> Families =>
        [.. KernelFamily.All.Where(f => f.IsSupported).Select(f => f.Name)];

    [Theory]
    [Trait("tier", "golden")]
    [MemberData(nameof(Families))]
    public void Gradients_of_an_encoder_with_dropout_have_the_same_bits_on_any_number_of_threads(
        string family
    )
    {
        Dictionary<string, float[]> alone = Gradients(family, 1, 1);
        foreach (int threads in (int[])[2, 8])
        {
            AssertSame(alone, Gradients(family, threads, 1), $"{threads} threads");
        }
    }

    [Theory]
    [Trait("tier", "golden")]
    [MemberData(nameof(Families))]
    public void Gradients_do_not_depend_on_what_the_memory_of_the_step_held(string family) =>
        AssertSame(Gradients(family, 1, 1), Gradients(family, 1, 3), "the third step");

    [Theory]
    [Trait("tier", "golden")]
    [MemberData(nameof(Families))]
    public void A_step_of_a_known_shape_allocates_no_numbers(string family)
    {
        // A tensor of T x D takes 256 KB here; what is allowed is for some dozens of small objects.
        const int tokens = 512,
            width = 128,
            allowed = 32 << 10;
        using Workers workers = new(1);
        Tape tape = new(workers, KernelFamily.Choose(family));
        Tensor teacher = OperationCases.Normal("teacher", tokens, width);
        Variable table = Parameter("words", 50, width),
            square = Parameter("square", width, width, 0.1f),
            bias = Parameter("bias", 1, width),
            scale = Parameter("scale", 1, width),
            head = Parameter("head", 3, width, 0.1f);
        int[] ids = [.. Enumerable.Range(0, tokens).Select(i => i * 7 % 50)],
            starts = [0, 100, 101, tokens];
        Sequences sequences = new(starts, 3);
        Step();
        Step();
        long allocated = Allocation.Least(Step);
        Assert.True(allocated <= allowed, $"a step allocates {allocated} bytes, {allowed} allowed");

        void Step()
        {
            tape.WeightsChanged();
            tape.Begin(new Rng(3));
            Variable x = tape.Embed(tokens, (table, ids));
            Variable y = tape.Linear(tape.Dropout(x, 0.1f), square, bias, Activation.Gelu);

            // The reference attention keeps its sums in arrays; it is the definition, not the fast one.
            if (tape.Kernels.Attention is not ReferenceAttention)
            {
                y = tape.SelfAttention(
                    tape.Linear(y, square, bias),
                    tape.Linear(y, square, bias),
                    tape.Linear(y, square, bias),
                    sequences,
                    new AttentionForm(4, square.Value.Rows / 4),
                    0.1f
                );
            }

            Variable z = tape.AddNorm(y, x, scale, bias, 1e-5f, 0.1f);
            Variable pooled = tape.Pool(z, sequences, Pooling.Mean);
            Variable logits = tape.Linear(pooled, head, null);
            tape.Backward(
                tape.WeightedSum(
                    (tape.CrossEntropy(logits, [0, 1, 2]), 1),
                    (tape.MeanSquares(z, teacher), 0.5f),
                    (tape.MeanSquares(y, teacher), 0.5f)
                )
            );
        }
    }

    [Fact]
    [Trait("tier", "golden")]
    public void The_cost_of_an_encoder_is_what_its_config_says_and_its_classifier()
    {
        using Workers workers = new(1);
        Tape tape = new(workers, KernelFamily.Best);
        var (model, batch) = Encoder();
        tape.Begin();
        new ModelGraph(model).Forward(tape, batch);

        // Training goes on with all rows, as a head that reads their mean does.
        ModelConfig config = model.Config with
        {
            Pooling = Pooling.Mean,
        };
        long expected = batch.Count * (long)config.Hidden * (config.Hidden + config.Outputs);
        for (int s = 0; s < batch.Count; s++)
        {
            expected += config.MultiplyAdds(batch.Starts[s + 1] - batch.Starts[s]);
        }

        Assert.Equal(expected, tape.Cost.MultiplyAdds);
    }

    [Fact]
    public void Backward_starts_from_one_number_only()
    {
        using Workers workers = new(1);
        Tape tape = new(workers, KernelFamily.Best);
        tape.Begin();
        Variable x = Parameter("x", 2, 3);
        ArgumentException e = Assert.Throws<ArgumentException>(() => tape.Backward(x));
        Assert.Contains("[2, 3]", e.Message);
    }

    [Fact]
    public void Losses_refuse_labels_and_teachers_that_do_not_fit()
    {
        using Workers workers = new(1);
        Tape tape = new(workers, KernelFamily.Best);
        tape.Begin();
        Variable x = Parameter("x", 2, 3);
        Refused("label of row 1 is 3", () => tape.CrossEntropy(x, [0, 3]));
        Refused("label of row 0 is -1", () => tape.CrossEntropy(x, [-1, 0]));
        Refused("1 labels", () => tape.CrossEntropy(x, [0]));
        Tensor wide = new(2, 4);
        Refused("[2, 4]", () => tape.SoftCrossEntropy(x, wide));
        Refused("[2, 4]", () => tape.MeanSquares(x, wide));

        static void Refused(string words, Func<Variable> run) =>
            Assert.Contains(words, Assert.Throws<ArgumentException>(run).Message);
    }

    static Variable Parameter(string name, int rows, int columns, float scale = 1)
    {
        Tensor value = OperationCases.Normal(name, rows, columns, scale);
        return new Variable(
            rows == 1 ? value.Reshape(columns) : value,
            rows == 1 ? new Tensor(columns) : new Tensor(rows, columns)
        );
    }

    static (Model, Batch) Encoder()
    {
        Model model = ModelFolder.Load(Golden.Path("models", "bert")).Model;
        using SafetensorsFile io = SafetensorsFile.Open(
            Golden.Path("models", "bert", "io.safetensors")
        );
        return (model, GoldenBatch.Read(io).Batch);
    }

    /// <summary>Every parameter's gradient of the last of so many steps, memory full of NaN before each.</summary>
    static Dictionary<string, float[]> Gradients(string family, int threads, int steps)
    {
        var (model, batch) = Encoder();
        model = model with
        {
            Config = model.Config with
            {
                EmbeddingDropout = 0.1f,
                Layers = [.. model.Config.Layers.Select(l => Toy.Dropping(l, 0.1f, 0.2f))],
                Head = new ClassifierSpec { Dropout = 0.3f },
            },
        };
        using Workers workers = new(threads);
        Tape tape = new(workers, KernelFamily.Choose(family));
        ModelGraph graph = new(model);
        for (int step = 0; step < steps; step++)
        {
            if (step > 0)
            {
                tape.Begin();
                tape.Rent(1024, 2048).Span.Fill(float.NaN);
            }

            graph.ClearGradients();
            tape.Begin(new Rng(5));
            tape.Backward(tape.CrossEntropy(graph.Forward(tape, batch).LastLogits, batch.Labels));
        }

        return graph.Trained.ToDictionary(t => t.Name, t => t.Variable.Gradient!.Span.ToArray());
    }

    static void AssertSame(
        Dictionary<string, float[]> expected,
        Dictionary<string, float[]> actual,
        string what
    )
    {
        foreach (var (name, gradient) in expected)
        {
            Assert.Contains(gradient, g => g != 0);
            for (int i = 0; i < gradient.Length; i++)
            {
                Assert.True(
                    BitConverter.SingleToUInt32Bits(gradient[i])
                        == BitConverter.SingleToUInt32Bits(actual[name][i]),
                    $"{what}: the gradient of {name}[{i}] is {actual[name][i]:r}, expected {gradient[i]:r}"
                );
            }
        }
    }
}
