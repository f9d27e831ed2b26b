using Espalier.Hub;

namespace Espalier.Data;

/// <summary>Where data lie that somebody named: on this machine, or on the Hugging Face hub. What is on this machine always wins.</summary>
public static class DataPlace
{
    /// <summary>Whether a place is on the hub and nowhere else: <c>hf://datasets/owner/name@revision/path</c>.</summary>
    public static bool IsUri(string place) => HubId.IsUriText(place);

    /// <summary>Whether a folder of data that somebody named is a data set of the hub: <c>owner/name</c>, or as <see cref="IsUri"/> says.</summary>
    /// <param name="root">What a relative path counts from.</param>
    public static bool IsOnHub(string place, string root = "") =>
        IsUri(place)
        || !Path.Exists(Path.Combine(root, place))
            && HubId.TryParse(place) is { Owner: { } owner }
            && !Directory.Exists(Path.Combine(root, owner));

    /// <summary>A folder of data as seen from another folder.</summary>
    public static string In(string root, string place) =>
        IsOnHub(place, root) ? place : Path.Combine(root, place);

    /// <summary>A file of data as seen from a folder.</summary>
    internal static string FileIn(string root, string place) =>
        IsUri(place) ? place : Path.Combine(root, place);

    /// <summary>A file of data on this machine; one of the hub is fetched where it is not here.</summary>
    /// <exception cref="InvalidDataException">There is no such file on the hub.</exception>
    /// <exception cref="HubException">The hub cannot be reached or does not let one in.</exception>
    internal static string File(string place, HubClient? hub) =>
        !IsUri(place) ? place
        : HubId.TryParse(place) is { Kind: HubKind.Dataset, File: not null } id
            ? (hub ?? new HubClient()).FetchFile(id)
        : throw new InvalidDataException(
            $"{DataProblems.Quote(place)} names no file of a data set; hf://datasets/owner/name/path/of/file.parquet was expected."
        );

    /// <summary>The folder with a task's files on this machine; those of a data set of the hub are fetched where they are not here.</summary>
    /// <param name="below">The folder of the repository that holds them, where nothing else is said.</param>
    /// <param name="isWanted">Of the files of that folder, by name. Training data come last, so that where they are, all is.</param>
    /// <inheritdoc cref="File"/>
    internal static string Folder(
        string place,
        string below,
        Func<string, bool> isWanted,
        HubClient? hub
    )
    {
        if (!IsOnHub(place))
        {
            return place;
        }

        hub ??= new HubClient();
        if (HubId.TryParse(place, HubKind.Dataset) is not { Kind: HubKind.Dataset } id)
        {
            throw new InvalidDataException(
                $"{DataProblems.Quote(place)} names no data set of the hub; owner/name or hf://datasets/owner/name was expected."
            );
        }

        string? snapshot = hub.Cache.Find(id),
            there = snapshot is null ? null : Path.Combine(snapshot, id.File ?? below);
        bool hasSome = there is not null && Directory.Exists(there) && Wanted(there).Length > 0;
        if (hasSome && (!hub.MayAsk(id) || Wanted(there!).Any(IsTraining)))
        {
            return there!;
        }

        if (!hub.MayAsk(id))
        {
            throw new InvalidDataException(hub.Cache.Absent(id, hub.WhyNotAsked));
        }

        HubListing listing = hub.List(id);
        string prefix = (id.File ?? below) + "/";
        string[] files =
        [
            .. listing
                .Files.Where(f => f.StartsWith(prefix, StringComparison.Ordinal))
                .Where(f => isWanted(f[prefix.Length..]))
                .OrderBy(f => IsTraining(f[prefix.Length..])),
        ];
        return files.Length > 0
            ? Path.Combine(hub.Fetch(listing, files), id.File ?? below)
            : throw new InvalidDataException(
                $"{id}: no file of {prefix} in it is one of the task's; it has {HubClient.Some(listing.Files)}."
            );

        string[] Wanted(string folder) =>
            [.. Directory.EnumerateFiles(folder).Select(f => Path.GetFileName(f)).Where(isWanted)];
    }

    /// <summary>Fetches a data set of the hub, or the file or folder of it that the name ends in.</summary>
    /// <returns>Where it is on this machine.</returns>
    /// <exception cref="InvalidDataException">There is no such data set or file.</exception>
    /// <exception cref="HubException">The hub cannot be reached or does not let one in.</exception>
    public static string Download(string name, HubClient hub)
    {
        HubId id = HubId.TryParse(name) is { Kind: HubKind.Dataset } data
            ? data
            : throw new InvalidDataException(
                $"{DataProblems.Quote(name)} names no data set of the hub; hf://datasets/owner/name was expected, with a file or folder of it behind."
            );
        if (hub.Settings.Offline)
        {
            return Path.Combine(
                hub.Cache.Find(id)
                    ?? throw new InvalidDataException(hub.Cache.Absent(id, hub.WhyNotAsked)),
                id.File ?? ""
            );
        }

        HubListing listing = hub.List(id);
        string[] files = id.File is { } path
            ?
            [
                .. listing.Files.Where(f =>
                    f == path || f.StartsWith(path + "/", StringComparison.Ordinal)
                ),
            ]
            : [.. listing.Files];
        return files.Length > 0
            ? Path.Combine(hub.Fetch(listing, files), id.File ?? "")
            : throw new InvalidDataException(
                $"{id}: there is no such file or folder in it; it has {HubClient.Some(listing.Files)}."
            );
    }

    static bool IsTraining(string name) => name.StartsWith("train", StringComparison.Ordinal);
}
