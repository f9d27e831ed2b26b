using System.Text;
using System.Text.Json;
using Espalier.Answering;
using Espalier.Data;
using Espalier.Models;
using Espalier.Tests.Checkpoints;
using Espalier.Tests.House;
using Espalier.Tests.Models;

namespace Espalier.Tests.Cli;

/// <summary>Pages that lead a user somewhere, typed as they stand.</summary>
[Trait("tier", "slow")]
public sealed class JourneyTests : IDisposable
{
    const int Train = 320;
    const int Test = 100;

    static readonly string[] Words = ["bad", "good"];

    readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task From_a_run_to_a_service_every_reader_answers_as_the_model_does()
    {
        TaskData data = Tasks.Load("sentiment");
        string[] texts = Table("test.csv", Spread(data.Test.Examples, Test));
        Table("train.csv", Spread(data.Training.Examples, Train));
        await using TypedPage page = new(_folder.Path);

        IReadOnlyList<string> said = await page.Walk("docs/from-run-to-service.md");

        string[] stages =
        [
            .. Directory.EnumerateDirectories(_folder["runs/reviews"], "?-*").Order(),
        ];
        Assert.Equal(4, stages.Length);
        using Classifier model = Classifier.Load(stages[^1]);
        Assert.True(model.Config.HasExits);
        Assert.True(
            model.Config.Layers.DistinctBy(l => (l.Attention.Heads, l.Mlp.Width)).Count() > 1,
            "the layers are even"
        );
        string[] asked = ["What a lovely day.", "Never again."];
        Effort effort = Effort.Parse("confidence:0.9");
        IReadOnlyList<Prediction> ours = model.PredictMany(asked, effort);
        string whole = string.Join('\n', said);
        Assert.Contains($"{Test} of {Test}", whole);

        // transformers.js, curl, and OpenAI's client, in the order of the page.
        foreach (string answer in (ReadOnlySpan<string>)[said[^3], said[^2], said[^1]])
        {
            int at = 0;
            foreach (Prediction one in ours)
            {
                at = answer.IndexOf(one.Label!, at, StringComparison.Ordinal) + 1;
                Assert.True(at > 0, $"'{one.Label}' was expected: {answer}");
            }
        }

        Assert.Equal(
            ours.Select(o => o.Exit + 1),
            JsonDocument
                .Parse(said[^2])
                .RootElement.GetProperty("data")
                .EnumerateArray()
                .Select(d => d.GetProperty("exit").GetInt32())
        );
        Assert.EndsWith($"{model.Config.Hidden}\n", said[^1]);

        // What the README types: the same graph, the same server.
        Prediction never = model.Predict("Never again.", effort: effort);
        string[] readers = [.. ReadmeCommandTests.Commands.Where(c => c.StartsWith("node "))];
        Assert.Equal(2, readers.Length);
        foreach (string reader in readers)
        {
            Assert.Contains(
                $"'{never.Label}'",
                await page.Type(reader.Replace("./early", "./reviews-onnx"))
            );
        }

        // A hundred texts, also of the stage before in fp32.
        await page.Type(
            "espalier export --model runs/reviews/3-* --exits outputs --output whole --test test.csv --text review --label label"
        );
        _folder.Write("texts.json", JsonSerializer.Serialize(texts));
        _folder.Write(
            "labels.mjs",
            File.ReadAllText(Checkout.Full("tests/Espalier.Tests/Cli/labels.mjs"))
        );
        JsonElement[] labels =
        [
            .. JsonDocument
                .Parse(await page.Type("node labels.mjs texts.json ./reviews-onnx:q8 ./whole:fp32"))
                .RootElement.EnumerateArray(),
        ];
        using Classifier before = Classifier.Load(stages[^2]);
        foreach (string form in (ReadOnlySpan<string>)["alone", "padded"])
        {
            Assert.Equal(
                model.PredictMany(texts, effort).Select(p => p.Label),
                labels[0].GetProperty(form).EnumerateArray().Select(l => l.GetString())
            );
            Assert.Equal(
                before.PredictMany(texts).Select(p => p.Label),
                labels[1].GetProperty(form).EnumerateArray().Select(l => l.GetString())
            );
        }

        Assert.Equal(2, before.PredictMany(texts).Select(p => p.Label).Distinct().Count());
    }

    [Fact]
    public async Task The_journeys_lead_where_they_say()
    {
        using ToyModels toys = new();
        using ToyWriter writer = new();
        Directory.Move(toys.Bert(), _folder["my-model"]);
        Directory.Move(writer.Folder, _folder["my-writer"]);
        Table("train.csv", [.. Enumerable.Range(0, 64).Select(Made)]);
        Table("test.csv", [.. Enumerable.Range(64, 12).Select(Made)]);
        _folder.Write("test.txt", ToyCorpus.Text(20, 3));
        await using TypedPage page = new(_folder.Path);

        await page.Walk("docs/journeys.md");

        Assert.True(File.Exists(_folder["runs/study/report.html"]));
        Assert.True(File.Exists(_folder["runs/budget/plan.json"]));
        Assert.True(File.Exists(_folder["my-writer.q8.gguf"]));

        static Example Made(int i) =>
            new($"the {Words[i % 2]} . {(char)('a' + i % 26)}", Label: i % 2);
    }

    static Example[] Spread(IReadOnlyList<Example> all, int count) =>
        [.. Enumerable.Range(0, count).Select(i => all[(int)((long)i * all.Count / count)])];

    /// <summary>Writes texts and labels as a user has them.</summary>
    string[] Table(string name, IReadOnlyList<Example> examples)
    {
        StringBuilder table = new("review,label\n");
        foreach (Example example in examples)
        {
            table.Append(
                $"\"{example.Text.Replace("\"", "\"\"")}\",{Words[example.Label!.Value]}\n"
            );
        }

        _folder.Write(name, table.ToString());
        return [.. examples.Select(e => e.Text)];
    }
}
