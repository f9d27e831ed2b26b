using System.CommandLine;
using Espalier.Cli.Parsing;

namespace Espalier.Cli.Clusters;

/// <summary>Options that pods need beside those of every cluster.</summary>
sealed class KubernetesFlags
{
    readonly Option<string?> _image = OptionValues.Text(
        "--image",
        "image",
        "For Kubernetes: a container image that holds sh and the command espalier."
    );
    readonly Option<string?> _claim = OptionValues.Text(
        "--volume-claim",
        "name[:path]",
        "For Kubernetes: the PersistentVolumeClaim whose volume holds the store, and where in the volume the store lies."
    );
    readonly Option<string?> _namespace = OptionValues.Text(
        "--namespace",
        "name",
        "For Kubernetes: where Jobs are made; that of the current context by default."
    );

    public IReadOnlyList<Option> Options => [_image, _claim, _namespace];

    /// <param name="isAsked">Whether the line is about Kubernetes.</param>
    /// <param name="kind">What names the nodes that measure.</param>
    public void Check(ParseResult parse, bool isAsked, string? kind, Problems problems)
    {
        foreach (Option option in Options.Where(o => !isAsked && parse.Has(o)))
        {
            problems.Usage(
                $"{option.Name} is for Kubernetes; give --on kubernetes, or --emit yaml or argo, too."
            );
        }

        if (!isAsked)
        {
            return;
        }

        foreach (Option<string?> option in (Option<string?>[])[_image, _claim])
        {
            if (string.IsNullOrWhiteSpace(parse.ValueOf(option)))
            {
                problems.Usage(
                    $"{option.Name} is missing, which pods need; see docs/kubernetes.md."
                );
            }
        }

        string path = Claim(parse).Path;
        if (path.StartsWith('/') || path.Split('/').Contains(".."))
        {
            problems.Usage(
                $"{_claim.Name} is '{parse.ValueOf(_claim)}'; behind ':' a path inside of the volume was expected, such as studies/orders/store."
            );
        }

        if (kind is not null && kind.IndexOf('=') <= 0)
        {
            problems.Usage(
                $"--kind is '{kind}'; on Kubernetes a label of nodes and its value were expected, such as node.kubernetes.io/instance-type=m7i.xlarge."
            );
        }
    }

    public KubernetesOptions Of(ParseResult parse, int cores, int? atOnce, string? kind)
    {
        var (name, path) = Claim(parse);
        return new(parse.GetValue(_image)!, name, cores)
        {
            Namespace = parse.GetValue(_namespace),
            Path = path,
            AtOnce = atOnce,
            Kind = kind?.Split('=', 2) is [var label, var value] ? (label, value) : null,
        };
    }

    (string Name, string Path) Claim(ParseResult parse) =>
        (parse.ValueOf(_claim) ?? "").Split(':', 2) is [var name, var path]
            ? (name, path)
            : (parse.ValueOf(_claim) ?? "", "");
}
