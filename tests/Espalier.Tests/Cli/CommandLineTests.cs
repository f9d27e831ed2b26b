using Espalier.Cli;
using Espalier.Cli.Parsing;
using Espalier.Data;
using Espalier.Operators;

namespace Espalier.Tests.Cli;

public sealed class CommandLineTests
{
    [Fact]
    public void All_problems_of_a_line_are_told_together_and_the_code_is_that_of_usage()
    {
        Outcome outcome = CommandLine.Run(
            "evaluate",
            "--model",
            "/nowhere",
            "--task",
            "mrpcc",
            "--effort",
            "sure",
            "--threads",
            "0",
            "--format",
            "xml",
            "--min-accuracy",
            "two",
            "--bogus"
        ); // csharpier-ignore
        outcome.Refuses(
            ExitCode.Usage,
            "--model /nowhere: there is no such folder",
            "did you mean 'mrpc'?",
            "'sure' is no effort",
            "--threads is '0'; a whole number from 1 to 1024 was expected.",
            "--format is 'xml'",
            "--min-accuracy is 'two'",
            "--bogus"
        );
        Assert.Equal(7, outcome.Sentences.Length);
        Assert.Empty(outcome.Out);
    }

    [Fact]
    public void A_run_tells_all_problems_of_its_line_before_any_work()
    {
        Outcome outcome = CommandLine.Run(
            "run",
            "PD",
            "--preset",
            "slow",
            "--epochs",
            "many",
            "--rate",
            "0",
            "--batch",
            "0",
            "--effort",
            "low",
            "--model",
            "/nowhere",
            "--test",
            "/nowhere/a.csv"
        ); // csharpier-ignore
        outcome.Refuses(
            ExitCode.Usage,
            "D after P is pointless",
            "--force",
            "--preset is 'slow'",
            "--epochs is 'many'; a whole number from 1 to 10000 was expected.",
            "--rate is '0'; a number from 1E-09 to 10 was expected.",
            "--batch is '0'",
            "'low' is no effort",
            "--train is missing",
            "/nowhere/a.csv"
        );
        Assert.Empty(outcome.Out);
        CommandLine.Run("run", "DEX").Refuses(ExitCode.Usage, "character 3", "'X' is no operator");
        CommandLine.Run("run").Refuses(ExitCode.Usage, "run");
    }

    [Fact]
    public void The_built_in_model_is_found_beside_the_program()
    {
        Outcome outcome = CommandLine.Run("inspect", "--json").Succeeds();
        Assert.False(outcome.Json.GetProperty("classifier").GetBoolean());
        Assert.Equal("WordPiece", outcome.Json.GetProperty("tokenizer").GetString());
        CommandLine.Run("predict").Refuses(ExitCode.Refused, "has no classifier");
    }

    [Fact]
    public void A_missing_model_alone_is_a_refused_input_and_no_wrong_usage() =>
        CommandLine.Run("predict", "--model", "/nowhere").Refuses(ExitCode.Refused, "/nowhere");

    [Theory]
    [InlineData("--train a.csv --test b.csv --text t", "--label is missing")]
    [InlineData("--text t --label l", "--test is missing")]
    [InlineData("--test b.csv --text t --label l --task mrpc", "--task names a task")]
    [InlineData("--test b.csv --text t --label t", "different columns")]
    [InlineData(
        "--test /nowhere/b.csv --text t --label l",
        "--test /nowhere/b.csv: there is no such file"
    )]
    [InlineData("--task mrpc", "--data")]
    [InlineData("--task mrpc --data /nowhere", "--data /nowhere: there is no such folder")]
    public void Data_that_cannot_be_is_refused_before_anything_is_read(
        string options,
        string expected
    )
    {
        Outcome outcome = CommandLine.Run(["evaluate", "--model", "/", .. options.Split(' ')]);
        Assert.Contains(outcome.Code, (int[])[ExitCode.Usage, ExitCode.Refused]);
        Assert.Contains(expected, outcome.Error);
    }

    [Fact]
    public void Kernels_that_do_not_exist_are_wrong_usage_and_the_sentence_lists_those_that_do() =>
        CommandLine
            .Run(["doctor"], [], new Dictionary<string, string> { ["ESPALIER_KERNELS"] = "abacus" })
            .Refuses(ExitCode.Usage, "'abacus'", "reference");

    [Fact]
    public void An_unknown_command_is_told_with_the_known_ones() =>
        CommandLine.Run("evalute").Refuses(ExitCode.Usage, "'evalute'", "evaluate, predict");

    [Fact]
    public void Without_arguments_the_help_goes_to_stderr()
    {
        Outcome outcome = CommandLine.Run();
        Assert.Equal(ExitCode.Usage, outcome.Code);
        Assert.Empty(outcome.Out);
        Assert.Contains("Commands:", outcome.Error);
    }

    [Fact]
    public void Help_begins_with_examples_and_ends_with_the_exit_codes()
    {
        string help = CommandLine.Run("predict", "--help").Succeeds().Out;
        Assert.StartsWith("Examples:\n  espalier predict", help);
        Assert.Contains("  espalier predict [<file>] [options]", help);
        Assert.EndsWith("130  interrupted\n", help);
    }

    [Fact]
    public void The_version_is_the_only_thing_that_version_prints() =>
        Assert.Matches(
            "^[0-9]+\\.[0-9]+\\.[0-9]+[^\\n]*\\n$",
            CommandLine.Run("--version").Succeeds().Out
        );

    [Fact]
    public void Every_command_has_two_examples_that_its_parser_accepts()
    {
        foreach (EspalierCommand command in Program.Root().Subcommands.OfType<EspalierCommand>())
        {
            Assert.True(command.Examples.Count >= 2, command.Name);
            foreach (string example in command.Examples)
            {
                string[] args = example[(example.LastIndexOf("espalier ") + 9)..].Split(' ');
                Assert.Equal(command.Name, args[0]);
                Assert.Empty(Program.Root().Parse(args).Errors);
            }
        }
    }

    [Theory]
    [InlineData("--model_name_or_path=x", "--model=x")]
    [InlineData("--max_seq_length", "--max-length")]
    [InlineData("--text_pair", "--text-pair")]
    [InlineData("--json", "--format=json")]
    [InlineData("snake_case", "snake_case")]
    [InlineData("--text=snake_case", "--text=snake_case")]
    public void Other_tools_spellings_are_understood(string theirs, string ours) =>
        Assert.Equal([ours], Spelling.Ours([theirs]));

    [Fact]
    public void Nothing_behind_two_hyphens_is_respelled() =>
        Assert.Equal(["--", "--a_b"], Spelling.Ours(["--", "--a_b"]));

    [Fact]
    public void Operators_as_json_has_every_operator_with_every_option()
    {
        var operators = CommandLine
            .Run("operators", "--format", "json")
            .Succeeds()
            .Json.GetProperty("operators");
        Assert.Equal(Operator.All.Count, operators.GetArrayLength());
        foreach (var (one, json) in Operator.All.Zip(operators.EnumerateArray()))
        {
            Assert.Equal($"{one.Letter}", json.GetProperty("letter").GetString());
            Assert.Equal(one.Options.Count, json.GetProperty("options").GetArrayLength());
        }
    }

    [Fact]
    public void Operators_for_people_names_every_option_with_its_default()
    {
        string text = CommandLine.Run("operators").Succeeds().Out;
        Assert.All(
            Operator.All.SelectMany(o => o.Options.Select(p => (p.Name, Default: p.Get(o)))),
            o =>
            {
                Assert.Contains(o.Name, text);
                Assert.Contains(o.Default, text);
            }
        );
        Assert.Contains("--force", text);
    }

    [Fact]
    public void Tasks_as_json_has_every_task_and_the_rows_of_the_built_in_ones()
    {
        var tasks = CommandLine.Run("tasks", "--json").Succeeds().Json.GetProperty("tasks");
        Assert.Equal(
            Tasks.All.Select(t => t.Name),
            tasks.EnumerateArray().Select(t => t.GetProperty("name").GetString())
        );
        Assert.Equal(2400, tasks[0].GetProperty("train_rows").GetInt32());
        Assert.Equal(600, tasks[0].GetProperty("test_rows").GetInt32());
        Assert.Equal(
            System.Text.Json.JsonValueKind.Null,
            tasks[2].GetProperty("train_rows").ValueKind
        );
    }

    [Fact]
    public void Doctor_names_the_kernels_chosen_and_measures_all_that_this_machine_has()
    {
        var json = CommandLine.Run("doctor", "--threads", "1", "--format", "json").Succeeds().Json;
        var reference = json.GetProperty("kernels").EnumerateArray().Last();
        Assert.Equal("reference", reference.GetProperty("name").GetString());
        foreach (var kernels in json.GetProperty("kernels").EnumerateArray())
        {
            bool supported = kernels.GetProperty("supported").GetBoolean();
            foreach (string figure in (string[])["fp32_gflops", "int8_gflops"])
            {
                Assert.Equal(supported, kernels.TryGetProperty(figure, out var speed));
                Assert.True(!supported || speed.GetProperty("value").GetDouble() > 0);
                Assert.True(!supported || speed.GetProperty("n").GetInt32() >= 3);
            }
        }

        Assert.False(json.GetProperty("kernels_forced").GetBoolean());
        Assert.Contains(
            json.GetProperty("energy").GetProperty("origin").GetString(),
            (string[])["measured", "modelled"]
        );
        Assert.True(json.GetProperty("temporary_folder").GetProperty("writable").GetBoolean());
    }

    [Fact]
    public void Doctor_says_when_kernels_are_forced()
    {
        Outcome outcome = CommandLine.Run(
            ["doctor"],
            [],
            new Dictionary<string, string> { ["ESPALIER_KERNELS"] = "reference" }
        );
        Assert.Contains("reference (forced by ESPALIER_KERNELS)", outcome.Succeeds().Out);
    }

    [Theory]
    [InlineData(false, null, null, false)]
    [InlineData(true, null, null, true)]
    [InlineData(true, "NO_COLOR", "1", false)]
    [InlineData(true, "NO_COLOR", "", true)]
    [InlineData(true, "TERM", "dumb", false)]
    public void Escape_codes_are_for_terminals_that_want_them(
        bool terminal,
        string? variable,
        string? value,
        bool expected
    )
    {
        Dictionary<string, string> environment = variable is null
            ? []
            : new() { [variable] = value! };
        string text = CommandLine.Run(["operators"], [], environment, terminal).Succeeds().Out;
        Assert.Equal(expected, text.Contains('\e'));
    }
}
