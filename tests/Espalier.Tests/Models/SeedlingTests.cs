using System.Text.Json;
using Espalier.Checkpoints;
using Espalier.Cli;
using Espalier.Data;
using Espalier.Kernels;
using Espalier.Models;
using Espalier.Models.Storage;
using Espalier.Tensors;
using Espalier.Tests.Goldens;
using Espalier.Text;

namespace Espalier.Tests.Models;

/// <summary>The model that ships, against the real one it was made from.</summary>
public sealed class SeedlingTests
{
    static readonly string Folder = Path.Combine(Repository.Root, "models", "seedling");

    /// <summary>The original, where it is at hand; seedling has the same numbers for the same texts.</summary>
    static readonly string Original = Path.Combine(Golden.Root, "..", "models", "all-MiniLM-L6-v2");

    public static TheoryData<string> Models =>
        Directory.Exists(Original) ? ["seedling", "original"] : ["seedling"];

    [Fact]
    public void It_is_at_most_30_megabytes() =>
        Assert.InRange(Directory.GetFiles(Folder).Sum(f => new FileInfo(f).Length), 1, 30_000_000);

    [Theory]
    [MemberData(nameof(Models))]
    [Trait("tier", "golden")]
    public void Hidden_states_and_embeddings_are_those_of_transformers(string which)
    {
        string folder = which == "seedling" ? Folder : Original;
        Tokenizer tokenizer = Tokenizer.Load(folder);
        Model model = ModelFolder.Load(folder, new Answers(["a", "b"], false, new Rng(1))).Model;
        using SafetensorsFile golden = SafetensorsFile.Open(
            Golden.Path("real", "all-MiniLM-L6-v2.safetensors")
        );
        using Workers workers = new(2);
        Session session = new(model, workers, KernelFamily.Best, null);
        Tensor embeddings = golden.Read("embeddings");
        List<string> texts = [];
        int text = 0;
        foreach (string line in File.ReadLines(Golden.Path("real", "all-MiniLM-L6-v2.jsonl")))
        {
            using JsonDocument json = JsonDocument.Parse(line);
            if (json.RootElement.TryGetProperty("text", out JsonElement one))
            {
                texts.Add(one.GetString()!);
                Tensor state = Last(tokenizer.EncodeIds(texts[^1]));
                Close.To(Embedding(state), embeddings.Row(text), 2e-4, 0, $"embedding {text}");
                if (golden.Find($"last_hidden_state.{text}") is not null)
                {
                    Close.To(
                        state,
                        golden.Read($"last_hidden_state.{text}"),
                        2e-4,
                        0,
                        $"state {text}"
                    );
                }

                text++;
            }
        }

        Assert.Equal(embeddings.Rows, text);
        for (int pair = 0; golden.Find($"pair{pair}.last_hidden_state") is not null; pair++)
        {
            TokenIds both = tokenizer.EncodeIds(texts[2 * pair], texts[2 * pair + 1]);
            Assert.Equal(
                golden.ReadInt64($"pair{pair}.token_type_ids"),
                both.TypeIds.Select(t => (long)t)
            );
            Close.To(
                Last(both),
                golden.Read($"pair{pair}.last_hidden_state"),
                2e-4,
                0,
                $"pair {pair}"
            );
        }

        Tensor Last(TokenIds encoded)
        {
            Batch batch = new()
            {
                Ids = encoded.Ids,
                TypeIds = encoded.TypeIds,
                Starts = [0, encoded.Ids.Length],
            };
            Tensor? last = null;
            session.RunAllExits(
                batch,
                new Tensor(1, 2),
                (layer, state) =>
                    last = layer == model.Config.Layers.Count - 1 ? state.Clone() : last
            );
            return last!;
        }
    }

    [Fact]
    public void The_documented_command_makes_the_same_bytes()
    {
        Assert.SkipUnless(
            Directory.Exists(Shared),
            "The original model is not beside this checkout."
        );
        string output = Path.Combine(
            Directory.CreateTempSubdirectory("espalier").FullName,
            "seedling"
        );
        Terminal terminal = new(Stream.Null, new StringWriter(), new StringWriter());
        int code = Program.Run(
            [
                "trim",
                "--model",
                Shared,
                "--task",
                "sentiment",
                "--task",
                "banking77",
                "--first",
                "5000",
                "--output",
                output,
            ],
            terminal,
            TestContext.Current.CancellationToken
        );
        Assert.True(code == ExitCode.Ok, $"{terminal.Error}");
        foreach (string made in Directory.GetFiles(output))
        {
            Assert.Equal(
                ContentHash.OfFile(made),
                ContentHash.OfFile(Path.Combine(Folder, Path.GetFileName(made)))
            );
        }

        Directory.Delete(Path.GetDirectoryName(output)!, recursive: true);
    }

    static readonly string Shared = Path.Combine(
        Repository.Root,
        "..",
        "shared",
        "models",
        "all-MiniLM-L6-v2"
    );

    /// <summary>Mean over tokens, divided by its length.</summary>
    static float[] Embedding(Tensor state)
    {
        double[] mean = new double[state.Columns];
        for (int r = 0; r < state.Rows; r++)
        {
            for (int c = 0; c < mean.Length; c++)
            {
                mean[c] += state.Row(r)[c];
            }
        }

        double length = Math.Sqrt(mean.Sum(m => m * m));
        return [.. mean.Select(m => (float)(m / length))];
    }
}
