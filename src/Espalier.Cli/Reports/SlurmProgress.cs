using Espalier.Runs.Clusters;
using Espalier.Runs.Studies;

namespace Espalier.Cli.Reports;

/// <summary>A study on a cluster, in a line.</summary>
static class SlurmProgress
{
    public static string Of(StudyGraph graph, StudyState state, IReadOnlyList<SlurmJob> jobs) =>
        $"{graph.Name}: {Detail(state, jobs)}";

    public static string Detail(StudyState state, IReadOnlyList<SlurmJob> jobs)
    {
        int diverged = state.Count(ItemState.Diverged);
        return $"{state.Count(ItemState.Done)} of {state.Items.Count} done, {state.Count(ItemState.Running)} running"
            + (diverged > 0 ? $", {diverged} diverged" : "")
            + $"; {jobs.Count(j => j.IsRunning)} jobs run, {jobs.Count(j => !j.IsRunning)} wait";
    }
}
