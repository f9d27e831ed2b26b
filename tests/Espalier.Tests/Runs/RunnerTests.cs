using System.Text.Json;
using Espalier.Analysis;
using Espalier.Checkpoints;
using Espalier.Kernels;
using Espalier.Measuring;
using Espalier.Models;
using Espalier.Runs;
using Espalier.Runs.Studies;
using Espalier.Tests.Runs.Studies;

namespace Espalier.Tests.Runs;

public sealed class RunnerTests : IDisposable
{
    readonly ToyStudy _toy = new();

    public void Dispose() => _toy.Dispose();

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void A_run_gives_the_same_bytes_whatever_the_threads(int threads)
    {
        StudyRecipe recipe = _toy.RunOf("DEPLQ");
        string[] first = _toy.MakeRun(recipe, _toy["first"]);
        Assert.Equal(6, first.Length);
        Assert.Equal(first, _toy.MakeRun(recipe, _toy["second"], threads: threads));
    }

    [Theory]
    [InlineData("O", 5)]
    [InlineData("D", 1)]
    [InlineData("DEP", 4)]
    public void A_run_that_was_interrupted_and_called_again_ends_with_the_same_bytes(
        string stage,
        int step
    )
    {
        StudyRecipe recipe = _toy.RunOf("DEPLQ");
        string folder = _toy["broken"];
        string[] whole = _toy.MakeRun(recipe, _toy["whole"]);
        using CancellationTokenSource stop = new();
        StopAt clock = new(stage, step, stop);
        StudyListener began = new() { Stage = (s, _) => clock.Begin($"{s.Pipeline}") };
        Assert.Throws<OperationCanceledException>(() =>
            _toy.MakeRun(recipe, folder, began, time: clock, stop: stop.Token)
        );
        Assert.False(File.Exists(Path.Combine(folder, RunFolder.JsonName)));
        string[] before = [.. ((string[])["O", "D", "DE", "DEP"]).TakeWhile(s => s != stage)];
        Assert.Equal(before.Length, ToyStudy.Shown(folder).Length);
        List<string> read = [];
        Assert.Equal(whole, _toy.MakeRun(recipe, folder, Reading(read)));
        Assert.Equal(before, read);
    }

    [Fact]
    public void A_stage_that_was_changed_on_disk_is_made_again()
    {
        StudyRecipe recipe = _toy.RunOf("L");
        string[] before = _toy.MakeRun(recipe, _toy["run"]);
        string weights = Path.Combine(
            Directory.GetDirectories(_toy["run"], "1-O-*")[0],
            WeightFiles.SingleName
        );
        Flips.Flip(weights, 8 * new FileInfo(weights).Length - 1);
        Assert.NotEqual(before, ToyStudy.Shown(_toy["run"]));
        Assert.Equal(before, _toy.MakeRun(recipe, _toy["run"]));
    }

    [Fact]
    public void A_run_without_its_store_reads_what_it_shows_and_one_without_what_it_shows_its_store()
    {
        StudyRecipe recipe = _toy.RunOf("EL");
        string[] whole = _toy.MakeRun(recipe, _toy["run"]);
        foreach (string pattern in (string[])[".store", "2-E-*"])
        {
            Directory.Delete(Directory.GetDirectories(_toy["run"], pattern)[0], recursive: true);
            List<string> read = [];
            Assert.Equal(whole, _toy.MakeRun(recipe, _toy["run"], Reading(read)));
            Assert.Equal(["O", "E", "EL"], read);
        }
    }

    [Fact]
    public void What_a_run_shows_takes_its_room_once()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "A file is written under another name here.");
        _toy.MakeRun(_toy.RunOf("L"), _toy["run"]);
        string[] shown = Directory.GetFiles(_toy["run"], "model.safetensors", Deep);
        string[] stored = Directory.GetFiles(RunFolder.StoreOf(_toy["run"]), "*", Deep);
        Flips.Flip(shown[0], 3);

        // O and L have the same weights: one file with three names.
        Assert.Equal(2, shown.Length);
        Assert.Equal(File.ReadAllBytes(shown[0]), File.ReadAllBytes(shown[1]));
        Assert.Contains(
            stored,
            s => File.ReadAllBytes(s).AsSpan().SequenceEqual(File.ReadAllBytes(shown[0]))
        );
    }

    [Fact]
    public void A_store_of_several_gives_a_run_what_a_study_made_and_keeps_what_the_run_made()
    {
        _toy.MakeRun(_toy.RunOf("E"), _toy["first"], store: _toy["store"]);
        List<string> read = [];
        string[] shared = _toy.MakeRun(
            _toy.RunOf("EL"),
            _toy["second"],
            Reading(read),
            store: _toy["store"]
        );
        Assert.Equal(["O", "E"], read);
        Assert.Equal(_toy.MakeRun(_toy.RunOf("EL"), _toy["alone"]), shared);
        Assert.False(Directory.Exists(RunFolder.StoreOf(_toy["second"])));
        var store = Espalier.Runs.Storage.Store.Open(_toy["store"]);
        Assert.Empty(
            Espalier
                .Runs.Storage.StoreGarbage.Unreachable(
                    store,
                    Espalier.Runs.Storage.StoreGarbage.Wanted(store)
                )
                .Files
        );
    }

    [Fact]
    public void Keys_depend_on_everything_that_decides_the_result_and_nothing_else()
    {
        StudyRecipe recipe = _toy.RunOf("DEPLQ");
        string Key(StudyRecipe r, string kernels = "avx2") => r.Plan(kernels).Stages[^1].Key.Hex;
        StudyRecipe Of(string pipeline) =>
            recipe with
            {
                Pipelines = _toy.RunOf(pipeline).Pipelines,
            };
        Espalier.Data.TaskData data = recipe.Tasks[0];
        Assert.Equal(
            Key(recipe),
            Key(
                recipe with
                {
                    Name = "other",
                    ModelFolder = Flips.Copy(_toy["toy"], _toy["moved"]),
                    Batches = [7],
                    Effort = Effort.Full,
                }
            )
        );
        string[] others =
        [
            Key(recipe, "reference"),
            Key(recipe with { Seeds = [2] }),
            Key(recipe with { MaxLength = 15 }),
            Key(recipe with { Training = recipe.Training with { Epochs = 3 } }),
            Key(Of("EDPLQ")),
            Key(Of("DEP(heads=1)LQ")),
            Key(recipe with { Tasks = [data with { Test = data.Training }] }),
        ];
        Assert.Equal(others.Length + 1, others.Append(Key(recipe)).Distinct().Count());
    }

    [Fact]
    public void A_folder_that_holds_something_else_is_not_written_into()
    {
        StudyRecipe recipe = _toy.RunOf("L");
        _toy.MakeRun(recipe, _toy["run"]);
        StageKey[] Keys(StudyRecipe of) =>
            [.. of.Plan(KernelFamily.Best.In("fp32").Name).Stages.Select(s => s.Key)];
        StageKey[] own = Keys(recipe),
            others = Keys(recipe with { Seeds = [9] });
        RunFolder.CheckFree(_toy["run"], own);
        string Refusal() =>
            Assert
                .Throws<InvalidDataException>(() => RunFolder.CheckFree(_toy["run"], others))
                .Message;
        Assert.Contains("--output", Refusal());

        // Nor is one whose first stage is still being made.
        foreach (string shown in Directory.GetDirectories(_toy["run"], "*-*-*"))
        {
            Directory.Delete(shown, recursive: true);
        }

        RunFolder.CheckFree(_toy["run"], own);
        Assert.Contains("--output", Refusal());
    }

    [Fact]
    public void A_measured_run_writes_one_document_and_one_curve_row_for_each_effort()
    {
        string folder = _toy["run"];
        using Runner runner = ToyStudy.OpenRun(_toy.RunOf("EQ"), folder);
        IReadOnlyList<MeasuredStage> measured = runner
            .Run(runner.Here(_toy.Turn), _toy.Turn, new StudyListener(), Token)
            .Stages;
        using JsonDocument json = JsonDocument.Parse(
            File.ReadAllBytes(Path.Combine(folder, RunFolder.JsonName))
        );
        JsonElement[] documents = [.. json.RootElement.GetProperty("stages").EnumerateArray()];
        Assert.Equal(
            ["O", "E", "EQ"],
            documents.Select(s => s.GetProperty("pipeline").GetString())
        );
        Measurement[] all =
        [
            .. documents
                .SelectMany(s => s.GetProperty("curve").EnumerateArray())
                .Select(m => Measurement.Read("run.json", m)),
        ];
        Assert.Equal(measured.Sum(s => s.Curve.Count), all.Length);
        Assert.All(
            all,
            m =>
                Assert.True(
                    m.MillisecondsPerExample!.Value > 0 && m.JoulesPerExample!.Value > 0,
                    m.Pipeline
                )
        );
        Assert.All(all, m => Assert.Equal(48, m.Examples));
        Assert.Single(all.Select(m => m.Sitting).Distinct());
        Assert.Equal(["E", "EQ"], all.Where(m => m.Effort == Effort.First).Select(m => m.Pipeline));
        Assert.All(
            all,
            m => Assert.Equal((m.Pipeline, m.Effort) == ("O", Effort.Full), m.SpeedUp is null)
        );

        // The toy's split has fewer than two hundred examples, so all are timed; all cost the same where padding is full.
        Assert.All(
            all.Where(m => m.AverageLayers is > 1 and < 2),
            m => Assert.Equal((48, false), (m.TimedExamples, m.Timed!.Alike))
        );
        Assert.All(
            all.Where(m => m.Effort == Effort.Full),
            m => Assert.Equal((40, true), (m.TimedExamples, m.Timed!.Alike))
        );
        AnswersAndCurvesAgree(folder, runner.Recipe.Data, all);
        Assert.Equal(
            all.Length + 1,
            File.ReadAllLines(Path.Combine(folder, RunFolder.CurveName)).Length
        );
        Assert.Equal("confidence:0.9", documents[2].GetProperty("row").GetString());
        Assert.True(
            all[^1].PackedBytes < all[0].PackedBytes,
            $"{all[^1].PackedBytes} against {all[0].PackedBytes}"
        );
    }

    /// <summary>Without any model: what was answered gives the qualities that were measured, and the curve holds them.</summary>
    static void AnswersAndCurvesAgree(string folder, Espalier.Data.TaskData data, Measurement[] all)
    {
        string file = Path.Combine(folder, RunFolder.AnswersName);
        StoredAnswers answers = StoredAnswers.Read(file, File.ReadAllBytes(file));
        Assert.Equal(data.ContentHash(), answers.DataSha256);
        Assert.Equal(data.Test.Examples.Select(e => e.Label!.Value), answers.TrueClasses());
        IReadOnlyList<Measurement> curves = MeasurementFiles.ReadCurves(folder);
        Assert.All(curves, p => Assert.Null(p.MillisecondsPerExample));
        foreach (Measurement m in all)
        {
            Assert.Equal(
                m.Metrics[0].Value!.Value,
                answers.RightAt(m.Pipeline, m.Effort).Average(right => right ? 1.0 : 0),
                1e-12
            );
            int shift = m.Pipeline == "O" ? 2 : 1;
            Assert.Equal(
                m.AverageLayers,
                answers.ExitsAt(m.Pipeline, m.Effort).Average(exit => exit + shift),
                1e-12
            );
            Measurement point = Assert.Single(
                curves,
                p => p.Pipeline == m.Pipeline && p.Effort == m.Effort
            );
            Assert.Equal(
                (m.Metrics[0], m.AverageLayers, m.AverageMultiplyAdds),
                (point.Metrics[0], point.AverageLayers, point.AverageMultiplyAdds)
            );
        }

        Assert.True(curves.Count(p => p.Pipeline == "E") > MeasuringOptions.DensePoints);
    }

    static EnumerationOptions Deep => new() { RecurseSubdirectories = true, AttributesToSkip = 0 };

    static StudyListener Reading(List<string> read) =>
        new()
        {
            Stage = (stage, state) =>
            {
                if (state == StageState.Found)
                {
                    read.Add($"{stage.Pipeline}");
                }
            },
        };

    static CancellationToken Token => TestContext.Current.CancellationToken;
}
