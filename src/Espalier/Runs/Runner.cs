using Espalier.Data;
using Espalier.Kernels;
using Espalier.Models;
using Espalier.Operators;
using Espalier.Tensors;
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
        Model model = StageMaking.Original(recipe, listener.Note);
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
            Pipeline soFar = recipe.Pipeline.Prefix(i + 1);
            string name = $"{soFar}",
                stageFolder = store.FolderOf(i + 1, soFar.Letters, key);
            Model? done = StageStore.TryRead(stageFolder, key, listener.Note);
            listener.Stage?.Invoke(name, done is not null);
            long began = time.GetTimestamp();
            if (done is null)
            {
                task = task.With(model.Tokenizer!);
                OperatorContext context = new(
                    task,
                    recipe.Training,
                    new Rng(recipe.Seed),
                    workers,
                    kernels
                )
                {
                    Checkpoint = store.Checkpoint(key, listener.Note),
                    Report = progress => listener.Training?.Invoke(name, progress),
                    Note = listener.Note,
                    Time = time,
                    Stop = stop,
                };
                done = StageMaking.Make(model, next, key, recipe.Seed, context);
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
}
