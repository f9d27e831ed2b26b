using Espalier.Kernels;
using Espalier.Models;
using Espalier.Models.Storage;
using Espalier.Operators;
using Espalier.Operators.MixedPrecision;
using Espalier.Stored;
using Espalier.Tensors;
using Espalier.Tests.Checkpoints;
using Espalier.Tests.Models;

namespace Espalier.Tests.Operators.MixedPrecision;

/// <summary>Q(mixed): bits by sensitivity within a budget, in models that are saved, read and answer.</summary>
[Trait("tier", "golden")]
public sealed class MixedTests : IDisposable
{
    readonly Workers _workers = new(2);

    public void Dispose() => _workers.Dispose();

    public static TheoryData<string> Forms =>
        [
            "Q(mixed)",
            "Q(mixed,budget=0.8,per=product)",
            "Q(mixed,budget=2.5,tables=int8,head=int8)",
            "Q(mixed,budget=2,per=product,by=hessian,examples=32)",
            "Q(mixed,budget=1.5,of=time)",
        ];

    [Theory]
    [MemberData(nameof(Forms))]
    public void It_fits_the_budget_reloads_with_the_same_forms_and_answers_the_same(string text)
    {
        Mixed mixed = (Mixed)Pipeline.Parse(text).Operators[^1];
        foreach (Model model in Both())
        {
            Assert.Null(mixed.Problem(model.Config));
            Model made = Apply(text, model);
            Assert.Equal(Precision.Mixed, made.Traits.Precision);
            if (mixed.Budgeted == Budgeted.Size)
            {
                Assert.InRange(BytesOf(made), 1, mixed.Budget * BytesOf(Apply("Q", model)));
            }

            using TemporaryFolder folder = new();
            ModelFolder.Save(made, folder["q"], Toy.Tokenizer.Files());
            Model back = ModelFolder.Load(folder["q"]).Model with { Tokenizer = Toy.Tokenizer };
            Assert.Equal(made.Traits, back.Traits);
            Assert.All(
                made.Parameters.Names,
                n => Assert.Equal($"{made.Parameters.Stored(n)}", $"{back.Parameters.Stored(n)}")
            );
            Assert.Equal(Answers(made), Answers(back));
        }
    }

    [Fact]
    public void The_layer_that_few_bits_harm_most_keeps_more_of_them()
    {
        foreach (string by in (string[])["loss", "hessian"])
        {
            // Of the small Llama the first layer is so much the steeper one that with some kernels it alone decides.
            foreach (Model plain in Both().Take(by == "loss" ? 2 : 1))
            {
                for (int layer = 0; layer < 2; layer++)
                {
                    // One weight in each group takes the whole grid, which leaves the others next to no codes of 16.
                    Model model = plain with
                    {
                        Parameters = plain.Parameters.Clone(),
                    };
                    foreach (string name in Trial.Layers(model.Config)[layer])
                    {
                        Tensor weight = model.Parameters[name];
                        for (int r = 0; r < weight.Rows; r++)
                        {
                            for (int c = 0; c < weight.Columns; c += 32)
                            {
                                weight.Row(r)[c] = (r + c / 32) % 2 == 0 ? 1.5f : -1.5f;
                            }
                        }
                    }

                    OperatorContext context = Toy.Context(_workers);
                    Model trained = new FineTune().Apply(
                        model,
                        context with
                        {
                            Training = context.Training with { Epochs = 6 },
                        }
                    );
                    Model made = Apply($"Q(mixed,budget=0.85,by={by})", trained);

                    // Curvature is never negative; a loss may even fall a little by rounding, so it is asked itself.
                    int harmed = layer;
                    if (by == "loss")
                    {
                        double[] harm = [HarmOf(trained, 0), HarmOf(trained, 1)];
                        harmed = harm[0] > harm[1] ? 0 : 1;
                    }

                    Assert.True(
                        (Bits(made, harmed), Bits(made, 1 - harmed)) == (8, 4),
                        $"{by}, {plain.Config.Family.ModelType}, layer {layer}, harmed {harmed}: {Bits(made, 0)} and {Bits(made, 1)} bits"
                    );
                }
            }
        }
    }

    [Fact]
    public void The_least_budget_is_4_bits_throughout_and_a_large_one_leaves_everything()
    {
        foreach (Model model in Both())
        {
            Mixed small = new() { Budget = 0.1 };
            string problem = small.Problem(model.Config)!;
            Assert.Contains("Q(mixed) has a budget of 0.1 of what 8 bits take", problem);
            Assert.True(
                Numeral.TryReal(
                    problem.Split("takes less than ")[1].Split(' ')[0],
                    out double least
                ),
                problem
            );
            Model four = (small with { Budget = least }).Apply(model, Toy.Context(_workers));
            Assert.Equal(Answers(Apply("Q(bits=4)", model)), Answers(four));
            Model whole = Apply("Q(mixed,budget=10,by=hessian,examples=16)", model);
            Assert.Equal(Answers(model), Answers(whole));
        }
    }

    [Fact]
    public void An_encoders_layers_of_8_bits_answer_as_those_of_rows_do()
    {
        // Time is least with rows of 8 bits, so nothing else fits.
        Model made = Apply("Q(mixed,budget=1,of=time)", Toy.Model);
        Assert.Equal(Toy.Logits(Apply("Q", Toy.Model), _workers), Toy.Logits(made, _workers));
        PackedModel packed = new(made, _workers, KernelFamily.Best),
            rows = new(Apply("Q", Toy.Model), _workers, KernelFamily.Best);
        Assert.Equal((rows.Bytes, true), (packed.Bytes, packed.HasIntegerProducts));
    }

    [Fact]
    public void More_bytes_never_cost_more_of_what_was_measured_to_be_lost()
    {
        Model model = ToyLlama.Model(layers: 4) with { Tokenizer = Toy.Tokenizer };
        double[] bits =
        [
            .. new[] { 0.55, 0.7, 0.85, 1 }.Select(budget =>
                (double)BytesOf(
                    new Mixed { Budget = budget, Per = Grain.Product }.Apply(
                        model,
                        Toy.Context(_workers)
                    )
                )
            ),
        ];
        Assert.Equal(bits.Order(), bits);
    }

    [Fact]
    public void It_stands_behind_other_operators_and_is_the_same_whatever_the_threads()
    {
        Model before = new[] { "D(layers=1)", "E", "P(scope=model,ffn=0.3)", "L" }.Aggregate(
            Toy.Make(Toy.Config with { Layers = [.. Toy.Config.Layers, .. Toy.Config.Layers] }),
            (m, text) => Apply(text, m)
        );
        float[]? first = null;
        foreach (int threads in (int[])[1, 3])
        {
            using Workers workers = new(threads);
            Model made = new Mixed { Budget = 1.2, By = Sensitivity.Hessian }.Apply(
                before,
                Toy.Context(workers)
            );
            float[] logits = Toy.Logits(made, workers);
            first ??= logits;
            Assert.Equal(first, logits);
        }

        Assert.NotNull(Pipeline.Parse("Q(mixed)P(wanda)").Problems().SingleOrDefault());
    }

    [Fact]
    public void It_tells_which_layers_got_which_bits()
    {
        List<string> notes = [];
        new Mixed
        {
            Budget = 10,
            By = Sensitivity.Hessian,
            Examples = 16,
        }.Apply(Toy.Model, Toy.Context(_workers) with { Note = notes.Add });
        Assert.Equal(["Q(mixed): 32 bits in all layers."], notes);
    }

    /// <summary>The mean loss with the matrices of one layer in 4 bits.</summary>
    double HarmOf(Model model, int layer)
    {
        Model few = Apply("Q(bits=4)", model);
        string[] names = Trial.Layers(model.Config)[layer];
        OperatorContext context = Toy.Context(_workers);
        return TaskLoss.Mean(
            model with
            {
                Parameters = model.Parameters.With(n =>
                    names.Contains(n) ? (Weight)few.Parameters.Stored(n).Dense() : null
                ),
            },
            context.Task.Tuning.Batches(16),
            new Espalier.Autograd.Tape(_workers, context.Kernels.Fp32),
            TestContext.Current.CancellationToken
        );
    }

    static IReadOnlyList<Model> Both() =>
        [Wide, ToyLlama.Model() with { Tokenizer = Toy.Tokenizer }];

    /// <summary>Rows are whole groups of 64, which the usual toy's are not.</summary>
    static Model Wide { get; } =
        Toy.Make(
            Toy.Config with
            {
                Hidden = 64,
                Layers = [Block.Bert(4, 16, 128), Block.Bert(4, 16, 128)],
            }
        );

    static long BytesOf(Model model) =>
        Trial.Layers(model.Config).SelectMany(l => l).Sum(n => model.Parameters.Stored(n).Bytes);

    static int Bits(Model model, int layer) =>
        model.Parameters.Stored(Trial.Layers(model.Config)[layer][0]) switch
        {
            Int8Rows => 8,
            IntGroups groups => groups.Bits,
            _ => 32,
        };

    float[] Answers(Model model) =>
        model.Config.IsLanguage ? ToyDecoders.Logits(model, _workers) : Toy.Logits(model, _workers);

    Model Apply(string text, Model model) =>
        Pipeline.Parse(text).Operators[^1].Apply(model, Toy.Context(_workers));
}
