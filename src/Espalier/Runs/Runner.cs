using Espalier.Data;
using Espalier.Kernels;
using Espalier.Models;
using Espalier.Models.Storage;
using Espalier.Operators;
using Espalier.Tensors;
using Espalier.Text;
using Espalier.Training;

namespace Espalier.Runs;

/// <summary>What a run tells while it works; every part may be left out.</summary>
public sealed record RunListener
{
    /// <summary>A sentence that the user should read.</summary>
    public Action<string>? Note { get; init; }

    /// <summary>A stage begins: its pipeline, and whether it is read instead of made.</summary>
    public Action<string, bool>? Stage { get; init; }
    public Action<string, TrainingProgress>? Training { get; init; }

    /// <summary>What is being measured, and how much of it is done (0 to 1).</summary>
    public Action<string, double>? Measuring { get; init; }
}

/// <summary>A model that a run made.</summary>
/// <param name="Pipeline">The operators so far, as a pipeline.</param>
/// <param name="Seconds">How long the operator took in this call; null where the stage was there already.</param>
public sealed record Stage(
    string Pipeline,
    string Folder,
    StageKey Key,
    Model Model,
    double? Seconds
);

/// <summary>
/// Applies the operators of a recipe one after another. Finished stages are read, not made again, and a training that was
/// interrupted goes on where it saved itself, so calling again with the same recipe and folder resumes.
/// </summary>
public sealed class Runner(Workers workers, KernelFamily kernels, TimeProvider time)
{
    public IReadOnlyList<Stage> Run(
        Recipe recipe,
        string folder,
        RunListener listener,
        CancellationToken stop
    )
    {
        StageStore store = new(folder);
        IReadOnlyList<StageKey> keys = recipe.Keys(kernels.Name);
        Model model = Original(recipe, listener);
        EncodedTask task = new(
            recipe.Data,
            model.Tokenizer!,
            Math.Min(recipe.MaxLength, model.Config.MaxLength)
        );
        List<Stage> stages = [];
        for (int i = 0; i < recipe.Pipeline.Operators.Length; i++)
        {
            stop.ThrowIfCancellationRequested();
            Operator next = recipe.Pipeline.Operators[i];
            StageKey key = keys[i];
            string name = recipe.Pipeline.Prefix(i + 1).ToString(),
                stageFolder = store.FolderOf(i + 1, Letters(recipe.Pipeline, i + 1), key);
            Model? done = StageStore.TryRead(stageFolder, key);
            listener.Stage?.Invoke(name, done is not null);
            long began = time.GetTimestamp();
            if (done is null)
            {
                task = task.With(model.Tokenizer!);
                OperatorContext context = new(
                    task,
                    recipe.Training,
                    new Rng(recipe.Seed).Split(key.Number),
                    workers,
                    kernels
                )
                {
                    Checkpoint = store.Checkpoint(key),
                    Report = progress => listener.Training?.Invoke(name, progress),
                    Note = listener.Note,
                    Time = time,
                    Stop = stop,
                };
                Model made = next.Apply(model, context);
                made.Check();
                done = made with
                {
                    History =
                    [
                        .. model.History,
                        new Applied(next.ToString(), next.Version, recipe.Seed),
                    ],
                };
                store.Write(done, stageFolder, key);
                stages.Add(
                    new Stage(name, stageFolder, key, done, time.GetElapsedTime(began).TotalSeconds)
                );
            }
            else
            {
                store.CleanUp(key);
                stages.Add(new Stage(name, stageFolder, key, done, null));
            }

            model = done;
        }

        return stages;
    }

    static Model Original(Recipe recipe, RunListener listener)
    {
        Answers answers = new(
            recipe.Data.Task.IsRegression ? ["score"] : recipe.Data.Task.Labels,
            recipe.Data.Task.IsRegression,
            new Rng(recipe.Seed).Split("classifier")
        );
        LoadedModel loaded = ModelFolder.Load(recipe.ModelFolder, answers);
        foreach (string note in loaded.Notes)
        {
            listener.Note?.Invoke(note);
        }

        Tokenizer tokenizer = Tokenizer.Load(recipe.ModelFolder);
        if (tokenizer.VocabularySize > loaded.Model.Config.Vocabulary)
        {
            throw new InvalidDataException(
                $"{recipe.ModelFolder}: the tokenizer has ids up to {tokenizer.VocabularySize - 1}, the embedding only "
                    + $"{loaded.Model.Config.Vocabulary} rows; tokenizer and weights belong to different models."
            );
        }

        return loaded.Model with
        {
            Tokenizer = tokenizer,
        };
    }

    /// <summary>The letters that a pipeline is known by: without the O that everything begins with.</summary>
    public static string Letters(Pipeline pipeline, int count)
    {
        string letters = string.Concat(pipeline.Operators.Take(count).Select(o => o.Letter));
        return letters.Length > 1 ? letters[1..] : letters;
    }
}
