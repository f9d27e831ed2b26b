using Espalier.Checkpoints;
using Espalier.Data;
using Espalier.Hub;

namespace Espalier.Models.Storage;

/// <summary>Where the model lies that somebody named: a folder, a GGUF file, or an id of the Hugging Face hub.</summary>
public static class ModelPlace
{
    internal static readonly string[] Tokenizers = ["tokenizer.json", "vocab.txt", "vocab.json"];

    /// <summary>
    /// The folder or file; one of that path always wins over the hub. What is in the hub's cache on this machine is taken from there
    /// and nothing is asked; what is not is downloaded, unless HF_HUB_OFFLINE says not to.
    /// </summary>
    /// <param name="name">A folder, a stage of a run without its key, <c>owner/name</c>, <c>owner/name@revision</c>, or <c>hf://owner/name@revision/file.gguf</c>.</param>
    /// <param name="hub">Null: as the process's environment says, in silence.</param>
    /// <param name="root">What a relative path counts from; null: the working folder.</param>
    /// <param name="forText">Only the tokenizer is asked for.</param>
    /// <exception cref="InvalidDataException">There is none, or it is of a kind that Espalier does not read; one sentence says which and what to do.</exception>
    /// <exception cref="HubException">The hub cannot be reached or does not let one in.</exception>
    public static string Find(
        string name,
        HubClient? hub = null,
        string? root = null,
        bool forText = false
    )
    {
        string path = Path.Combine(root ?? "", name);
        if (StagesOf(path) is { Length: > 0 } stages)
        {
            return stages.Length == 1
                ? stages[0]
                : throw new InvalidDataException(
                    $"{path} is the beginning of {stages.Length} folders, {string.Join(" and ", stages.Select(Path.GetFileName))}; name one of them."
                );
        }

        if (GgufFile.Is(path))
        {
            return path;
        }

        if (File.Exists(path))
        {
            throw new InvalidDataException(
                ForeignModel.Refusal(path)
                    ?? $"{path} is a file; a folder with {ModelFolder.ConfigName} and {WeightFiles.SingleName} was expected."
            );
        }

        string folder =
            Directory.Exists(path) ? InFolder(path, forText)
            : HubId.TryParse(name) is { Kind: HubKind.Model } id
                ? OnHub(hub ?? new HubClient(), id, root ?? "", forText)
            : throw new InvalidDataException(
                HubId.IsUriText(name)
                    ? $"{Printable.Escape(name)} names no model of the hub; hf://owner/name, with @revision or /file.gguf behind it, was expected."
                    : $"{Printable.Escape(name)}: there is no such folder; name a model's folder, or a model of the Hugging Face hub as owner/name."
            );
        return File.Exists(folder)
            || forText && Tokenizers.Any(f => File.Exists(Path.Combine(folder, f)))
                ? folder
            : ForeignModel.Refusal(folder) is { } why ? throw new InvalidDataException(why)
            : folder;
    }

    /// <summary>What an option of an operator names, a model or a text, on this machine; a path stays as it is, whether it is there or not.</summary>
    /// <inheritdoc cref="Find"/>
    public static string OfInput(string name, HubClient hub) =>
        !DataPlace.IsOnHub(name) ? name
        : HubId.TryParse(name)?.Kind == HubKind.Dataset ? DataPlace.File(name, hub)
        : Find(name, hub);

    /// <summary>Whether <see cref="Find"/> would ask the hub, for a model that this machine does not have.</summary>
    public static bool WouldAsk(string name, HubClient hub, bool forText = false) =>
        !Path.Exists(name)
        && StagesOf(name).Length == 0
        && HubId.TryParse(name) is { Kind: HubKind.Model } id
        && hub.MayAsk(id)
        && !(
            hub.Cache.Find(id) is { } snapshot
            && (
                id.File is { } file
                    ? File.Exists(Path.Combine(snapshot, file))
                    : HubModel.Missing(snapshot, forText) is null
            )
        );

    /// <summary>Folders that a run wrote, of a stage that is named without its key: 6-DEPLQ is 6-DEPLQ-0e3f….</summary>
    static string[] StagesOf(string path) =>
        !Path.Exists(path)
        && Path.GetFileName(path) is { Length: > 0 } stage
        && char.IsAsciiDigit(stage[0])
        && Path.GetDirectoryName(path) is { } run
        && Directory.Exists(run)
            ?
            [
                .. Directory
                    .EnumerateDirectories(run, $"{stage[0]}*")
                    .Where(d =>
                        Path.GetFileName(d).StartsWith(stage + "-", StringComparison.Ordinal)
                    )
                    .Order(StringComparer.Ordinal),
            ]
            : [];

    /// <summary>The folder, or the snapshot in one of the cache's own.</summary>
    static string InFolder(string folder, bool forText)
    {
        if (
            File.Exists(Path.Combine(folder, ModelFolder.ConfigName))
            || HubCache.SnapshotIn(folder, out string repository) is not { } snapshot
        )
        {
            return folder;
        }

        CheckWhole(folder, snapshot, $"hf download {repository}", forText);
        return snapshot;
    }

    static string OnHub(HubClient hub, HubId id, string root, bool forText)
    {
        if (id.File is not null)
        {
            return id.File.EndsWith(".gguf", StringComparison.OrdinalIgnoreCase)
                ? hub.FetchFile(id)
                : throw new InvalidDataException(
                    $"{id} names a file; a model is a repository, such as hf://{id.Page}, or a .gguf file of one."
                );
        }

        string? snapshot = hub.Cache.Find(id);
        if (snapshot is not null && HubModel.Missing(snapshot, forText) is null)
        {
            return snapshot;
        }

        if (hub.MayAsk(id, root))
        {
            return HubModel.Fetch(hub, id, forText);
        }

        CheckWhole(
            $"{id}",
            snapshot ?? throw new InvalidDataException(hub.Cache.Absent(id, hub.WhyNotAsked, root)),
            id.Download,
            forText
        );
        return snapshot;
    }

    static void CheckWhole(string name, string snapshot, string download, bool forText)
    {
        if (HubModel.Missing(snapshot, forText) is { } missing)
        {
            throw new InvalidDataException(
                $"{name}: its download into the Hugging Face cache was not finished ('{Printable.Escape(missing)}' is missing in {snapshot}); "
                    + $"run '{download}' again."
            );
        }
    }
}
