using Espalier.Models;
using Espalier.Models.Storage;
using Espalier.Operators;
using Espalier.Tensors;
using Espalier.Text;

namespace Espalier.Runs;

/// <summary>How a recipe's models are made: the original as it is read, and what an operator makes of a model.</summary>
public static class StageMaking
{
    /// <summary>The original with its tokenizer; a classifier that it lacks is drawn from the seed.</summary>
    public static Model Original(Recipe recipe, Action<string>? note)
    {
        Answers answers = new(
            recipe.Data.Task.IsRegression ? ["score"] : recipe.Data.Task.Labels,
            recipe.Data.Task.IsRegression,
            new Rng(recipe.Seed).Split("classifier")
        );
        LoadedModel loaded = ModelFolder.Load(recipe.ModelFolder, answers);
        Tokenizer tokenizer = Tokenizer.Load(recipe.ModelFolder);
        foreach (string sentence in loaded.Notes.Concat(tokenizer.Notes))
        {
            note?.Invoke(sentence);
        }

        TokenizerFit.Check(
            recipe.ModelFolder,
            tokenizer,
            loaded.Model.Config,
            recipe.Data.Task.HasPairs
        );
        return loaded.Model with { Tokenizer = tokenizer };
    }

    /// <summary>The model after an operator, checked, with the operator in its history.</summary>
    /// <param name="key">Of the stage; its chance follows from it and the seed.</param>
    public static Model Make(
        Model model,
        Operator next,
        StageKey key,
        ulong seed,
        OperatorContext context
    )
    {
        Model made = next.Apply(model, context with { Rng = new Rng(seed).Split(key.Number) });
        made.Check();
        return made with
        {
            History = [.. model.History, new Applied(next.ToString(), next.Version, seed)],
        };
    }
}
