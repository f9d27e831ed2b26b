using System.Text.Json;
using Espalier.Analysis;
using Espalier.Checkpoints;
using Espalier.Kernels;
using Espalier.Measuring;
using Espalier.Models;
using Espalier.Models.Storage;
using Espalier.Operators;
using Espalier.Runs;
using Espalier.Tests.Models;

namespace Espalier.Tests.Runs;

public sealed class RunnerTests : IDisposable
{
    readonly string _folder = Directory.CreateTempSubdirectory("espalier").FullName;
    readonly string _model;

    public RunnerTests()
    {
        _model = Path.Combine(_folder, "toy");
        ModelFolder.Save(Toy.Model, _model, Toy.Tokenizer.Files());
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void A_run_gives_the_same_bytes_whatever_the_threads(int threads)
    {
        string[] first = Weights(Run(Recipe("DEPLQ"), "first", 2, Token));
        Assert.Equal(first, Weights(Run(Recipe("DEPLQ"), "second", threads, Token)));
    }

    [Theory]
    [InlineData("O", 5)]
    [InlineData("D", 1)]
    [InlineData("DEP", 9)]
    public void A_run_that_was_interrupted_and_called_again_ends_with_the_same_bytes(
        string stage,
        int step
    )
    {
        string[] whole = Weights(Run(Recipe("DEPLQ"), "whole", 2, Token));
        using CancellationTokenSource stop = new();
        Assert.Throws<OperationCanceledException>(() =>
            Run(Recipe("DEPLQ"), "broken", 2, new StopAt(stage, step, stop), stop.Token)
        );
        Assert.False(File.Exists(Path.Combine(_folder, "broken", RunFolder.JsonName)));
        List<string> read = [];
        RunListener listener = new()
        {
            Stage = (name, done) =>
            {
                if (done)
                {
                    read.Add(name);
                }
            },
        };
        Assert.Equal(whole, Weights(Run(Recipe("DEPLQ"), "broken", 2, Token, listener)));
        Assert.Equal(((string[])["O", "D", "DE", "DEP"]).TakeWhile(s => s != stage), read);
        Assert.DoesNotContain(
            Directory.GetDirectories(Path.Combine(_folder, "broken")),
            d => d.Contains("unfinished")
        );
    }

    [Fact]
    public void A_stage_that_was_changed_on_disk_is_made_again()
    {
        IReadOnlyList<Stage> stages = Run(Recipe("L"), "run", 1, Token);
        string[] before = Weights(stages);
        string weights = Path.Combine(stages[0].Folder, WeightFiles.SingleName);
        byte[] bytes = File.ReadAllBytes(weights);
        bytes[^1] ^= 1;
        File.WriteAllBytes(weights, bytes);
        Assert.Equal(before, Weights(Run(Recipe("L"), "run", 1, Token)));
    }

    [Fact]
    public void Keys_depend_on_everything_that_decides_the_result_and_nothing_else()
    {
        Recipe recipe = Recipe("DEPLQ");
        string Key(Recipe r, string kernels = "avx2") => r.Keys(kernels)[^1].Hex;
        string moved = Path.Combine(_folder, "moved");
        Directory.CreateDirectory(moved);
        foreach (string file in Directory.GetFiles(_model))
        {
            File.Copy(file, Path.Combine(moved, Path.GetFileName(file)));
        }

        Assert.Equal(
            Key(recipe),
            Key(recipe with { ModelFolder = moved, BatchSize = 7, Effort = Effort.Full })
        );
        string[] others =
        [
            Key(recipe, "reference"),
            Key(recipe with { Seed = 2 }),
            Key(recipe with { MaxLength = 15 }),
            Key(recipe with { Training = recipe.Training with { Epochs = 3 } }),
            Key(recipe with { Pipeline = Pipeline.Parse("EDPLQ") }),
            Key(recipe with { Pipeline = Pipeline.Parse("DEP(heads=1)LQ") }),
            Key(recipe with { Data = recipe.Data with { Test = recipe.Data.Training } }),
        ];
        Assert.Equal(others.Length + 1, others.Append(Key(recipe)).Distinct().Count());
    }

    [Fact]
    public void A_folder_that_holds_something_else_is_not_written_into()
    {
        Recipe recipe = Recipe("L");
        string folder = Path.Combine(_folder, "run");
        Run(recipe, "run", 1, Token);
        RunFolder.CheckFree(folder, recipe.Keys(KernelFamily.Best.Name));
        string message = Assert
            .Throws<InvalidDataException>(() =>
                RunFolder.CheckFree(folder, (recipe with { Seed = 9 }).Keys(KernelFamily.Best.Name))
            )
            .Message;
        Assert.Contains("--output", message);
    }

    [Fact]
    public void A_measured_run_writes_one_document_and_one_curve_row_for_each_effort()
    {
        using Workers workers = new(2);
        Recipe recipe = Recipe("EQ");
        IReadOnlyList<Stage> stages = Run(recipe, "run", 2, Token);
        MeasuredStages both = new StageMeasuring(
            workers,
            KernelFamily.Best,
            Machine.Here(KernelFamily.Best, 2),
            TimeProvider.System
        ).Measure(recipe, stages, new RunListener(), Token);
        string folder = Path.Combine(_folder, "run");
        RunFolder.Write(folder, recipe, KernelFamily.Best.Name, both);
        IReadOnlyList<MeasuredStage> measured = both.Stages;
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
        AnswersAndCurvesAgree(folder, all);
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
    static void AnswersAndCurvesAgree(string folder, Measurement[] all)
    {
        string file = Path.Combine(folder, RunFolder.AnswersName);
        StoredAnswers answers = StoredAnswers.Read(file, File.ReadAllBytes(file));
        Assert.Equal(Toy.Data.ContentHash(), answers.DataSha256);
        Assert.Equal(Toy.Data.Test.Examples.Select(e => e.Label!.Value), answers.TrueClasses());
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

        Assert.True(curves.Count(p => p.Pipeline == "E") > StageMeasuring.DensePoints);
    }

    static CancellationToken Token => TestContext.Current.CancellationToken;

    Recipe Recipe(string pipeline) =>
        new(Pipeline.Parse(pipeline), Toy.Data, _model, Toy.Training) { MaxLength = 16 };

    IReadOnlyList<Stage> Run(
        Recipe recipe,
        string folder,
        int threads,
        CancellationToken stop,
        RunListener? listener = null
    )
    {
        using Workers workers = new(threads);
        return new Runner(workers, KernelFamily.Best, TimeProvider.System).Run(
            recipe,
            Path.Combine(_folder, folder),
            listener ?? new RunListener(),
            stop
        );
    }

    IReadOnlyList<Stage> Run(
        Recipe recipe,
        string folder,
        int threads,
        StopAt at,
        CancellationToken stop
    )
    {
        using Workers workers = new(threads);
        return new Runner(workers, KernelFamily.Best, at).Run(
            recipe,
            Path.Combine(_folder, folder),
            new RunListener { Stage = (name, _) => at.Begin(name), Training = (_, _) => { } },
            stop
        );
    }

    static string[] Weights(IReadOnlyList<Stage> stages) =>
        [.. stages.Select(s => ContentHash.OfFolder(s.Folder))];
}
