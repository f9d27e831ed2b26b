using Espalier.Analysis.Choosing;
using Espalier.Checkpoints;
using Espalier.Cli.Parsing;
using Espalier.Cli.Reports;
using Espalier.Data;
using Espalier.Kernels;
using Espalier.Measuring;
using Espalier.Operators;
using Espalier.Planning;
using Espalier.Runs;
using Espalier.Runs.Storage;
using Espalier.Runs.Studies;
using Espalier.Tensors;
using Espalier.Training;

namespace Espalier.Cli.Commands;

/// <summary>A search that really trains: what its trials are made with, and where they go.</summary>
/// <param name="Model">Folder of the original.</param>
sealed record PlanTraining(
    TaskData Data,
    string Model,
    TrainingOptions Training,
    IReadOnlyList<ulong> Seeds
)
{
    const string ModelName = "model";

    public required string Precision { get; init; }
    public required int MaxLength { get; init; }
    public required int Batch { get; init; }
    public required FineTune First { get; init; }
    public required bool FixedOptions { get; init; }
    public required bool Orders { get; init; }
    public required int Most { get; init; }
    public required int Jobs { get; init; }
    public required int Threads { get; init; }
    public required string Output { get; init; }
    public required string Store { get; init; }

    public static Rng Chance(IReadOnlyList<ulong> seeds) => new Rng(seeds[0]).Split("plan");

    public (PlanResult, PlanFacts) Run(
        Budget budget,
        KernelFamily kernels,
        Terminal terminal,
        CancellationToken stop
    )
    {
        Machine machine = Machine.Here(kernels, Threads);
        StudyRecipe recipe = RecipeFor(budget);
        Recipe one = new(Pipeline.Parse("O"), Data, Model, Training, Seeds[0]);
        PlanSpace space = PlanSpace.Of(
            First,
            StageMaking.Original(one, note: null).Config,
            recipe.Efforts.Shared!,
            FixedOptions,
            Orders
        );
        if (Trainings.Of(space.Start).Count is var least && least > Most)
        {
            throw new UsageException(
                $"--max-trainings is {Most}, and the search starts with {least} models for each seed; allow that many, "
                    + "or search --fixed-options, which starts with fewer."
            );
        }

        StudyTrials trials = new(
            recipe,
            Espalier.Runs.Storage.Store.Open(Store),
            kernels,
            machine,
            terminal.Time,
            Jobs
        );
        using ProgressLine line = new(terminal);
        void Say(string sentence)
        {
            line.Clear();
            terminal.Tell(sentence);
        }

        using var resumable = stop.Register(() =>
            Say($"Stopping; the same command goes on from here ({Store}).")
        );
        MachineTurn turn = MachineTurn.Here(Say);
        PlanResult result = new PlanSearch(space, budget, Chance(Seeds), Most).Run(
            pipelines =>
                trials.Try(
                    pipelines,
                    turn,
                    study =>
                        new StudyProgress(
                            terminal,
                            line,
                            StudyEstimate.Of(study, Threads)
                        ).Listener(),
                    stop
                ),
            round => Say($"Trying {round}")
        );
        line.Clear();
        StudyResults.Write(Output, trials.Last!.Value.Outcome);
        return (
            result,
            new PlanFacts(
                Keep(trials.ModelFolder(result.Chosen.Pipeline, Seeds[0])),
                trials.Trained,
                StudyEstimate.Of(trials.StudyOf(space.Pipelines), Threads).TrainingSeconds(Threads)
            )
        );
    }

    StudyRecipe RecipeFor(Budget budget)
    {
        // Garbage of the store is what no record names: each question has a record of its own.
        string question =
            $"{budget} {Training.Canonical()} {string.Join(' ', Seeds)} {MaxLength} {Precision} {First} {FixedOptions} {Orders} "
            + $"{ContentHash.OfFolder(Model)} {Data.ContentHash()}";
        return new StudyRecipe
        {
            Name =
                $"plan-{Data.Task.Name}-{Blobs.Hash(System.Text.Encoding.UTF8.GetBytes(question))[..8]}",
            ModelFolder = Model,
            Tasks = [Data],
            Pipelines = [],
            Seeds = Seeds,
            Training = Training,
            Precision = Precision,
            MaxLength = MaxLength,
            Batches = [Batch],
            Efforts = EffortGrid.Of(PlanSpace.Efforts(Data.Task.IsRegression)),
        };
    }

    /// <summary>The chosen model by itself, so that the store may go.</summary>
    string Keep(string from)
    {
        string kept = Path.Combine(Output, ModelName);
        using AtomicFolder folder = AtomicFolder.Begin(kept, overwrite: true);
        foreach (string file in Directory.EnumerateFiles(from))
        {
            File.WriteAllBytes(
                Path.Combine(folder.Path, Path.GetFileName(file)),
                RegularFile.ReadAll(file, "a file of a model", Array.MaxLength)
            );
        }

        folder.Commit();
        return kept;
    }
}
