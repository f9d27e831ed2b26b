using System.Net;
using Espalier.Checkpoints;
using Espalier.Runs.Storage;
using Espalier.Runs.Studies;
using Espalier.Runs.Watching;
using Espalier.Tensors;
using k8s;
using k8s.Autorest;
using k8s.Exceptions;
using k8s.Models;

namespace Espalier.Cli.Clusters;

/// <summary>
/// A study on Kubernetes: asks for what the store lacks, and waits until the store holds it. Jobs are told apart by their labels, so that
/// whoever calls again goes on with those that are there; what is done, the store alone says.
/// </summary>
/// <param name="note">Is told what went wrong on the way, and what was done about it.</param>
sealed class KubernetesStudy(
    Store store,
    StudyGraph graph,
    IKubernetes client,
    KubernetesOptions options,
    TimeProvider time,
    string space,
    Action<string> note
) : IDisposable
{
    static readonly TimeSpan Look = TimeSpan.FromSeconds(2);

    /// <summary>Longer than pods that wait for their inputs stay away.</summary>
    static readonly TimeSpan Quiet = TimeSpan.FromMinutes(15);

    /// <summary>An API server that answers nothing useful for so long is given up; pods go on without it.</summary>
    static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);
    static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(30);
    static readonly HttpStatusCode[] Passing =
    [
        HttpStatusCode.TooManyRequests,
        HttpStatusCode.InternalServerError,
        HttpStatusCode.BadGateway,
        HttpStatusCode.ServiceUnavailable,
        HttpStatusCode.GatewayTimeout,
    ];

    /// <summary>After all Jobs are over it waits so long for what a network disk does not show yet.</summary>
    internal TimeSpan Late { get; init; } = TimeSpan.FromSeconds(90);

    /// <summary>What tells the study's objects from others.</summary>
    public string Selector { get; } =
        $"{StudyPods.StudyLabel}={new StudyPods(graph.Name, options).Label}";

    /// <summary>With the cluster that KUBECONFIG, the user's own file or the pod that this runs in names.</summary>
    /// <exception cref="InvalidDataException">None of them does.</exception>
    public static KubernetesStudy Of(
        Store store,
        StudyGraph graph,
        KubernetesOptions options,
        Terminal terminal,
        Action<string> note
    )
    {
        try
        {
            string? file = terminal.Environment("KUBECONFIG");
            KubernetesClientConfiguration config =
                string.IsNullOrEmpty(file) && KubernetesClientConfiguration.IsInCluster()
                    ? KubernetesClientConfiguration.InClusterConfig()
                    : KubernetesClientConfiguration.BuildConfigFromConfigFile(
                        string.IsNullOrEmpty(file) ? null : file
                    );
            return new(
                store,
                graph,
                new Kubernetes(config),
                options,
                terminal.Time,
                options.Namespace ?? config.Namespace ?? "default",
                note
            );
        }
        catch (Exception e) when (e is KubeConfigException or FileNotFoundException)
        {
            throw new InvalidDataException(
                $"There is no cluster to ask ({e.Message.TrimEnd('.')}); set KUBECONFIG to a file as 'kubectl config view' shows it.",
                e
            );
        }
    }

    public void Dispose() => client.Dispose();

    /// <summary>Asks for Jobs for what is not done and not asked for yet.</summary>
    /// <returns>How many Jobs make it: new ones, and those that were there.</returns>
    public int Submit(CancellationToken stop)
    {
        StudyState state = StudyState.Of(store, graph);
        HashSet<string> asked =
        [
            .. Jobs(stop).Where(j => !IsOver(j)).SelectMany(StudyJobs.ItemsOf),
        ];
        StudyGraph left = graph.Left(i =>
            StudyState.IsOverIn(state.Of(i.Key)) || asked.Contains(StudyPods.Short(i.Key))
        );
        foreach (V1Job job in StudyJobs.Of(graph, left, options))
        {
            Create(job, stop);
        }

        return Jobs(stop).Count(j => !IsOver(j));
    }

    /// <summary>Waits until the study is done, or nothing makes what is left of it.</summary>
    /// <param name="report">Is told how far it is at each look.</param>
    public StudyState Wait(Action<StudyState> report, CancellationToken stop)
    {
        StoreWatch watch = new(store, time);
        long moved = time.GetTimestamp();
        int before = -1;
        long? ended = null;
        while (true)
        {
            IReadOnlyList<V1Job> jobs = Jobs(stop);
            StudyState state = StudyState.Of(store, graph);
            report(state);
            ended = jobs.All(IsOver) ? ended ?? time.GetTimestamp() : null;
            if (state.IsOver || ended is { } since && time.GetElapsedTime(since) >= Late)
            {
                return state;
            }

            EndHopeless(jobs, state, watch, stop);
            int over = state.Items.Count(i => StudyState.IsOverIn(i.State));
            if (over != before || state.Count(ItemState.Running) > 0)
            {
                (before, moved) = (over, time.GetTimestamp());
            }
            else if (time.GetElapsedTime(moved) > Quiet)
            {
                note(
                    $"Nothing was made for {Quiet.TotalMinutes:0} minutes; 'kubectl get pods -l {Selector}' and 'kubectl logs -l {Selector} --tail=20' say why."
                );
                moved = time.GetTimestamp();
            }

            stop.WaitHandle.WaitOne(Look);
            stop.ThrowIfCancellationRequested();
        }
    }

    /// <summary>What waits for a stage that is given up would wait for ever: its pods are not counted as failures.</summary>
    void EndHopeless(
        IReadOnlyList<V1Job> jobs,
        StudyState state,
        StoreWatch watch,
        CancellationToken stop
    )
    {
        HashSet<string> refused =
        [
            .. watch
                .Look()
                .Studies.SelectMany(s => s.Stages)
                .Where(s => s.Standing == StageStanding.Failed)
                .Select(s => StudyPods.Short(s.Stage.Key)),
            .. jobs.SelectMany(StudyJobs.GivenUp),
        ];
        HashSet<string> ended = [],
            lost = [];
        foreach (GraphItem item in graph.Items)
        {
            string key = StudyPods.Short(item.Key);
            if (StudyState.IsOverIn(state.Of(item.Key)))
            {
                ended.Add(key); // diverged among them: what is measured does without
            }
            else if (
                refused.Contains(key) || item.Needs.Any(n => lost.Contains(StudyPods.Short(n)))
            )
            {
                lost.Add(key);
            }
        }

        foreach (V1Job job in jobs.Where(j => !IsOver(j) && j.Status?.Active is not > 0))
        {
            string[] left = [.. StudyJobs.ItemsOf(job).Where(i => !ended.Contains(i))];
            if (left.Length > 0 && left.All(lost.Contains))
            {
                note($"Job {job.Metadata.Name} waits for what is given up, and is deleted.");
                Delete(job, stop);
            }
        }
    }

    /// <summary>Of this study, this call's or another's.</summary>
    IReadOnlyList<V1Job> Jobs(CancellationToken stop) =>
        [
            .. Patiently(
                () =>
                    client.BatchV1.ListNamespacedJobAsync(
                        space,
                        labelSelector: Selector,
                        cancellationToken: stop
                    ),
                stop
            ).Items,
        ];

    void Create(V1Job job, CancellationToken stop)
    {
        while (true)
        {
            try
            {
                Patiently(
                    () =>
                        client.BatchV1.CreateNamespacedJobAsync(
                            job,
                            space,
                            fieldValidation: "Strict",
                            cancellationToken: stop
                        ),
                    stop
                );
                return;
            }
            catch (HttpOperationException e)
                when (e.Response?.StatusCode == HttpStatusCode.Conflict)
            {
                // Another call asked for the same, or an answer was lost on its way here; what failed is asked for anew.
                V1Job? there = Jobs(stop).FirstOrDefault(j => j.Metadata.Name == job.Metadata.Name);
                if (there is not null && !IsOver(there))
                {
                    return;
                }

                if (there is not null)
                {
                    Delete(there, stop);
                }

                stop.WaitHandle.WaitOne(Look);
                stop.ThrowIfCancellationRequested();
            }
        }
    }

    void Delete(V1Job job, CancellationToken stop)
    {
        try
        {
            Patiently(
                () =>
                    client.BatchV1.DeleteNamespacedJobAsync(
                        job.Metadata.Name,
                        space,
                        propagationPolicy: "Background",
                        cancellationToken: stop
                    ),
                stop
            );
        }
        catch (HttpOperationException e) when (e.Response?.StatusCode == HttpStatusCode.NotFound)
        { }
    }

    static bool IsOver(V1Job job) =>
        job.Status?.Conditions?.Any(c => c.Type is "Complete" or "Failed" && c.Status == "True")
        == true;

    /// <summary>An answer, also from a server that is busy, restarting or away for some minutes.</summary>
    /// <exception cref="InvalidDataException">It refuses, or does not answer for too long.</exception>
    T Patiently<T>(Func<Task<T>> ask, CancellationToken stop)
    {
        long began = time.GetTimestamp();
        for (TimeSpan pause = TimeSpan.FromSeconds(1); ; pause *= 2)
        {
            try
            {
                return ask().GetAwaiter().GetResult();
            }
            catch (HttpOperationException e)
                when (e.Response is { } answer && Passing.Contains(answer.StatusCode))
            {
                pause = Wait(
                    $"{(int)answer.StatusCode} {answer.StatusCode}",
                    After(answer) ?? pause
                );
            }
            catch (Exception e)
                when (e is HttpRequestException or IOException
                    || e is OperationCanceledException && !stop.IsCancellationRequested
                )
            {
                pause = Wait(e.Message.TrimEnd('.'), pause);
            }
            catch (HttpOperationException e)
                when (e.Response?.StatusCode
                        is not (HttpStatusCode.Conflict or HttpStatusCode.NotFound)
                )
            {
                throw new InvalidDataException(
                    $"The API server refuses: {Printable.Escape(Sentence(e))}",
                    e
                );
            }
        }

        TimeSpan Wait(string why, TimeSpan pause)
        {
            if (time.GetElapsedTime(began) > Patience)
            {
                throw new InvalidDataException(
                    $"The API server does not answer ({why}); see 'kubectl get --raw /readyz'. The same command goes on."
                );
            }

            pause = pause < LongestPause ? pause : LongestPause;
            note(
                $"The API server does not answer ({why}); asking again in {pause.TotalSeconds:0} s."
            );
            stop.WaitHandle.WaitOne(pause);
            stop.ThrowIfCancellationRequested();
            return pause;
        }
    }

    /// <summary>What the server asks for in Retry-After.</summary>
    static TimeSpan? After(HttpResponseMessageWrapper answer) =>
        answer.Headers.TryGetValue("Retry-After", out IEnumerable<string>? values)
        && Numeral.TryWhole(values.FirstOrDefault(), out int seconds)
            ? TimeSpan.FromSeconds(seconds)
            : null;

    static string Sentence(HttpOperationException e)
    {
        try
        {
            return JsonFile
                    .Parse("Status", System.Text.Encoding.UTF8.GetBytes(e.Response.Content ?? ""))
                    .OptionalString("message")
                ?? e.Message;
        }
        catch (InvalidDataException)
        {
            return e.Message;
        }
    }
}
