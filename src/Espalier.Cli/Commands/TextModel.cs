using Espalier.Cli.Parsing;
using Espalier.Data;
using Espalier.Kernels;
using Espalier.Models;
using Espalier.Models.Storage;
using Espalier.Tensors;
using Espalier.Text;

namespace Espalier.Cli.Commands;

/// <summary>A model that answers texts: weights, tokenizer, and the proof that they belong together.</summary>
sealed class TextModel
{
    readonly Session _session;

    TextModel(string folder, Model model, Session session, int maxLength)
    {
        (Folder, Model, MaxLength) = (folder, model, maxLength);
        _session = session;
    }

    public string Folder { get; }
    public Model Model { get; }
    public ModelConfig Config => Model.Config;
    public Tokenizer Tokenizer => Model.Tokenizer!;
    public Session Session => _session;

    /// <summary>Tokens that texts are cut to.</summary>
    public int MaxLength { get; }

    /// <summary>Tokens that texts are cut to where a model is trained or asked: what was asked for, or 128, or less where it reads less.</summary>
    /// <param name="asked">As the user wrote it, or null.</param>
    public static int LengthFor(string folder, int? asked, bool pair)
    {
        int length = LengthOf(folder, ModelFolder.Config(folder), asked);
        CheckLength(Tokenizer.Load(folder), length, pair);
        return length;
    }

    static int LengthOf(string folder, ModelConfig config, int? asked) =>
        asked > config.MaxLength
            ? throw new UsageException(
                $"--max-length is {asked}, and the model in {folder} reads at most {config.MaxLength} tokens."
            )
            : Math.Min(asked ?? CommonOptions.UsualLength, config.MaxLength);

    /// <param name="maxLength">As the user wrote it, or null.</param>
    /// <param name="tell">Receives what the user should know of the model.</param>
    public static TextModel Load(
        string folder,
        int? maxLength,
        Workers workers,
        KernelFamily kernels,
        Action<string> tell
    )
    {
        LoadedModel loaded = ModelFolder.Load(folder);
        foreach (string note in loaded.Notes)
        {
            tell(note);
        }

        Tokenizer tokenizer = Tokenizer.Load(folder);
        ModelConfig config = loaded.Model.Config;
        if (Misfit(tokenizer, config) is { } problem)
        {
            throw new InvalidDataException($"{folder}: {problem}");
        }

        int length = LengthOf(folder, config, maxLength);
        CheckLength(tokenizer, length, pair: true);
        Model model = loaded.Model with { Tokenizer = tokenizer };

        try
        {
            // Padding costs time and changes no answer, and time is not measured here.
            return new TextModel(folder, model, new Session(model, workers, kernels, null), length);
        }
        catch (InvalidDataException e)
        {
            throw new InvalidDataException($"{folder}: {e.Message}", e);
        }
    }

    /// <summary>Why ids of the tokenizer would miss the embedding; null: they do not.</summary>
    public static string? Misfit(Tokenizer tokenizer, ModelConfig config) =>
        tokenizer.VocabularySize > config.Vocabulary
            ? $"the tokenizer has ids up to {tokenizer.VocabularySize - 1}, the embedding only {config.Vocabulary} rows; "
                + "tokenizer and weights belong to different models."
            : null;

    public static void CheckLength(Tokenizer tokenizer, int maxLength, bool pair)
    {
        int least = tokenizer.SpecialCount(pair);
        if (maxLength < least)
        {
            throw new UsageException(
                $"--max-length is {maxLength}, and {least} special tokens stand around a {(pair ? "pair" : "text")}; allow at least as many."
            );
        }
    }

    /// <summary>Logits of each text, and the exit that gave them, counted from 0.</summary>
    public (Tensor Logits, int[] Exits) Answer(
        IReadOnlyList<(string Text, string? Pair)> texts,
        Effort effort
    )
    {
        TokenIds[] encoded = [.. texts.Select(t => Tokenizer.EncodeIds(t.Text, t.Pair, MaxLength))];
        int[] starts = new int[encoded.Length + 1];
        for (int i = 0; i < encoded.Length; i++)
        {
            starts[i + 1] = starts[i] + encoded[i].Ids.Length;
        }

        Batch batch = new()
        {
            Ids = [.. encoded.SelectMany(e => e.Ids)],
            TypeIds = [.. encoded.SelectMany(e => e.TypeIds)],
            Starts = starts,
        };
        Tensor logits = new(texts.Count, Config.Outputs);
        int[] exits = new int[texts.Count];
        _session.Run(batch, effort, logits, exits);
        return (logits, exits);
    }
}
