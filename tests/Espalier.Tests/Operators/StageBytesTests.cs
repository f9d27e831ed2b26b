using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Espalier.Checkpoints;
using Espalier.Data;
using Espalier.Kernels;
using Espalier.Models;
using Espalier.Models.Storage;
using Espalier.Operators;
using Espalier.Runs;
using Espalier.Tensors;
using Espalier.Tests.Goldens;
using Espalier.Tests.Models;

namespace Espalier.Tests.Operators;

/// <summary>
/// What operators gave, byte for byte, and the keys of their stages: a change that is to move no number is seen to move none.
/// Kernels with the same vectors and float products give the same bytes and stand for each other.
/// </summary>
[Trait("tier", "golden")]
public sealed class StageBytesTests
{
    static readonly string[] Pipelines =
    [
        "DEPLQ",
        "O(pool=mean)EP(heads=0.5,ffn=0.25,scope=model,logits=2,last=0.5)",
        "V(first=8)D(layers=1,embedding=0,last=0,temperature=2)Q",
        "E(training=two-stage,pool=mean,rate=10)D",
        "PE(pool=first)LQ",
    ];

    public static TheoryData<string> Kinds =>
        ["avx512", "avx2", "reference", "avx512-vnni+bf16", "reference+bf16"];

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Every_stage_has_the_bytes_that_were_recorded(string kind)
    {
        string name = kind.Split('+')[0];
        KernelFamily? family = KernelFamily.All.First(f => f.Name == name);
        family = kind == name ? family : family.Bf16;
        // Logarithms and powers are the system's library's, and another's may differ in the last bit.
        Assert.SkipUnless(
            OperatingSystem.IsLinux() && family is { IsSupported: true },
            $"recorded on Linux with {kind}"
        );
        string[] recorded = [.. Recorded("bytes.txt").Where(l => l.StartsWith(kind + " "))];
        Assert.NotEmpty(recorded);
        Assert.Equal(recorded, Made(family!).Select(m => $"{kind} {m.Pipeline} {m.Hash}"));
    }

    [Fact]
    public void Every_stage_has_the_key_that_was_recorded()
    {
        List<string> keys = [];
        foreach (string text in Pipelines)
        {
            Pipeline pipeline = Pipeline.Parse(text);
            Recipe recipe = new(pipeline, Toy.Data, "", Toy.Training);
            StageKey key = StageKey.Of(recipe, "avx2", "a model's hash", "a data set's");
            for (int i = 0; i < pipeline.Operators.Length; i++)
            {
                key = key.Then(pipeline.Operators[i]);
                keys.Add($"{pipeline.Prefix(i + 1)} {key.Hex}");
            }
        }

        Assert.Equal(Recorded("keys.txt"), keys.Distinct());
    }

    static string[] Recorded(string file) => File.ReadAllLines(Golden.Own("stages", file));

    static IEnumerable<(string Pipeline, string Hash)> Made(KernelFamily family)
    {
        using Workers workers = new(1);
        OperatorContext plain = Toy.Context(workers) with
        {
            Kernels = family,
            Training = Toy.Training with { Epochs = 1 },
        };
        Dictionary<string, Model> made = [];
        foreach (string text in Pipelines)
        {
            Pipeline pipeline = Pipeline.Parse(text);
            Model model = Toy.Model;
            for (int i = 0; i < pipeline.Operators.Length; i++)
            {
                string prefix = $"{pipeline.Prefix(i + 1)}";
                if (!made.TryGetValue(prefix, out Model? after))
                {
                    after = pipeline
                        .Operators[i]
                        .Apply(model, plain with { Task = plain.Task.With(model.Tokenizer!) });
                    made.Add(prefix, after);
                    yield return (prefix, HashOf(after, plain));
                }

                model = after;
            }
        }

        string folder = Directory.CreateTempSubdirectory("espalier").FullName,
            student = Path.Combine(folder, "student");
        ModelConfig small = Toy.Config with { Layers = [Toy.Config.Layers[0].With(2, 16)] };
        ModelFolder.Save(Toy.Make(small, seed: 8), student, Toy.Tokenizer.Files());
        Operator given = Pipeline.Parse($"D(student={student})").Operators[^1];
        yield return ("D(student=)", HashOf(given.Apply(Toy.Model, plain), plain));
        Directory.Delete(folder, recursive: true);
    }

    /// <summary>Of the folder; of a quantized model its answers, since how those weights are stored may change.</summary>
    static string HashOf(Model model, OperatorContext context)
    {
        if (model.Traits.Precision == Precision.Int8)
        {
            EncodedTask task = context.Task.With(model.Tokenizer!);
            Batch batch = task.Test.Take([.. Enumerable.Range(0, task.Test.Count)]);
            Tensor logits = new(batch.Count, model.Config.ExitCount * model.Config.Outputs);
            new Session(model, context.Workers, context.Kernels, 16).RunAllExits(batch, logits);
            byte[] bytes = MemoryMarshal.AsBytes(logits.Span).ToArray();
            return "answers " + Convert.ToHexStringLower(SHA256.HashData(bytes));
        }

        string folder = Directory.CreateTempSubdirectory("espalier").FullName,
            saved = Path.Combine(folder, "model");
        ModelFolder.Save(model, saved, model.Tokenizer!.Files());
        string hash = ContentHash.OfFolder(saved);
        Directory.Delete(folder, recursive: true);
        return hash;
    }
}
