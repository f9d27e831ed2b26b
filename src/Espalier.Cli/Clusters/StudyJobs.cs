using Espalier.Runs.Clusters;
using Espalier.Runs.Studies;
using Espalier.Tensors;
using k8s;
using k8s.Models;

namespace Espalier.Cli.Clusters;

/// <summary>
/// A study as Indexed Jobs: one for each operator and what is measured, an index for each task and seed. Jobs have no order: a pod whose
/// inputs are not in the store ends with 3 at once, which counts for nothing, and is started again later.
/// </summary>
static class StudyJobs
{
    /// <summary>What a Job of a study is to make, of each index apart, for whoever looks for what is asked for already.</summary>
    public const string ItemsAnnotation = "espalier-items";
    const char BetweenIndexes = ';';
    const char BetweenItems = ',';

    const int RetriesOfIndex = 3;
    const int SecondsKept = 7 * 24 * 60 * 60;

    // Inputs are missing; saved and told to end, by Slurm's signal or SIGTERM.
    static readonly int[] NotCounted = [ExitCode.Refused, ExitCode.TryAgain, ExitCode.Interrupted];

    // Another try would end alike.
    static readonly int[] Hopeless =
    [
        ExitCode.Usage,
        ExitCode.BelowBar,
        ExitCode.OverBudget,
        ExitCode.Diverged,
    ];

    /// <param name="whole">The study.</param>
    /// <param name="left">What of it is to be made.</param>
    public static IReadOnlyList<V1Job> Of(
        StudyGraph whole,
        StudyGraph left,
        KubernetesOptions options
    )
    {
        StudyPods pods = new(whole.Name, options);
        return [.. JobArray.Of(whole, left).Select(a => Of(a, pods, options))];
    }

    /// <summary>As files for kubectl, one document a Job.</summary>
    public static string Yaml(StudyGraph whole, StudyGraph left, KubernetesOptions options) =>
        string.Join(
            "---\n",
            Of(whole, left, options).Select(j => KubernetesYaml.Serialize(j) + "\n")
        );

    /// <summary>Beginnings of the keys that a Job is to make.</summary>
    public static IEnumerable<string> ItemsOf(V1Job job) =>
        Indexes(job).SelectMany(i => i.Split(BetweenItems));

    /// <summary>Those of indexes that failed and are not tried again.</summary>
    public static IEnumerable<string> GivenUp(V1Job job)
    {
        string[] indexes = Indexes(job);
        return (job.Status?.FailedIndexes ?? "")
            .Split(',', StringSplitOptions.RemoveEmptyEntries)
            .SelectMany(range =>
                range.Split('-') is [var from, .. var to]
                && Numeral.TryWhole(from, out int first)
                && Numeral.TryWhole(to is [var end] ? end : from, out int last)
                    ? indexes.Skip(first).Take(last - first + 1)
                    : []
            )
            .SelectMany(i => i.Split(BetweenItems));
    }

    static string[] Indexes(V1Job job) =>
        job.Metadata.Annotations?.TryGetValue(ItemsAnnotation, out string? items) == true
            ? items.Split(BetweenIndexes)
            : [];

    static V1Job Of(JobArray array, StudyPods pods, KubernetesOptions options)
    {
        int count = array.Tasks.Count;
        string[] keys = [.. array.Tasks.SelectMany(t => t.Items).Select(i => i.Key)];
        // The same work asked for twice has one name, and the API refuses the second.
        string name = pods.Name(
            $"{(array.Measures ? "times" : "stage")}-{StudyPods.Digest([.. keys, $"{options}"])}"
        );
        return new()
        {
            ApiVersion = $"{V1Job.KubeGroup}/{V1Job.KubeApiVersion}",
            Kind = V1Job.KubeKind,
            Metadata = new()
            {
                Name = name,
                NamespaceProperty = options.Namespace,
                Labels = pods.Labels,
                Annotations = new Dictionary<string, string>
                {
                    ["espalier-of"] = array.Name,
                    [ItemsAnnotation] = string.Join(
                        BetweenIndexes,
                        array.Tasks.Select(t =>
                            string.Join(BetweenItems, t.Items.Select(i => StudyPods.Short(i.Key)))
                        )
                    ),
                },
            },
            Spec = new()
            {
                CompletionMode = "Indexed",
                Completions = count,
                Parallelism = Math.Min(count, options.AtOnce ?? count),
                BackoffLimitPerIndex = RetriesOfIndex,
                PodReplacementPolicy = "Failed",
                TtlSecondsAfterFinished = SecondsKept,
                PodFailurePolicy = Failures,
                Template = new()
                {
                    Metadata = new() { Labels = pods.Labels },
                    Spec = pods.Spec(array.Measures, ["sh", "-c", Script(array, pods)]),
                },
            },
        };
    }

    /// <summary>Evictions and what waits are not counted, what would fail again fails at once, the rest is tried a few times.</summary>
    static V1PodFailurePolicy Failures =>
        new()
        {
            Rules =
            [
                new()
                {
                    Action = "Ignore",
                    OnPodConditions = [new() { Type = "DisruptionTarget", Status = "True" }],
                },
                new()
                {
                    Action = "Ignore",
                    OnExitCodes = new() { OperatorProperty = "In", Values = [.. NotCounted] },
                },
                new()
                {
                    Action = "FailIndex",
                    OnExitCodes = new() { OperatorProperty = "In", Values = [.. Hopeless] },
                },
            ],
        };

    static string Script(JobArray array, StudyPods pods) =>
        string.Concat(
            "case $JOB_COMPLETION_INDEX in\n",
            string.Concat(
                array.Tasks.Select(
                    (t, i) =>
                        $"{i}) set -- {string.Join(' ', t.Items.Select(k => StudyPods.Short(k.Key)))} ;; # {Comment(t)}\n"
                )
            ),
            "esac\n",
            pods.Make("\"$@\""),
            "\n"
        );

    /// <summary>On one line, whatever a task is called.</summary>
    static string Comment(ArrayTask task) =>
        string.Concat(
            $"{task.Items[0].Task}, seed {task.Items[0].Seed}: {string.Join(", ", task.Items.Select(i => i.Pipeline))}".Where(
                c => !char.IsControl(c)
            )
        );
}
