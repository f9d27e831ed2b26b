using Espalier.Measuring;
using Espalier.Runs.Studies;

namespace Espalier.Runs.Watching;

/// <summary>How it stands with a stage.</summary>
public enum StageStanding
{
    Waiting,
    Running,

    /// <summary>Somebody made it and does not any more; whoever makes it next goes on where it was saved.</summary>
    Interrupted,
    Done,
    Failed,

    /// <summary>What goes in failed.</summary>
    Skipped,
}

/// <param name="Stage">What it is.</param>
public sealed record WatchedStage(RecordedStage Stage, StageStanding Standing)
{
    /// <summary>That it took; of a finished one.</summary>
    public double? Seconds { get; init; }

    /// <summary>Seconds that it will take, as others like it took; null: there is none yet.</summary>
    public double? Expected { get; init; }

    /// <summary>What whoever made it said last.</summary>
    public StageNote? Note { get; init; }

    /// <summary>It failed or is skipped.</summary>
    public string? Why { get; init; }

    /// <summary>Seconds that are left; null: nothing tells.</summary>
    public double? SecondsLeft =>
        Standing switch
        {
            StageStanding.Running => Note?.SecondsLeft ?? Expected,
            StageStanding.Waiting or StageStanding.Interrupted => Expected,
            _ => 0,
        };
}

/// <param name="Id">Name and kernels, which tell it from the others of the store.</param>
/// <param name="Stages">Inputs in front of what is made of them.</param>
public sealed record WatchedStudy(
    string Id,
    string Name,
    string Kernels,
    IReadOnlyList<WatchedStage> Stages
)
{
    /// <summary>What a process that ran it said last; null: none did, or it is older than such notes.</summary>
    public StudyNote? Note { get; init; }

    /// <summary>That process was heard of a moment ago.</summary>
    public bool IsAlive { get; init; }

    /// <summary>Of those who measure now, what each said last.</summary>
    public IReadOnlyList<StudyNote> Measuring { get; init; } = [];

    /// <summary>Groups of models to measure side by side; 0 where nothing tells.</summary>
    public int Groups { get; init; }

    /// <summary>Keys of what was measured.</summary>
    public IReadOnlyList<string> Measured { get; init; } = [];
    public IReadOnlyList<Measurement> Measurements { get; init; } = [];

    public int Count(StageStanding standing) => Stages.Count(s => s.Standing == standing);

    public bool IsRunning => IsAlive || Measuring.Count > 0 || Count(StageStanding.Running) > 0;

    /// <summary>Times are taken, and no model is being made.</summary>
    public bool IsMeasuring => Measuring.Count > 0 && Count(StageStanding.Running) == 0;

    /// <summary>Nothing is left that anybody could make.</summary>
    public bool IsOver =>
        !IsRunning
        && (
            Note is { State: WorkState.Done or WorkState.Failed }
            || Count(StageStanding.Waiting) + Count(StageStanding.Interrupted) == 0
                && Measured.Count >= Groups
        );

    /// <summary>The last word of whoever worked on it.</summary>
    public DateTimeOffset? Heard =>
        Stages
            .Select(s => s.Note?.Heard)
            .Concat(Measuring.Select(n => (DateTimeOffset?)n.Heard))
            .Append(Note?.Heard)
            .Max();

    /// <summary>Of making stages, as long as so many are made at once as now; null: nothing tells of none of them.</summary>
    public double? SecondsLeft =>
        Open.Where(s => s.SecondsLeft is not null).ToArray() is { Length: > 0 } known
            ? known.Sum(s => s.SecondsLeft!.Value) / Math.Max(1, Count(StageStanding.Running))
            : null;

    /// <summary>Whether <see cref="SecondsLeft"/> leaves stages out of which nothing is known.</summary>
    public bool IsLeast => Open.Any(s => s.SecondsLeft is null);

    IEnumerable<WatchedStage> Open =>
        Stages.Where(s =>
            s.Standing
                is StageStanding.Waiting
                    or StageStanding.Running
                    or StageStanding.Interrupted
        );
}

/// <param name="Finished">Stages in the store, of whatever study.</param>
/// <param name="Problems">Records that cannot be read, a sentence each.</param>
public sealed record WatchedStore(
    IReadOnlyList<WatchedStudy> Studies,
    int Finished,
    IReadOnlyList<string> Problems
);
