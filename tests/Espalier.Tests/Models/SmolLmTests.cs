using System.Text.Json;
using Espalier.Checkpoints;
using Espalier.Data;
using Espalier.Kernels;
using Espalier.Models;
using Espalier.Models.Storage;
using Espalier.Stored;
using Espalier.Tensors;
using Espalier.Tests.Goldens;

namespace Espalier.Tests.Models;

/// <summary>SmolLM2-135M from its GGUF file against transformers, where both are at hand.</summary>
[Trait("tier", "golden")]
[Trait("tier", "slow")]
[Collection("alone")]
public sealed class SmolLmTests
{
    // The reference, which may be forced, takes minutes for a model of this size and spreads codes to bytes.
    static readonly KernelFamily Fast = KernelFamily.All.First(k => k.IsSupported);

    static readonly string Shared =
        Environment.GetEnvironmentVariable("ESPALIER_SHARED")
        ?? Path.Combine(Repository.Root, "..", "shared");
    static readonly string Gguf = Path.Combine(
        Shared,
        "models",
        "SmolLM2-135M-Instruct",
        "SmolLM2-135M-Instruct.Q4_1.gguf"
    );

    [Fact]
    public void In_fp32_its_logits_and_greedy_words_are_those_of_transformers()
    {
        Model stored = Load();
        Model model = stored with { Parameters = stored.Parameters.Clone() };
        using Workers workers = new(2);
        LanguageSession session = new(new PackedModel(model, workers, Fast), workers);
        using SafetensorsFile numbers = SafetensorsFile.Open(Real("smollm2.safetensors"));
        foreach (var (prompt, ids, greedy) in Prompts())
        {
            Tensor logits = Logits(session, [.. ids, .. greedy[..^1]]);
            Close.To(
                logits.Row(ids.Length - 1),
                numbers.Read($"prompt{prompt}.last_logits").Span,
                2e-3,
                1e-4,
                $"logits behind prompt {prompt}"
            );
            long[] top = numbers.ReadInt64($"prompt{prompt}.top10.ids");
            Tensor values = numbers.Read($"prompt{prompt}.top10.values");
            for (int i = 0; i < values.Count; i++)
            {
                float ours = logits.Row(i / 10)[(int)top[i]];
                Assert.InRange(ours, values.Span[i] - 4e-3, values.Span[i] + 4e-3);
            }

            Assert.Equal(greedy, Best(logits, ids.Length - 1));
        }
    }

    [Fact]
    public void In_four_bits_it_takes_hardly_more_memory_than_its_file_and_says_nearly_the_same()
    {
        long before = GC.GetTotalMemory(forceFullCollection: true),
            file = new FileInfo(Gguf).Length;
        Model model = Load();
        Assert.Equal(211, model.Parameters.Names.Count(n => model.Parameters.Stored(n) is Blocks));
        using Workers workers = new(2);
        PackedModel packed = new(model, workers, Fast);
        long held = GC.GetTotalMemory(forceFullCollection: true) - before;
        LanguageSession session = new(packed, workers);
        Assert.InRange(packed.Bytes, 1, 1.15 * file);
        Assert.InRange(held, 0, 1.15 * file);
        int equal = 0,
            all = 0;
        foreach (var (_, ids, greedy) in Prompts())
        {
            int[] best = Best(Logits(session, [.. ids, .. greedy[..^1]]), ids.Length - 1);
            equal += best.Zip(greedy).Count(b => b.First == b.Second);
            all += greedy.Length;
        }

        Assert.InRange(equal, 0.85 * all, all);
        TestContext.Current.TestOutputHelper!.WriteLine(
            $"packed {packed.Bytes:N0}, held {held:N0} of {file:N0} bytes; {equal} of {all} words"
        );
    }

    static Model Load()
    {
        Assert.SkipUnless(
            File.Exists(Gguf),
            "SmolLM2 is not part of the repository; set ESPALIER_SHARED to a folder that has models/SmolLM2-135M-Instruct."
        );
        return ModelFolder.Load(Gguf, asStored: true).Model;
    }

    static string Real(string name) => Path.Combine(Shared, "golden", "real", name);

    static IEnumerable<(int Prompt, int[] Ids, int[] Greedy)> Prompts()
    {
        using JsonDocument facts = JsonDocument.Parse(File.ReadAllText(Real("smollm2.json")));
        int number = 0;
        foreach (JsonElement prompt in facts.RootElement.GetProperty("prompts").EnumerateArray())
        {
            yield return (number++, Ids(prompt, "ids"), Ids(prompt, "greedy_ids"));
        }
    }

    static int[] Ids(JsonElement prompt, string field) =>
        [.. prompt.GetProperty(field).EnumerateArray().Select(i => i.GetInt32())];

    static Tensor Logits(LanguageSession session, int[] ids)
    {
        Tensor all = new(ids.Length, session.Model.Config.Vocabulary);
        session.Score(
            new Batch
            {
                Ids = ids,
                TypeIds = new int[ids.Length],
                Starts = [0, ids.Length],
            },
            (row, logits) => logits.Span.CopyTo(all.Span[(row * all.Columns)..])
        );
        return all;
    }

    static int[] Best(Tensor logits, int from) =>
        [
            .. Enumerable
                .Range(from, logits.Rows - from)
                .Select(r => Array.IndexOf(logits.Row(r).ToArray(), logits.Row(r).ToArray().Max())),
        ];
}
