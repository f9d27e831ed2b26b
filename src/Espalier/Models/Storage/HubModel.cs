using Espalier.Checkpoints;
using Espalier.Hub;

namespace Espalier.Models.Storage;

/// <summary>
/// Models from the Hugging Face hub and to it: which files of a repository or a folder are a model's, and whether they are all there.
/// Nothing that could run is ever among them.
/// </summary>
public static class HubModel
{
    static readonly string[] TokenizerFiles =
    [
        "tokenizer_config.json",
        "tokenizer.json",
        "vocab.txt",
        "vocab.json",
        "merges.txt",
        "added_tokens.json",
        "special_tokens_map.json",
        "chat_template.jinja",
    ];

    static readonly string[] ModelFiles =
    [
        ModelFolder.ConfigName,
        ModelFolder.OursName,
        "generation_config.json",
    ];

    /// <summary>They say what a repository is that is no model of ours.</summary>
    static readonly string[] Marks = ["adapter_config.json", "model_index.json"];

    /// <summary>It says the licence.</summary>
    const string Card = "README.md";

    /// <summary>Fetches what is missing of the newest commit of a model, also where the cache has an older one.</summary>
    /// <param name="name"><c>owner/name</c>, with <c>@revision</c> behind it, or <c>hf://…</c>; with a <c>.gguf</c> file behind that.</param>
    /// <returns>Its folder in the cache, or the file.</returns>
    /// <exception cref="InvalidDataException">There is no such model, or its weights are of another kind alone.</exception>
    /// <exception cref="HubException">The hub cannot be reached or does not let one in.</exception>
    public static string Download(string name, HubClient hub)
    {
        HubId id =
            HubId.TryParse(name) is { Kind: HubKind.Model } model
            && (model.IsUri || model.Owner is not null)
                ? model
                : throw new InvalidDataException(
                    $"{Printable.Escape(name)} names no model of the hub; owner/name was expected, with @revision behind it where another than main is meant."
                );
        return id.File is not null || hub.Settings.Offline
            ? ModelPlace.Find(id.IsUri ? name : $"hf://{name}", hub)
            : Fetch(hub, id, forText: false);
    }

    /// <summary>What keeps a folder from being sent, one sentence each; none: nothing does.</summary>
    /// <param name="name">Of the repository, <c>owner/name</c>.</param>
    public static IReadOnlyList<string> ProblemsOf(string folder, string name, HubClient hub)
    {
        List<string> problems = [];
        if (HubId.TryParse(name) is not { Kind: HubKind.Model, Owner: not null, File: null })
        {
            problems.Add(
                $"{Printable.Escape(name)} names no repository of models; owner/name was expected, with @branch behind it where another than main is meant."
            );
        }

        try
        {
            if (hub.Settings.Offline)
            {
                problems.Add("HF_HUB_OFFLINE says not to ask the hub; unset it to send something.");
            }
            else if (!hub.IsKnown)
            {
                problems.Add(
                    $"The hub takes nothing from somebody it does not know; log in with 'hf auth login' or set HF_TOKEN ({hub.Settings.TokenPath} has no token)."
                );
            }

            if (!Directory.Exists(folder))
            {
                problems.Add(
                    $"{folder}: there is no such folder; name one with {ModelFolder.ConfigName} and {WeightFiles.SingleName}."
                );
                return problems;
            }

            ModelFolder.Config(folder);
            IReadOnlyList<string> files = FilesOf(folder);
            if (files.Any(f => f.EndsWith(".safetensors", StringComparison.Ordinal)))
            {
                WeightFiles.Open(folder).Dispose();
            }
            else if (!files.Any(IsExported))
            {
                problems.Add(
                    $"{folder} holds no weights: neither {WeightFiles.SingleName} nor a .gguf or .onnx file."
                );
            }
        }
        catch (InvalidDataException e)
        {
            problems.Add(e.Message);
        }

        return problems;
    }

    /// <summary>The files of a folder that are sent, with '/' between folders: config, tokenizer, card, weights and exports, and no others.</summary>
    public static IReadOnlyList<string> FilesOf(string folder)
    {
        string index = Path.Combine(folder, WeightFiles.IndexName);
        string[] weights =
            File.Exists(Path.Combine(folder, WeightFiles.SingleName)) ? [WeightFiles.SingleName]
            : File.Exists(index) ? [WeightFiles.IndexName, .. ShardIndex.Read(index).Shards]
            : [];
        string onnx = Path.Combine(folder, "onnx");
        return
        [
            .. ModelFiles
                .Concat(TokenizerFiles)
                .Append(Card)
                .Append("LICENSE")
                .Concat(weights)
                .Where(f => File.Exists(Path.Combine(folder, f))),
            .. Exports(folder, ""),
            .. Directory.Exists(onnx) ? Exports(onnx, "onnx/") : [],
        ];
    }

    /// <summary>Sends a folder as one commit; a repository that is not there is made.</summary>
    /// <param name="isPrivate">Of a repository that is made.</param>
    /// <param name="summary">The first line of the commit.</param>
    /// <returns>The address of the commit.</returns>
    /// <exception cref="InvalidDataException">Something keeps it from being sent; one sentence a line.</exception>
    /// <exception cref="HubException">The hub cannot be reached or does not let one in.</exception>
    public static string Push(
        string folder,
        string name,
        HubClient hub,
        bool isPrivate = true,
        string summary = "Upload a model with Espalier"
    ) =>
        ProblemsOf(folder, name, hub) is [_, ..] problems
            ? throw new InvalidDataException(string.Join('\n', problems))
            : hub.Send(
                HubId.TryParse(name)!,
                [.. FilesOf(folder).Select(f => new HubAddition(f, Path.Combine(folder, f)))],
                isPrivate,
                summary
            );

    /// <summary>Fetches what is missing of a model; its weights come last, so that what has weights is whole.</summary>
    /// <param name="forText">The tokenizer alone.</param>
    /// <returns>The snapshot.</returns>
    /// <exception cref="InvalidDataException">There is no such repository, or it holds weights of another kind alone.</exception>
    /// <exception cref="HubException">The hub cannot be reached or does not let one in.</exception>
    internal static string Fetch(HubClient hub, HubId id, bool forText)
    {
        HubListing listing = hub.List(id);
        string[] small = [.. ModelFiles, .. TokenizerFiles];
        bool hasTokenizer = listing.Files.Any(ModelPlace.Tokenizers.Contains);
        if (forText && hasTokenizer)
        {
            return hub.Fetch(listing, small);
        }

        string[] beside = [.. listing.Files.Where(f => !f.Contains('/', StringComparison.Ordinal))];
        bool single = beside.Contains(WeightFiles.SingleName),
            several = beside.Contains(WeightFiles.IndexName);
        if (!single && !several && beside.Contains(ModelFolder.ConfigName))
        {
            throw new InvalidDataException(
                ForeignModel.OtherWeights($"{id}", beside)
                    ?? $"{id} holds neither {WeightFiles.SingleName} nor {WeightFiles.IndexName}; it has {HubClient.Some(listing.Files)}."
            );
        }

        if (!single && !several && beside.FirstOrDefault(IsGguf) is { } gguf)
        {
            throw new InvalidDataException(
                $"{id} holds GGUF files; name the one that is meant, such as hf://{id.Page}/{gguf}."
            );
        }

        if (!single && !several && !beside.Any(f => Marks.Contains(f)))
        {
            throw new InvalidDataException(
                $"{id} is no model: it has no {ModelFolder.ConfigName} and no {WeightFiles.SingleName}, but {HubClient.Some(listing.Files)}."
            );
        }

        string snapshot = hub.Fetch(
            listing,
            [
                .. small,
                .. Marks.Append(Card).Where(beside.Contains),
                .. single || !several ? (string[])[] : [WeightFiles.IndexName],
            ],
            isLast: false
        );
        return hub.Fetch(
            listing,
            single ? [WeightFiles.SingleName]
                : several ? ShardIndex.Read(Path.Combine(snapshot, WeightFiles.IndexName)).Shards
                : []
        );
    }

    /// <summary>The file of a snapshot that its model lacks; null: it is whole, or it is none of ours and what it is can be told.</summary>
    internal static string? Missing(string snapshot, bool forText)
    {
        if (HubCache.DeadLink(snapshot) is { } dead)
        {
            return dead;
        }

        bool Has(string name) => File.Exists(Path.Combine(snapshot, name));
        if (forText && ModelPlace.Tokenizers.Any(Has))
        {
            return null;
        }

        if (Has(WeightFiles.SingleName))
        {
            return Has(ModelFolder.ConfigName) ? null : ModelFolder.ConfigName;
        }

        if (Has(WeightFiles.IndexName))
        {
            return ShardIndex
                .Read(Path.Combine(snapshot, WeightFiles.IndexName))
                .Shards.Append(ModelFolder.ConfigName)
                .FirstOrDefault(f => !Has(f));
        }

        string[] names =
        [
            .. Directory.EnumerateFileSystemEntries(snapshot).Select(f => Path.GetFileName(f)),
        ];
        bool isOther =
            ForeignModel.OtherWeights(snapshot, names) is not null || names.Any(Marks.Contains);
        return isOther && !HubCache.IsUnfinished(snapshot) ? null : WeightFiles.SingleName;
    }

    static IEnumerable<string> Exports(string folder, string prefix) =>
        Directory
            .EnumerateFiles(folder)
            .Select(f => prefix + Path.GetFileName(f))
            .Where(IsExported)
            .Order(StringComparer.Ordinal);

    static bool IsExported(string file) =>
        IsGguf(file)
        || file.EndsWith(".onnx", StringComparison.Ordinal)
        || file.EndsWith(".onnx_data", StringComparison.Ordinal);

    static bool IsGguf(string file) => file.EndsWith(".gguf", StringComparison.OrdinalIgnoreCase);
}
