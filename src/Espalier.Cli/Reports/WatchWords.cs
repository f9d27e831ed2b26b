using Espalier.Cli.Reports.Pages;
using Espalier.Runs.Watching;

namespace Espalier.Cli.Reports;

/// <summary>What is said of a watched study, in sentences.</summary>
static class WatchWords
{
    const double MostSeconds = 1e9;

    public static string Of(StageStanding standing) => $"{standing}".ToLowerInvariant();

    public static string Headline(WatchedStudy study)
    {
        int all = study.Stages.Count,
            done = study.Count(StageStanding.Done),
            failed = study.Count(StageStanding.Failed) + study.Count(StageStanding.Skipped),
            running = study.Count(StageStanding.Running);
        string stages =
            done == all ? $"All {all} stages are done" : $"{done} of {all} stages are done";
        string wrong = failed > 0 ? $", {failed} failed or were skipped" : "";
        if (study.IsRunning)
        {
            return study.IsMeasuring
                ? $"{stages}{wrong}; times are being taken ({study.Measured.Count} of {study.Groups} groups)."
                : $"{stages}{wrong}; {running} {(running == 1 ? "is" : "are")} being made{Left(study)}.";
        }

        return study.IsOver
                ? $"The study has ended: {char.ToLowerInvariant(stages[0])}{stages[1..]}{wrong}."
            : study.Count(StageStanding.Waiting) + study.Count(StageStanding.Interrupted) > 0
                ? $"{stages}{wrong}; nobody works on the others."
            : $"{stages}{wrong}; {Groups(study)}";
    }

    static string Left(WatchedStudy study) =>
        study.SecondsLeft is { } seconds
            ? $", {(study.IsLeast ? "at least" : "about")} {Duration(seconds)} of training left"
            : "";

    public static string Evidence(WatchedStudy study)
    {
        List<string> said = [];
        if (study.Note is { } note)
        {
            string who =
                $"process {note.Process} on {note.Host} with {Figures.Counted(note.Threads, "thread")}";
            said.Add(
                study.IsAlive ? $"Run by {who} since {When(note.Began)}."
                : note.State is WorkState.Working or WorkState.Measuring
                    ? $"Last heard of {who} at {When(note.Heard)}; it ended without a word."
                : $"Last run by {who}, until {When(note.Heard)}{(note.State == WorkState.Stopped ? ", when it was interrupted" : "")}."
            );
        }

        if (study.Count(StageStanding.Interrupted) > 0)
        {
            said.Add(
                "What was interrupted goes on where it was saved when the study is run again."
            );
        }

        said.Add(Groups(study));
        return string.Join(' ', said);
    }

    public static string Groups(WatchedStudy study) =>
        study.Groups > 0
            ? $"{study.Measured.Count} of {Figures.Counted(study.Groups, "group")} of models measured side by side."
            : $"{Figures.Counted(study.Measured.Count, "group")} of models measured side by side.";

    /// <summary>Of a training: where it stands.</summary>
    public static string Progress(WatchedStage stage)
    {
        StageNote note = stage.Note!;
        if (note.Steps == 0)
        {
            return $"Began {When(note.Began)}; nothing is trained yet.";
        }

        string rate = note.ExamplesPerSecond is { } speed ? $", {speed:0.#} examples/s" : "",
            left = stage.Standing == StageStanding.Running && note.SecondsLeft is { } seconds
                ? $", {Duration(seconds)} left"
                : "";
        return $"Step {note.Step} of {note.Steps}, loss {note.Loss:0.0000}{rate}{left}.";
    }

    /// <summary>Behind the seed, in the tree.</summary>
    public static string Beside(WatchedStage stage) =>
        stage switch
        {
            { Standing: StageStanding.Done, Seconds: { } seconds } =>
                $": {StageTree.Duration(seconds)}",
            { Standing: StageStanding.Running, Note: { Steps: > 0 } note } =>
                $": {100.0 * note.Step / note.Steps:0} %{(note.SecondsLeft is { } left ? $", {Duration(left)} left" : "")}",
            { Standing: StageStanding.Interrupted, Note: { Steps: > 0 } note } =>
                $": at {100.0 * note.Step / note.Steps:0} %",
            { Standing: StageStanding.Failed or StageStanding.Skipped } =>
                $": {Of(stage.Standing)}",
            { Standing: StageStanding.Waiting, Expected: { } expected } =>
                $": about {Duration(expected)}",
            _ => "",
        };

    static string Duration(double seconds) =>
        seconds < 1
            ? "a second"
            : Shown.Duration(TimeSpan.FromSeconds(Math.Min(seconds, MostSeconds)));

    static string When(DateTimeOffset time) => time.ToLocalTime().ToString("yyyy-MM-dd HH:mm");
}
