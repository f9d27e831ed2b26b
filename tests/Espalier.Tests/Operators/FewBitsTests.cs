using Espalier.Checkpoints;
using Espalier.Kernels;
using Espalier.Models;
using Espalier.Models.Storage;
using Espalier.Operators;
using Espalier.Stored;
using Espalier.Tensors;
using Espalier.Tests.Checkpoints;
using Espalier.Tests.Models;

namespace Espalier.Tests.Operators;

/// <summary>Q with weights in groups: a model that answers in the form in which it is stored.</summary>
public sealed class FewBitsTests : IDisposable
{
    readonly Workers _workers = new(2);

    public static TheoryData<string> Forms =>
        [
            "Q(bits=4)",
            "Q(bits=4,group=32)",
            "Q(bits=4,group=128,head=int8)",
            "Q(bits=8,group=32)",
            "Q(bits=4,tables=int4,head=int4)",
            "Q(tables=int4)",
        ];

    public void Dispose() => _workers.Dispose();

    [Theory, MemberData(nameof(Forms))]
    public void Written_and_read_again_it_answers_with_the_same_bits(string text)
    {
        Model model = Apply(text, Toy.Model);
        using TemporaryFolder folder = new();
        ModelFolder.Save(model, folder["q"], Toy.Tokenizer.Files());
        Model loaded = ModelFolder.Load(folder["q"]).Model with { Tokenizer = Toy.Tokenizer };
        Assert.Equal(model.Traits, loaded.Traits);
        Assert.All(
            model.Parameters.Names,
            n =>
                Assert.Equal(
                    model.Parameters.Stored(n).GetType(),
                    loaded.Parameters.Stored(n).GetType()
                )
        );
        Assert.Equal(Toy.Logits(model, _workers), Toy.Logits(loaded, _workers));

        ModelFolder.Save(loaded, folder["again"], Toy.Tokenizer.Files());
        Assert.Equal(
            File.ReadAllBytes(Path.Combine(folder["q"], WeightFiles.SingleName)),
            File.ReadAllBytes(Path.Combine(folder["again"], WeightFiles.SingleName))
        );
    }

    [Fact]
    public void In_4_bits_the_layers_take_a_sixth_and_in_groups_of_8_bits_a_quarter()
    {
        long Layers(Model model) =>
            model
                .Parameters.Names.Where(n =>
                    n.StartsWith("layers.") && model.Parameters.Stored(n).Shape.Rank == 2
                )
                .Sum(n => model.Parameters.Stored(n).Bytes);
        long plain = Layers(Toy.Model);
        Assert.InRange(Layers(Apply("Q(bits=4,group=32)", Toy.Model)), 0, plain / 6.3);
        Assert.InRange(Layers(Apply("Q(bits=8,group=32)", Toy.Model)), 0, plain / 3.7);
    }

    [Theory]
    [InlineData("Q(bits=8,group=32)", 0)]
    [InlineData("Q(bits=4,group=32)", 2)]
    [InlineData("Q(bits=4,group=32,tables=int4,head=int4)", 2)]
    public void A_trained_model_gives_nearly_the_same_answers(string text, int others)
    {
        OperatorContext context = Toy.Context(_workers);
        Model trained = new FineTune().Apply(
            Toy.Model,
            context with
            {
                Training = context.Training with { Epochs = 8 },
            }
        );
        float[] before = Toy.Logits(trained, _workers),
            after = Toy.Logits(Apply(text, trained), _workers);
        int changed = 0;
        for (int i = 0; i < before.Length; i += 2)
        {
            changed += before[i] > before[i + 1] == after[i] > after[i + 1] ? 0 : 1;
        }

        Assert.True(
            changed <= others,
            $"{text}: {changed} of {before.Length / 2} answers changed; {string.Join(" ", before.Zip(after).Take(8))}"
        );
    }

    [Fact]
    public void Padded_texts_get_the_answers_that_they_get_alone_at_every_exit()
    {
        Model model = Apply("EQ(bits=4,group=32)", Toy.Model);
        float[] padded = Toy.Logits(model, _workers),
            packed = Toy.Logits(
                model with
                {
                    Traits = model.Traits with { DynamicLength = true },
                },
                _workers
            );
        Assert.Equal(Toy.Data.Test.Count * 2 * model.Config.ExitCount, padded.Length);
        Assert.All(padded.Zip(packed), p => Assert.Equal(p.First, p.Second, 2e-3f));
    }

    [Fact]
    public void Training_behind_it_works_from_what_is_left_and_is_rounded_again()
    {
        Model model = Apply("Q(bits=4,group=32)", Toy.Model);
        Model trained = new Prune().Apply(model, Toy.Context(_workers));
        Assert.Equal(model.Traits, trained.Traits);
        using TemporaryFolder folder = new();
        ModelFolder.Save(trained, folder["p"], Toy.Tokenizer.Files());
        Model loaded = ModelFolder.Load(folder["p"]).Model with { Tokenizer = Toy.Tokenizer };
        Assert.IsType<IntGroups>(loaded.Parameters.Stored("layers.0.up.weight"));
        Assert.Equal(Toy.Logits(trained, _workers), Toy.Logits(loaded, _workers));
    }

    [Fact]
    public void Weights_of_different_groups_in_one_product_are_not_made_dense()
    {
        Model model = Apply("Q(bits=4,group=32)", Toy.Model);
        IntGroups other = IntGroups.Of(Toy.Model.Parameters["layers.0.value.weight"], 8, 16);
        Model mixed = model with
        {
            Parameters = model.Parameters.With(n => n == "layers.0.value.weight" ? other : null),
        };
        PackedModel packed = new(mixed, _workers, KernelFamily.Best),
            plain = new(Toy.Model, _workers, KernelFamily.Best);
        Assert.InRange(packed.Bytes, 0, 0.6 * plain.Bytes);
        float[] answers = Toy.Logits(mixed, _workers);
        Assert.All(
            answers.Zip(Toy.Logits(Toy.Model, _workers)),
            p => Assert.Equal(p.Second, p.First, 0.3f)
        );
    }

    [Fact]
    public void Options_that_came_later_are_in_no_key_where_they_have_their_default()
    {
        Assert.Equal("Q(bits=8,tables=fp32)", new Quantize().Canonical());
        Assert.Equal(
            "Q(bits=4,tables=fp32,group=32)",
            (new Quantize() { Bits = 4, GroupColumns = 32 }).Canonical()
        );
    }

    [Theory]
    [InlineData("_scale", "missing")]
    [InlineData("_zero", "codes in groups")]
    public void A_folder_whose_groups_lack_their_numbers_is_refused(string suffix, string says)
    {
        using TemporaryFolder folder = new();
        ModelFolder.Save(Apply("Q(bits=4)", Toy.Model), folder["q"], Toy.Tokenizer.Files());
        string path = Path.Combine(folder["q"], WeightFiles.SingleName);
        SafetensorsWriter writer = new();
        using (SafetensorsFile file = SafetensorsFile.Open(path))
        {
            foreach (TensorEntry entry in file.Tensors.Where(t => !t.Name.EndsWith(suffix)))
            {
                int[] extents = [.. entry.Extents.Select(e => (int)e)];
                if (entry.Type == DType.U8)
                {
                    writer.Add(entry.Name, file.ReadBytes(entry.Name), extents);
                }
                else
                {
                    writer.Add(entry.Name, file.Read(entry.Name), entry.Type);
                }
            }
        }

        writer.Write(path);
        string message = Assert
            .Throws<InvalidDataException>(() => ModelFolder.Load(folder["q"]))
            .Message;
        Assert.Contains(says, message);
    }

    Model Apply(string pipeline, Model model) =>
        Pipeline
            .Parse(pipeline)
            .Operators.Aggregate(model, (m, here) => here.Apply(m, Toy.Context(_workers)));
}
