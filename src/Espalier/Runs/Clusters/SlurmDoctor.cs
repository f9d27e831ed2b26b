using Espalier.Runs.Studies;

namespace Espalier.Runs.Clusters;

/// <summary>Something that keeps a study from going on.</summary>
/// <param name="Sentence">What it is.</param>
/// <param name="Line">Of the shell, which mends it.</param>
public sealed record Ailment(string Sentence, string Line);

/// <summary>Explains what Slurm says of a study's jobs, and how each trouble is mended.</summary>
public static class SlurmDoctor
{
    public static IReadOnlyList<Ailment> Look(
        StudyState state,
        IReadOnlyList<SlurmJob> jobs,
        IReadOnlyList<SlurmNode> nodes,
        IReadOnlyList<SubmittedArray> arrays,
        IReadOnlyList<string> badNodes
    )
    {
        var keys = SlurmStudy.KeysOfTasks(arrays);
        List<Ailment> found = [];
        foreach (SlurmNode node in nodes.Where(n => n.IsAway))
        {
            found.Add(
                new(
                    $"Node {node.Name} is {node.State} ({node.Reason}) and takes no jobs. {(
                        node.Reason.Contains("uplicate jobid", StringComparison.Ordinal)
                            ? "The controller was lost and forgot that it had started a job there; the job itself is well, or its stage is made again."
                            : "See that it is well first; an administrator may have put it there."
                    )}",
                    $"scontrol update nodename={node.Name} state=resume"
                )
            );
        }

        foreach (SlurmJob job in jobs.Where(j => j.NeverBegins))
        {
            found.Add(
                new(
                    $"Job {job.Id} waits for a job that failed (DependencyNeverSatisfied) and would wait for ever; cancel it, and submit the study again when that is mended.",
                    $"scancel {job.Id}"
                )
            );
        }

        foreach (SlurmJob job in jobs.Where(j => j.IsHeld))
        {
            found.Add(
                new(
                    $"Job {job.Id} is held ({job.Reason}): Slurm could not start it, as after a controller was lost, and does not try again by itself. Nothing is done twice that is finished.",
                    $"scontrol release {job.Id}"
                )
            );
        }

        foreach (SlurmJob job in jobs.Where(j => SlurmStudy.IsLost(j, state, keys)))
        {
            found.Add(
                new(
                    $"Job {job.Id} is said to run on {job.Node} since {job.Seconds} s and its stage shows no sign of life; the node or its daemon was lost.",
                    $"scontrol requeue {job.Id}"
                )
            );
        }

        HashSet<string> queued =
        [
            .. jobs.SelectMany(j =>
                keys.TryGetValue((j.Array, j.Index), out IReadOnlyList<string>? its) ? its : []
            ),
        ];
        string[] left =
        [
            .. state
                .Items.Where(i =>
                    !StudyState.IsOverIn(i.State)
                    && i.State != ItemState.Running
                    && !queued.Contains(i.Item.Key)
                )
                .Select(i => $"{i.Item}"),
        ];
        if (left.Length > 0)
        {
            found.Add(
                new(
                    $"{left.Length} of {state.Items.Count} are neither done nor in the queue, {left[0]} first; submit the study again, which submits what is missing.",
                    "espalier study RECIPE --on slurm"
                )
            );
        }

        if (badNodes.Count > 0)
        {
            found.Add(
                new(
                    $"{string.Join(", ", badNodes)}: stages failed there for reasons of the node, so it is left out of what is submitted next; the file 'ends' of the study's jobs says which, and a node is asked again when it is removed.",
                    $"sinfo -N -l -n {string.Join(',', badNodes)}"
                )
            );
        }

        return found;
    }
}
