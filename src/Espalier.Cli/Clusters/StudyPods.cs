using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using k8s.Models;

namespace Espalier.Cli.Clusters;

/// <summary>What a pod of a study looks like, whoever starts it, and the names by which its objects are known.</summary>
sealed class StudyPods(string study, KubernetesOptions options)
{
    /// <summary>Of every object and pod of a study.</summary>
    public const string StudyLabel = "espalier-study";

    /// <summary>Where pods see the store.</summary>
    public const string Store = "/store";

    const string Volume = "store";
    const string NameLabel = "app.kubernetes.io/name";

    // A training saves itself when it is told to end.
    const int SecondsToSave = 120;

    /// <summary>Of a label: at most 63 letters, digits and dashes.</summary>
    public string Label { get; } = Safe(study, 63);

    public string Name(string of) => $"espalier-{Safe(study, 24)}-{of}";

    public IDictionary<string, string> Labels =>
        new Dictionary<string, string> { [NameLabel] = "espalier", [StudyLabel] = Label };

    /// <summary>Eight digits that stand for what is said.</summary>
    public static string Digest(params IEnumerable<string> said) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\n', said))))[
            ..8
        ];

    /// <param name="command">Words; the last is a script for sh.</param>
    public V1PodSpec Spec(bool measures, IReadOnlyList<string> command) =>
        new()
        {
            RestartPolicy = "Never",
            AutomountServiceAccountToken = false,
            EnableServiceLinks = false,
            TerminationGracePeriodSeconds = SecondsToSave,
            NodeSelector =
                measures && options.Kind is var (label, value)
                    ? new Dictionary<string, string> { [label] = value }
                    : null,
            Affinity = measures ? Alone() : null,
            Containers = [Container(command)],
            Volumes =
            [
                new()
                {
                    Name = Volume,
                    PersistentVolumeClaim = new() { ClaimName = options.Claim },
                },
            ],
        };

    /// <summary>Requests are limits, so that a pod's processors are its own.</summary>
    V1Container Container(IReadOnlyList<string> command)
    {
        Dictionary<string, ResourceQuantity> own = new()
        {
            ["cpu"] = new(options.Threads.ToString(CultureInfo.InvariantCulture)),
        };
        return new()
        {
            Name = "espalier",
            Image = options.Image,
            Command = [.. command],
            Resources = new() { Requests = own, Limits = own },
            VolumeMounts =
            [
                new()
                {
                    Name = Volume,
                    MountPath = Store,
                    SubPath = options.Path.Length > 0 ? options.Path : null,
                },
            ],
        };
    }

    /// <summary>Times are taken on a node where no other pod of any study works.</summary>
    static V1Affinity Alone() =>
        new()
        {
            PodAntiAffinity = new()
            {
                RequiredDuringSchedulingIgnoredDuringExecution =
                [
                    new()
                    {
                        TopologyKey = "kubernetes.io/hostname",
                        LabelSelector = new()
                        {
                            MatchLabels = new Dictionary<string, string>
                            {
                                [NameLabel] = "espalier",
                            },
                        },
                    },
                ],
            },
        };

    /// <summary>What makes items, one after the other; where another pod works on one, it waits for that.</summary>
    /// <param name="keys">Words of sh.</param>
    public string Make(string keys) =>
        $"exec espalier stage run {keys} --store {Store} --threads {options.Threads} --wait";

    /// <summary>As many digits as tell a key from all others.</summary>
    public static string Short(string key) => key[..16];

    static string Safe(string name, int most)
    {
        string safe = string.Concat(
                name.ToLowerInvariant().Select(c => char.IsAsciiLetterOrDigit(c) ? c : '-')
            )
            .Trim('-');
        return (safe.Length > most ? safe[..most].Trim('-') : safe) is { Length: > 0 } some
            ? some
            : "study";
    }
}
