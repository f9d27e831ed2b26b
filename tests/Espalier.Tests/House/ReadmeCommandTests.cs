using System.CommandLine;
using System.Text.Json;
using Espalier.Cli;
using Espalier.Cli.Parsing;
using Espalier.Measuring;
using Espalier.Runs.Studies;
using Espalier.Tests.Goldens;

namespace Espalier.Tests.House;

/// <summary>What the README tells to type is typed here.</summary>
public sealed class ReadmeCommandTests
{
    const string Prefix = "dotnet run -c Release --project src/Espalier.Cli -- ";

    internal static string[] Commands =>
        [
            .. File.ReadAllText(Path.Combine(Repository.Root, "README.md"))
                .Split("```sh\n")
                .Skip(1)
                .SelectMany(block =>
                    block.Split("```")[0].Split('\n', StringSplitOptions.RemoveEmptyEntries)
                ),
        ];

    [Fact]
    public void Every_command_is_one_that_the_parser_accepts()
    {
        string[] ours =
        [
            .. Commands
                .Where(c => c.StartsWith("espalier "))
                .Select(c => c["espalier ".Length..].Replace("\"", "")),
        ];
        Assert.NotEmpty(ours);
        foreach (string command in ours.Append(Commands[0][Prefix.Length..]))
        {
            ParseResult parse = Program.Root().Parse(Spelling.Ours(command.Split(' ')));
            Assert.True(
                parse.Errors.Count == 0,
                $"{command}: {string.Join(" ", parse.Errors.Select(e => e.Message))}"
            );
        }
    }

    [Fact]
    public void The_study_that_it_names_is_all_orders_of_the_shipped_model()
    {
        string command = Assert.Single(
            Commands,
            c => c.StartsWith("espalier study ") && c.Contains("commutativity")
        );
        StudyRecipe recipe = StudyRecipeFile.Read(
            Checkout.Full(command.Split(' ')[2]),
            _ => Checkout.Full("models/seedling")
        );
        Assert.Contains("DEPLQ", recipe.Pipelines.Select(p => $"{p}"));
        Assert.Contains("EDP", recipe.Pipelines.Select(p => $"{p}"));
        Assert.True(recipe.Seeds.Count >= 3);
    }

    [Fact]
    [Trait("tier", "slow")]
    public void The_first_command_runs_every_stage_and_its_models_answer()
    {
        string folder = Path.Combine(Directory.CreateTempSubdirectory("espalier").FullName, "run");
        string[] first = [.. Commands[0][Prefix.Length..].Split(' '), "--output", folder];
        string table = Run(first, "");
        Assert.Contains("DEPLQ on sentiment: 600 test examples", table);

        using JsonDocument run = JsonDocument.Parse(
            File.ReadAllBytes(Path.Combine(folder, "run.json"))
        );
        JsonElement[] stages = [.. run.RootElement.GetProperty("stages").EnumerateArray()];
        Assert.Equal(
            ["O", "D", "DE", "DEP", "DEPL", "DEPLQ"],
            stages.Select(s => s.GetProperty("pipeline").GetString())
        );

        // One epoch reaches 91.7, 90.0, 90.2 and 88.5; another kernel family moves that by about half a point.
        double[] least = [0.9, 0.88, 0.88, 0.86, 0.86, 0.86];
        for (int i = 0; i < stages.Length; i++)
        {
            Measurement row = stages[i]
                .GetProperty("curve")
                .EnumerateArray()
                .Select(m => Measurement.Read("run.json", m))
                .First(m => $"{m.Effort}" == stages[i].GetProperty("row").GetString());
            Assert.True(row.Metrics[0].Value >= least[i], $"{row.Pipeline}: {row.Metrics[0]}");
            bool faster =
                i == 0
                || stages[i].GetProperty("speed_up_over_previous").GetProperty("low")
                    is { ValueKind: JsonValueKind.Number } low
                    && low.GetDouble() > 1;
            Assert.True(
                faster || table.Contains($"{row.Pipeline} is "),
                $"{row.Pipeline} is not faster and nothing says why:\n{table}"
            );
        }

        string last = Path.Combine(folder, stages[^1].GetProperty("folder").GetString()!);
        string answers = Run(
            ["predict", "--model", last, "--effort", "confidence:0.9", "--format", "json"],
            "The food was wonderful and the staff friendly.\nA complete waste of money.\n"
        );
        string[] labels =
        [
            .. answers
                .Trim()
                .Split('\n')
                .Select(l => JsonDocument.Parse(l).RootElement.GetProperty("label").GetString()!),
        ];
        Assert.Equal(["positive", "negative"], labels);
        Assert.Contains(
            "accuracy",
            Run(["evaluate", "--model", last, "--effort", "full"], ""),
            StringComparison.OrdinalIgnoreCase
        );
        Directory.Delete(Path.GetDirectoryName(folder)!, recursive: true);
    }

    static string Run(string[] args, string input)
    {
        StringWriter output = new(),
            error = new();
        Terminal terminal = new(
            new MemoryStream(System.Text.Encoding.UTF8.GetBytes(input)),
            output,
            error
        );
        int code = Program.Run(args, terminal, TestContext.Current.CancellationToken);
        Assert.True(code == ExitCode.Ok, $"{string.Join(' ', args)} ended with {code}: {error}");
        return output.ToString();
    }
}
