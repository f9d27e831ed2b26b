using System.Text.Json;
using Espalier.Tests.Checkpoints;
using Espalier.Tests.Models;

namespace Espalier.Tests.Cli;

/// <summary>What an exported folder says of its model.</summary>
[Trait("tier", "golden")]
public sealed class ModelCardTests : IDisposable
{
    readonly ToyWriter _toy = new();
    readonly TemporaryFolder _files = new();
    readonly string _test;

    public ModelCardTests() => _test = _files.Write("test.txt", ToyCorpus.Text(20, 3));

    public void Dispose()
    {
        _toy.Dispose();
        _files.Dispose();
    }

    string Card(string model, string output)
    {
        CommandLine
            .Run([
                "export",
                "--model",
                model,
                "--output",
                _files[output],
                "--tolerance",
                "10",
                "--test",
                _test,
            ])
            .Succeeds();
        return File.ReadAllText(Path.Combine(_files[output], "README.md"));
    }

    [Fact]
    public void An_exported_stage_says_what_its_run_measured_of_it()
    {
        JsonElement run = CommandLine
            .Run([
                "run",
                "Q(bits=8)",
                "--model",
                _toy.Folder,
                "--test",
                _test,
                "--max-length",
                "32",
                "--output",
                _files["run"],
                "--format",
                "json",
            ])
            .Succeeds()
            .Json;
        JsonElement last = run.GetProperty("stages").EnumerateArray().Last();

        string card = Card(
            Path.Combine(_files["run"], last.GetProperty("folder").GetString()!),
            "made"
        );

        double perplexity = last.GetProperty("curve")
            .EnumerateArray()
            .Single()
            .GetProperty("metrics")
            .EnumerateArray()
            .Single(m => m.GetProperty("metric").GetString() == "perplexity")
            .GetProperty("value")
            .GetDouble();
        Assert.Contains("## What was measured", card);
        Assert.Contains(
            FormattableString.Invariant(
                $"    - type: perplexity\n      value: {perplexity:0.####}\n"
            ),
            card
        );
        Assert.Contains("which Espalier does not know", card);
    }

    [Fact]
    public void The_licence_is_that_of_the_card_of_the_model_that_is_exported()
    {
        File.WriteAllText(
            Path.Combine(_toy.Folder, "README.md"),
            "---\nlanguage: en\nlicense: apache-2.0\n---\n# Toy\n"
        );
        string card = Card(_toy.Folder, "licensed");
        Assert.Contains("\nlicense: apache-2.0\n---\n", card);
        Assert.DoesNotContain("What was measured", card);
    }
}
