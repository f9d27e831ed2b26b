using System.Text.Json;
using Espalier.Kernels;
using Espalier.Models;
using Espalier.Models.Storage;
using Espalier.Tensors;
using Espalier.Tests.Checkpoints;
using Espalier.Text;

namespace Espalier.Tests.Models;

/// <summary>A folder of a small language model that writes: random weights, and a token for each byte.</summary>
sealed class ToyWriter : IDisposable
{
    public const int Context = 64;

    readonly TemporaryFolder _folder = new();

    /// <param name="template">The chat template; null: it has none.</param>
    public ToyWriter(string? template = null)
    {
        Folder = _folder["toy"];
        TemporaryFolder words = new();
        using (words)
        {
            string[] bytes = [.. Enumerable.Range(0, 256).Select(Letter)];
            words.Write(
                "tokenizer.json",
                JsonSerializer.Serialize(
                    new
                    {
                        version = "1.0",
                        added_tokens = new[]
                        {
                            new
                            {
                                id = 256,
                                content = "<|end|>",
                                single_word = false,
                                lstrip = false,
                                rstrip = false,
                                normalized = false,
                                special = true,
                            },
                        },
                        pre_tokenizer = new
                        {
                            type = "ByteLevel",
                            add_prefix_space = false,
                            trim_offsets = true,
                            use_regex = true,
                        },
                        decoder = new { type = "ByteLevel" },
                        model = new
                        {
                            type = "BPE",
                            vocab = bytes.Select((b, i) => (b, i)).ToDictionary(p => p.b, p => p.i),
                            merges = Array.Empty<string>(),
                        },
                    }
                )
            );
            words.Write(
                "tokenizer_config.json",
                JsonSerializer.Serialize(
                    new
                    {
                        eos_token = "<|end|>",
                        bos_token = "<|end|>",
                        chat_template = template,
                    }
                )
            );
            ModelConfig config = ToyDecoders.Load("llama-tied").Config with
            {
                Vocabulary = 257,
                Positions = Context,
                EndIds = [256],
            };
            Parameters parameters = new();
            Drawing.Missing(parameters, config, new Rng(11));
            Model = new Model(config, parameters, new Traits())
            {
                Tokenizer = Tokenizer.Load(words.Path),
            };
        }

        ModelFolder.Save(Model, Folder, Model.Tokenizer!.Files());
    }

    public string Folder { get; }

    public Model Model { get; }

    public void Dispose() => _folder.Dispose();

    /// <summary>−ln p of each id behind the first, in plain loops.</summary>
    public double[] Losses(int[] ids)
    {
        using Workers workers = new(1);
        List<double> losses = [];
        new LanguageSession(new PackedModel(Model, workers, KernelFamily.Best), workers).Score(
            new Espalier.Data.Batch
            {
                Ids = ids,
                TypeIds = new int[ids.Length],
                Starts = [0, ids.Length],
            },
            (row, logits) =>
            {
                for (int r = 0; r < logits.Rows && row + r + 1 < ids.Length; r++)
                {
                    float[] scores = [.. logits.Row(r)];
                    double sum = scores.Sum(s => Math.Exp(s));
                    losses.Add(Math.Log(sum) - scores[ids[row + r + 1]]);
                }
            }
        );
        return [.. losses];
    }

    /// <summary>GPT-2's letter for a byte (Radford et al. 2019).</summary>
    static string Letter(int value)
    {
        static bool Shows(int b) =>
            b is (>= '!' and <= '~') or (>= 0xA1 and <= 0xAC) or (>= 0xAE and <= 0xFF);
        return Shows(value)
            ? $"{(char)value}"
            : $"{(char)(256 + Enumerable.Range(0, value).Count(b => !Shows(b)))}";
    }
}
