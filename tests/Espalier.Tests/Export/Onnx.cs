using Espalier.Cli.Commands;
using Espalier.Data;
using Espalier.Export;
using Espalier.Kernels;
using Espalier.Models;
using Espalier.Tensors;
using Espalier.Tests.Checkpoints;

namespace Espalier.Tests.Export;

/// <summary>What ONNX Runtime answers to a model's export.</summary>
static class Onnx
{
    public static OnnxOptions Plain { get; } = new(ExitForm.None, Effort.Full);

    /// <summary>Values of all outputs by name, whole numbers among them, of a batch padded to its longest sequence.</summary>
    /// <param name="mostInside">Bytes of numbers above which they lie in a file beside the model's.</param>
    public static Dictionary<string, float[]> Run(
        Model model,
        OnnxOptions options,
        Batch batch,
        long mostInside = OnnxFile.MostInside
    )
    {
        using TemporaryFolder folder = new();
        string path = folder["model.onnx"];
        OnnxModel.Build(model, options).Write(path, mostInside);
        Assert.Equal(mostInside == 0, File.Exists(path + "_data"));
        using OnnxRuntimeModel onnx = new(path, 1);
        using var outputs = onnx.Run(batch, model.Config.PadId);
        Dictionary<string, float[]> found = [];
        for (int i = 0; i < outputs.Count; i++)
        {
            string name = onnx.Outputs[i];
            found[name] =
                name == OnnxExits.ExitName
                    ? [.. outputs[i].GetTensorDataAsSpan<long>().ToArray().Select(e => (float)e)]
                    : outputs[i].GetTensorDataAsSpan<float>().ToArray();
        }

        return found;
    }

    /// <summary>Our logits, [sequences · outputs], and exits counted from 1.</summary>
    public static (float[] Logits, float[] Exits) Ours(Model model, Effort effort, Batch batch)
    {
        using Workers workers = new(1);
        Tensor logits = new(batch.Count, model.Config.Outputs);
        int[] exits = new int[batch.Count];
        new Session(model, workers, KernelFamily.Best, null).Run(batch, effort, logits, exits);
        return (logits.Span.ToArray(), [.. exits.Select(e => e + 1f)]);
    }

    /// <summary>Sequences of other lengths, the shortest of one token.</summary>
    public static Batch Batch(ModelConfig config, int sequences = 8)
    {
        Rng rng = new(3);
        List<int> ids = [],
            starts = [0];
        for (int s = 0; s < sequences; s++)
        {
            int length = 1 + s * 5 % 13;
            for (int t = 0; t < length; t++)
            {
                int id = rng.Below(config.Vocabulary - 4, (ulong)(100 * s + t)) + 4;
                ids.Add(id == config.PadId ? config.PadId + 1 : id);
            }

            starts.Add(ids.Count);
        }

        return new Batch
        {
            Ids = [.. ids],
            TypeIds = [.. ids.Select((id, i) => config.Types > 1 ? i % 2 : 0)],
            Starts = [.. starts],
        };
    }
}
