using Espalier.Data;
using Espalier.Models;
using Espalier.Runs.Storage;

namespace Espalier.Runs;

/// <summary>Each task encoded once for each tokenizer and length, however many stages use it.</summary>
public sealed class EncodedTasks
{
    readonly Dictionary<(TaskData Data, string Tokenizer, int Length), EncodedTask> _known = [];

    /// <summary>The recipe's data as the model reads it.</summary>
    public EncodedTask For(Recipe recipe, Model model)
    {
        string tokenizer = string.Join(
            ' ',
            model
                .Tokenizer!.Files()
                .OrderBy(f => f.Key, StringComparer.Ordinal)
                .Select(f => Blobs.Hash(f.Value))
        );
        int length = Math.Min(recipe.MaxLength, model.Config.MaxLength);
        lock (_known)
        {
            if (!_known.TryGetValue((recipe.Data, tokenizer, length), out EncodedTask? task))
            {
                task = new EncodedTask(recipe.Data, model.Tokenizer!, length);
                _known.Add((recipe.Data, tokenizer, length), task);
            }

            return task;
        }
    }
}
