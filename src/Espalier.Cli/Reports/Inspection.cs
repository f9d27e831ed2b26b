using System.Text.Json;
using Espalier.Checkpoints;
using Espalier.Measuring;
using Espalier.Models;
using Espalier.Models.Storage;
using Espalier.Text;

namespace Espalier.Cli.Reports;

/// <summary>A model's folder, read and described.</summary>
/// <param name="HasClassifier">A bare encoder has none, and no labels of its own.</param>
/// <param name="TokenizerKind">Null where the folder has none that can be read; a note says why.</param>
/// <param name="Transformers">Whether transformers can load the folder.</param>
sealed record Inspection(
    string Folder,
    Model Model,
    bool HasClassifier,
    long BytesOnDisk,
    string? TokenizerKind,
    int? TokenizerSize,
    string Transformers,
    IReadOnlyList<string> Notes
)
{
    const int MostLabelsShown = 12;

    ModelConfig Config => Model.Config;

    public static Inspection Of(string folder)
    {
        bool bare = !ModelFolder.HasClassifier(folder);
        var (model, loaderNotes) =
            ModelFolder.Config(folder).IsLanguage ? ModelFolder.Load(folder, asStored: true)
            : bare
                ? new LoadedModel(
                    ModelFolder.LoadEncoder(folder),
                    ["It is an encoder without a classifier: fine-tune it with 'espalier run O'."]
                )
            : ModelFolder.Load(folder);
        List<string> notes = [.. loaderNotes];
        var (kind, size) = TokenizerOf(folder, model.Config, notes);
        string ours = Path.Combine(folder, ModelFolder.OursName);
        return new Inspection(
            folder,
            model,
            !bare,
            ModelFolder.SizeOf(folder),
            kind,
            size,
            RegularFile.IsThere(ours)
                ? JsonFile.Read(ours).OptionalString("transformers") ?? "unknown"
                : "yes",
            notes
        );
    }

    public void Write(Terminal terminal, bool json)
    {
        if (json)
        {
            JsonText.Document(terminal.Out, WriteTo);
            return;
        }

        terminal.Write(Rows());
        terminal.Tell(Notes);
    }

    IEnumerable<(string, string)> Rows()
    {
        yield return ("folder", Folder);
        yield return ("family", $"{Config.Family.ModelType} ({Config.Family.Architecture})");
        yield return ("vocabulary", $"{Config.Vocabulary:N0} rows of {Config.Hidden}");
        yield return ("longest input", $"{Config.MaxLength} tokens");
        foreach (string row in Layers())
        {
            yield return ("", row);
        }

        yield return ("parameters", $"{Model.Parameters.Count:N0}");
        yield return ("on disk", Shown.Bytes(BytesOnDisk));
        if (Config.IsLanguage)
        {
            yield return (
                "weights",
                string.Join(", ", Forms().Select(f => $"{Shown.Bytes(f.Bytes)} {f.Form}"))
            );
            yield return ("answers", "the next token");
            if (Config.HasExits)
            {
                yield return (
                    "exits",
                    $"{Config.ExitCount}, behind {string.Join(", ", Enumerable.Range(0, Config.ExitCount).Select(Config.LayersAt))} layers, each with the head"
                );
            }

            yield return Tokens();
            yield break;
        }

        yield return ("products", Model.Traits.Precision.ToString().ToLowerInvariant());
        yield return (
            "length",
            Model.Traits.DynamicLength ? "dynamic (no padding)" : "padded to the task's maximum"
        );
        yield return ("exits", Exits());
        yield return ("answers", Answers());
        yield return (
            "operators",
            Model.History.Count == 0
                ? "none"
                : string.Join(" ", Model.History.Select(a => $"{a.Text} (seed {a.Seed})"))
        );
        yield return Tokens();
        yield return ("transformers", Transformers);
    }

    (string, string) Tokens() =>
        (
            "tokenizer",
            TokenizerKind is null ? "none" : $"{TokenizerKind}, {TokenizerSize:N0} tokens"
        );

    /// <summary>The forms that weights lie in, and how much is in each, largest first.</summary>
    IEnumerable<(string Form, long Bytes)> Forms() =>
        Model
            .Parameters.Names.Select(Model.Parameters.Stored)
            .GroupBy(w => $"{w}")
            .Select(g => (g.Key, g.Sum(w => w.Bytes)))
            .OrderByDescending(f => f.Item2);

    /// <summary>Runs of equal layers on one line.</summary>
    IEnumerable<string> Layers()
    {
        IReadOnlyList<Block> layers = Config.Layers;
        for (int first = 0, next; first < layers.Count; first = next)
        {
            next = first + 1;
            while (next < layers.Count && layers[next] == layers[first])
            {
                next++;
            }

            string which = next - first == 1 ? $"layer {first}" : $"layers {first}-{next - 1}";
            yield return $"{which}: {layers[first].Attention.Heads} heads of {Config.HeadWidth}{KeysOf(layers[first])}, feed-forward {layers[first].Mlp.Width}";
        }
    }

    static string KeysOf(Block layer) =>
        layer.Attention.HeadsPerKey > 1 ? $" that share {layer.Attention.KeyHeads} of keys" : "";

    string Exits() =>
        Config.HasExits
            ? $"{Config.ExitCount}, one behind every layer, reading the {Lower(Config.ExitPooling!.Value)} of the tokens"
            : "none";

    string Answers() =>
        !HasClassifier ? "none yet"
        : Config.Regression ? "a number"
        : $"{Config.Labels.Count} classes: {string.Join(", ", Config.Labels.Take(MostLabelsShown))}"
            + (Config.Labels.Count > MostLabelsShown ? " …" : "");

    void WriteTo(Utf8JsonWriter json)
    {
        json.WriteString("folder", Folder);
        json.WriteString("family", Config.Family.ModelType);
        json.WriteString("architecture", Config.Family.Architecture);
        json.WriteNumber("vocabulary", Config.Vocabulary);
        json.WriteNumber("hidden", Config.Hidden);
        json.WriteNumber("head_width", Config.HeadWidth);
        json.WriteNumber("max_length", Config.MaxLength);
        json.Objects(
            "layers",
            Config.Layers,
            layer =>
            {
                json.WriteNumber("heads", layer.Attention.Heads);
                json.WriteNumber("feed_forward", layer.Mlp.Width);
            }
        );

        json.WriteNumber("parameters", Model.Parameters.Count);
        json.WriteNumber("bytes_on_disk", BytesOnDisk);
        json.WriteString("precision", Model.Traits.Precision.ToString().ToLowerInvariant());
        json.WriteBoolean("dynamic_length", Model.Traits.DynamicLength);
        json.WriteNumber("exits", Config.HasExits ? Config.ExitCount : 0);
        json.WriteString("exit_pooling", Config.ExitPooling is { } e ? Lower(e) : null);
        json.WriteString("pooling", Lower(Config.Pooling));
        json.WriteBoolean("classifier", HasClassifier);
        json.WriteBoolean("regression", HasClassifier && Config.Regression);
        json.Array("labels", HasClassifier ? Config.Labels : [], json.WriteStringValue);
        json.Objects(
            "operators",
            Model.History,
            applied =>
            {
                json.WriteString("text", applied.Text);
                json.WriteNumber("version", applied.Version);
                json.WriteNumber("seed", applied.Seed);
            }
        );

        json.WriteString("tokenizer", TokenizerKind);
        json.OptionalNumber("tokenizer_size", TokenizerSize);
        json.WriteString("transformers", Transformers);
        json.Array("notes", Notes, json.WriteStringValue);
    }

    static (string? Kind, int? Size) TokenizerOf(
        string folder,
        ModelConfig config,
        List<string> notes
    )
    {
        try
        {
            Tokenizer tokenizer = Tokenizer.Load(folder);
            notes.AddRange(tokenizer.Notes);
            string? problem =
                TokenizerFit.Problem(tokenizer, config, pairs: false)
                ?? TokenizerFit.Problem(tokenizer, config, pairs: true);
            if (problem is not null)
            {
                notes.Add(problem);
            }

            return (tokenizer.ModelName, tokenizer.VocabularySize);
        }
        catch (InvalidDataException e)
        {
            notes.Add(e.Message);
            return (null, null);
        }
    }

    /// <summary>Whether the checkpoint has the last linear of a classifier.</summary>
    static string Lower<T>(T value)
        where T : struct, Enum => value.ToString().ToLowerInvariant();
}
