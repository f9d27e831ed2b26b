using System.Text.Json;
using Espalier.Cli;
using Espalier.Kernels;

namespace Espalier.Tests.Cli;

public sealed class EvaluateTests : IDisposable
{
    readonly ToyModels _toys = new();

    public void Dispose() => _toys.Dispose();

    static string[] Line(string model, string file, params string[] more) =>
        [
            "evaluate",
            "-m",
            model,
            "--test",
            file,
            "--text",
            "text",
            "--label",
            "label",
            "--json",
            .. more,
        ];

    /// <summary>Texts with the labels that the model itself gives, so that its accuracy is 1.</summary>
    string Agreeing(string model, Func<string, int, string>? label = null)
    {
        string[] texts =
        [
            .. Enumerable
                .Range(0, 24)
                .Select(i => $"{(char)('a' + i)} {i} {(i % 2 == 0 ? "good" : "bad")}"),
        ];
        string[] labels =
        [
            .. CommandLine
                .Run(["predict", "-m", model, "--json"], string.Join('\n', texts))
                .Succeeds()
                .JsonLines.Select(j => j.GetProperty("label").GetString()!),
        ];
        return _toys.Write(
            "test.csv",
            "text,label\n"
                + string.Concat(
                    texts.Select((t, i) => $"{t},{label?.Invoke(labels[i], i) ?? labels[i]}\n")
                )
        );
    }

    static JsonElement Accuracy(Outcome outcome, int effort = 0) =>
        outcome.Json.GetProperty("efforts")[effort].GetProperty("metrics").GetProperty("accuracy");

    [Fact]
    public void A_model_that_predict_agrees_with_has_an_accuracy_of_one()
    {
        string model = _toys.Named("no", "yes", "maybe");
        Outcome outcome = CommandLine.Run(Line(model, Agreeing(model))).Succeeds();
        Assert.Equal(1, Accuracy(outcome).GetProperty("value").GetDouble());
        Assert.Equal(24, Accuracy(outcome).GetProperty("n").GetInt32());
        Assert.True(Accuracy(outcome).GetProperty("low").GetDouble() < 1);
        Assert.Equal(1, outcome.Json.GetProperty("version").GetInt32());
        Assert.NotEmpty(outcome.Json.GetProperty("machine").GetProperty("kernels").GetString()!);
    }

    [Fact]
    public void A_model_answers_in_fp32_unless_bf16_is_asked_for()
    {
        KernelFamily kernels = KernelFamily.Choose(
            Environment.GetEnvironmentVariable(KernelFamily.Variable)
        );
        Assert.SkipWhen(kernels.Bf16 is null, "These kernels have no bf16 products.");
        string model = _toys.Named("no", "yes", "maybe"),
            file = Agreeing(model);
        Assert.Equal(
            [kernels.Name, kernels.Bf16!.Name],
            (
                (string[][])
                    [
                        [],
                        ["--precision", "bf16"],
                    ]
            ).Select(more =>
                CommandLine
                    .Run(Line(model, file, more))
                    .Succeeds()
                    .Json.GetProperty("machine")
                    .GetProperty("kernels")
                    .GetString()
            )
        );
        double[][] logits =
        [
            .. ((string[])["fp32", "bf16"]).Select(precision =>
                CommandLine
                    .Run(["predict", "-m", model, "--precision", precision, "--json"], "good")
                    .Succeeds()
                    .JsonLines.Single()
                    .GetProperty("logits")
                    .EnumerateArray()
                    .Select(l => l.GetDouble())
                    .ToArray()
            ),
        ];
        Assert.NotEqual(logits[0], logits[1]);
        Assert.All(logits[0].Zip(logits[1]), l => Assert.Equal(l.First, l.Second, 0.05));
    }

    [Fact]
    public void Labels_are_aligned_by_name_where_the_training_file_orders_them_otherwise()
    {
        // The training file's labels are sorted (maybe, no, yes); the model has no, yes, maybe.
        string model = _toys.Named("no", "yes", "maybe"),
            train = _toys.Write("train.csv", "text,label\na,yes\nb,no\nc,maybe\n");
        Outcome outcome = CommandLine
            .Run(Line(model, Agreeing(model), "--train", train))
            .Succeeds();
        Assert.Equal(1, Accuracy(outcome).GetProperty("value").GetDouble());
    }

    [Fact]
    public void A_model_trained_on_other_classes_is_refused()
    {
        string model = _toys.Named("no", "yes", "maybe"),
            train = _toys.Write("train.csv", "text,label\na,red\nb,green\n"),
            test = _toys.Write("colours.csv", "text,label\na,red\n");
        CommandLine
            .Run(Line(model, test, "--train", train))
            .Refuses(ExitCode.Refused, "no, yes, maybe", "green, red");
        CommandLine.Run("evaluate", "-m", model).Refuses(ExitCode.Refused, "negative, positive");
        CommandLine
            .Run("evaluate", "-m", _toys.Regression())
            .Refuses(ExitCode.Refused, "predicts a number");
    }

    [Fact]
    public void Classes_without_names_are_taken_in_order_and_that_is_told()
    {
        string model = _toys.Bert(),
            train = _toys.Write("train.csv", "text,label\na,0\nb,1\nc,2\n"),
            test = Agreeing(model, (label, _) => label[^1..]);
        Outcome outcome = CommandLine.Run(Line(model, test, "--train", train)).Succeeds();
        Assert.Equal(1, Accuracy(outcome).GetProperty("value").GetDouble());
        Assert.Contains("have no names", outcome.Error);
    }

    [Fact]
    public void A_result_below_the_bar_is_printed_and_has_a_code_of_its_own()
    {
        string model = _toys.Named("no", "yes", "maybe"),
            // Every third label is made wrong.
            test = Agreeing(
                model,
                (label, i) =>
                    i % 3 > 0 ? label
                    : label == "no" ? "yes"
                    : "no"
            );
        string[] line = Line(model, test, "--min-accuracy", "0.6");
        CommandLine.Run(line).Succeeds();
        Outcome missed = CommandLine.Run([.. line[..^1], "0.7"]);
        missed.Refuses(ExitCode.BelowBar, "below the bar of 0.7");
        Assert.Equal(2.0 / 3, Accuracy(missed).GetProperty("value").GetDouble(), 1e-9);
    }

    [Fact]
    public void Several_efforts_come_from_one_call_and_the_grid_ends_with_full()
    {
        string model = _toys.WithExits(),
            train = _toys.Write("train.csv", "text,label\na,LABEL_0\nb,LABEL_1\nc,LABEL_2\n"),
            test = Agreeing(model);
        JsonElement asked = CommandLine
            .Run(
                Line(model, test, "--train", train, "--effort", "confidence:0", "--effort", "full")
            )
            .Succeeds()
            .Json.GetProperty("efforts");
        Assert.Equal(
            ["confidence:0", "full"],
            asked.EnumerateArray().Select(e => e.GetProperty("effort").GetString())
        );
        Assert.Equal(
            [1.0, 3.0],
            asked.EnumerateArray().Select(e => e.GetProperty("average_layers").GetDouble())
        );
        Outcome grid = CommandLine.Run(Line(model, test, "--train", train)).Succeeds();
        JsonElement[] efforts = [.. grid.Json.GetProperty("efforts").EnumerateArray()];
        Assert.True(efforts.Length > 5);
        Assert.Equal("full", efforts[^1].GetProperty("effort").GetString());
        Assert.Equal(1, Accuracy(grid, efforts.Length - 1).GetProperty("value").GetDouble());
    }

    [Fact]
    public void A_regression_is_measured_by_correlation_and_an_undefined_one_is_null_with_a_reason()
    {
        string model = _toys.Regression(),
            test = _toys.Write("scores.csv", "text,label\na b,1\ngood,2\nbad,3\n"),
            flat = _toys.Write("flat.csv", "text,label\na b,1\ngood,1\nbad,1\n");
        JsonElement Pearson(string file) =>
            CommandLine
                .Run(Line(model, file, "--regression"))
                .Succeeds()
                .Json.GetProperty("efforts")[0]
                .GetProperty("metrics")
                .GetProperty("pearson");
        Assert.Equal(JsonValueKind.Number, Pearson(test).GetProperty("value").ValueKind);
        Assert.Equal(JsonValueKind.Null, Pearson(flat).GetProperty("value").ValueKind);
        Assert.NotEmpty(Pearson(flat).GetProperty("why_undefined").GetString()!);
        CommandLine
            .Run(Line(model, test, "--regression", "--min-accuracy", "1"))
            .Refuses(ExitCode.BelowBar, "Pearson at effort full is", "below the bar of 1");
        CommandLine
            .Run(Line(model, flat, "--regression", "--min-accuracy", "0.5"))
            .Refuses(ExitCode.BelowBar, "Pearson at effort full is undefined");
        CommandLine
            .Run(Line(model, test, "--regression", "--min-accuracy", "77"))
            .Refuses(ExitCode.Usage, "--min-accuracy is '77', and pearson lies between -1 and 1");
    }

    [Fact]
    public void For_people_there_is_a_table_and_the_file_of_output_holds_it()
    {
        string model = _toys.Named("no", "yes", "maybe");
        string[] line = [.. Line(model, Agreeing(model)).Where(a => a != "--json")];
        string table = CommandLine.Run(line).Succeeds().Out;
        Assert.Contains("Accuracy (95 %)", table);
        Assert.Contains("24 examples", table);
        string file = _toys["result.txt"];
        Assert.Empty(CommandLine.Run([.. line, "-o", file]).Succeeds().Out);
        Assert.Equal(table, File.ReadAllText(file));
    }
}
