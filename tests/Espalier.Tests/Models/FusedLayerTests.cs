using Espalier.Autograd;
using Espalier.Data;
using Espalier.Kernels;
using Espalier.Models;
using Espalier.Stored;
using Espalier.Tensors;

namespace Espalier.Tests.Models;

/// <summary>int8 layers that are one piece, beside layers and classifiers that are not.</summary>
public sealed class FusedLayerTests : IDisposable
{
    const int Layers = 3;

    readonly Workers _workers = new(2);

    public void Dispose() => _workers.Dispose();

    public static TheoryData<string> Families =>
        [.. KernelFamily.All.Where(f => f.IsSupported).Select(f => f.Name)];

    [Theory, MemberData(nameof(Families))]
    public void A_layer_of_8_bits_reads_what_one_of_32_in_front_of_it_gives(string family) =>
        Compare(family, Toy.Config, p => p is { Stretch: Stretch.Layer, Index: not 1 });

    [Theory, MemberData(nameof(Families))]
    public void A_classifier_of_8_bits_behind_a_layer_changes_nothing_for_the_next(string family) =>
        Compare(
            family,
            Toy.Config with
            {
                ExitPooling = Pooling.First,
            },
            p => p.Stretch is Stretch.Layer or Stretch.Exit
        );

    void Compare(string family, ModelConfig config, Func<Part, bool> isInt8)
    {
        config = config with { Layers = [.. Enumerable.Repeat(config.Layers[0], Layers)] };
        Model model = Toy.Make(config) with { Traits = new(Precision.Mixed) };
        model = model with
        {
            Parameters = model.Parameters.With(name =>
                model.Parameters.Stored(name) is { Shape.Rank: 2 } weight && isInt8(Part.Of(name))
                    ? Int8Rows.Of(weight.Dense())
                    : null
            ),
        };

        // A window that no text fills changes nothing but that no layer is one piece.
        ModelConfig apart = config with
        {
            Layers =
            [
                .. config.Layers.Select(l =>
                    l with
                    {
                        Attention = l.Attention with { Reach = 1000 },
                    }
                ),
            ],
        };
        float[][] expected = Answers(family, model with { Config = apart }),
            answers = Answers(family, model);
        for (int way = 0; way < answers.Length; way++)
        {
            float largest = expected[way].Max(MathF.Abs),
                difference = expected[way].Zip(answers[way], (a, b) => MathF.Abs(a - b)).Max();
            Assert.True(difference < 0.01f * largest, $"{way}: {difference} of {largest}");
        }
    }

    /// <summary>Of all exits; then with every second text leaving at the first, where there are any.</summary>
    float[][] Answers(string family, Model model)
    {
        Session session = new(model, _workers, KernelFamily.Choose(family), 16);
        Batch batch = new EncodedTask(Toy.Data, Toy.Tokenizer, 16).Test.Take([0, 7, 20, 3, 5]);
        ModelConfig config = model.Config;
        Tensor all = new(batch.Count, config.ExitCount * config.Outputs),
            some = new(batch.Count, config.Outputs);
        session.RunAllExits(batch, all);
        bool leaves = config.ExitPooling is not null;
        Effort[] efforts =
        [
            .. Enumerable
                .Range(0, batch.Count)
                .Select(i => leaves && i % 2 == 0 ? Effort.First : Effort.Full),
        ];
        session.Run(batch, efforts, some, new int[batch.Count]);
        return [all.Span.ToArray(), some.Span.ToArray()];
    }
}
