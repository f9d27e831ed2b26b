using Espalier.Checkpoints;

namespace Espalier.Models.Storage;

/// <summary>Where the model lies that somebody named: a folder, a GGUF file, or an id of the Hugging Face hub that was downloaded before.</summary>
public static class ModelPlace
{
    static readonly string[] Tokenizers = ["tokenizer.json", "vocab.txt", "vocab.json"];

    /// <summary>The folder or file; one of that path always wins over the cache.</summary>
    /// <param name="name">A folder, <c>owner/name</c>, or <c>owner/name@revision</c>.</param>
    /// <param name="environment">Tells variables such as HF_HOME; null: those of the process.</param>
    /// <param name="root">What a relative path counts from; null: the working folder.</param>
    /// <param name="forText">Only the tokenizer is asked for.</param>
    /// <exception cref="InvalidDataException">There is none, or it is of a kind that Espalier does not read; one sentence says which and what to do.</exception>
    public static string Find(
        string name,
        Func<string, string?>? environment = null,
        string? root = null,
        bool forText = false
    )
    {
        HubCache cache = HubCache.Of(environment ?? Environment.GetEnvironmentVariable);
        string path = Path.Combine(root ?? "", name);
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
            Directory.Exists(path) ? HubCache.SnapshotIn(path) ?? path
            : HubId.TryParse(name) is { } id ? cache.Find(id)
            : throw new InvalidDataException(
                $"{Printable.Escape(name)}: there is no such folder; name a model's folder, or a model of the Hugging Face hub as owner/name."
            );
        return forText && Tokenizers.Any(f => File.Exists(Path.Combine(folder, f))) ? folder
            : ForeignModel.Refusal(folder) is { } why ? throw new InvalidDataException(why)
            : folder;
    }
}
