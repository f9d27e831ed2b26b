using Espalier.Data;
using Espalier.Kernels;
using Espalier.Models;
using Espalier.Models.Storage;
using Espalier.Tests.Goldens;

namespace Espalier.Tests.Models;

/// <summary>Small language models of every family that GGUF has.</summary>
static class ToyDecoders
{
    public static readonly string[] Names =
    [
        "gpt2",
        "llama",
        "llama-tied",
        "llama-linear",
        "llama-yarn",
        "mistral",
        "qwen2",
        "qwen3",
        "gemma",
    ];

    public static readonly int[] Ids = [5, 17, 3, 64, 2, 41, 8, 8, 30, 11, 77, 50];

    public static string Folder(string name) =>
        Directory.Exists(Golden.Own("families", name))
            ? Golden.Own("families", name)
            : Golden.Path("models", name);

    /// <summary>Qwen2 without its windows, which GGUF cannot say.</summary>
    /// <param name="windows">Whether Mistral keeps its own, which GGUF can say and llama.cpp does not have.</param>
    public static Model Load(string name, bool windows = true)
    {
        Model model = ModelFolder.Load(Folder(name)).Model;
        return windows && name != "qwen2"
            ? model
            : model with
            {
                Config = model.Config with
                {
                    Layers =
                    [
                        .. model.Config.Layers.Select(l =>
                            l with
                            {
                                Attention = l.Attention with { Reach = null },
                            }
                        ),
                    ],
                },
            };
    }

    /// <summary>Behind every token of <see cref="Ids"/>.</summary>
    public static float[] Logits(Model model, Workers workers)
    {
        List<float> logits = [];
        new LanguageSession(new PackedModel(model, workers, KernelFamily.Best), workers).Score(
            new Batch
            {
                Ids = Ids,
                TypeIds = new int[Ids.Length],
                Starts = [0, Ids.Length],
            },
            (_, rows) => logits.AddRange(rows.Span)
        );
        return [.. logits];
    }
}
