using Espalier.Kernels;
using Espalier.Models;
using Espalier.Models.Storage;
using Espalier.Tensors;
using Espalier.Tests.Checkpoints;
using LLama;
using LLama.Common;
using LLama.Native;

namespace Espalier.Tests.Models;

/// <summary>llama.cpp itself reads what is written, and answers the same.</summary>
[Trait("tier", "golden")]
public sealed class LlamaCppTests
{
    public static TheoryData<string> Families => [.. ToyDecoders.Names];

    static LlamaCppTests() => NativeLibraryConfig.All.WithLogCallback((_, _) => { });

    [Theory]
    [MemberData(nameof(Families))]
    public void Llama_cpp_answers_a_model_of_every_family_as_Espalier_does(string name)
    {
        Model model = ToyDecoders.Load(name, windows: false);
        Same(model, DType.F32, 2e-3);
    }

    [Theory]
    [InlineData(DType.F16, 0.02)]
    [InlineData(DType.Q8_0, 0.05)]
    [InlineData(DType.Q4_0, 0.05)]
    public void Llama_cpp_answers_from_rounded_weights_as_Espalier_does(DType type, double off) =>
        Same(ToyLlama.Model(), type, off);

    /// <param name="off">Mean distance of logits as a share of their mean size; llama.cpp quantizes activations in groups of 32 too.</param>
    static void Same(Model model, DType type, double off)
    {
        using TemporaryFolder folder = new();
        using Workers workers = new(1);
        GgufModel.Save(model, folder["a.gguf"], type);
        Model read = ModelFolder.Load(folder["a.gguf"], asStored: true).Model;
        float[] ours = ToyDecoders.Logits(read, workers),
            theirs = Logits(folder["a.gguf"], model.Config.Vocabulary);
        double distance = ours.Zip(theirs, (a, b) => Math.Abs(a - b)).Average(),
            size = ours.Average(a => Math.Abs(a));
        Assert.InRange(distance / size, 0, off);
        if (type == DType.F32)
        {
            Assert.Equal(Best(ours, model), Best(theirs, model));
        }
    }

    static int[] Best(float[] logits, Model model) =>
        [.. logits.Chunk(model.Config.Vocabulary).Select(row => Array.IndexOf(row, row.Max()))];

    static float[] Logits(string path, int vocabulary)
    {
        ModelParams parameters = new(path)
        {
            ContextSize = 64,
            GpuLayerCount = 0,
            Threads = 1,
            BatchThreads = 1,
            FlashAttention = false,
            TypeK = GGMLType.GGML_TYPE_F32,
            TypeV = GGMLType.GGML_TYPE_F32,
        };
        using LLamaWeights weights = LLamaWeights.LoadFromFile(parameters);
        using LLamaContext context = weights.CreateContext(parameters);
        LLamaBatch batch = new();
        for (int i = 0; i < ToyDecoders.Ids.Length; i++)
        {
            batch.Add(ToyDecoders.Ids[i], i, LLamaSeqId.Zero, true);
        }

        Assert.Equal(DecodeResult.Ok, context.Decode(batch));
        List<float> logits = [];
        for (int i = 0; i < ToyDecoders.Ids.Length; i++)
        {
            logits.AddRange(context.NativeHandle.GetLogitsIth(i)[..vocabulary]);
        }

        return [.. logits];
    }
}
