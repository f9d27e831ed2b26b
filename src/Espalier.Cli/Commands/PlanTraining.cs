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
    public required Operator First { get; init; }
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
        StudyRecipe recipe = RecipeFor(budget) with { Seeds = [Seeds[0]] };
        Recipe one = new(Pipeline.Of(First), Data, Model, Training, Seeds[0]);
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

        Store store = Espalier.Runs.Storage.Store.Open(Store);
        StudyTrials TrialsOf(StudyRecipe of) =>
            new(of, store, kernels, machine, terminal.Time, Jobs);
        StudyTrials trials = TrialsOf(recipe),
            final = TrialsOf(
                recipe with
                {
                    Name = $"{recipe.Name}-final",
                    Seeds = [.. Seeds.Skip(1)],
                }
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
        Tried Try(StudyTrials with, IReadOnlyList<string> pipelines) =>
            with.Try(
                pipelines,
                turn,
                study =>
                    new StudyProgress(terminal, line, StudyEstimate.Of(study, Threads)).Listener(),
                stop
            );
        PlanResult result = new PlanSearch(space, budget, Chance(Seeds), Most).Run(
            pipelines => Try(trials, pipelines),
            round => Say($"Trying {round}")
        );
        if (Seeds.Count > 1)
        {
            string further = string.Join(", ", Seeds.Skip(1));
            result = new PlanConfirmation(Chance(Seeds).Split("confirm"), Most).Run(
                result,
                pipelines => Try(final, pipelines),
                round => Say($"Confirming with seed {further}: {round}")
            );
        }

        Alternative? tested = recipe.OnValidation
            ? Tested(
                result,
                TrialsOf(
                    recipe with
                    {
                        Name = $"{recipe.Name}-test",
                        Seeds = Seeds,
                        OnValidation = false,
                    }
                ),
                Try
            )
            : null;
        line.Clear();
        StudyOutcome[] outcomes =
        [
            .. new[] { trials.Last, final.Last }
                .OfType<(Study Study, StudyOutcome Outcome)>()
                .Select(l => l.Outcome),
        ];
        StudyResults.Write(
            Output,
            new StudyOutcome(
                [.. outcomes.SelectMany(o => o.Measurements)],
                [.. outcomes.SelectMany(o => o.Failures)],
                [.. outcomes.SelectMany(o => o.Stages)]
            )
        );
        return (
            result,
            new PlanFacts(
                Keep(trials.ModelFolder(result.Chosen.Pipeline, Seeds[0])),
                trials.Trained + final.Trained,
                new[] { trials, final }
                    .Take(Math.Min(2, Seeds.Count))
                    .Sum(t =>
                        StudyEstimate
                            .Of(t.StudyOf(space.Pipelines), Threads)
                            .TrainingSeconds(Threads)
                    )
            )
            {
                Tested = tested,
            }
        );
    }

    /// <summary>The answer beside the original on the test split, which nothing was chosen by.</summary>
    static Alternative Tested(
        PlanResult result,
        StudyTrials trials,
        Func<StudyTrials, IReadOnlyList<string>, Tried> attempt
    ) =>
        Alternatives
            .Of(
                attempt(
                    trials,
                    [.. new[] { result.Space.Start[0], result.Chosen.Pipeline }.Distinct()]
                )
                    .Measurements.Timed()
            )
            .First(a => a.Pipeline == result.Chosen.Pipeline && a.Effort == result.Chosen.Effort);

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
            OnValidation = Data.Validation is not null,
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
