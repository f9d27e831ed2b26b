using System.Text.Json;
using Espalier.Cli;
using Espalier.Operators;
using Espalier.Planning;
using Espalier.Tests.Cli.Reports.Pages;
using Espalier.Tests.Planning;
using Espalier.Tests.Runs.Studies;

namespace Espalier.Tests.Cli;

public sealed class PlanCommandTests : IDisposable
{
    readonly ToyStudy _toy = new();

    public void Dispose() => _toy.Dispose();

    [Fact]
    public void Everything_that_is_wrong_with_a_line_is_told_before_any_work()
    {
        Outcome outcome = CommandLine
            .Run(
                "plan",
                "--model",
                _toy["nowhere"],
                "--seeds",
                "1,x",
                "--first",
                "OD",
                "--preset",
                "slow",
                "--output",
                _toy["out"]
            )
            .Refuses(
                ExitCode.Usage,
                "no budget; give at least one of --max-ms",
                "--seeds is '1,x'",
                "--first is 'OD'",
                "--preset is 'slow'",
                "nowhere"
            );
        Assert.Equal(5, outcome.Sentences.Length);
        Assert.False(Directory.Exists(_toy["out"]));
        CommandLine
            .Run("plan", "--max-ms", "0", "--min-accuracy", "77")
            .Refuses(ExitCode.Usage, "--max-ms is '0'", "--min-accuracy is '77'");
    }

    [Fact]
    public void A_replay_obeys_nothing_that_is_about_training()
    {
        CommandLine
            .Run("plan", "--max-ms", "1", "--replay", Study(), "--epochs", "3", "--store", "s")
            .Refuses(ExitCode.Usage, "cannot obey --epochs", "cannot obey --store");
        CommandLine
            .Run("plan", "--max-ms", "1", "--replay", _toy["nowhere"])
            .Refuses(ExitCode.Refused, "there is no such file");
        CommandLine
            .Run("plan", "--max-ms", "1", "--replay", _toy["train.csv"])
            .Refuses(ExitCode.Refused, "train.csv");
        CommandLine
            .Run("plan", "--max-ms", "1", "--replay", Study(), "--task", "cola")
            .Refuses(ExitCode.Refused, "no measurement of task cola");
        CommandLine
            .Run("plan", "--max-joules", "1", "--replay", Study())
            .Refuses(ExitCode.Usage, "has no joules");
    }

    [Fact]
    public void Baselines_are_judged_by_a_study_of_several_seeds_alone()
    {
        CommandLine.Run("plan", "--baselines").Refuses(ExitCode.Usage, "give it with --replay");
        CommandLine
            .Run("plan", "--baselines", "--replay", Study())
            .Refuses(ExitCode.Refused, "There is only seed 1");
        string page = CommandLine
            .Run("plan", "--baselines", "--max-ms", "2", "--replay", Study(1, 2))
            .Succeeds()
            .Out;
        Assert.Contains("planned with 1 seed in turn, judged by the other 1", page);
        Assert.Contains("| product rule, one seed |", page);
        Assert.Contains("| untried by one seed: predicted time |", page);
    }

    [Fact]
    public void Fewer_trainings_than_the_search_starts_with_are_refused_before_any()
    {
        CommandLine
            .Run([
                "plan",
                "--max-ms",
                "1",
                "--max-trainings",
                "3",
                "--fixed-options",
                .. _toy.Line(),
                "--output",
                _toy["out"],
                "--store",
                _toy["store"],
            ])
            .Refuses(
                ExitCode.Usage,
                "--max-trainings is 3, and the search starts with 4 models for each seed"
            );
        Assert.False(Directory.Exists(_toy["store"]));
    }

    [Fact]
    public void A_replay_says_what_it_chose_why_not_the_others_and_how_the_best_of_all_compares()
    {
        Outcome plan = CommandLine
            .Run("plan", "--max-ms", "2", "--min-accuracy", "0.8", "--replay", Study())
            .Succeeds();
        Assert.Contains("at most 2 ms, accuracy at least 80 %", plan.Out);
        Assert.Contains("Answer: ", plan.Out);
        Assert.Contains("predicted, not trained: misses the limit of ms", plan.Out);
        Assert.Contains("of 48 pipelines", plan.Out);
        Assert.Contains("of the 12 models", plan.Out);
        Assert.Contains("Of all that was measured", plan.Out);
        Assert.Contains("Chosen among", plan.Out);
        Assert.Contains("Expect of another training: accuracy", plan.Out);
        Assert.Contains("keeps the budget with a chance of", plan.Out);
        Assert.Contains("Runner-up: ", plan.Out);
        Assert.Contains("CAUTION, one seed", plan.Out);
        Assert.Contains("Trying O, ", plan.Error);
    }

    [Fact]
    public void Where_nothing_fits_the_exit_code_is_5_and_the_nearest_is_in_the_record()
    {
        Outcome plan = CommandLine.Run(
            "plan",
            "--max-ms",
            "0.001",
            "--replay",
            Study(),
            "--format",
            "json",
            "--output",
            _toy["out"]
        );
        Assert.True(plan.Code == ExitCode.OverBudget, plan.Error);
        Assert.Contains(
            "would be met by it",
            CommandLine.Run("plan", "--max-ms", "0.001", "--replay", Study()).Out
        );
        JsonElement answer = plan.Json.GetProperty("answer");
        Assert.False(answer.GetProperty("meets_budget").GetBoolean());
        Assert.InRange(
            answer.GetProperty("milliseconds").GetProperty("value").GetDouble(),
            0.001,
            1
        );
        Assert.Equal(plan.Out, File.ReadAllText(Path.Combine(_toy["out"], PlanJson.FileName)));
    }

    [Fact]
    [Trait("tier", "slow")]
    public void A_plan_really_trains_goes_on_where_it_stopped_and_leaves_a_model_that_answers()
    {
        string recipe = _toy.Write("""["O"]""");
        string[] line =
        [
            "plan",
            "--max-mb",
            "1",
            "--max-ms",
            "100",
            .. _toy.Line(),
            "--epochs",
            "2",
            "--rate",
            "2e-3",
            "--max-length",
            "16",
            "--threads",
            "2",
            "--fixed-options",
            "--output",
            _toy["out"],
            "--store",
            _toy["store"],
        ];

        // Stopped as soon as the first model is there.
        using (CancellationTokenSource stop = new())
        {
            using StringWriter output = new();
            Terminal terminal = new(
                new MemoryStream(),
                output,
                new Watching(text =>
                {
                    if (text.Contains("done (1 of"))
                    {
                        stop.Cancel();
                    }
                })
            );
            Assert.Equal(ExitCode.Interrupted, Program.Run(line, terminal, stop.Token));
            Assert.False(File.Exists(Path.Combine(_toy["out"], PlanJson.FileName)));
        }

        Outcome first = CommandLine.Run([.. line, "--format", "json"], "").Succeeds();
        Assert.DoesNotContain("O of custom, seed 1 …", first.Error);
        JsonElement plan = first.Json;
        Assert.True(plan.GetProperty("answer").GetProperty("meets_budget").GetBoolean());
        JsonElement search = plan.GetProperty("effort_of_search");
        int trained = search.GetProperty("models_trained_now").GetInt32(),
            needed = search.GetProperty("models_needed_first_seed").GetInt32(),
            further = search.GetProperty("models_needed_further_seeds").GetInt32(),
            all = needed + 2 * further;
        Assert.InRange(trained, all - 2, all - 1);
        Assert.InRange(further, 1, needed);
        Assert.Equal(
            3,
            plan.GetProperty("answer").GetProperty("quality").GetProperty("n").GetInt32()
        );
        Assert.Equal(32, search.GetProperty("pipelines").GetInt32());
        Assert.Equal(8, search.GetProperty("models_each_seed").GetInt32());

        // Without a validation split the choice is made on the test split, and that is said.
        Assert.Equal("test", plan.GetProperty("split").GetString());
        Assert.Equal(
            JsonValueKind.Null,
            plan.GetProperty("answer").GetProperty("tested").ValueKind
        );

        string answers = CommandLine
            .Run(
                [
                    "predict",
                    "--model",
                    Path.Combine(_toy["out"], "model"),
                    "--effort",
                    plan.GetProperty("answer").GetProperty("effort").GetString()!,
                    "--format",
                    "json",
                ],
                "good\n"
            )
            .Succeeds()
            .Out;
        Assert.Contains("label", answers);

        // Again, and as a study over the same store: everything is there.
        Outcome again = CommandLine.Run(line, "").Succeeds();
        Assert.Contains(" 0 were trained in this call", again.Out);
        Assert.Contains("espalier predict --model", again.Out);
        string[] models = Directory.GetFiles(Path.Combine(_toy["store"], "actions"));
        Assert.Contains(
            "stages, ",
            CommandLine
                .Run(["study", recipe, "--dry-run", "--store", _toy["store"]], "")
                .Succeeds()
                .Out
        );
        Assert.Equal(models, Directory.GetFiles(Path.Combine(_toy["store"], "actions")));
        Assert.Contains("0 files", CommandLine.Run("store", "gc", _toy["store"]).Succeeds().Out);
    }

    [Fact]
    [Trait("tier", "slow")]
    public void With_a_validation_split_the_choice_is_made_there_and_the_test_split_reports()
    {
        string[] rows = File.ReadAllLines(_toy["test.csv"]);
        File.WriteAllLines(
            _toy["validation.csv"],
            [rows[0], .. rows.Skip(1).Where((_, i) => i % 2 == 0)]
        );
        File.WriteAllLines(
            _toy["rest.csv"],
            [rows[0], .. rows.Skip(1).Where((_, i) => i % 2 == 1)]
        );
        JsonElement plan = CommandLine
            .Run(
                [
                    "plan",
                    "--max-ms",
                    "100",
                    .. _toy.Line("rest.csv"),
                    "--validation",
                    _toy["validation.csv"],
                    "--epochs",
                    "2",
                    "--rate",
                    "2e-3",
                    "--max-length",
                    "16",
                    "--threads",
                    "2",
                    "--fixed-options",
                    "--seeds",
                    "1,2",
                    "--output",
                    _toy["out"],
                    "--format",
                    "json",
                ],
                ""
            )
            .Succeeds()
            .Json;
        Assert.Equal("validation", plan.GetProperty("split").GetString());
        JsonElement answer = plan.GetProperty("answer"),
            tested = answer.GetProperty("tested");
        Assert.Equal(2, tested.GetProperty("quality").GetProperty("n").GetInt32());
        Assert.True(tested.GetProperty("milliseconds").GetProperty("value").GetDouble() > 0);
        Assert.Contains("nothing was chosen by", answer.GetProperty("chosen_on").GetString());
    }

    /// <summary>All orders of D, E and P with and without L and Q, made up.</summary>
    string Study(params ReadOnlySpan<ulong> seeds)
    {
        string path = _toy["measurements.json"];
        PlanSpace space = PlanSpace.Of(
            new FineTune(),
            PlanSpaceTests.SixLayers,
            PlanSpace.Efforts(regression: false),
            fixedOptions: true,
            orders: true
        );
        File.WriteAllBytes(
            path,
            SyntheticStudy.Json(new MadeUpStudy(1).Of(space, seeds.IsEmpty ? [1] : seeds))
        );
        return path;
    }

    sealed class Watching(Action<string> seen) : StringWriter
    {
        public override void WriteLine(string? value)
        {
            base.WriteLine(value);
            seen(value ?? "");
        }
    }
}
