using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.RegularExpressions;
using k8s.Models;

namespace Espalier.Tests.Cli.Clusters;

/// <summary>
/// What a real API server refuses of a Job: fields that its types lack (their OpenAPI is that of the client's models), and what the
/// validation of batch/v1 and of pods asks for.
/// </summary>
static partial class JobRules
{
    const int LongestLabel = 63;
    const int MostRules = 20;

    /// <summary>Ways to fields that the type does not have.</summary>
    public static IEnumerable<string> Unknown(JsonElement element, Type type, string way)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        if (element.ValueKind == JsonValueKind.Array)
        {
            Type of = type.GetGenericArguments().FirstOrDefault() ?? typeof(object);
            return element.EnumerateArray().SelectMany((e, i) => Unknown(e, of, $"{way}[{i}]"));
        }

        if (element.ValueKind != JsonValueKind.Object)
        {
            return [];
        }

        if (
            type.IsGenericType
            && type.GetGenericArguments() is [var key, var value]
            && key == typeof(string)
        )
        {
            return element
                .EnumerateObject()
                .SelectMany(p => Unknown(p.Value, value, $"{way}.{p.Name}"));
        }

        Dictionary<string, Type> fields = type.GetProperties()
            .Select(p =>
                (
                    Name: p.GetCustomAttributes(typeof(JsonPropertyNameAttribute), true)
                        .Cast<JsonPropertyNameAttribute>()
                        .SingleOrDefault()
                        ?.Name,
                    p.PropertyType
                )
            )
            .Where(p => p.Name is not null)
            .ToDictionary(p => p.Name!, p => p.PropertyType);
        return element
            .EnumerateObject()
            .SelectMany(p =>
                fields.TryGetValue(p.Name, out Type? field)
                    ? Unknown(p.Value, field, $"{way}.{p.Name}")
                    : [$"{way}.{p.Name}"]
            );
    }

    /// <summary>What is wrong with it, as a real server says it.</summary>
    public static IEnumerable<string> Problems(V1Job job)
    {
        V1JobSpec spec = job.Spec;
        bool isIndexed = spec.CompletionMode == "Indexed";
        if (
            !Subdomain().IsMatch(job.Metadata.Name ?? "")
            || job.Metadata.Name!.Length > LongestLabel
        )
        {
            yield return $"metadata.name: Invalid value: \"{job.Metadata.Name}\": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters";
        }

        foreach (
            var (key, value) in (job.Metadata.Labels ?? new Dictionary<string, string>()).Concat(
                spec.Template.Metadata?.Labels ?? new Dictionary<string, string>()
            )
        )
        {
            if (!LabelKey().IsMatch(key) || !LabelValue().IsMatch(value))
            {
                yield return $"metadata.labels: Invalid value: \"{key}={value}\"";
            }
        }

        if (isIndexed && spec.Completions is null)
        {
            yield return "spec.completions: Required value: when completion mode is Indexed";
        }

        // The name of a pod is that of the Job, its index and five letters.
        if (isIndexed && $"{job.Metadata.Name}-{spec.Completions - 1}".Length > LongestLabel)
        {
            yield return $"metadata.name: Invalid value: \"{job.Metadata.Name}\": will not able to create pod with invalid DNS label";
        }

        if (spec.Parallelism is < 0 or > 100_000 || spec.Completions is < 0)
        {
            yield return "spec.parallelism: Invalid value: must be greater than or equal to 0";
        }

        if (spec.BackoffLimitPerIndex is not null && !isIndexed)
        {
            yield return "spec.backoffLimitPerIndex: Invalid value: requires indexed completion mode";
        }

        if (spec.MaxFailedIndexes is not null && spec.BackoffLimitPerIndex is null)
        {
            yield return "spec.backoffLimitPerIndex: Required value: when maxFailedIndexes is specified";
        }

        if (spec.TtlSecondsAfterFinished is < 0)
        {
            yield return "spec.ttlSecondsAfterFinished: Invalid value: must be greater than or equal to 0";
        }

        if (
            spec.PodFailurePolicy is not null
            && spec.PodReplacementPolicy is not (null or "Failed")
        )
        {
            yield return $"spec.podReplacementPolicy: Unsupported value: \"{spec.PodReplacementPolicy}\": supported values: \"Failed\"";
        }

        if (spec.Selector is not null && spec.ManualSelector != true)
        {
            yield return "spec.selector: Invalid value: `selector` not auto-generated";
        }

        foreach (
            string problem in OfPolicy(spec)
                .Concat(OfPod(spec.Template.Spec, spec.PodFailurePolicy is not null))
        )
        {
            yield return problem;
        }
    }

    static IEnumerable<string> OfPolicy(V1JobSpec spec)
    {
        IList<V1PodFailurePolicyRule> rules = spec.PodFailurePolicy?.Rules ?? [];
        if (rules.Count > MostRules)
        {
            yield return $"spec.podFailurePolicy.rules: Too many: {rules.Count}: must have at most {MostRules} items";
        }

        for (int i = 0; i < rules.Count; i++)
        {
            V1PodFailurePolicyRule rule = rules[i];
            string way = $"spec.podFailurePolicy.rules[{i}]";
            if (rule.Action is not ("Ignore" or "Count" or "FailJob" or "FailIndex"))
            {
                yield return $"{way}.action: Unsupported value: \"{rule.Action}\"";
            }

            if (rule.Action == "FailIndex" && spec.BackoffLimitPerIndex is null)
            {
                yield return $"{way}.action: Invalid value: \"FailIndex\": requires the backoffLimitPerIndex to be set";
            }

            if (rule.OnExitCodes is null == ((rule.OnPodConditions?.Count ?? 0) == 0))
            {
                yield return $"{way}: Invalid value: specifying one of OnExitCodes and OnPodConditions is required, and not both";
            }

            if (rule.OnExitCodes is { } codes)
            {
                int[] values = [.. codes.Values ?? []];
                if (codes.OperatorProperty is not ("In" or "NotIn"))
                {
                    yield return $"{way}.onExitCodes.operator: Unsupported value: \"{codes.OperatorProperty}\"";
                }

                if (
                    values.Length is 0 or > 255
                    || !values.SequenceEqual(values.Distinct().Order())
                    || (codes.OperatorProperty == "In" && values.Contains(0))
                )
                {
                    yield return $"{way}.onExitCodes.values: Invalid value: [{string.Join(',', values)}]: must be ordered, without duplicates, and not 0 for the In operator";
                }

                if (
                    codes.ContainerName is { } name
                    && spec.Template.Spec.Containers.All(c => c.Name != name)
                )
                {
                    yield return $"{way}.onExitCodes.containerName: Invalid value: \"{name}\": must be one of the container or initContainer names in the pod template";
                }
            }

            foreach (V1PodFailurePolicyOnPodConditionsPattern pattern in rule.OnPodConditions ?? [])
            {
                if (
                    pattern.Status is not ("True" or "False" or "Unknown")
                    || string.IsNullOrEmpty(pattern.Type)
                )
                {
                    yield return $"{way}.onPodConditions: Required value: type and status";
                }
            }
        }
    }

    static IEnumerable<string> OfPod(V1PodSpec pod, bool hasPolicy)
    {
        const string way = "spec.template.spec";
        if (pod.RestartPolicy is not ("Never" or "OnFailure"))
        {
            yield return $"{way}.restartPolicy: Required value: valid values: \"OnFailure\", \"Never\"";
        }
        else if (hasPolicy && pod.RestartPolicy != "Never")
        {
            yield return $"{way}.restartPolicy: Invalid value: \"{pod.RestartPolicy}\": only \"Never\" is supported when podFailurePolicy is specified";
        }

        if (pod.Containers is not { Count: > 0 })
        {
            yield return $"{way}.containers: Required value";
        }

        string[] volumes = [.. (pod.Volumes ?? []).Select(v => v.Name)];
        if (volumes.Distinct().Count() < volumes.Length || volumes.Any(v => !DnsLabel().IsMatch(v)))
        {
            yield return $"{way}.volumes: Duplicate value or invalid name: {string.Join(", ", volumes)}";
        }

        if ((pod.Volumes ?? []).Any(v => v.PersistentVolumeClaim is { ClaimName: null or "" }))
        {
            yield return $"{way}.volumes.persistentVolumeClaim.claimName: Required value";
        }

        foreach (V1Container container in pod.Containers ?? [])
        {
            if (
                !DnsLabel().IsMatch(container.Name ?? "")
                || string.IsNullOrWhiteSpace(container.Image)
                || container.Image != container.Image.Trim()
            )
            {
                yield return $"{way}.containers: Invalid value: name \"{container.Name}\", image \"{container.Image}\"";
            }

            foreach (V1VolumeMount mount in container.VolumeMounts ?? [])
            {
                if (!volumes.Contains(mount.Name))
                {
                    yield return $"{way}.containers.volumeMounts: Not found: \"{mount.Name}\"";
                }

                if (string.IsNullOrEmpty(mount.MountPath))
                {
                    yield return $"{way}.containers.volumeMounts.mountPath: Required value";
                }

                if (
                    mount.SubPath is { } sub
                    && (sub.StartsWith('/') || sub.Split('/').Contains(".."))
                )
                {
                    yield return $"{way}.containers.volumeMounts.subPath: Invalid value: \"{sub}\": must be a relative path without '..'";
                }
            }

            foreach (
                var (name, request) in container.Resources?.Requests
                    ?? new Dictionary<string, ResourceQuantity>()
            )
            {
                if (
                    container.Resources!.Limits?.TryGetValue(name, out ResourceQuantity? limit)
                        == true
                    && limit.ToDecimal() < request.ToDecimal()
                )
                {
                    yield return $"{way}.containers.resources.requests: Invalid value: \"{request}\": must be less than or equal to {name} limit";
                }
            }
        }

        foreach (
            V1PodAffinityTerm term in pod.Affinity
                ?.PodAntiAffinity
                ?.RequiredDuringSchedulingIgnoredDuringExecution
                ?? []
        )
        {
            if (string.IsNullOrEmpty(term.TopologyKey))
            {
                yield return $"{way}.affinity.podAntiAffinity.topologyKey: Required value";
            }
        }
    }

    [GeneratedRegex("^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$")]
    private static partial Regex Subdomain();

    [GeneratedRegex("^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$")]
    private static partial Regex DnsLabel();

    [GeneratedRegex("^([a-z0-9.-]{1,253}/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$")]
    private static partial Regex LabelKey();

    [GeneratedRegex("^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$")]
    private static partial Regex LabelValue();
}
