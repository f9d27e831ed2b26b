using Espalier.Autograd;
using Espalier.Models;
using Espalier.Models.Families;
using Espalier.Models.Storage;
using Espalier.Tensors;
using Espalier.Text;

namespace Espalier.Benchmarks.Peers;

/// <summary>An encoder of ours, and where the peer finds it in fp32 and in int8.</summary>
sealed record Encoder(Model Model, string Fp32, string Int8)
{
    /// <summary>Its classifier reads the mean, so that a session computes every state of the last layer, as the peer does.</summary>
    public Encoder OfAllRows =>
        this with
        {
            Model = Model with { Config = Model.Config with { Pooling = Pooling.Mean } },
        };

    public static Encoder MiniLm(string models)
    {
        string folder = Path.Combine(models, "all-MiniLM-L6-v2");
        Model model = ModelFolder.Load(folder, new Answers(["no", "yes"], false, new Rng(1))).Model;
        return new Encoder(
            model with
            {
                Tokenizer = Tokenizer.Load(folder),
            },
            Path.Combine(folder, "model.onnx"),
            Path.Combine(folder, "model_int8.onnx")
        );
    }

    /// <summary>Of the size of BERT base, with drawn weights; its files are written to <paramref name="folder"/>.</summary>
    public static Encoder Base(string folder)
    {
        ModelConfig config = new()
        {
            Family = Family.All.Single(f => f.ModelType == "bert"),
            Vocabulary = 30522,
            Hidden = 768,
            Layers = [.. Enumerable.Repeat(Block.Bert(12, 64, 3072), 12)],
            Positions = 512,
            Types = 2,
            Labels = ["no", "yes"],
        };
        Model model = new(config, Drawn(config, new Rng(3)), new Traits());
        Encoder encoder = new(
            model,
            Path.Combine(folder, "base.onnx"),
            Path.Combine(folder, "base_int8.onnx")
        );
        EncoderFile.Write(model, int8: false, encoder.Fp32);
        EncoderFile.Write(model, int8: true, encoder.Int8);
        return encoder;
    }

    static Parameters Drawn(ModelConfig config, Rng rng)
    {
        Parameters parameters = new();
        foreach (var (name, shape) in config.Shapes())
        {
            Tensor drawn = new(shape);
            Rng stream = rng.Split(name);
            bool scalesNorm = shape.Rank == 1 && name.EndsWith(".weight", StringComparison.Ordinal);
            for (int i = 0; i < drawn.Count; i++)
            {
                drawn.Span[i] =
                    (scalesNorm ? 1 : 0) + config.InitializerRange * stream.Normal((ulong)i);
            }

            parameters.Add(name, drawn);
        }

        return parameters;
    }
}
