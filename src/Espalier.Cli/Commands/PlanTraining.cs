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
using Espalier.Training.Collective;

namespace Espalier.Cli.Commands;

/// <summary>A search that really trains: what its trials are made with, and where they go.</summary>
/// <param name="Recipe">Of one task, with all seeds; its pipelines are those that are tried.</param>
sealed record PlanTraining(StudyRecipe Recipe, Operator First, string Output, string Store)
{
    const string ModelName = "model";

    public required bool FixedOptions { get; init; }
    public required bool Orders { get; init; }
    public required int Most { get; init; }
    public required int Jobs { get; init; }
    public required int Threads { get; init; }
    public required long TeacherBytes { get; init; }
    public required TrainingProcesses Processes { get; init; }

    IReadOnlyList<ulong> Seeds => Recipe.Seeds;

    public static Rng Chance(IReadOnlyList<ulong> seeds) => new Rng(seeds[0]).Split("plan");

    /// <returns>Null: another process leads, and this one made what it announced.</returns>
    public (PlanResult, PlanFacts)? Run(
        Budget budget,
        KernelFamily kernels,
        Terminal terminal,
        CancellationToken stop
    )
    {
        Machine machine = Machine.Here(kernels, Threads);
        TaskData data = Recipe.Tasks[0];
        StudyRecipe recipe = Recipe with
        {
            Name = NameFor(budget),
            Seeds = [Seeds[0]],
            OnValidation = data.Validation is not null,
            Efforts = EffortGrid.Of(PlanSpace.Efforts(data.Task.IsRegression)),
        };
        Recipe one = new(Pipeline.Of(First), data, Recipe.ModelFolder, Recipe.Training, Seeds[0]);
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

        Store store = Espalier.Runs.Storage.Store.Open(Store, write: !Processes.Follows);
        Study everything = new(
            recipe with
            {
                Seeds = Seeds,
                Pipelines = [.. space.Pipelines.Select(Pipeline.Parse)],
            },
            store,
            kernels,
            machine,
            terminal.Time
        );
        if (Processes.Follows)
        {
            Processes.Follow(everything, MachineTurn.Here(null), TeacherBytes, stop);
            return null;
        }

        Communicator? all = Processes.Meet(everything.Purpose, stop);
        StudyTrials TrialsOf(StudyRecipe of) =>
            new(of, store, kernels, machine, terminal.Time, Jobs, TeacherBytes) { Processes = all };
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
        StudyEstimate begins = StudyEstimate.Of(trials.StudyOf(space.Start), Threads);
        Say(
            $"{space.Pipelines.Count} pipelines are searched. With seed {Seeds[0]} {space.Start.Count} of them are made first, among them {begins.Stages.Count(s => !s.Done && s.Stage.Operator.Trains)} to be trained: about {Shown.Duration(TimeSpan.FromSeconds(begins.Seconds))} on {Threads} threads. "
                + $"{begins.Rule} Every round that follows adds a training or a few{(Seeds.Count > 1 ? $", and the finalists are trained with {(Seeds.Count == 2 ? "another seed" : $"{Seeds.Count - 1} more seeds")}" : "")}; --max-trainings bounds both, and --fixed-options begins with fewer."
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
        all?.Announce(null);
        line.Clear();
        StudyTrials[] made = [.. new[] { trials, final }.Take(Math.Min(2, Seeds.Count))];
        StudyOutcome[] outcomes = [.. made.Select(t => t.Last).OfType<StudyOutcome>()];
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
                trials.Export(result.Chosen.Pipeline, Seeds[0], Path.Combine(Output, ModelName)),
                trials.Trained + final.Trained,
                made.Sum(t =>
                    StudyEstimate.Of(t.StudyOf(space.Pipelines), Threads).TrainingSeconds(Threads)
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

    /// <summary>Garbage of the store is what no record names: each question has a record of its own.</summary>
    string NameFor(Budget budget)
    {
        string question =
            $"{budget} {Recipe.Training.Canonical()} {string.Join(' ', Seeds)} {Recipe.MaxLength} {Recipe.Precision} {First} {FixedOptions} {Orders} "
            + $"{ContentHash.Of(Recipe.ModelFolder)} {Recipe.Tasks[0].ContentHash()}";
        return $"plan-{Recipe.Tasks[0].Task.Name}-{Blobs.Hash(System.Text.Encoding.UTF8.GetBytes(question))[..8]}";
    }
}
