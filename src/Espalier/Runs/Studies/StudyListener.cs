using Espalier.Training;

namespace Espalier.Runs.Studies;

public enum StageState
{
    /// <summary>It was there before this call.</summary>
    Found,
    Began,

    /// <summary>Made now, or by another process meanwhile.</summary>
    Done,
    Failed,

    /// <summary>Not tried, because what goes in failed.</summary>
    Skipped,
}

/// <summary>What a study or a run tells while it works, from several threads at once; every part may be left out.</summary>
public sealed record StudyListener
{
    /// <summary>A sentence that the user should read.</summary>
    public Action<string>? Note { get; init; }
    public Action<PlannedStage, StageState>? Stage { get; init; }
    public Action<PlannedStage, TrainingProgress>? Training { get; init; }

    /// <summary>What is being measured, and how much of it is done (0 to 1).</summary>
    public Action<string, double>? Measuring { get; init; }
}
