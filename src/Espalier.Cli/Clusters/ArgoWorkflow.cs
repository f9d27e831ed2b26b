using Espalier.Runs.Studies;
using k8s;

namespace Espalier.Cli.Clusters;

/// <summary>A study as a Workflow of Argo, which knows what comes after what.</summary>
static class ArgoWorkflow
{
    const int Retries = 3;

    /// <param name="left">What of the study is to be made.</param>
    public static string Yaml(StudyGraph left, KubernetesOptions options)
    {
        StudyPods pods = new(left.Name, options);
        Dictionary<string, object> metadata = new()
        {
            ["generateName"] = pods.Name(""),
            ["labels"] = pods.Labels,
        };
        if (options.Namespace is { } space)
        {
            metadata["namespace"] = space;
        }

        return KubernetesYaml.Serialize(
            new Dictionary<string, object>
            {
                ["apiVersion"] = "argoproj.io/v1alpha1",
                ["kind"] = "Workflow",
                ["metadata"] = metadata,
                ["spec"] = new Dictionary<string, object>
                {
                    ["entrypoint"] = "study",
                    ["parallelism"] = options.AtOnce ?? Math.Max(1, left.Items.Count),
                    ["volumes"] = pods.Spec(false, []).Volumes,
                    ["templates"] = new object[]
                    {
                        new Dictionary<string, object>
                        {
                            ["name"] = "study",
                            ["dag"] = new Dictionary<string, object>
                            {
                                ["failFast"] = false,
                                ["tasks"] = left.Items.Select(Task).ToArray(),
                            },
                        },
                        Template("stage", measures: false, pods),
                        Template("times", measures: true, pods),
                    },
                },
            }
        );
    }

    static string NameOf(string key) => $"k{key[..16]}";

    static Dictionary<string, object> Task(GraphItem item)
    {
        Dictionary<string, object> task = new()
        {
            ["name"] = NameOf(item.Key),
            ["template"] = item.Measures ? "times" : "stage",
            ["arguments"] = new Dictionary<string, object>
            {
                ["parameters"] = new object[]
                {
                    new Dictionary<string, object>
                    {
                        ["name"] = "key",
                        ["value"] = StudyPods.Short(item.Key),
                    },
                },
            },
        };
        if (item.Needs.Count > 0)
        {
            // What diverged is left out of what is measured.
            task["depends"] = string.Join(
                " && ",
                item.Needs.Select(n =>
                    item.Measures
                        ? $"({NameOf(n)}.Succeeded || {NameOf(n)}.Failed || {NameOf(n)}.Omitted)"
                        : $"{NameOf(n)}.Succeeded"
                )
            );
        }

        return task;
    }

    static Dictionary<string, object> Template(string name, bool measures, StudyPods pods)
    {
        var spec = pods.Spec(
            measures,
            ["sh", "-c", pods.Make("\"$0\""), "{{inputs.parameters.key}}"]
        );
        Dictionary<string, object> template = new()
        {
            ["name"] = name,
            ["metadata"] = new Dictionary<string, object> { ["labels"] = pods.Labels },
            ["inputs"] = new Dictionary<string, object>
            {
                ["parameters"] = new object[]
                {
                    new Dictionary<string, object> { ["name"] = "key" },
                },
            },
            ["retryStrategy"] = new Dictionary<string, object>
            {
                ["limit"] = Retries,
                ["retryPolicy"] = "Always",
                ["expression"] =
                    $"lastRetry.status == \"Error\" || !(asInt(lastRetry.exitCode) in [{ExitCode.Usage}, {ExitCode.Refused}, {ExitCode.Diverged}])",
            },
            ["container"] = spec.Containers[0],
        };
        if (spec.Affinity is { } affinity)
        {
            template["affinity"] = affinity;
        }

        if (spec.NodeSelector is { } nodes)
        {
            template["nodeSelector"] = nodes;
        }

        return template;
    }
}
