using Espalier.Cli;
using Espalier.Runs;
using Espalier.Runs.Storage;
using Espalier.Runs.Studies;
using Espalier.Tests.Cli;

namespace Espalier.Tests.Runs.Studies;

/// <summary>Stages made from their keys and the store alone, as on the nodes of a cluster.</summary>
public sealed class StageRunTests : IDisposable
{
    readonly ToyStudy _toy = new();

    public void Dispose() => _toy.Dispose();

    [Fact]
    public void A_store_alone_is_enough_to_end_with_the_bytes_and_figures_of_a_local_run()
    {
        string recipe = _toy.Write("""["DEPLQ",{"orders":"EP"}]""");
        Study here = _toy.Open(recipe, "here");
        _toy.Run(here);
        Study there = Written(recipe, "there");

        // Whatever the recipe named is gone; keys that are not made of the inputs' content would not be found.
        foreach (string gone in (string[])["toy", "train.csv", "test.csv", "recipe.json"])
        {
            string path = _toy[gone];
            Action<string> remove = Directory.Exists(path)
                ? folder => Directory.Delete(folder, recursive: true)
                : File.Delete;
            remove(path);
        }

        foreach (GraphItem item in Graph(there).Items)
        {
            Assert.Equal(StageEnd.Made, Run(there.Store, item.Key));
        }

        Assert.Equal(ToyStudy.Results(here), ToyStudy.Results(there));
        Assert.Empty(StoreCare.Verify(there.Store, null, Token));
        Assert.Empty(StoreGarbage.Unreachable(there.Store, StoreGarbage.Wanted(there.Store)).Files);
    }

    [Fact]
    public void Files_that_operators_name_go_with_the_study()
    {
        File.WriteAllText(_toy["some words.txt"], "good and bad\nall of it\n");
        string recipe = _toy.Write("""["V(first=8,corpus=some words.txt)EL","OP"]""", "[1]");
        Study study = Written(recipe, "store");
        WrittenStudy written = WrittenStudy.Find(study.Store, study.Plan.Stages[0].Key.Hex).Study;
        Assert.Equal(
            study.Plan.Stages.Select(s => s.Key),
            written.Open(study.Store, 1, TimeProvider.System).Plan.Stages.Select(s => s.Key)
        );
    }

    [Fact]
    public void Without_its_input_a_stage_ends_with_3_and_nothing_is_done()
    {
        Study study = Written(_toy.Write("""["EP"]""", "[1]"), "store");
        GraphItem[] items = [.. Graph(study).Items];
        string[] before = Entries();
        foreach (GraphItem item in items[1..])
        {
            Stage(item.Key).Refuses(ExitCode.Refused, "not in the store", item.Key[..12]);
        }

        Assert.Equal(before, Entries());
        Stage(items[0].Key[..9]).Succeeds();
        Assert.Contains("made", Stage(items[1].Key).Succeeds().Error);
        Assert.Contains("is in the store", Stage(items[1].Key).Succeeds().Error);
        Stage("0000").Refuses(ExitCode.Refused, "submit it again");

        string[] Entries() =>
            [
                .. Directory
                    .GetFiles(_toy["store"], "*", SearchOption.AllDirectories)
                    .Where(f => !f.Contains("/locks/"))
                    .Order(),
            ];
    }

    [Fact]
    public void One_of_two_runners_of_a_stage_makes_it_and_the_other_ends_well()
    {
        Study study = Written(_toy.Write("""["E"]""", "[1]"), "store");
        GraphItem first = Graph(study).Items[0];
        using (Lease.Try(study.Store, new StageKey(first.Key), TimeProvider.System))
        {
            Assert.Contains("works on it", Stage(first.Key).Succeeds().Error);
            Assert.Null(study.Store.TryRead(new StageKey(first.Key)));
            Assert.Equal(ItemState.Running, StudyState.Of(study.Store, Graph(study)).Of(first.Key));
        }

        Assert.Contains("made", Stage(first.Key).Succeeds().Error);
        Assert.Empty(Lease.All(study.Store));
    }

    [Fact]
    public void A_machine_without_the_kernels_of_a_study_refuses_its_stages()
    {
        Study study = Written(_toy.Write("""["E"]""", "[1]"), "store");
        WrittenStudy written = WrittenStudy.All(study.Store).Single();
        Assert.Throws<ArgumentException>(() =>
            (written with { Graph = written.Graph with { Kernels = "abacus" } }).Open(
                study.Store,
                1,
                TimeProvider.System
            )
        );
    }

    [Fact]
    public void Inputs_that_were_changed_in_the_store_make_no_stage()
    {
        Study study = Written(_toy.Write("""["E"]""", "[1]"), "store");
        string data = Directory
            .GetFiles(
                Path.Combine(_toy["store"], "inputs"),
                "train.csv",
                SearchOption.AllDirectories
            )
            .Single();
        File.WriteAllText(data, File.ReadAllText(data).Replace("good", "bad"));
        Stage(Graph(study).Items[0].Key).Refuses(ExitCode.Refused, "Submit the study again");
        Assert.Empty(study.Store.Keys());
    }

    [Fact]
    public void Of_a_training_that_diverged_neither_it_nor_what_builds_on_it_is_made_and_the_rest_is_measured()
    {
        Study study = Written(_toy.Write("""["EL","P"]""", "[1]"), "store");
        GraphItem[] items = [.. Graph(study).Items];
        Stage(items[0].Key).Succeeds();
        PlannedStage e = study.Plan.Stages.First(s => $"{s.Pipeline}" == "E");
        study.Store.Put(e.Describe(ActionKind.Failure) with { Why = "the loss is NaN" });
        foreach (GraphItem item in items[1..^1])
        {
            Outcome end = Stage(item.Key);
            Assert.Equal(item.Pipeline.StartsWith('E') ? ExitCode.Diverged : ExitCode.Ok, end.Code);
        }

        StudyState before = StudyState.Of(study.Store, Graph(study));
        Assert.Equal(ItemState.Ready, before.Of(items[^1].Key));
        Stage(items[^1].Key).Succeeds();
        StudyState after = StudyState.Of(study.Store, Graph(study));
        Assert.True(after.IsOver);
        StudyOutcome outcome = study.Collect(after.Kinds.Keys.Single());
        Assert.Equal(["O", "P"], outcome.Measurements.Select(m => m.Pipeline).Distinct());
        Assert.Equal(["E", "EL"], outcome.Failures.Select(f => $"{f.Stage.Pipeline}"));
    }

    [Fact]
    public void Of_two_who_made_one_stage_with_other_bytes_the_first_stays_and_the_second_is_told()
    {
        Store store = Store.Open(_toy["store"]);
        Study study = _toy.Open(_toy.Write("""["E"]""", "[1]"));
        StoredAction action = study.Plan.Stages[0].Describe(ActionKind.Stage);
        StoredAction first = Put("one");
        Assert.Equal(first.Files, Put("one").Files);
        Assert.Contains(
            "the first was kept",
            Assert.Throws<InvalidDataException>(() => Put("two")).Message
        );
        Assert.Equal(first.Files, store.TryRead(new StageKey(first.Key))!.Files);

        StoredAction Put(string bytes) =>
            store.Put(action, folder => File.WriteAllText(Path.Combine(folder, "model"), bytes));
    }

    static CancellationToken Token => TestContext.Current.CancellationToken;

    Study Written(string recipe, string store)
    {
        Study study = _toy.Open(recipe, store);
        WrittenStudy.Write(study, StudyGraph.Of(study, StudyEstimate.Of(study, 2)), recipe);
        return study;
    }

    static StudyGraph Graph(Study study) => WrittenStudy.All(study.Store).Single().Graph;

    StageEnd Run(Store store, string key)
    {
        var (study, item) = WrittenStudy.Find(store, key);
        return new StageRun(study, store, threads: 2, TimeProvider.System)
            .Run(item, _toy.Turn, new StudyListener(), waits: false, 0, Token)
            .End;
    }

    Outcome Stage(string key) =>
        CommandLine.Run("stage", "run", key, "--store", _toy["store"], "--threads", "2");
}
