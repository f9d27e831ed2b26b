using System.Text.Json.Nodes;
using Espalier.Kernels;
using Espalier.Models.Storage;
using Espalier.Runs;
using Espalier.Runs.Studies;
using Espalier.Tests.Goldens;
using Espalier.Tests.Runs.Studies;

namespace Espalier.Tests.Runs;

/// <summary>
/// A run folder of the version before runs had stores, interrupted in its third stage; and the document that the same version
/// ended with where nothing interrupted it. Both of EPLQ with the reference kernels.
/// </summary>
[Trait("tier", "golden")]
public sealed class OldRunTests : IDisposable
{
    static readonly KernelFamily Reference = KernelFamily.All.First(k => k.Name == "reference");

    // What a day, a machine or a call makes: compared by its kind alone.
    static readonly string[] Varying =
    [
        "seconds",
        "speed_up",
        "speed_up_over_previous",
        "sitting",
        "sitting_load",
        "machine",
        "energy_source",
        "passes",
        "milliseconds_per_example",
        "core_seconds_per_example",
        "joules_per_example",
        "peak_memory",
        // That version's classifiers went through their last layer with all rows.
        "average_multiply_adds",
    ];

    readonly ToyStudy _toy = new();
    readonly string _folder;

    public OldRunTests()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "recorded on Linux");
        _folder = Flips.Copy(Golden.Own("oldrun", "broken"), _toy["run"]);
    }

    public void Dispose() => _toy.Dispose();

    [Fact]
    public void A_run_that_an_earlier_version_began_goes_on_to_the_stages_and_the_document_of_that_version()
    {
        List<string> told = [];
        using Runner runner = ToyStudy.OpenRun(_toy.RunOf("EPLQ"), _folder, Reference, threads: 1);
        runner.Run(
            runner.Here(_toy.Turn),
            _toy.Turn,
            new StudyListener
            {
                Note = told.Add,
                Stage = (stage, state) => told.Add($"{stage.Pipeline} {state}"),
                Training = (stage, p) => told.Add($"{stage.Pipeline} step {p.Step}"),
            },
            TestContext.Current.CancellationToken
        );
        Assert.Equal(["O Found", "E Found"], told.Take(2));
        Assert.Contains("EP Began", told);
        Assert.DoesNotContain("EP step 1", told); // it goes on where it was
        Assert.Empty(Directory.GetDirectories(_folder, "unfinished*"));
        Assert.Equal(
            File.ReadAllLines(Golden.Own("oldrun", "stages.txt")),
            ToyStudy.Shown(_folder)
        );
        JsonNode was = Document(Golden.Own("oldrun", "run.json")),
            now = Document(Path.Combine(_folder, RunFolder.JsonName));
        string[] different = [.. Different("", was, now)];
        Assert.True(different.Length == 0, string.Join('\n', different.Take(20)));
    }

    [Fact]
    public void The_models_of_an_earlier_version_are_shown_as_they_were_and_load()
    {
        string[] before = ToyStudy.Shown(_folder);
        _toy.MakeRun(_toy.RunOf("E"), _folder, kernels: Reference);
        Assert.Equal(before, ToyStudy.Shown(_folder));
        Assert.All(
            Directory.GetDirectories(_folder, "?-*"),
            d => Assert.Equal(2, ModelFolder.Load(d).Model.Config.Layers.Count)
        );
    }

    static JsonNode Document(string path) => JsonNode.Parse(File.ReadAllBytes(path))!;

    /// <summary>Where two documents differ in what no day changes: fields, their order, their values.</summary>
    static IEnumerable<string> Different(string where, JsonNode? was, JsonNode? now)
    {
        if (was is JsonObject a && now is JsonObject b)
        {
            string[] names = [.. a.Select(f => f.Key)],
                others = [.. b.Select(f => f.Key)];
            return !names.SequenceEqual(others)
                ? [$"{where}: {string.Join(' ', names)} became {string.Join(' ', others)}"]
                : names
                    .Where(n => !Varying.Contains(n))
                    .SelectMany(n => Different($"{where}.{n}", a[n], b[n]));
        }

        return was is JsonArray list && now is JsonArray other && list.Count == other.Count
                ? list.SelectMany((item, i) => Different($"{where}[{i}]", item, other[i]))
            : JsonNode.DeepEquals(was, now) ? []
            : [$"{where}: {was} became {now}"];
    }
}
