using System.Text.Json;
using Espalier.Cli;
using Espalier.Tests.Models;

namespace Espalier.Tests.Cli;

/// <summary>Commands on other people's models and files: one answer wherever the question is asked.</summary>
public sealed class ForeignCommandTests : IDisposable
{
    readonly Foreign _model = new();

    public void Dispose() => _model.Dispose();

    string Table(string name, int rows, Func<int, string> label) =>
        _model.Write(
            name,
            "text,label\n"
                + string.Concat(
                    Enumerable
                        .Range(0, rows)
                        .Select(i =>
                            $"the {(i % 2 == 0 ? "food" : "film")} was {(char)('a' + i % 26)} {name[0]}{i},{label(i)}\n"
                        )
                )
        );

    string[] Run(params string[] more) =>
        [
            "run",
            "O",
            "--model",
            _model.Folder,
            "--train",
            Table("train.csv", 24, i => i % 2 == 0 ? "bad" : "good"),
            "--test",
            Table("test.csv", 12, i => i % 2 == 0 ? "bad" : "good"),
            "--text",
            "text",
            "--label",
            "label",
            "--epochs",
            "1",
            "--threads",
            "1",
            "--output",
            Path.Combine(_model.Folder, "..", "run"),
            .. more,
        ];

    [Fact]
    public void More_tokens_than_the_model_reads_are_refused_by_every_command_in_the_same_words()
    {
        string expected =
            $"--max-length is 99, and the model in {_model.Folder} reads at most 24 tokens.";
        string test = Table("test.csv", 4, i => i % 2 == 0 ? "bad" : "good");
        CommandLine.Run(Run("--max-length", "99")).Refuses(ExitCode.Usage, expected);
        CommandLine
            .Run(["predict", "-m", _model.Folder, "--max-length", "99"], "good")
            .Refuses(ExitCode.Usage, expected);
        CommandLine
            .Run(
                "evaluate",
                "-m",
                _model.Folder,
                "--test",
                test,
                "--text",
                "text",
                "--label",
                "label",
                "--max-length",
                "99"
            )
            .Refuses(ExitCode.Usage, expected);
    }

    [Fact]
    public void The_length_that_is_used_by_default_stands_in_the_record_of_a_run()
    {
        JsonElement json = CommandLine.Run(Run("--format", "json")).Succeeds().Json;
        Assert.Equal(24, json.GetProperty("recipe").GetProperty("max_length").GetInt32());
    }

    [Fact]
    public void A_study_refuses_a_length_that_its_model_does_not_read()
    {
        string recipe = _model.Write(
            "study.json",
            "{\"version\":1,\"name\":\"s\",\"model\":\"model\",\"tasks\":[{\"name\":\"sentiment\"}],\"pipelines\":[\"O\"],\"seeds\":[1],\"max_length\":99}"
        );
        CommandLine
            .Run("study", recipe, "--dry-run")
            .Refuses(ExitCode.Usage, "max_length is 99", "reads at most 24 tokens");
    }

    [Theory]
    [InlineData("--rate", "1,5")]
    [InlineData("--rate", "nan")]
    [InlineData("--rate", "1e400")]
    [InlineData("--epochs", "1,0")]
    [InlineData("--epochs", "1.0")]
    [InlineData("--epochs", "1_0")]
    [InlineData("--seed", "1,000")]
    [InlineData("--max-length", "0x10")]
    [InlineData("--threads", "１")]
    public void An_option_with_a_comma_or_another_spelling_of_a_number_is_refused(
        string option,
        string value
    )
    {
        string[] line = Run();
        int at = Array.IndexOf(line, option);
        line =
            at < 0 ? [.. line, option, value] : [.. line[..at], option, value, .. line[(at + 2)..]];
        CommandLine.Run(line).Refuses(ExitCode.Usage, $"{option} is '{value}'");
    }

    [Theory]
    [InlineData("confidence:0,9")]
    [InlineData("confidence:nan")]
    [InlineData("entropy:1e400")]
    [InlineData("patience:1,0")]
    public void An_effort_takes_no_comma_either(string effort) =>
        CommandLine
            .Run(["predict", "-m", _model.Folder, "--effort", effort], "good")
            .Refuses(ExitCode.Usage, effort);

    [Fact]
    public void Classes_from_minus_one_to_one_are_trained_on_and_evaluated()
    {
        string[] line = Run();
        string train = Table("train.csv", 24, i => $"{i % 3 - 1}"),
            test = Table("test.csv", 12, i => $"{i % 3 - 1}"),
            output = _model.Write("x", "") + "-run";
        Outcome run = CommandLine.Run([
            .. line[..4],
            "--train",
            train,
            "--test",
            test,
            .. line[8..16],
            "--output",
            output,
        ]);
        Assert.Contains("'-1' is taken as a class", run.Succeeds().Error);
        string stage = Directory.GetDirectories(output, "1-O-*").Single();
        Outcome evaluated = CommandLine.Run(
            "evaluate",
            "-m",
            stage,
            "--test",
            test,
            "--text",
            "text",
            "--label",
            "label",
            "--json"
        );
        Assert.Equal(12, evaluated.Succeeds().Json.GetProperty("examples").GetInt32());
    }

    [Fact]
    public void A_model_of_an_unknown_field_answers_with_one_sentence_about_it()
    {
        _model.With(("rotary", "true"));
        Outcome outcome = CommandLine.Run(["predict", "-m", _model.Folder], "good");
        Assert.Contains("field 'rotary' is not read", Assert.Single(outcome.Succeeds().Sentences));
    }
}
