using Espalier.Kernels;
using Espalier.Models;
using Espalier.Models.Storage;
using Espalier.Operators;
using Espalier.Operators.Sparse;
using Espalier.Tensors;
using Espalier.Tests.Checkpoints;
using Espalier.Tests.Models;

namespace Espalier.Tests.Operators.Sparse;

/// <summary>Zeros in whole models, encoders and language models alike.</summary>
[Trait("tier", "golden")]
public sealed class UnstructuredTests : IDisposable
{
    readonly Workers _workers = new(2);

    public void Dispose() => _workers.Dispose();

    public static TheoryData<string> Methods =>
        [
            "P(magnitude)",
            "P(wanda)",
            "P(sparsegpt)",
            "P(wanda,pattern=2:4)",
            "P(magnitude,sparsity=0.6,allocation=ecoflap)",
            "P(sparsegpt,sparsity=0.4,allocation=ecoflap,examples=16)",
        ];

    [Theory]
    [MemberData(nameof(Methods))]
    public void Layers_lose_the_share_that_is_asked_for_and_nothing_else_changes(string text)
    {
        foreach (Model model in Both())
        {
            Unstructured method = (Unstructured)Pipeline.Parse(text).Operators[^1];
            Model zeroed = Apply(text, model);
            HashSet<string> matrices = [.. Trial.Layers(model.Config).SelectMany(l => l)];
            long gone = 0,
                all = 0;
            foreach (string name in model.Parameters.Names)
            {
                Tensor before = model.Parameters[name],
                    after = zeroed.Parameters[name];
                if (matrices.Contains(name))
                {
                    gone += after.Span.Count(0f);
                    all += after.Count;
                }
                else
                {
                    Assert.Equal(before.Span.ToArray(), after.Span.ToArray());
                }
            }

            // Rows are rounded by themselves.
            Assert.Equal(method.Sparsity, gone / (double)all, 0.01);
            Assert.Equal(model.Traits, zeroed.Traits);
        }
    }

    [Theory]
    [MemberData(nameof(Methods))]
    public void What_has_zeros_reloads_with_the_same_answers_and_is_quantized(string text)
    {
        using TemporaryFolder folder = new();
        foreach (var (model, kind) in Both().Zip((string[])["encoder", "decoder"]))
        {
            Model zeroed = Apply(text, model);
            foreach (string next in (string[])["", "Q", "Q(bits=4)", "Q(gptq)"])
            {
                Model made = next.Length == 0 ? zeroed : Apply(next, zeroed);
                string saved = folder[$"{kind} {next}"];
                ModelFolder.Save(made, saved, Toy.Tokenizer.Files());
                Model back = ModelFolder.Load(saved).Model with { Tokenizer = Toy.Tokenizer };
                Assert.Equal(Answers(made), Answers(back));
                if (next == "Q")
                {
                    foreach (string name in Trial.Layers(model.Config).SelectMany(l => l))
                    {
                        for (int i = 0; i < zeroed.Parameters[name].Count; i++)
                        {
                            Assert.True(
                                zeroed.Parameters[name].Span[i] != 0
                                    || back.Parameters[name].Span[i] == 0
                            );
                        }
                    }
                }
            }
        }
    }

    [Fact]
    public void It_stands_among_other_operators_and_takes_their_models()
    {
        Model exits = new[] { "D(layers=1)", "E", "P(sparsegpt)", "L", "Q" }.Aggregate(
            Toy.Model,
            (m, text) => Apply(text, m)
        );
        exits.Check();
        Assert.All(Toy.Logits(exits, _workers), l => Assert.True(float.IsFinite(l)));

        // Two methods of P, which is for study, and a model that was quantized before.
        Model small = Apply("P(heads=0.5,ffn=0.5)", Toy.Model);
        Assert.Single(Pipeline.Parse("P(heads=0.5,ffn=0.5)P(wanda)").Problems());
        Model both = Apply("P(wanda)", small),
            again = Apply("P(wanda,allocation=ecoflap)", Apply("Q(bits=4)", small));
        Assert.Equal(small.Config.Layers, both.Config.Layers);
        Assert.All(Toy.Logits(again, _workers), l => Assert.True(float.IsFinite(l)));
    }

    [Fact]
    public void The_same_seed_gives_the_same_bytes_whatever_the_threads()
    {
        foreach (string text in (string[])["P(sparsegpt,allocation=ecoflap)", "P(wanda)"])
        {
            float[]? first = null;
            foreach (int threads in (int[])[1, 3])
            {
                using Workers workers = new(threads);
                Model made = Pipeline
                    .Parse(text)
                    .Operators[^1]
                    .Apply(Toy.Model, Toy.Context(workers));
                float[] all =
                [
                    .. made.Parameters.Names.SelectMany(n => made.Parameters[n].Span.ToArray()),
                ];
                first ??= all;
                Assert.Equal(first, all);
            }
        }
    }

    [Fact]
    public void A_layer_that_hardly_adds_anything_loses_more()
    {
        Model model = Toy.Model with { Parameters = Toy.Model.Parameters.Clone() };
        foreach (Role role in (Role[])[Role.Attention, Role.Down])
        {
            foreach (ref float w in model.Parameters[Part.Layer(1, role).Weight].Span)
            {
                w *= 0.02f;
            }
        }

        Model shared = Apply("P(magnitude,allocation=ecoflap)", model);
        double Zeros(int layer) =>
            Trial.Layers(model.Config)[layer].Sum(n => (long)shared.Parameters[n].Span.Count(0f));
        Assert.True(Zeros(0) < 0.95 * Zeros(1), $"{Zeros(0)} and {Zeros(1)}");
    }

    [Theory]
    [InlineData("P(wanda,pattern=2:4,sparsity=0.6)", "sparsity is 0.6; leave one of them out.")]
    [InlineData("P(wanda,pattern=2:4,allocation=ecoflap)", "nothing to allocate")]
    [InlineData("P(magnitude,pattern=4:8)", null)]
    [InlineData("P(sparsegpt,sparsity=0.6,allocation=ecoflap)", null)]
    public void Options_that_contradict_each_other_are_refused(string text, string? why)
    {
        string? problem = Pipeline.Parse(text).Operators[^1].Problem(Toy.Config);
        if (why is null)
        {
            Assert.Null(problem);
        }
        else
        {
            Assert.Contains(why, problem);
        }
    }

    [Fact]
    public void It_says_that_nothing_is_faster_and_no_search_tries_it()
    {
        Assert.All(
            Operator.All.OfType<Unstructured>(),
            o =>
            {
                Assert.Contains("no faster here", o.Title);
                Assert.Empty(o.Variants(Toy.Config));
                Assert.True(o.Touches is { Time: < 0.1, Size: < 0.1 } && !o.Trains);
            }
        );
        Assert.Contains(
            "nothing is faster or smaller for it here",
            Assert.Single(Pipeline.Parse("DP(wanda,sparsity=0.3)Q").Remarks)
        );
        Assert.Empty(Pipeline.Parse("DEPLQ").Remarks);
    }

    static IReadOnlyList<Model> Both() =>
        [Toy.Model, ToyLlama.Model() with { Tokenizer = Toy.Tokenizer }];

    float[] Answers(Model model) =>
        model.Config.IsLanguage ? ToyDecoders.Logits(model, _workers) : Toy.Logits(model, _workers);

    Model Apply(string text, Model model) =>
        Pipeline.Parse(text).Operators[^1].Apply(model, Toy.Context(_workers));
}
