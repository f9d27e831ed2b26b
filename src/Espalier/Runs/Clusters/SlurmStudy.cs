using Espalier.Runs.Storage;
using Espalier.Runs.Studies;

namespace Espalier.Runs.Clusters;

/// <summary>A study on Slurm: submits what the store lacks, and looks after it until it is done.</summary>
/// <param name="command">How Espalier is started on a node, in words.</param>
/// <param name="note">Is told what went wrong on the way, and what was done about it.</param>
public sealed class SlurmStudy(
    Store store,
    StudyGraph graph,
    Slurm slurm,
    SlurmOptions options,
    IReadOnlyList<string> command,
    Action<string> note
)
{
    /// <summary>How often one item is submitted again that did not get done, by what kept it.</summary>
    const int MostTries = 3;
    const int MostRequeues = 3;
    static readonly TimeSpan LastLook = TimeSpan.FromSeconds(20);

    /// <summary>What runs shows a sign of life by then: a disk may be slow to show a lease, and a stale one be that of the job's last start.</summary>
    static readonly TimeSpan Grace = TimeSpan.FromSeconds(60);

    /// <summary>The pause before it looks again while something changes.</summary>
    internal TimeSpan FirstLook { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>
    /// So long a running job may hold no lease: between two stages it reads and hashes what the next begins with, and a network
    /// disk shows what it did up to a minute ago.
    /// </summary>
    internal TimeSpan MostSilent { get; init; } = TimeSpan.FromSeconds(90);

    /// <summary>After no job is left it waits so long for what a network disk does not show yet.</summary>
    internal TimeSpan Late { get; init; } = TimeSpan.FromSeconds(90);

    internal TimeProvider Time { get; init; } = TimeProvider.System;

    readonly SlurmSubmission _jobs = new(store, graph.Name);
    readonly Dictionary<string, int> _tries = [];
    readonly Dictionary<string, int> _requeues = [];
    Dictionary<string, long> _silentSince = [];

    /// <summary>Submits what is not done, in arrays; nothing where nothing is left.</summary>
    public IReadOnlyList<int> Submit()
    {
        StudyState state = StudyState.Of(store, graph);
        return Submit(state.Items.Where(i => !StudyState.IsOverIn(i.State)));
    }

    /// <summary>Waits until nothing more can be done, and mends what Slurm leaves broken.</summary>
    /// <param name="report">Is told how far it is at each look.</param>
    /// <returns>What it came to.</returns>
    public StudyState Wait(
        Action<StudyState, IReadOnlyList<SlurmJob>> report,
        CancellationToken stop
    )
    {
        TimeSpan look = FirstLook;
        int before = -1;
        long? ended = null;
        while (true)
        {
            StudyState state = StudyState.Of(store, graph);
            if (state.IsOver)
            {
                // What is still queued would find everything done.
                if (Jobs() is { Count: > 0 } rest)
                {
                    Ask(() => slurm.Cancel([.. rest.Select(j => $"{j.Array}").Distinct()]));
                }

                return state;
            }

            if (Jobs() is { } jobs)
            {
                report(state, jobs);
                Mend(state, jobs);
                ended = jobs.Count > 0 ? null : ended ?? Time.GetTimestamp();
                if (ended is { } since && Time.GetElapsedTime(since) >= Late)
                {
                    ended = null;
                    if (!Again())
                    {
                        return StudyState.Of(store, graph);
                    }
                }
            }

            int over = state.Items.Count(i => StudyState.IsOverIn(i.State));
            look =
                over != before ? FirstLook
                : look < LastLook ? look * 1.5
                : look;
            before = over;
            stop.WaitHandle.WaitOne(look);
            stop.ThrowIfCancellationRequested();
        }
    }

    /// <summary>Of this study, this call's or another's; null: Slurm does not answer now.</summary>
    IReadOnlyList<SlurmJob>? Jobs()
    {
        try
        {
            HashSet<int> ours = [.. _jobs.Arrays().Select(a => a.Id)];
            return [.. slurm.Queue().Where(j => ours.Contains(j.Array))];
        }
        catch (InvalidDataException e)
        {
            note($"{e.Message} Looking again.");
            return null;
        }
    }

    void Mend(StudyState state, IReadOnlyList<SlurmJob> jobs)
    {
        Dictionary<(int, int), IReadOnlyList<string>> keys = KeysOfTasks(_jobs.Arrays());
        long now = Time.GetTimestamp();
        Dictionary<string, long> before = _silentSince;
        SlurmJob[] silent = [.. jobs.Where(j => IsLost(j, state, keys))];
        _silentSince = silent.ToDictionary(j => j.Id, j => before.GetValueOrDefault(j.Id, now));

        // Whose lease is stale was silent for minutes: silent at two looks, it is lost.
        HashSet<string> lost =
        [
            .. silent
                .Where(j =>
                    Time.GetElapsedTime(_silentSince[j.Id], now) >= MostSilent
                    || before.ContainsKey(j.Id) && keys[(j.Array, j.Index)].Any(state.Lost.Contains)
                )
                .Select(j => j.Id),
        ];
        foreach (SlurmJob job in jobs)
        {
            string? what =
                job.NeverBegins ? "what it waits for failed, so it would wait for ever: cancelled"
                : job.IsHeld && MayRequeue(job) ? $"was held ({job.Reason}): released"
                : lost.Contains(job.Id) && MayRequeue(job)
                    ? $"is said to run on {job.Node} and shows no sign of life: started again"
                : null;
            if (what is null)
            {
                continue;
            }

            note($"Job {job.Id} {what}.");
            Ask(() =>
            {
                if (job.NeverBegins)
                {
                    slurm.Cancel([job.Id]);
                }
                else if (job.IsHeld)
                {
                    slurm.Release(job.Id);
                }
                else
                {
                    _silentSince.Remove(job.Id);
                    slurm.Requeue(job.Id);
                }
            });
        }
    }

    /// <summary>Slurm may be away, or know no more of a job; the next look shows what came of it.</summary>
    void Ask(Action step)
    {
        try
        {
            step();
        }
        catch (InvalidDataException e)
        {
            note(e.Message);
        }
    }

    bool MayRequeue(SlurmJob job) =>
        (_requeues[job.Id] = _requeues.GetValueOrDefault(job.Id) + 1) <= MostRequeues;

    /// <summary>
    /// Whether of a job that Slurm calls running nothing lives: Slurm may not know for minutes, and what waits for the job waits.
    /// </summary>
    internal static bool IsLost(
        SlurmJob job,
        StudyState state,
        IReadOnlyDictionary<(int, int), IReadOnlyList<string>> keys
    ) =>
        job.IsRunning
        && keys.TryGetValue((job.Array, job.Index), out IReadOnlyList<string>? its)
        && its.All(k => state.Of(k) != ItemState.Running)
        && job.Seconds > Grace.TotalSeconds;

    internal static Dictionary<(int, int), IReadOnlyList<string>> KeysOfTasks(
        IReadOnlyList<SubmittedArray> arrays
    ) =>
        arrays
            .SelectMany(a => a.Tasks.Select(t => ((a.Id, t.Key), t.Value)))
            .DistinctBy(t => t.Item1)
            .ToDictionary(t => t.Item1, t => t.Value);

    /// <summary>Nothing is queued and something is missing: it is submitted again, as often as that makes sense.</summary>
    /// <returns>Whether there is hope: also where Slurm takes nothing now.</returns>
    bool Again()
    {
        StudyState state = StudyState.Of(store, graph);
        HashSet<string> hopeless = [];
        List<(GraphItem, ItemState, LeaseOwner?)> again = [];
        foreach (var item in state.Items.Where(i => !StudyState.IsOverIn(i.State)))
        {
            if (
                item.Item.Needs.Any(hopeless.Contains)
                || (item.State == ItemState.Ready && !MayTry(item.Item))
            )
            {
                hopeless.Add(item.Item.Key);
            }
            else
            {
                again.Add(item);
            }
        }

        if (again.Count == 0)
        {
            return false;
        }

        note($"{again.Count} of {state.Items.Count} were not done and are submitted again.");
        Ask(() => Submit(again));
        return true;
    }

    /// <summary>What it refuses, it refuses again; what was killed or met a bad node is tried some times.</summary>
    bool MayTry(GraphItem item)
    {
        var last = _jobs
            .Arrays()
            .SelectMany(a => a.Tasks.Select(t => (a.Id, Index: t.Key, Keys: t.Value)))
            .FirstOrDefault(t => t.Keys.Contains(item.Key));
        TaskEnd? end = _jobs
            .Ends()
            .LastOrDefault(e =>
                last.Keys is not null && (e.Array, e.Index) == (last.Id, last.Index)
            );
        int tries = _tries[item.Key] = _tries.GetValueOrDefault(item.Key) + 1;
        bool may =
            tries <= (end is { IsNodes: false, Code: not 0 and < 128 and not 75 } ? 1 : MostTries);
        if (!may)
        {
            note(
                $"{item} is given up after {tries} tries{(end is null ? "" : $", the last of which ended with {end.Code} on {end.Node}")}; {_jobs.LogOf(last.Id, last.Index)} says more."
            );
        }

        return may;
    }

    IReadOnlyList<int> Submit(IEnumerable<(GraphItem Item, ItemState State, LeaseOwner?)> wanted)
    {
        HashSet<string> keys = [.. wanted.Select(w => w.Item.Key)];
        IReadOnlyList<JobArray> arrays = JobArray.Of(graph, graph.Left(i => !keys.Contains(i.Key)));
        return arrays.Count == 0 ? [] : _jobs.Submit(slurm, arrays, options, command);
    }
}
