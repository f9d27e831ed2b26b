using Espalier.Checkpoints;
using Espalier.Kernels;
using Espalier.Measuring;
using Espalier.Operators;
using Espalier.Runs.Storage;
using Espalier.Runs.Studies;
using Espalier.Runs.Watching;
using Espalier.Training.Collective;

namespace Espalier.Runs;

/// <summary>
/// A study of one cell, shown as a folder: each stage as a model, and what was measured of all of them side by side. Called
/// again with the same recipe and folder, it goes on where it was stopped, and measures anew. No other run works in the folder
/// until it is disposed of.
/// </summary>
public sealed class Runner : IDisposable
{
    const int CurvePoints = 6;

    readonly Study _study;
    readonly IDisposable _held;

    Runner(Study study, string folder, IDisposable held)
    {
        (_study, Folder, _held) = (study, folder, held);
        Recipe = study.Plan.Groups[0].Recipe with { Pipeline = study.Plan.Stages[^1].Pipeline };
    }

    public string Folder { get; }

    /// <summary>Of all of it.</summary>
    public Recipe Recipe { get; }

    /// <param name="recipe">Of <see cref="StudyRecipe.OfRun"/>.</param>
    /// <param name="folder">Null: one below runs/ that is named after the run.</param>
    /// <param name="store">Null: inside of the folder.</param>
    /// <param name="waits">Is told when another run works in the folder.</param>
    /// <exception cref="InvalidDataException">The folder holds something else.</exception>
    public static Runner Open(
        StudyRecipe recipe,
        string? folder,
        string? store,
        KernelFamily kernels,
        Machine machine,
        TimeProvider time,
        Action<string>? waits,
        CancellationToken stop
    )
    {
        StudyPlan plan = recipe.Plan(kernels.In(recipe.Precision).Name);
        PlannedStage last = plan.Stages[^1];
        folder ??= FolderOf(recipe, plan);
        StageKey[] keys = [.. plan.Stages.Select(s => s.Key)];
        RunFolder.CheckFree(folder, keys);
        Durable.Explaining(folder, () => Durable.MakeFolders(Path.GetFullPath(folder)));
        IDisposable held = FileLock.Take(
            Path.Combine(folder, RunFolder.LockName),
            shared: false,
            () => waits?.Invoke($"Waiting: another run works in {folder}."),
            stop
        );
        try
        {
            RunFolder.CheckFree(folder, keys);
            Leftovers.Clear(folder, except: RunFolder.LockName);
            Durable.CheckRoom(folder, RunFolder.NameOf(last));
            // So that in a shared store no other run takes its stages for garbage.
            recipe = recipe with
            {
                Name = $"run-{last.Key.Short}",
            };
            Store opened = Store.Open(store ?? RunFolder.StoreOf(folder));
            return new Runner(new Study(recipe, opened, kernels, machine, time), folder, held);
        }
        catch
        {
            held.Dispose();
            throw;
        }
    }

    /// <summary>Where a run lies that is given no folder.</summary>
    static string FolderOf(StudyRecipe recipe, StudyPlan plan) =>
        Path.Combine(
            "runs",
            $"{plan.Stages[^1].Pipeline.Letters}-{recipe.Tasks[0].Task.Name}-{plan.Stages[^1].Key.Hex[..8]}"
        );

    /// <summary>Where the store of a run lies, whose folder and store may be null as for <see cref="Open"/>.</summary>
    public static string StoreOf(
        StudyRecipe recipe,
        string? folder,
        string? store,
        KernelFamily kernels
    ) =>
        store
        ?? RunFolder.StoreOf(
            folder ?? FolderOf(recipe, recipe.Plan(kernels.In(recipe.Precision).Name))
        );

    public void Dispose() => _held.Dispose();

    /// <summary>Makes stages in this process, each with all threads.</summary>
    /// <param name="teacherBytes">As <see cref="OperatorContext.TeacherBytes"/>.</param>
    /// <param name="processes">As <see cref="LocalExecutor.Processes"/>.</param>
    public IExecutor Here(
        MachineTurn turn,
        long teacherBytes = OperatorContext.UsualTeacherBytes,
        Communicator? processes = null
    ) => _study.Here(jobs: 1, turn, teacherBytes, processes);

    /// <inheritdoc cref="Study.Purpose"/>
    public string Purpose => _study.Purpose;

    /// <exception cref="Espalier.Training.DivergedException">A training did.</exception>
    /// <exception cref="InvalidDataException">An operator refuses the model or the data.</exception>
    public MeasuredStages Run(
        IExecutor executor,
        MachineTurn turn,
        StudyListener listener,
        CancellationToken stop
    )
    {
        using IDisposable use = _study.Enter(listener, stop);
        using StudyDiary diary = _study.Diary();
        listener = diary.With(listener);
        MadeStages made = MakeAll(executor, listener, stop);

        // A run's first command takes a minute in all.
        PlannedStage last = _study.Plan.Stages[^1];
        MeasuringOptions options = new(
            stage => new(stage == last ? CurvePoints : 1),
            MeasuringOptions.DensePoints,
            LeastPasses: 3,
            SecondsPerPoint: 0
        );
        // Beside whatever else works here: nobody waits for a study's trainings to see what a pipeline does.
        using IDisposable work = turn.ToWork(stop);
        MeasuredStages measured = _study.Measuring.Measure(
            _study.Plan.Groups[0],
            made,
            options,
            listener,
            stop
        );
        RunFolder.Write(Folder, Recipe, _study.TrainingKernels, measured);
        diary.Ended(made.Failures);
        return measured;
    }

    /// <summary>The stages alone, nothing measured.</summary>
    internal MadeStages Make(IExecutor executor, StudyListener listener, CancellationToken stop)
    {
        using IDisposable use = _study.Enter(listener, stop);
        return MakeAll(executor, listener, stop);
    }

    MadeStages MakeAll(IExecutor executor, StudyListener listener, CancellationToken stop)
    {
        RunFolder.TakeOver(Folder, _study.Store, _study.Plan.Stages, listener.Note);
        MadeStages made = _study.Make(
            executor,
            listener,
            stop,
            (stage, action) => RunFolder.Export(Folder, _study.Store, stage, action, listener.Note)
        );
        return made.Failures is [var failed, ..] ? throw failed.AsException() : made;
    }
}
