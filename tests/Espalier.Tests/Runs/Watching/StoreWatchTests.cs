using Espalier.Models;
using Espalier.Models.Storage;
using Espalier.Runs.Storage;
using Espalier.Runs.Studies;
using Espalier.Runs.Watching;
using Espalier.Tests.Models;
using Espalier.Tests.Runs.Studies;

namespace Espalier.Tests.Runs.Watching;

/// <summary>What a store says of studies that run, ended, failed, or were interrupted.</summary>
public sealed class StoreWatchTests : IDisposable
{
    readonly ToyStudy _toy = new();

    public void Dispose() => _toy.Dispose();

    [Fact]
    public void A_study_that_ended_is_told_with_what_every_stage_took_and_what_was_measured()
    {
        Study study = _toy.Open(_toy.Write("""["DEL","P"]"""));
        StudyOutcome outcome = _toy.Run(study);
        WatchedStudy seen = Assert.Single(Watch().Look().Studies);
        Assert.Equal(("recipe", study.TrainingKernels), (seen.Name, seen.Kernels));
        Assert.Equal(
            study.Plan.Stages.Select(s => $"{s} Done"),
            seen.Stages.Select(s =>
                $"{s.Stage.Pipeline} of {s.Stage.Task}, seed {s.Stage.Seed} {s.Standing}"
            )
        );
        Assert.All(seen.Stages, s => Assert.True(s.Seconds > 0, s.Stage.Pipeline));
        Assert.True(seen.IsOver);
        Assert.False(seen.IsRunning);
        Assert.Equal((2, 2), (seen.Groups, seen.Measured.Count));
        Assert.Equal(outcome.Measurements.Count, seen.Measurements.Count);
        Assert.Equal(0, seen.SecondsLeft ?? 0);

        // Of what was trained there is a curve, of the rest none.
        WatchedStage distilled = seen.Stages.First(s => s.Stage.Pipeline == "D");
        Assert.Equal(distilled.Note!.Steps, distilled.Note.Losses[^1].Step);
        Assert.Empty(seen.Stages.First(s => s.Stage.Pipeline == "DEL").Note!.Losses);
    }

    [Fact]
    public async Task A_study_that_runs_is_seen_with_progress_and_then_with_its_end()
    {
        Study study = _toy.Open(_toy.Write("""["DE"]""", "[1]"));
        StoreWatch watch = Watch(new Still());
        using ManualResetEventSlim looked = new();
        StudyListener listener = new()
        {
            Training = (stage, _) =>
            {
                if ($"{stage.Pipeline}" == "D")
                {
                    looked.Wait(Token);
                }
            },
        };
        Task<StudyOutcome> run = Task.Run(() => _toy.Run(study, listener), Token);
        WatchedStudy seen = await Until(
            watch,
            s => s.Stages.Any(t => t.Note is { State: WorkState.Working, Losses.Count: > 0 })
        );
        Assert.Equal(
            ["O Done", "D Running", "DE Waiting"],
            seen.Stages.Select(s => $"{s.Stage.Pipeline} {s.Standing}")
        );
        StageNote note = seen.Stages[1].Note!;
        Assert.True(note.Step > 0 && note.Steps >= note.Step && note.SecondsLeft >= 0, $"{note}");
        Assert.True(seen.IsRunning && !seen.IsOver && seen.IsAlive);
        Assert.Equal(Environment.ProcessId, seen.Note!.Process);
        looked.Set();
        await run;
        Assert.True(Assert.Single(watch.Look().Studies).IsOver);
    }

    [Fact]
    public void An_interrupted_study_says_so_and_goes_on_with_its_curve()
    {
        using CancellationTokenSource stop = new();
        StopAt clock = new("D", 5, stop);
        Study study = _toy.Open(_toy.Write("""["D"]""", "[1]"), time: clock);
        StudyListener listener = new() { Stage = (stage, _) => clock.Begin($"{stage.Pipeline}") };
        Assert.Throws<OperationCanceledException>(() =>
            study.Run(study.Here(1, _toy.Turn), _toy.Turn, listener, stop.Token)
        );
        WatchedStudy seen = Assert.Single(Watch().Look().Studies);
        Assert.Equal(StageStanding.Interrupted, seen.Stages[1].Standing);
        Assert.Equal(WorkState.Stopped, seen.Note!.State);
        Assert.False(seen.IsRunning || seen.IsOver);
        _toy.Run(_toy.Open(_toy["recipe.json"]));
        seen = Assert.Single(Watch().Look().Studies);
        Assert.True(seen.IsOver);
        Assert.Equal(StageStanding.Done, seen.Stages[1].Standing);
    }

    [Fact]
    public void Whoever_is_not_heard_any_more_does_not_work_any_more()
    {
        Study study = _toy.Open(_toy.Write("""["D"]""", "[1]"));
        study.Make(new Nobody(), new StudyListener(), Token);
        using StudyDiary diary = study.Diary();
        using StageDiary stage = new(study.Store, study.Plan.Stages[0], TimeProvider.System);
        WatchedStudy now = Assert.Single(Watch().Look().Studies),
            later = Assert.Single(Watch(new Later(TimeSpan.FromMinutes(1))).Look().Studies);
        Assert.Equal(StageStanding.Running, now.Stages[0].Standing);
        Assert.Equal(StageStanding.Interrupted, later.Stages[0].Standing);
        Assert.True(now.IsRunning);
        Assert.False(later.IsRunning || later.IsOver);
    }

    [Fact]
    public void What_failed_says_why_and_what_builds_on_it_is_skipped()
    {
        Model huge = Toy.Make(Toy.Config with { Layers = [Toy.Config.Layers[0]] });
        huge.Parameters[Part.Word.Weight].Span.Fill(3e38f);
        huge.Parameters[Part.Position.Weight].Span.Fill(3e38f);
        ModelFolder.Save(huge, _toy["huge"], Toy.Tokenizer.Files());
        _toy.Run(_toy.Open(_toy.Write("""["D(student=huge)E","P"]""", "[1]")));
        WatchedStudy seen = Assert.Single(Watch().Look().Studies);
        Assert.Equal(
            [StageStanding.Done, StageStanding.Failed, StageStanding.Skipped, StageStanding.Done],
            seen.Stages.Select(s => s.Standing)
        );
        Assert.Contains("Training stopped", seen.Stages[1].Why);
        Assert.True(seen.IsOver);
    }

    [Fact]
    public void Time_left_is_what_stages_with_the_same_operator_took()
    {
        Study one = _toy.Open(_toy.Write("""["DE"]""", "[1]"));
        _toy.Run(one);
        Study two = _toy.Open(_toy.Write("""["DE","P"]""", "[1,2]"));
        two.Make(new Nobody(), new StudyListener(), Token);
        WatchedStudy seen = Assert.Single(Watch().Look().Studies);
        double Took(string pipeline) =>
            seen
                .Stages.First(s => s.Stage.Pipeline == pipeline && s.Stage.Seed == 1)
                .Seconds!.Value;
        Assert.Equal(Took("O") + Took("D") + Took("DE"), seen.SecondsLeft!.Value, tolerance: 1e-9);
        Assert.True(seen.IsLeast, "nothing tells how long P takes");
    }

    [Fact]
    public async Task What_a_node_of_a_cluster_measures_is_seen_while_it_does()
    {
        string recipe = _toy.Write("""["D"]""", "[1]");
        Study study = _toy.Open(recipe);
        _toy.Make(study);
        StudyGraph graph = StudyGraph.Of(study, StudyEstimate.Of(study, 1));
        WrittenStudy written = WrittenStudy.Write(study, graph, recipe);
        GraphItem group = graph.Items.Single(i => i.Measures);
        using ManualResetEventSlim looked = new();
        StudyListener listener = new() { Measuring = (_, _) => looked.Wait(Token) };
        Task<(StageEnd End, string)> run = Task.Run(
            () =>
                new StageRun(written, study.Store, 1, TimeProvider.System).Run(
                    group,
                    _toy.Turn,
                    listener,
                    waits: false,
                    teacherBytes: 0,
                    Token
                ),
            Token
        );
        WatchedStudy seen = await Until(Watch(new Still()), s => s.Measuring.Count > 0);
        Assert.True(seen.IsRunning && seen.IsMeasuring && !seen.IsOver && !seen.IsAlive);
        Assert.StartsWith($"{group}, {Environment.MachineName}: ", seen.Measuring[0].Measures);
        Assert.False(
            Assert.Single(Watch(new Later(TimeSpan.FromMinutes(1))).Look().Studies).IsRunning
        );
        looked.Set();
        Assert.Equal(StageEnd.Made, (await run).End);
        seen = Assert.Single(Watch().Look().Studies);
        Assert.Empty(seen.Measuring);
        Assert.DoesNotContain(Directory.GetFiles(study.Store.DiaryFolder), f => f.Contains('~'));
        Assert.True(seen.IsOver && !seen.IsRunning);
    }

    [Fact]
    public void Damaged_notes_and_records_of_an_older_form_are_no_reason_to_show_nothing()
    {
        Study study = _toy.Open(_toy.Write("""["D"]""", "[1]"));
        _toy.Run(study);
        foreach (string note in Directory.GetFiles(study.Store.DiaryFolder))
        {
            File.WriteAllText(note, "{\"version\":");
        }

        StudyRecord record = Assert.Single(StudyRecord.All(study.Store));
        (record with { Stages = [] }).Write(study.Store);
        WatchedStudy seen = Assert.Single(Watch().Look().Studies);
        Assert.Equal(["O", "D"], seen.Stages.Select(s => s.Stage.Pipeline));
        Assert.Equal(2, seen.Count(StageStanding.Done));
        Assert.Empty(StoreCare.Verify(study.Store, null, Token));
    }

    [Fact]
    public void Notes_go_with_the_stages_that_no_study_asks_for()
    {
        Study study = _toy.Open(_toy.Write("""["D"]""", "[1]"));
        _toy.Run(study);
        _toy.Run(_toy.Open(_toy.Write("""["L"]""", "[1]")));
        string gone = Path.Combine("diary", study.Plan.Stages[1].Key.Hex + ".json");
        Garbage garbage = StoreGarbage.Unreachable(study.Store, StoreGarbage.Wanted(study.Store));
        Assert.Equal([gone], garbage.Files.Where(f => f.StartsWith("diary")));
    }

    [Fact]
    public void An_empty_store_has_nothing_to_show()
    {
        WatchedStore seen = Watch().Look();
        Assert.Equal((0, 0), (seen.Studies.Count, seen.Finished));
    }

    StoreWatch Watch(TimeProvider? time = null) =>
        new(Store.Open(_toy["store"]), time ?? TimeProvider.System);

    /// <summary>The study of the store, when it is as it was waited for.</summary>
    static async Task<WatchedStudy> Until(StoreWatch watch, Func<WatchedStudy, bool> isSo)
    {
        for (int attempt = 0; ; attempt++)
        {
            WatchedStudy? seen = watch.Look().Studies.SingleOrDefault();
            if (seen is not null && isSo(seen))
            {
                return seen;
            }

            Assert.True(attempt < 6000, $"{seen?.Stages.Count} stages, {seen?.Heard}");
            await Task.Delay(50, Token);
        }
    }

    static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>Refuses all that it is offered.</summary>
    sealed class Nobody : IExecutor
    {
        public Task<StoredAction>? TryBegin(
            PlannedStage stage,
            StoredAction? input,
            int ready,
            StudyListener listener,
            CancellationToken stop
        ) => Task.FromException<StoredAction>(new InvalidDataException("no"));
    }

    /// <summary>No note gets old, however late a busy machine writes the next.</summary>
    sealed class Still : TimeProvider
    {
        readonly DateTimeOffset _now = System.GetUtcNow();

        public override DateTimeOffset GetUtcNow() => _now;
    }

    sealed class Later(TimeSpan by) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + by;
    }
}
