using System.Collections.Concurrent;
using Espalier.Checkpoints;
using Espalier.Kernels;
using Espalier.Measuring;
using Espalier.Models;
using Espalier.Models.Storage;
using Espalier.Runs.Storage;
using Espalier.Runs.Studies;
using Espalier.Tests.Models;

namespace Espalier.Tests.Runs.Studies;

/// <summary>Studies of the toy model in this process.</summary>
public sealed class StudyTests : IDisposable
{
    readonly ToyStudy _toy = new();

    public void Dispose() => _toy.Dispose();

    [Fact]
    public void A_study_makes_each_stage_once_and_measures_every_pipeline_at_its_efforts()
    {
        Study study = _toy.Open(_toy.Write("""["DEPLQ",{"orders":"EP","then":["","Q"]}]"""));
        ConcurrentBag<string> made = [];
        StudyOutcome outcome = _toy.Run(study, Making(made));
        Assert.Empty(outcome.Failures);
        Assert.Equal(
            study.Plan.Stages.Select(s => $"{s.Pipeline}/{s.Recipe.Seed}").Order(),
            made.Order()
        );
        Assert.Equal(
            ["DEPLQ", "EP", "EPQ", "O", "PE", "PEQ"],
            outcome.Measurements.Select(m => m.Pipeline).Distinct().Order()
        );
        Assert.Equal([1UL, 2UL], outcome.Measurements.Select(m => m.Seeds[0]).Distinct());
        Assert.All(
            outcome
                .Measurements.Where(m => m.Pipeline != "O")
                .GroupBy(m => (m.Pipeline, m.Seeds[0])),
            curve => Assert.Contains(curve, m => $"{m.Effort}" == "confidence:0.9")
        );

        // The store gives the same without a model, and a second call has nothing to do.
        Assert.Equal(Json(outcome.Measurements), Json(ToyStudy.Measured(study)));
        made.Clear();
        Assert.Equal(Json(outcome.Measurements), Json(_toy.Run(study, Making(made)).Measurements));
        Assert.Empty(made);
    }

    [Fact]
    public void A_list_of_efforts_is_measured_by_every_seed_and_pipeline_with_exits()
    {
        string recipe = _toy.Write("""["DE","EP"]""");
        File.WriteAllText(
            recipe,
            File.ReadAllText(recipe)
                .Replace("\"efforts\":3", "\"efforts\":[\"confidence:0.7\",\"patience:1\"]")
        );
        StudyOutcome outcome = _toy.Run(_toy.Open(recipe));
        var curves = outcome
            .Measurements.Where(m => m.Pipeline != "O")
            .GroupBy(m => (m.Pipeline, m.Seeds[0]))
            .ToArray();
        Assert.Equal(4, curves.Length);
        Assert.All(
            curves,
            curve =>
                Assert.Equal(
                    ["confidence:0.7", "confidence:0.9", "exit:1", "full", "patience:1"],
                    curve.Select(m => $"{m.Effort}").Order(StringComparer.Ordinal)
                )
        );
    }

    [Fact]
    public void Dynamic_length_adds_no_weights_and_quantization_its_own()
    {
        Study study = _toy.Open(_toy.Write("""["DLQ"]""", "[1]"));
        _toy.Run(study);
        string[] weights =
        [
            .. study
                .Store.Actions()
                .Where(a => a.Kind == ActionKind.Stage)
                .Select(a => a.Files.Single(f => f.Name == WeightFiles.SingleName).Sha256),
        ];
        Assert.Equal(4, weights.Length);
        Assert.Equal(3, weights.Distinct().Count());
        StoredAction last = study.Store.TryRead(study.Plan.Stages[^1].Key)!;
        Model model = ModelFolder.Load(study.Store.ModelFolder(last)).Model;
        Assert.Equal(new Traits(Precision.Int8, DynamicLength: true), model.Traits);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public void Results_do_not_depend_on_how_many_stages_train_at_once(int jobs)
    {
        string recipe = _toy.Write("""["DEP","EQ"]""");
        Study first = _toy.Open(recipe, "first"),
            second = _toy.Open(recipe, "second");
        _toy.Run(first, jobs: 2);
        _toy.Run(second, jobs: jobs);
        Assert.Equal(ToyStudy.Results(first), ToyStudy.Results(second));
    }

    [Fact]
    public void A_training_that_diverges_fails_with_what_builds_on_it_and_the_rest_goes_on()
    {
        Model huge = Toy.Make(Toy.Config with { Layers = [Toy.Config.Layers[0]] });
        huge.Parameters[Part.Word.Weight].Span.Fill(3e38f);
        huge.Parameters[Part.Position.Weight].Span.Fill(3e38f);
        ModelFolder.Save(huge, _toy["huge"], Toy.Tokenizer.Files());
        Study study = _toy.Open(_toy.Write("""["D(student=huge)EQ","PQ"]""", "[1]"));
        StudyOutcome outcome = _toy.Run(study);
        Assert.Equal(3, outcome.Failures.Count);
        Assert.All(
            outcome.Failures,
            f => Assert.True(f.Diverged && f.Why.Contains("Training stopped"), f.Why)
        );
        Assert.Equal(["O", "PQ"], outcome.Measurements.Select(m => m.Pipeline).Distinct());

        // Where the reason says that the state is kept, it is.
        string kept = study.Store.Checkpoint(outcome.Failures[0].Stage.Key).Folder;
        Assert.Contains($"The state before this step is kept in {kept}.", outcome.Failures[0].Why);
        Assert.NotEmpty(Directory.GetFiles(kept));

        // It would diverge again, so it is not tried again, until its record is collected.
        ConcurrentBag<string> made = [];
        Assert.Equal(3, _toy.Run(study, Making(made)).Failures.Count);
        Assert.Empty(made);
    }

    [Fact]
    public void A_damaged_stage_is_made_again_with_the_same_bytes()
    {
        Study study = _toy.Open(_toy.Write("""["DE"]""", "[1]"));
        _toy.Run(study);
        string[] before = ToyStudy.Results(study);
        StoredAction stage = study.Store.TryRead(study.Plan.Stages[1].Key)!;
        string path = study.Store.Blobs.PathOf(
            stage.Files.Single(f => f.Name == WeightFiles.SingleName).Sha256
        );
        Flip(path);
        string problem = Assert.Single(StoreCare.Verify(study.Store, null, Token));
        Assert.Contains(path, problem);
        ConcurrentBag<string> made = [];
        Study again = _toy.Open(_toy["recipe.json"]);
        _toy.Run(again, Making(made));
        Assert.Equal(["D/1"], made);
        Assert.Equal(before, ToyStudy.Results(again));
        Assert.Empty(StoreCare.Verify(again.Store, null, Token));
    }

    [Fact]
    public void Verify_finds_a_flipped_byte_wherever_it_is()
    {
        Study study = _toy.Open(_toy.Write("""["L"]""", "[1]"));
        _toy.Run(study);
        string[] files =
        [
            .. ((string[])["actions", "blobs", "studies"]).SelectMany(f =>
                Directory.EnumerateFiles(
                    Path.Combine(study.Store.Folder, f),
                    "*",
                    SearchOption.AllDirectories
                )
            ),
        ];
        Assert.True(files.Length > 8, $"{files.Length} files");
        foreach (string file in files)
        {
            Flip(file);
            IReadOnlyList<string> problems = StoreCare.Verify(study.Store, null, Token);
            Assert.True(
                problems.Any(p => p.Contains(file)),
                $"{file}: {string.Join('\n', problems)}"
            );
            Flip(file);
        }

        Assert.Empty(StoreCare.Verify(study.Store, null, Token));
    }

    [Fact]
    public void Garbage_is_what_no_study_reaches_and_nothing_else()
    {
        Study study = _toy.Open(_toy.Write("""["DL","PQ"]""", "[1]"));
        _toy.Run(study);
        Assert.Empty(Garbage(study.Store).Files);
        string[] whole = ToyStudy.Results(study);

        // What a killed process leaves, and a recipe that asks for less.
        File.WriteAllText(Path.Combine(study.Store.Folder, "actions", ".espalier-7-0.tmp"), "half");
        Directory.CreateDirectory(Path.Combine(study.Store.Folder, "tmp", "x"));
        File.WriteAllText(Path.Combine(study.Store.Folder, "tmp", "x", "half"), "half");
        Study less = _toy.Open(_toy.Write("""["DL"]""", "[1]"));
        _toy.Run(less);
        Garbage found = Garbage(study.Store);
        StoredAction gone = study.Store.TryRead(study.Plan.Stages[^1].Key)!;
        Assert.Contains($"actions{Path.DirectorySeparatorChar}{gone.Key}.json", found.Files);
        StoreGarbage.Remove(study.Store, () => Garbage(study.Store), _ => { });
        Assert.Empty(Garbage(study.Store).Files);
        Assert.Null(study.Store.TryRead(study.Plan.Stages[^1].Key));
        Assert.DoesNotContain(
            gone.Files.Single(f => f.Name == WeightFiles.SingleName).Sha256,
            study.Store.Blobs.All()
        );
        Assert.Equal("vocab.txt", gone.Files[^1].Name);
        Assert.Contains(gone.Files[^1].Sha256, study.Store.Blobs.All());
        Assert.Empty(StoreCare.Verify(study.Store, null, Token));
        ConcurrentBag<string> made = [];
        _toy.Run(less, Making(made));
        Assert.Empty(made);

        // And what was collected is made again as it was.
        Study more = _toy.Open(_toy.Write("""["DL","PQ"]""", "[1]"));
        _toy.Run(more, Making(made));
        Assert.Equal(["P/1", "PQ/1"], made.Order());
        Assert.Equal(whole, ToyStudy.Results(more));
    }

    [Fact]
    public void What_another_kind_of_machine_trained_for_a_study_is_no_garbage()
    {
        KernelFamily? other = KernelFamily.All.LastOrDefault(k =>
            k.IsSupported && k != KernelFamily.Best
        );
        Assert.SkipWhen(other is null, "This machine has one family of kernels only.");
        string recipe = _toy.Write("""["L"]""", "[1]");
        Study here = _toy.Open(recipe),
            there = _toy.Open(recipe, kernels: other);
        Assert.NotEqual(here.Plan.Stages[0].Key, there.Plan.Stages[0].Key);
        _toy.Run(here);
        _toy.Run(there);
        Assert.Equal(
            ["recipe", "recipe"],
            StudyRecord.All(here.Store).Select(r => r.Name).ToArray()
        );
        Assert.Empty(Garbage(here.Store).Files);
    }

    [Fact]
    public void A_record_without_kernels_keeps_what_it_names()
    {
        string key = new('a', 64);
        Store store = Store.Open(_toy["store"]);
        Directory.CreateDirectory(Path.Combine(store.Folder, "studies"));
        File.WriteAllText(
            Path.Combine(store.Folder, "studies", "old.json"),
            $$"""{"version":1,"name":"old","stages":["{{key}}"]}"""
        );
        StudyRecord old = Assert.Single(StudyRecord.All(store));
        Assert.Equal("old", old.Name);
        Assert.Equal([key], old.Keys);
        Assert.False(old.HasHash);
    }

    [Fact]
    public void A_models_folder_is_whole_for_everyone_whoever_makes_it_at_the_same_time()
    {
        Study study = _toy.Open(_toy.Write("""["L"]""", "[1]"));
        _toy.Run(study);
        StoredAction stage = study.Store.TryRead(study.Plan.Stages[0].Key)!;
        for (int round = 0; round < 100; round++)
        {
            Directory.Delete(study.Store.ModelFolder(stage), recursive: true);
            ConcurrentBag<string> missing = [];
            Parallel.For(
                0,
                4,
                new ParallelOptions { MaxDegreeOfParallelism = 4 },
                _ =>
                {
                    string folder = study.Store.ModelFolder(stage);
                    foreach (StoredFile file in stage.Files)
                    {
                        if (!File.Exists(Path.Combine(folder, file.Name)))
                        {
                            missing.Add(file.Name);
                        }
                    }
                }
            );
            Assert.Empty(missing);
        }
    }

    [Fact]
    public void A_store_in_use_is_not_cleaned()
    {
        Store store = Store.Open(_toy["store"]);
        using IDisposable use = FileLock.Try(store.UseLock, shared: true)!;
        string why = Assert
            .Throws<InvalidDataException>(() =>
                StoreGarbage.Remove(store, () => Garbage(store), _ => { })
            )
            .Message;
        Assert.Contains("in use", why);
    }

    static Garbage Garbage(Store store) =>
        StoreGarbage.Unreachable(store, StoreGarbage.Wanted(store));

    static StudyListener Making(ConcurrentBag<string> made) =>
        new()
        {
            Stage = (stage, state) =>
            {
                if (state == StageState.Began)
                {
                    made.Add($"{stage.Pipeline}/{stage.Recipe.Seed}");
                }
            },
        };

    static string Json(IReadOnlyList<Measurement> measurements) =>
        System.Text.Encoding.UTF8.GetString(StudyResults.Json(measurements));

    static void Flip(string path)
    {
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }

        byte[] bytes = File.ReadAllBytes(path);
        bytes[bytes.Length / 2] ^= 1;
        File.WriteAllBytes(path, bytes);
    }

    static CancellationToken Token => TestContext.Current.CancellationToken;
}
