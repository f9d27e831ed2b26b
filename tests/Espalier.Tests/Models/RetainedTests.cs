using Espalier.Autograd;
using Espalier.Data;
using Espalier.Kernels;
using Espalier.Models;
using Espalier.Tensors;

namespace Espalier.Tests.Models;

/// <summary>What a pass keeps of its layers decides memory and time, and no number.</summary>
[Trait("tier", "golden")]
public sealed class RetainedTests
{
    static readonly Batch Texts = new()
    {
        Ids = [.. Enumerable.Range(0, 40).Select(i => (i * 7 + i / 9) % 60)],
        TypeIds = new int[40],
        Starts = [0, 13, 14, 23, 40],
        Labels = [0, 1, 1, 0],
    };

    /// <summary>Gradients of two steps' worth of passes, the second in memory that the first has used.</summary>
    static Dictionary<string, float[]> Gradients(
        Model model,
        KernelFamily kernels,
        int threads,
        Retained retained
    )
    {
        using Workers workers = new(threads);
        Tape tape = new(workers, kernels);
        ModelGraph graph = new(model);
        for (int step = 0; step < 2; step++)
        {
            graph.ClearGradients();
            tape.Begin(new Rng(3));
            GraphOutput output = graph.Forward(tape, Texts, allExits: true, retained: retained);

            // A loss on a state in the middle comes in beside what the layers above send down.
            Variable state = output.Layers[0];
            (Variable, float)[] losses =
            [
                .. output.Logits.Select(l =>
                    (
                        model.Config.IsLanguage
                            ? tape.NextToken(l, Texts.NextTokens())
                            : tape.CrossEntropy(l, Texts.Labels),
                        0.75f
                    )
                ),
                (tape.MeanSquares(state, new Tensor(state.Value.Shape)), 0.5f),
            ];
            tape.Backward(tape.WeightedSum(losses));
        }

        return graph.Trained.ToDictionary(t => t.Name, t => t.Variable.Gradient!.Span.ToArray());
    }

    static void AssertSame(Model model, KernelFamily kernels, string what)
    {
        Dictionary<string, float[]> all = Gradients(model, kernels, 1, Retained.Everything);
        foreach (Retained retained in (Retained[])[Retained.Values, Retained.Inputs])
        {
            foreach (int threads in (int[])[1, 3])
            {
                foreach (var (name, gradient) in Gradients(model, kernels, threads, retained))
                {
                    Assert.True(
                        all[name].AsSpan().SequenceEqual(gradient),
                        $"{what}, {retained}, {threads} threads: the gradient of {name} differs"
                    );
                }
            }
        }
    }

    static ModelConfig Deep(ModelConfig config) =>
        config with
        {
            Layers = [.. Enumerable.Repeat(config.Layers[0], 4)],
            ExitPooling = Pooling.First,
        };

    [Fact]
    public void An_encoder_with_dropout_and_exits_gets_the_same_gradients_whatever_is_kept_of_its_layers()
    {
        Model model = Toy.Make(Deep(Toy.Config));
        foreach (KernelFamily family in KernelFamily.All.Where(f => f.IsSupported))
        {
            AssertSame(model, family, family.Name);
        }
    }

    [Fact]
    public void So_does_one_whose_attentions_take_rows_out()
    {
        ModelConfig config = Deep(Toy.Config);
        int?[] keeps = [null, 9, null, 4];
        config = config with
        {
            ExitPooling = null,
            Layers =
            [
                .. config.Layers.Select(
                    (l, i) => l with { Attention = l.Attention with { Keeps = keeps[i] } }
                ),
            ],
        };
        AssertSame(Toy.Make(config), KernelFamily.Best, "words taken out");
    }

    [Theory]
    [InlineData("gpt2")]
    [InlineData("llama-tied")]
    [InlineData("qwen3")]
    [InlineData("gemma")]
    public void So_does_a_language_model(string name) =>
        AssertSame(ToyDecoders.Load(name), KernelFamily.Best, name);

    [Fact]
    public void Segments_do_not_lie_within_each_other()
    {
        using Workers workers = new(1);
        Tape tape = new(workers, KernelFamily.Best);
        tape.Begin();
        Variable x = new(new Tensor(2, 3), new Tensor(2, 3));
        Assert.Contains(
            "one behind the other",
            Assert
                .Throws<InvalidOperationException>(() =>
                    tape.Segment(x, y => tape.Segment(y, z => tape.Add(z, z), true), true)
                )
                .Message
        );
    }
}
