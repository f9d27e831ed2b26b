using Espalier.Autograd;
using Espalier.Models;
using Espalier.Models.Storage;
using Espalier.Tensors;
using Espalier.Tests.Checkpoints;
using Espalier.Tests.Goldens;

namespace Espalier.Tests.Cli;

/// <summary>The golden encoders as folders with a tokenizer, whole or damaged in one way.</summary>
sealed class ToyModels : IDisposable
{
    // What the golden bert's config says.
    const int Rows = 131;

    readonly TemporaryFolder _folder = new();

    public string this[string name] => _folder[name];

    /// <summary>[PAD] to [MASK], letters and digits alone and as endings, a few words.</summary>
    static string Vocabulary(int size)
    {
        string signs = "abcdefghijklmnopqrstuvwxyz0123456789";
        string[] tokens =
        [
            "[PAD]",
            "[UNK]",
            "[CLS]",
            "[SEP]",
            "[MASK]",
            .. signs.Select(c => $"{c}"),
            .. signs.Select(c => $"##{c}"),
            "the",
            "good",
            "bad",
            ".",
        ];
        return string.Join(
                '\n',
                tokens.Concat(Enumerable.Range(0, size).Select(i => $"[unused{i}]")).Take(size)
            ) + "\n";
    }

    /// <summary>Three unnamed classes, three layers.</summary>
    public string Bert(string name = "bert", int vocabulary = Rows) =>
        From("bert", name, vocabulary);

    public string Regression() => From("bert-regression", "regression", Rows);

    /// <summary>The classes called by these names.</summary>
    public string Named(params string[] labels)
    {
        string folder = Bert($"named-{string.Join('-', labels)}"),
            path = Path.Combine(folder, "config.json");
        string config = File.ReadAllText(path);
        for (int i = 0; i < labels.Length; i++)
        {
            config = config.Replace($"LABEL_{i}", labels[i]);
        }

        File.WriteAllText(path, config);
        return folder;
    }

    /// <summary>With classifiers behind every layer, drawn at random and large, so that their confidence differs.</summary>
    public string WithExits()
    {
        Model model = ModelFolder.Load(Bert("source")).Model;
        ModelConfig config = model.Config with
        {
            ExitPooling = Pooling.Mean,
            InitializerRange = 0.5f,
        };
        Parameters parameters = model.Parameters.Clone();
        Drawing.Missing(parameters, config, new Rng(5));

        return Save(
            model with
            {
                Config = config,
                Parameters = parameters.InOrder(config),
                History = [new Applied("E(pool=mean)", 1, 7)],
            },
            "exits"
        );
    }

    /// <summary>Two tokens of a text are left behind its first layer, as token elimination makes it.</summary>
    public string Dropping()
    {
        Model model = ModelFolder.Load(Bert("whole")).Model;
        return Save(
            model with
            {
                Config = model.Config with
                {
                    Layers =
                    [
                        .. model.Config.Layers.Select(l =>
                            l with
                            {
                                Attention = l.Attention with { Keeps = 2 },
                            }
                        ),
                    ],
                },
            },
            "dropping"
        );
    }

    string Save(Model model, string name)
    {
        string folder = _folder[name];
        ModelFolder.Save(
            model,
            folder,
            new Dictionary<string, byte[]>
            {
                ["vocab.txt"] = System.Text.Encoding.UTF8.GetBytes(Vocabulary(Rows)),
            }
        );
        return folder;
    }

    /// <summary>An encoder that nobody fine-tuned.</summary>
    public string Bare()
    {
        string folder = Bert("bare"),
            weights = Path.Combine(folder, "model.safetensors");
        byte[] bytes = File.ReadAllBytes(weights);
        byte[] from = "\"classifier."u8.ToArray();
        for (int at; (at = bytes.AsSpan().IndexOf(from)) >= 0; )
        {
            bytes[at + 1] = (byte)'x';
        }

        File.WriteAllBytes(weights, bytes);
        return folder;
    }

    public string Write(string name, string content) => _folder.Write(name, content);

    public string Write(string name, byte[] content) => _folder.Write(name, content);

    public void Dispose() => _folder.Dispose();

    string From(string golden, string name, int vocabulary)
    {
        string folder = _folder[name];
        Directory.CreateDirectory(folder);
        foreach (string file in (ReadOnlySpan<string>)["config.json", "model.safetensors"])
        {
            File.Copy(Golden.Path("models", golden, file), Path.Combine(folder, file));
        }

        File.WriteAllText(Path.Combine(folder, "vocab.txt"), Vocabulary(vocabulary));
        return folder;
    }
}
