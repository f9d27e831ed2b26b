using Espalier.Data;
using Espalier.Models;
using Espalier.Tensors;
using Espalier.Text;

namespace Espalier.Operators;

/// <summary>Trims a model's vocabulary: what V does in a pipeline, and what can be done to an encoder without a task.</summary>
public static class Vocabulary
{
    /// <summary>Tokens at the front that stay unless another number is asked for.</summary>
    public static int UsualFirst => new TrimVocabulary().First;

    /// <summary>The model with what the texts need, and that in its history.</summary>
    public static Model Trimmed(Model model, IEnumerable<string> texts, int first)
    {
        TrimVocabulary trim = new() { First = first };
        return Trim(model, Needed(model.Tokenizer!, texts), first) with
        {
            History = [.. model.History, new Applied($"{trim}", trim.Version, Seed: 0)],
        };
    }

    /// <summary>The model with the needed tokens, the first ones (BERT's unused places not counted), special tokens and
    /// single characters.</summary>
    public static Model Trim(Model model, IReadOnlySet<int> needed, int first)
    {
        Tokenizer whole = model.Tokenizer!;
        IEnumerable<int> front = Enumerable
            .Range(0, whole.VocabularySize)
            .Where(id => !whole.TokenOf(id).StartsWith("[unused", StringComparison.Ordinal))
            .Take(first);
        Tokenizer trimmed = whole.Trim((HashSet<int>)[.. needed, .. front], out int[] oldIds);
        Tensor words = model.Parameters[Part.Word.Weight],
            rows = new(oldIds.Length, words.Columns);
        for (int id = 0; id < oldIds.Length; id++)
        {
            words.Row(oldIds[id]).CopyTo(rows.Row(id));
        }

        Parameters parameters = new();
        foreach (string name in model.Parameters.Names)
        {
            parameters.Add(name, name == Part.Word.Weight ? rows : model.Parameters[name].Clone());
        }

        return model with
        {
            Config = model.Config with
            {
                Vocabulary = oldIds.Length,
                PadId = trimmed.PadId ?? model.Config.PadId,
            },
            Parameters = parameters,
            Tokenizer = trimmed,
        };
    }

    public static IReadOnlySet<int> Needed(Tokenizer tokenizer, IEnumerable<string> texts)
    {
        HashSet<int> needed = [];
        foreach (string text in texts)
        {
            needed.UnionWith(tokenizer.EncodeIds(text).Ids);
        }

        return needed;
    }

    /// <summary>The text of an example, and its second one if it has one.</summary>
    public static IEnumerable<string> Texts(Example example) =>
        example.Pair is { } pair ? [example.Text, pair] : [example.Text];
}
