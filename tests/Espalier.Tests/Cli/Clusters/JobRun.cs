using System.Collections.Concurrent;
using System.Diagnostics;
using k8s;
using k8s.Models;

namespace Espalier.Tests.Cli.Clusters;

/// <summary>What the Job controller does with one Indexed Job: pods for its indexes, and what their ends come to.</summary>
sealed class JobRun(V1Job job, FakeKubernetes cluster) : IAsyncDisposable
{
    // The controller waits 10 s, 20 s and so on to 6 minutes; here everything is a hundred times as fast.
    static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(100);
    static readonly TimeSpan LastPause = TimeSpan.FromSeconds(3);

    /// <summary>Pods that this machine runs at once.</summary>
    static readonly SemaphoreSlim Node = new(2);

    readonly Lock _one = new();
    readonly CancellationTokenSource _deleted = new();
    readonly ConcurrentBag<Pod> _pods = [];
    readonly SortedSet<int> _done = [];
    readonly SortedSet<int> _failed = [];
    Task _work = Task.CompletedTask;
    int _active;
    int _failures;

    public V1Job Job => job;

    public IReadOnlyCollection<Pod> Pods => _pods;

    public void Begin() => _work = Task.Run(Work);

    /// <summary>Ends its pods as a deleted Job's.</summary>
    public async ValueTask DisposeAsync()
    {
        await _deleted.CancelAsync();
        await _work;
        _deleted.Dispose();
    }

    /// <summary>The Job as the API shows it now.</summary>
    public V1Job Seen()
    {
        lock (_one)
        {
            V1Job seen = KubernetesJson.Deserialize<V1Job>(KubernetesJson.Serialize(job));
            seen.Metadata.ResourceVersion = cluster.NextVersion();
            int all = job.Spec.Completions!.Value;
            bool isOver = _done.Count + _failed.Count == all && _active == 0;
            seen.Status = new V1JobStatus
            {
                Active = _active,
                Succeeded = _done.Count,
                Failed = _failures,
                CompletedIndexes = Ranges(_done),
                FailedIndexes = Ranges(_failed),
                Conditions = isOver
                    ? _failed.Count > 0
                        ?
                        [
                            new()
                            {
                                Type = "FailureTarget",
                                Status = "True",
                                Reason = "FailedIndexes",
                            },
                            new()
                            {
                                Type = "Failed",
                                Status = "True",
                                Reason = "FailedIndexes",
                                Message = "Job has failed indexes",
                            },
                        ]
                        :
                        [
                            new()
                            {
                                Type = "SuccessCriteriaMet",
                                Status = "True",
                                Reason = "CompletionsReached",
                            },
                            new()
                            {
                                Type = "Complete",
                                Status = "True",
                                Reason = "CompletionsReached",
                            },
                        ]
                    : null,
            };
            return seen;
        }
    }

    async Task Work()
    {
        using SemaphoreSlim parallel = new(Math.Max(1, job.Spec.Parallelism ?? 1));
        await Task.WhenAll(
            Enumerable.Range(0, job.Spec.Completions!.Value).Select(i => Index(i, parallel))
        );
    }

    async Task Index(int index, SemaphoreSlim parallel)
    {
        int counted = 0;
        TimeSpan pause = FirstPause;
        try
        {
            for (int attempt = 0; ; attempt++)
            {
                await parallel.WaitAsync(_deleted.Token);
                Pod pod = new(
                    job.Metadata.Name,
                    job.Metadata.Annotations?["espalier-of"] ?? "",
                    job.Spec.Template.Spec.Affinity is not null,
                    index,
                    attempt
                );
                _pods.Add(pod);
                Count(1);
                try
                {
                    await Run(pod);
                }
                finally
                {
                    Count(-1);
                    parallel.Release();
                }

                if (pod.Code == 0)
                {
                    Settle(_done, index);
                    return;
                }

                lock (_one)
                {
                    _failures++;
                }

                string action = ActionOn(pod);
                if (
                    action != "Ignore"
                    && (action == "FailIndex" || ++counted > job.Spec.BackoffLimitPerIndex)
                )
                {
                    Settle(_failed, index);
                    return;
                }

                await Task.Delay(pause, _deleted.Token);
                pause = pause * 2 < LastPause ? pause * 2 : LastPause;
            }
        }
        catch (OperationCanceledException) { }
    }

    void Count(int by)
    {
        lock (_one)
        {
            _active += by;
        }
    }

    void Settle(SortedSet<int> where, int index)
    {
        lock (_one)
        {
            where.Add(index);
        }
    }

    /// <summary>Of the first rule that fits.</summary>
    string ActionOn(Pod pod)
    {
        foreach (V1PodFailurePolicyRule rule in job.Spec.PodFailurePolicy?.Rules ?? [])
        {
            bool fits = rule.OnExitCodes is { } codes
                ? codes.Values.Contains(pod.Code!.Value) == (codes.OperatorProperty == "In")
                : rule.OnPodConditions.Any(c =>
                    c.Type == "DisruptionTarget" && c.Status == "True" && pod.IsEvicted
                );
            if (fits)
            {
                return rule.Action;
            }
        }

        return "Count";
    }

    async Task Run(Pod pod)
    {
        V1PodSpec spec = job.Spec.Template.Spec;
        V1Container container = spec.Containers[0];
        if (
            !cluster.Claims.TryGetValue(
                spec.Volumes[0].PersistentVolumeClaim.ClaimName,
                out string? volume
            )
        )
        {
            // Pending, as long as nobody makes the claim.
            await Task.Delay(Timeout.Infinite, _deleted.Token);
        }

        V1VolumeMount mount = container.VolumeMounts[0];
        string place = Path.Combine(volume!, mount.SubPath ?? "");
        await Node.WaitAsync(_deleted.Token);
        try
        {
            ProcessStartInfo start = new(
                container.Command[0],
                [.. container.Command.Skip(1).Select(w => w.Replace(mount.MountPath, place))]
            )
            {
                RedirectStandardError = true,
                RedirectStandardOutput = true,
            };
            start.Environment["JOB_COMPLETION_INDEX"] = $"{pod.Index}";
            start.Environment["PATH"] =
                $"{cluster.Image}:{Environment.GetEnvironmentVariable("PATH")}";
            start.Environment["TMPDIR"] = volume;
            start.Environment["XDG_RUNTIME_DIR"] = "";
            Fate fate = cluster.Befalls(pod);
            if (fate != Fate.None)
            {
                start.Environment[FakeKubernetes.Hold] = "1";
            }

            using Process process = Process.Start(start)!;
            Task<string> error = process.StandardError.ReadToEndAsync();
            Task<string> output = process.StandardOutput.ReadToEndAsync();
            Task end = process.WaitForExitAsync();
            if (fate != Fate.None)
            {
                Hurt(process, fate == Fate.Killed ? "KILL" : "TERM");
                pod.IsEvicted = fate == Fate.Evicted;
            }

            using (_deleted.Token.Register(() => Hurt(process, "TERM")))
            {
                await end;
            }

            pod.Said = await error + await output;
            pod.Code = process.ExitCode;
        }
        finally
        {
            Node.Release();
        }
    }

    static void Hurt(Process process, string signal)
    {
        if (!process.HasExited)
        {
            Tool.Signal(process, signal);
        }
    }

    /// <summary>As the API writes indexes: 0-2,5.</summary>
    static string? Ranges(SortedSet<int> indexes)
    {
        List<(int From, int To)> ranges = [];
        foreach (int index in indexes)
        {
            if (ranges is [.., var last] && last.To == index - 1)
            {
                ranges[^1] = (last.From, index);
            }
            else
            {
                ranges.Add((index, index));
            }
        }

        return ranges.Count == 0
            ? null
            : string.Join(
                ',',
                ranges.Select(r => r.From == r.To ? $"{r.From}" : $"{r.From}-{r.To}")
            );
    }
}
