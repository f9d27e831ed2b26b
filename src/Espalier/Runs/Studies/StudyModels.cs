using Espalier.Data;
using Espalier.Kernels;
using Espalier.Models;
using Espalier.Models.Storage;
using Espalier.Operators;
using Espalier.Runs.Storage;
using Espalier.Tensors;
using Espalier.Text;

namespace Espalier.Runs.Studies;

/// <summary>Stages of a study from and into its store: a model is read, an operator applied, the result stored.</summary>
public sealed class StudyModels(Store store, KernelFamily kernels, TimeProvider time)
{
    readonly Dictionary<(string Data, string Tokenizer), EncodedTask> _encoded = [];

    /// <summary>Makes a stage whose input is stored, and stores it. A training that was interrupted goes on.</summary>
    public StoredAction Make(
        PlannedStage stage,
        StoredAction? parent,
        int threads,
        StudyListener listener,
        CancellationToken stop
    )
    {
        long began = time.GetTimestamp();
        Recipe recipe = stage.Recipe;
        using Workers workers = new(threads);
        Model model = parent is null ? StageMaking.Original(recipe, listener.Note) : Load(parent);
        OperatorContext context = new(
            Encoded(recipe, model),
            recipe.Training,
            new Rng(recipe.Seed),
            workers,
            kernels
        )
        {
            Checkpoint = store.Checkpoint(stage.Key, listener.Note),
            Report = progress => listener.Training?.Invoke(stage, progress),
            Note = listener.Note,
            Time = time,
            Stop = stop,
        };
        Model made = StageMaking.Make(model, stage.Operator, stage.Key, recipe.Seed, context);
        StoredAction action = store.Put(
            Describe(stage, ActionKind.Stage) with
            {
                Seconds = time.GetElapsedTime(began).TotalSeconds,
                Threads = threads,
            },
            folder => ModelFolder.Write(made, folder, made.Tokenizer!.Files(), DType.F32)
        );
        store.CleanUp(stage.Key);
        return action;
    }

    /// <summary>What the training saved stays: the reason names it.</summary>
    public StoredAction Fail(PlannedStage stage, string why) =>
        store.Put(Describe(stage, ActionKind.Failure) with { Why = why });

    public Model Load(StoredAction action)
    {
        if (!store.IsWhole(action))
        {
            throw new InvalidDataException(
                $"{store.Folder}: the model {action.Pipeline} of {action.Task}, seed {action.Seed}, was damaged while the study ran; the same command makes it again."
            );
        }

        return store.Reading(
            action,
            folder => ModelFolder.Load(folder).Model with { Tokenizer = Tokenizer.Load(folder) }
        );
    }

    /// <summary>Each task is encoded once for each tokenizer, however many stages use it.</summary>
    EncodedTask Encoded(Recipe recipe, Model model)
    {
        string tokenizer = string.Join(
            ' ',
            model
                .Tokenizer!.Files()
                .OrderBy(f => f.Key, StringComparer.Ordinal)
                .Select(f => Blobs.Hash(f.Value))
        );
        lock (_encoded)
        {
            if (!_encoded.TryGetValue((recipe.Data.Task.Name, tokenizer), out EncodedTask? task))
            {
                task = new EncodedTask(
                    recipe.Data,
                    model.Tokenizer!,
                    Math.Min(recipe.MaxLength, model.Config.MaxLength)
                );
                _encoded.Add((recipe.Data.Task.Name, tokenizer), task);
            }

            return task;
        }
    }

    static StoredAction Describe(PlannedStage stage, ActionKind kind) =>
        new()
        {
            Kind = kind,
            Key = stage.Key.Hex,
            Pipeline = $"{stage.Pipeline}",
            Task = stage.Recipe.Data.Task.Name,
            Seed = stage.Recipe.Seed,
            Inputs = stage.Parent is { } parent ? [parent.Hex] : [],
        };
}
