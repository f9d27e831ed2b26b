using System.Text.RegularExpressions;

namespace Espalier.Models.Storage;

/// <summary>A model as the Hugging Face hub calls it: <c>owner/name</c>, or <c>name</c> alone for the oldest, and a revision behind <c>@</c>.</summary>
/// <param name="Revision">A branch, a tag or a commit; null: main.</param>
sealed partial record HubId(string? Owner, string Name, string? Revision)
{
    public static HubId? TryParse(string text) =>
        Form().Match(text) is { Success: true } match
            ? new HubId(Part(match, "owner"), match.Groups["name"].Value, Part(match, "revision"))
            : null;

    /// <summary>As <c>hf download</c> takes it.</summary>
    public string Repository => Owner is null ? Name : $"{Owner}/{Name}";

    /// <summary>Its folder in the cache.</summary>
    public string Folder => Owner is null ? $"models--{Name}" : $"models--{Owner}--{Name}";

    public string Download =>
        Revision is null
            ? $"hf download {Repository}"
            : $"hf download {Repository} --revision {Revision}";

    public override string ToString() => Revision is null ? Repository : $"{Repository}@{Revision}";

    static string? Part(Match match, string group) =>
        match.Groups[group] is { Success: true } part ? part.Value : null;

    // The hub's own rule for names; "." and ".." begin paths, and a file's name ends in what follows a dot.
    [GeneratedRegex(
        @"^(?:(?<owner>[A-Za-z0-9_][\w-]*(?:\.[\w-]+)*)/)?(?<name>[A-Za-z0-9_][\w-]*(?:\.[\w-]+)*)(?:@(?<revision>[\w][\w.-]*(?:/[\w][\w.-]*)*))?$",
        RegexOptions.ECMAScript
    )]
    private static partial Regex Form();
}
