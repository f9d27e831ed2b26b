using System.Buffers;
using System.Text.RegularExpressions;
using Espalier.Checkpoints;

namespace Espalier.Hub;

/// <summary>What lies on the hub: models, and data sets beside them.</summary>
enum HubKind
{
    Model,
    Dataset,
}

/// <summary>
/// What the Hugging Face hub calls a model or a data set: <c>owner/name</c>, or <c>name</c> alone for the oldest, and a revision
/// behind <c>@</c>; or <c>hf://owner/name@revision/file</c>, with <c>datasets/</c> in front of the owner.
/// </summary>
/// <param name="Revision">A branch, a tag or a commit; null: main.</param>
/// <param name="File">Of the repository, with '/' between folders; null: as much of it as is needed.</param>
sealed partial record HubId(
    HubKind Kind,
    string? Owner,
    string Name,
    string? Revision,
    string? File = null
)
{
    const string Scheme = "hf://";

    /// <summary>What no name of a file holds on Windows.</summary>
    static readonly SearchValues<char> OfNoName = SearchValues.Create("\\:*?\"<>|");

    /// <summary>Written with hf://, so that nothing else can be meant.</summary>
    public bool IsUri { get; private init; }

    /// <summary>Whether a text is meant as a place on the hub and as nothing else.</summary>
    public static bool IsUriText(string text) => text.StartsWith(Scheme, StringComparison.Ordinal);

    /// <param name="kind">Of what is named without hf://, which says itself what it names.</param>
    /// <returns>Null: it is no name of the hub.</returns>
    public static HubId? TryParse(string text, HubKind kind = HubKind.Model)
    {
        bool uri = IsUriText(text);
        Match match = uri ? Uri().Match(text[Scheme.Length..]) : Form().Match(text);
        return !match.Success || Part(match, "file") is { } file && !IsSafe(file)
            ? null
            : new HubId(
                !uri ? kind
                    : match.Groups["kind"].Value == "datasets" ? HubKind.Dataset
                    : HubKind.Model,
                Part(match, "owner"),
                match.Groups["name"].Value,
                Part(match, "revision"),
                Part(match, "file")
            )
            {
                IsUri = uri,
            };
    }

    /// <summary>Whether a path that others wrote stays inside its folder, on every system.</summary>
    public static bool IsSafe(string path) =>
        path.Split('/').All(part => part is not ("" or "." or "..") && part[^1] is not ('.' or ' '))
        && !path.AsSpan().ContainsAny(OfNoName)
        && Printable.IsPlain(path);

    /// <summary>As <c>hf download</c> takes it.</summary>
    public string Repository => Owner is null ? Name : $"{Owner}/{Name}";

    public string RevisionOrMain => Revision ?? "main";

    /// <summary>Its folder in the cache.</summary>
    public string Folder =>
        (Kind == HubKind.Model ? "models--" : "datasets--")
        + (Owner is null ? Name : $"{Owner}--{Name}");

    /// <summary>For a sentence: what kind of thing it is.</summary>
    public string What => Kind == HubKind.Model ? "model" : "data set";

    public string Download =>
        $"hf download {Repository}"
        + (File is null ? "" : $" {File}")
        + (Kind == HubKind.Model ? "" : " --repo-type dataset")
        + (Revision is null ? "" : $" --revision {Revision}");

    /// <summary>The page that people see.</summary>
    public string Page => (Kind == HubKind.Model ? "" : "datasets/") + Repository;

    /// <summary>The address below which the hub's programs answer.</summary>
    public string Api => (Kind == HubKind.Model ? "api/models/" : "api/datasets/") + Repository;

    /// <summary>The address of a file.</summary>
    public string Resolve(string commit, string file) =>
        $"{Page}/resolve/{System.Uri.EscapeDataString(commit)}/{string.Join('/', file.Split('/').Select(System.Uri.EscapeDataString))}";

    public override string ToString() =>
        IsUri
            ? $"{Scheme}{Page}{(Revision is null ? "" : $"@{Revision}")}{(File is null ? "" : $"/{File}")}"
        : Revision is null ? Repository
        : $"{Repository}@{Revision}";

    static string? Part(Match match, string group) =>
        match.Groups[group] is { Success: true } part ? part.Value : null;

    // The hub's own rule for names; "." and ".." begin paths, and a file's name ends in what follows a dot.
    const string Owned =
        @"(?:(?<owner>[A-Za-z0-9_][\w-]*(?:\.[\w-]+)*)/)?(?<name>[A-Za-z0-9_][\w-]*(?:\.[\w-]+)*)";

    [GeneratedRegex(
        $@"^{Owned}(?:@(?<revision>[\w][\w.-]*(?:/[\w][\w.-]*)*))?\z",
        RegexOptions.ECMAScript
    )]
    private static partial Regex Form();

    // Behind hf:// a '/' begins a file, but in the names that the hub gives to requests and conversions.
    [GeneratedRegex(
        $@"^(?:(?<kind>models|datasets)/)?{Owned}(?:@(?<revision>refs/(?:pr|convert)/[\w][\w.-]*|[\w][\w.-]*))?(?:/(?<file>[^\r\n]+)?)?\z",
        RegexOptions.ECMAScript
    )]
    private static partial Regex Uri();
}
