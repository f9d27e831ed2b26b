using Espalier.Data;
using Espalier.Data.Corpora;
using Espalier.Measuring;
using Espalier.Models;
using Espalier.Models.Storage;
using Espalier.Operators;
using Espalier.Runs.Storage;
using Espalier.Tensors;
using Espalier.Text;

namespace Espalier.Runs;

/// <summary>How a recipe's models are made: the original as it is read, and what an operator makes of a model.</summary>
public static class StageMaking
{
    /// <summary>The original with its tokenizer; a classifier that it lacks and the task needs is drawn from the seed.</summary>
    public static Model Original(Recipe recipe, Action<string>? note)
    {
        CheckFit(recipe.Pipeline, recipe.ModelFolder, recipe.Data.Task);
        Answers? answers =
            recipe.Data.Task.Kind is Corpus
                ? null
                : new Answers(
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

    /// <summary>The model of a stage, with its tokenizer, after a look at every byte.</summary>
    /// <exception cref="InvalidDataException">It is not what was stored.</exception>
    public static Model Load(Store store, StoredAction stage) =>
        store.IsWhole(stage)
            ? store.Reading(
                stage,
                folder => ModelFolder.Load(folder).Model with { Tokenizer = Tokenizer.Load(folder) }
            )
            : throw new InvalidDataException(
                $"{store.Folder}: the model {stage.Pipeline} of {stage.Task}, seed {stage.Seed}, was damaged meanwhile; the same command makes it again."
            );

    /// <summary>
    /// Sees that the model can do what the task asks, that every operator can be applied to it, and that an original that is not
    /// trained here was trained for such a task.
    /// </summary>
    /// <exception cref="InvalidDataException">One of them is not so.</exception>
    public static void CheckFit(Pipeline pipeline, string folder, TaskDefinition task)
    {
        ModelConfig config = ModelFolder.Config(folder);
        if (config.IsLanguage != task.Kind is Corpus)
        {
            throw new InvalidDataException(
                config.IsLanguage
                    ? $"{folder}: a {config.Family.ModelType} model says which token comes next, and {task.Name} asks what a text is; name an encoder, or a corpus such as {CorpusFiles.All[0].Name}."
                    : $"{folder}: a {config.Family.ModelType} model reads texts and says no next token, which {task.Name} asks for; name a language model, such as SmolLM2-135M."
            );
        }

        if (
            pipeline.Operators.Select(o => o.Problem(config)).FirstOrDefault(p => p is not null) is
            { } problem
        )
        {
            throw new InvalidDataException($"Pipeline '{pipeline}' of {folder}: {problem}");
        }

        if (config.IsLanguage)
        {
            return;
        }

        Operator original = pipeline.Operators[0];
        if (!original.KeepsClassifier)
        {
            return;
        }

        if (!ModelFolder.HasClassifier(folder))
        {
            throw new InvalidDataException(
                $"{folder} has no trained classifier, which {original} keeps as it is; name a model that has, or leave {original.Method} out to fine-tune it."
            );
        }

        _ = LabelAlignment.Of(config, folder, task);
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
        if (next.Problem(model.Config) is { } problem)
        {
            throw new InvalidDataException(problem);
        }

        Model made = next.Apply(model, context with { Rng = new Rng(seed).Split(key.Number) });
        made.Check();
        return made with
        {
            History = [.. model.History, new Applied(next.ToString(), next.Version, seed)],
        };
    }
}
