using Espalier.Autograd;
using Espalier.Data;
using Espalier.Export;
using Espalier.Kernels;
using Espalier.Models;
using Espalier.Stored;
using Espalier.Tensors;
using Espalier.Tests.Goldens;
using Espalier.Tests.Models;

namespace Espalier.Tests.Export;

/// <summary>ONNX Runtime against our sessions, on toy models of forms that no other tool exports.</summary>
public sealed class OnnxModelTests
{
    static readonly string[] Efforts =
    [
        "confidence:0.75",
        "entropy:0.66",
        "normalized:0.6",
        "patience:1",
        "patience:2",
        "exit:2",
    ];

    // Rows whose integers tie otherwise, since fp32 differs in its last bit.
    const double Integers = 0.02;

    // Rows that are rounded in other steps than ours.
    const double OtherIntegers = 0.05;

    public static TheoryData<string> Rules => [.. Efforts];

    /// <summary>Four layers that differ in heads and neurons, with classifiers behind all.</summary>
    static Model Uneven(Pooling pooling = Pooling.Mean, bool regression = false)
    {
        ModelConfig config = Toy.Config with
        {
            Layers =
            [
                Block.Bert(4, 8, 64),
                Block.Bert(1, 8, 40),
                Block.Bert(3, 8, 8),
                Block.Bert(2, 8, 56),
            ],
            ExitPooling = pooling,
            Labels = regression ? ["score"] : ["a", "b", "c"],
            Regression = regression,
        };
        Model model = Toy.Make(config);
        return model with
        {
            // Classifiers that are surer than chance leaves them.
            Parameters = model.Parameters.With(name =>
                name.EndsWith(".out.weight", StringComparison.Ordinal)
                    ? (Weight)Times(model.Parameters[name], 8)
                    : null
            ),
        };
    }

    static Tensor Times(Tensor tensor, float factor)
    {
        Tensor scaled = tensor.Clone();
        foreach (ref float value in scaled.Span)
        {
            value *= factor;
        }

        return scaled;
    }

    static Model Keeping(params ReadOnlySpan<int> rows)
    {
        Model model = Uneven();
        Block[] layers = [.. model.Config.Layers];
        for (int i = 0; i < rows.Length; i++)
        {
            layers[i] = layers[i] with { Attention = layers[i].Attention with { Keeps = rows[i] } };
        }

        return model with
        {
            Config = model.Config with { Layers = layers },
        };
    }

    static void Agree(Model model, OnnxOptions options, double tolerance)
    {
        Batch batch = Onnx.Batch(model.Config);
        var (logits, exits) = Onnx.Ours(model, options.Effort, batch);
        var theirs = Onnx.Run(model, options, batch);
        if (options.Exits == ExitForm.If)
        {
            Assert.Equal(exits, theirs[OnnxExits.ExitName]);
        }

        Close.To(theirs[OnnxExits.LogitsName], logits, tolerance, 0, $"{options}");
    }

    [Theory]
    [MemberData(nameof(Rules))]
    public void Texts_leave_where_ours_leave_with_the_same_answers_beside_others(string effort)
    {
        Model model = Uneven();
        Effort rule = Effort.Parse(effort);
        Agree(model, new OnnxOptions(ExitForm.If, rule), 2e-5);
        if (rule.Rule != ExitRule.Exit)
        {
            float[] exits = Onnx.Ours(model, rule, Onnx.Batch(model.Config)).Exits;
            Assert.True(exits.Distinct().Count() > 1, $"all leave at {exits[0]}");
        }
    }

    [Fact]
    public void A_predicted_number_leaves_where_it_stays()
    {
        Model model = Uneven(regression: true);
        model = model with
        {
            Parameters = model.Parameters.With(name =>
                name.EndsWith(".out.weight", StringComparison.Ordinal)
                    ? (Weight)Times(model.Parameters[name], 0.01f)
                    : null
            ),
        };
        Agree(model, new OnnxOptions(ExitForm.If, Effort.Parse("patience:2")), 2e-5);
    }

    [Fact]
    public void Logits_behind_every_layer_are_outputs_where_they_are_asked_for()
    {
        Model model = Uneven(Pooling.First);
        Batch batch = Onnx.Batch(model.Config);
        using Workers workers = new(1);
        Tensor all = new(batch.Count, 4 * model.Config.Outputs);
        new Session(model, workers, KernelFamily.Best, null).RunAllExits(batch, all);
        var theirs = Onnx.Run(model, new OnnxOptions(ExitForm.Outputs, Effort.Full), batch);
        Assert.Equal(["logits", "exit_1.logits", "exit_2.logits", "exit_3.logits"], theirs.Keys);
        for (int e = 0; e < 4; e++)
        {
            float[] ours =
            [
                .. Enumerable
                    .Range(0, batch.Count)
                    .SelectMany(s => all.Row(s).Slice(3 * e, 3).ToArray()),
            ];
            Close.To(theirs[e == 3 ? "logits" : $"exit_{e + 1}.logits"], ours, 2e-5, 0, $"{e}");
        }
    }

    [Fact]
    public void Tokens_leave_on_the_way_as_ours_do()
    {
        Agree(Keeping(7, 4, 2), Onnx.Plain, 2e-5);
        Agree(Keeping(7, 4, 2), new OnnxOptions(ExitForm.If, Effort.Parse("confidence:0.6")), 2e-5);
    }

    [Theory]
    [InlineData(Int8Form.Qdq, OtherIntegers)]
    [InlineData(Int8Form.Products, Integers)]
    public void Rows_of_int8_give_our_logits_in_a_padded_batch_as_well(
        Int8Form form,
        double tolerance
    )
    {
        Model model = Uneven() with { Traits = new Traits(Precision.Int8) };
        Agree(model, Onnx.Plain with { Int8 = form }, tolerance);
        OnnxOptions exits = new(ExitForm.If, Effort.Parse("patience:2")) { Int8 = form };
        Agree(model, exits, tolerance);
        Assert.Equal("model_quantized.onnx", OnnxModel.FileName(model));
    }

    [Theory]
    [InlineData(Int8Form.Qdq)]
    [InlineData(Int8Form.Products)]
    public void What_stands_beside_a_text_changes_nothing_of_its_answer_in_int8(Int8Form form)
    {
        Model model = Uneven() with { Traits = new Traits(Precision.Int8) };
        Batch all = Onnx.Batch(model.Config);
        OnnxOptions options = Onnx.Plain with { Int8 = form };
        float[] beside = Onnx.Run(model, options, all)["logits"];
        for (int s = 0; s < all.Count; s++)
        {
            Batch one = new()
            {
                Ids = all.Ids[all.Starts[s]..all.Starts[s + 1]],
                TypeIds = all.TypeIds[all.Starts[s]..all.Starts[s + 1]],
                Starts = [0, all.Starts[s + 1] - all.Starts[s]],
            };
            float[] alone = Onnx.Run(model, options, one)["logits"];
            Close.To(beside.AsSpan(3 * s, 3), alone, Integers, 0, $"text {s}");
        }
    }

    [Fact]
    public void Weights_of_int8_alone_give_the_logits_of_the_rounded_model()
    {
        Model rounded = Uneven() with { Traits = new Traits(Precision.Int8) };
        Model dense = rounded with
        {
            Traits = new Traits(),
            Parameters = rounded.Parameters.With(name =>
                Part.Of(name).Stretch == Stretch.Layer
                    ? (Weight)rounded.Traits.Rounded(rounded.Parameters.Stored(name)).Dense()
                    : null
            ),
        };
        Batch batch = Onnx.Batch(dense.Config);
        Close.To(
            Onnx.Run(rounded, Onnx.Plain with { Int8 = Int8Form.Weights }, batch)["logits"],
            Onnx.Ours(dense, Effort.Full, batch).Logits,
            // ONNX Runtime rounds rows before such products, unless a session asks it not to.
            0.1,
            0,
            "weights alone"
        );
    }

    [Theory]
    [InlineData(Precision.Int4, 32)]
    [InlineData(Precision.Int8, 16)]
    public void Weights_in_groups_give_our_logits(Precision precision, int group)
    {
        Model model = Toy.Model with { Traits = new Traits(precision, Group: group) };
        Agree(model, Onnx.Plain, 0.02);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_pruned_language_model_gives_our_scores(bool fewBits)
    {
        Model model = ToyLlama.Model(uneven: true);
        model = fewBits ? model with { Traits = new Traits(Precision.Int4, Group: 32) } : model;
        Batch batch = Onnx.Batch(model.Config);
        using Workers workers = new(1);
        float[] ours = new float[batch.Tokens * model.Config.Vocabulary];
        new LanguageSession(new PackedModel(model, workers, KernelFamily.Best), workers).Score(
            batch,
            (row, l) => l.Span.CopyTo(ours.AsSpan(row * l.Columns))
        );
        float[] theirs = Onnx.Run(model, Onnx.Plain, batch)["logits"];
        int columns = model.Config.Vocabulary,
            longest = theirs.Length / columns / batch.Count;
        for (int s = 0; s < batch.Count; s++)
        {
            int count = (batch.Starts[s + 1] - batch.Starts[s]) * columns;
            Close.To(
                theirs.AsSpan(s * longest * columns, count),
                ours.AsSpan(batch.Starts[s] * columns, count),
                fewBits ? 0.1 : 2e-5,
                1e-4,
                $"sequence {s}"
            );
        }
    }

    [Fact]
    public void Numbers_beside_the_file_give_the_same_answers_as_those_in_it()
    {
        Model model = Uneven() with { Traits = new Traits(Precision.Int8) };
        Batch batch = Onnx.Batch(model.Config);
        Assert.Equal(
            Onnx.Run(model, Onnx.Plain, batch)["logits"],
            Onnx.Run(model, Onnx.Plain, batch, mostInside: 0)["logits"]
        );
    }

    [Fact]
    public void The_same_model_gives_the_same_bytes()
    {
        Assert.Equal(Bytes(), Bytes());

        static byte[] Bytes()
        {
            string path = Path.GetTempFileName();
            OnnxModel
                .Build(Uneven(), new OnnxOptions(ExitForm.If, Effort.Parse("entropy:0.5")))
                .Write(path);
            byte[] bytes = File.ReadAllBytes(path);
            File.Delete(path);
            return bytes;
        }
    }

    [Fact]
    public void What_a_file_cannot_hold_is_said_by_name()
    {
        OnnxOptions exits = new(ExitForm.If, Effort.Parse("entropy:0.5"));
        Says(Toy.Model, exits, "early exits");
        Says(ToyLlama.Model(), exits, "next");
        Says(Uneven(regression: true), exits, "patience:2");
        Says(Toy.Model, Onnx.Plain with { Int8 = Int8Form.Weights }, "operator Q");
        Says(
            Toy.Model with
            {
                Traits = new Traits(Precision.Int4, Group: 24),
            },
            Onnx.Plain,
            "layers.0.query.weight"
        );
        Assert.Empty(OnnxModel.Problems(Uneven(), exits));

        static void Says(Model model, OnnxOptions options, string word) =>
            Assert.Contains(word, Assert.Single(OnnxModel.Problems(model, options)));
    }
}
