using Espalier.Checkpoints;
using Espalier.Kernels;
using Espalier.Models;
using Espalier.Models.Storage;
using Espalier.Operators;
using Espalier.Stored;
using Espalier.Tensors;
using Espalier.Tests.Checkpoints;
using Espalier.Tests.Models;

namespace Espalier.Tests.Stored;

/// <summary>Forms in which weights lie in memory and on disk.</summary>
public sealed class StoredFormTests
{
    [Fact]
    public void Quantizing_makes_the_weights_a_quarter_and_keeps_every_bit_of_the_answers()
    {
        using Workers workers = new(1);
        Model old = Toy.Model with { Traits = new Traits(Precision.Int8) },
            quantized = new Quantize().Apply(Toy.Model, Toy.Context(workers));
        Assert.IsType<Int8Rows>(quantized.Parameters.Stored("layers.1.up.weight"));
        Assert.Equal(Toy.Logits(old, workers), Toy.Logits(quantized, workers));
        using TemporaryFolder folder = new();
        ModelFolder.Save(quantized, folder["q"], Toy.Tokenizer.Files());
        ModelFolder.Save(old, folder["old"], Toy.Tokenizer.Files());
        Model loaded = ModelFolder.Load(folder["q"]).Model with { Tokenizer = Toy.Tokenizer };
        Assert.Equal(Toy.Logits(old, workers), Toy.Logits(loaded, workers));

        // What training left in fp32 is written as a session would round it.
        Assert.Equal(
            File.ReadAllBytes(Path.Combine(folder["q"], WeightFiles.SingleName)),
            File.ReadAllBytes(Path.Combine(folder["old"], WeightFiles.SingleName))
        );
        long Layers(Model model) =>
            model
                .Parameters.Names.Where(n => n.StartsWith("layers.") && n.EndsWith(".weight"))
                .Where(n => !n.Contains("norm."))
                .Sum(n => model.Parameters.Stored(n).Bytes);
        Assert.InRange(Layers(loaded), 0, 0.3 * Layers(Toy.Model));
    }

    [Fact]
    public void A_folder_of_fp32_weights_that_asks_for_int8_answers_as_it_did()
    {
        // As Espalier wrote them before weights had forms: the trait alone.
        using Workers workers = new(1);
        using TemporaryFolder folder = new();
        ModelFolder.Save(Toy.Model, folder["fp32"], Toy.Tokenizer.Files());
        string ours = Path.Combine(folder["fp32"], ModelFolder.OursName);
        File.WriteAllText(ours, File.ReadAllText(ours).Replace("\"fp32\"", "\"int8\""));
        Model loaded = ModelFolder.Load(folder["fp32"]).Model with { Tokenizer = Toy.Tokenizer };
        Assert.Equal(Precision.Int8, loaded.Traits.Precision);
        Assert.Equal(
            Toy.Logits(new Quantize().Apply(Toy.Model, Toy.Context(workers)), workers),
            Toy.Logits(loaded, workers)
        );
    }

    [Fact]
    public void Pruning_behind_quantization_works_from_what_that_left()
    {
        using Workers workers = new(1);
        Model Run(string pipeline) =>
            Pipeline
                .Parse(pipeline)
                .Operators.Aggregate(
                    Toy.Model,
                    (model, here) => here.Apply(model, Toy.Context(workers))
                );
        Model pq = Run("PQ"),
            qp = Run("QP");
        Assert.Equal(Precision.Int8, qp.Traits.Precision);
        Assert.Equal(pq.Config.Layers, qp.Config.Layers);
        Assert.NotEqual(
            pq.Parameters["layers.0.up.weight"].Span.ToArray(),
            qp.Parameters["layers.0.up.weight"].Span.ToArray()
        );
    }

    [Fact]
    public void Tables_in_int8_are_read_again_and_answer_nearly_the_same()
    {
        using Workers workers = new(1);
        Quantize all = new() { Tables = TableForm.Int8 };
        Model model = all.Apply(Toy.Model, Toy.Context(workers));
        using TemporaryFolder folder = new();
        ModelFolder.Save(model, folder["all"], Toy.Tokenizer.Files());
        Model loaded = ModelFolder.Load(folder["all"]).Model with { Tokenizer = Toy.Tokenizer };
        Assert.IsType<Int8Rows>(loaded.Parameters.Stored(Part.Word.Weight));
        float[] answers = Toy.Logits(model, workers);
        Assert.Equal(answers, Toy.Logits(loaded, workers));
        float[] plain = Toy.Logits(Toy.Model, workers);
        Assert.All(answers.Zip(plain), a => Assert.Equal(a.Second, a.First, 0.1));
    }

    [Theory]
    [InlineData(DType.BF16)]
    [InlineData(DType.F16)]
    public void A_checkpoint_of_two_bytes_is_held_as_it_is_and_answers_as_in_fp32(DType type)
    {
        using Workers workers = new(1);
        using TemporaryFolder folder = new();
        Directory.CreateDirectory(folder["half"]);
        ModelFolder.Write(Toy.Model, folder["half"], Toy.Tokenizer.Files(), type);
        Model Load(bool asStored) =>
            ModelFolder.Load(folder["half"], asStored: asStored).Model with
            {
                Tokenizer = Toy.Tokenizer,
            };
        Model held = Load(true);
        Assert.All(held.Parameters.Names, n => Assert.IsType<HalfWidth>(held.Parameters.Stored(n)));
        Assert.Equal(Toy.Logits(Load(false), workers), Toy.Logits(held, workers));
        ModelFolder.Save(held, folder["again"], Toy.Tokenizer.Files());
        Assert.Equal(
            File.ReadAllBytes(Path.Combine(folder["half"], WeightFiles.SingleName)),
            File.ReadAllBytes(Path.Combine(folder["again"], WeightFiles.SingleName))
        );
    }

    [Fact]
    public void Rows_without_their_scales_are_refused_by_name()
    {
        using Workers workers = new(1);
        using TemporaryFolder folder = new();
        Model model = new Quantize().Apply(Toy.Model, Toy.Context(workers));
        ModelFolder.Save(model, folder["q"], Toy.Tokenizer.Files());
        string file = Path.Combine(folder["q"], WeightFiles.SingleName);
        byte[] bytes = File.ReadAllBytes(file);
        int at = bytes.AsSpan().IndexOf("query.weight_scale"u8);
        bytes[at] = (byte)'Q';
        File.WriteAllBytes(file, bytes);
        Assert.Contains(
            "with a scale for each of its 32 rows is missing",
            Assert
                .Throws<InvalidDataException>(() =>
                {
                    _ = ModelFolder.Load(folder["q"]);
                })
                .Message
        );
    }

    [Fact]
    public void Eight_sessions_of_one_packed_model_answer_the_same_from_eight_threads()
    {
        using Workers workers = new(2);
        Model model = new Quantize().Apply(Toy.Model, Toy.Context(workers));
        var task = new Espalier.Data.EncodedTask(Toy.Data, Toy.Tokenizer, 16);
        PackedModel packed = new(model, workers, KernelFamily.Best);
        var batch = task.Test.Take([.. Enumerable.Range(0, task.Test.Count)]);
        float[] expected = Toy.Logits(model, workers);
        float[][] answers = new float[8][];
        Thread[] threads =
        [
            .. Enumerable
                .Range(0, answers.Length)
                .Select(i => new Thread(() =>
                {
                    Session session = new(packed, workers, 16);
                    Tensor logits = new(batch.Count, model.Config.Outputs);
                    for (int round = 0; round < 5; round++)
                    {
                        session.RunAllExits(batch, logits);
                    }

                    Assert.Equal(packed.Bytes, session.Bytes);
                    answers[i] = logits.Span.ToArray();
                })),
        ];
        Array.ForEach(threads, t => t.Start());
        Array.ForEach(threads, t => t.Join());
        Assert.All(answers, a => Assert.Equal(expected, a));
    }
}
