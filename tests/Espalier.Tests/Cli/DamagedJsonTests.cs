using System.Text;
using System.Text.Json.Nodes;
using Espalier.Cli;
using Espalier.Tests.Analysis;
using Espalier.Tests.Checkpoints;
using Espalier.Tests.Cli.Reports.Pages;

namespace Espalier.Tests.Cli;

/// <summary>Files of Espalier's own that hold what they never should: refused by file and field, and no bug.</summary>
public sealed class DamagedJsonTests : IDisposable
{
    readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("machine.load_average", "1e999", "machine.load_average")]
    [InlineData("machine.load_average", "-1", "machine.load_average")]
    [InlineData("machine.threads", "0", "machine.threads")]
    [InlineData("machine", "null", "machine")]
    [InlineData("figures.milliseconds_per_example.value", "-1", "milliseconds_per_example.value")]
    [InlineData("figures.milliseconds_per_example.value", "0", "milliseconds_per_example.value")]
    [InlineData("figures.milliseconds_per_example.value", "1e999", "milliseconds_per_example")]
    [InlineData(
        "figures.milliseconds_per_example.value",
        "1e-300",
        "milliseconds_per_example.value"
    )]
    [InlineData(
        "figures.milliseconds_per_example.value",
        "1e300",
        "milliseconds_per_example.value"
    )]
    [InlineData("figures.milliseconds_per_example.low", "99", "milliseconds_per_example")]
    [InlineData("figures.milliseconds_per_example.n", "-3", "milliseconds_per_example.n")]
    [InlineData(
        "figures.milliseconds_per_example.coverage",
        "7",
        "milliseconds_per_example.coverage"
    )]
    [InlineData("absent", "[null]", "absent[0]")]
    [InlineData("absent", "null", "absent")]
    [InlineData("metrics", "[null]", "metrics[0]")]
    [InlineData("metrics", "[]", "metrics")]
    [InlineData("metrics", "null", "metrics")]
    [InlineData("seeds", "null", "seeds")]
    [InlineData("seeds", "[-1]", "seeds")]
    [InlineData("examples", "0", "examples")]
    [InlineData("batch_size", "-8", "batch_size")]
    [InlineData("figures.average_layers.value", "-1", "average_layers")]
    [InlineData("figures.average_layers", "null", "average_layers")]
    [InlineData("figures", "null", "figures")]
    [InlineData("figures", "{}", "average_layers")]
    [InlineData("figures.average_multiply_adds.value", "1e999", "average")]
    [InlineData("figures.average_multiply_adds.unit", "\"\"", "average_multiply_adds")]
    [InlineData("figures.average_multiply_adds.per", "\"page\"", "average_multiply_adds")]
    [InlineData("pipeline", "\"\"", "pipeline")]
    [InlineData("pipeline", "\"\\ud800\"", "pipeline")]
    [InlineData("task", "null", "task")]
    [InlineData("effort", "\"confidence:2\"", "effort")]
    [InlineData("effort", "null", "effort")]
    public void A_measurement_that_nothing_could_have_measured_is_refused(
        string field,
        string value,
        string named
    )
    {
        string text = Changed(Sound(), field, value);
        string file = _folder.Write("measurements.json", $"[{Sound()},{text}]");
        CommandLine.Run("report", _folder.Path).Refuses(ExitCode.Refused, file, named);
        CommandLine
            .Run("plan", "--max-ms", "5", "--replay", file)
            .Refuses(ExitCode.Refused, file, named);
        string run = _folder.Write("run.json", $$"""{"stages":[{"curve":[{{text}}]}]}""");
        CommandLine.Run("report", run).Refuses(ExitCode.Refused, run, named);
    }

    [Theory]
    [InlineData("seeds")]
    [InlineData("absent")]
    [InlineData("figures")]
    [InlineData("metrics")]
    [InlineData("machine")]
    [InlineData("effort")]
    public void A_measurement_without_a_field_is_refused_by_its_name(string field)
    {
        JsonObject one = JsonNode.Parse(Sound())!.AsObject();
        one.Remove(field);
        string file = _folder.Write("measurements.json", $"[{one.ToJsonString()}]");
        CommandLine.Run("report", _folder.Path).Refuses(ExitCode.Refused, file, field);
    }

    [Theory]
    [InlineData("pipeline", "null")]
    [InlineData("pipeline", "\"\"")]
    [InlineData("pipeline", "7")]
    [InlineData("pipeline", "\"\\udc00\"")]
    [InlineData("task", "null")]
    [InlineData("seed", "-1")]
    [InlineData("seed", "1.5")]
    [InlineData("seed", "null")]
    [InlineData("seconds", "-1")]
    [InlineData("seconds", "1e999")]
    [InlineData("seconds", "\"long\"")]
    [InlineData("from_store", "null")]
    public void A_stage_of_a_report_is_refused_by_file_and_field(string field, string value)
    {
        _folder.Write("measurements.json", $"[{Sound()}]");
        string stage = """{"task":"mrpc","pipeline":"O","seed":1,"seconds":2,"from_store":false}""";
        string file = _folder.Write("stages.json", $"[{Changed(stage, field, value)}]");
        CommandLine.Run("report", _folder.Path).Refuses(ExitCode.Refused, file, field);
    }

    [Theory]
    [InlineData("""{"version":1,"pipelines":["\ud800"]}""", "pipelines[0]")]
    [InlineData("""{"version":1,"\ud800":1}""", "surrogate")]
    [InlineData("""{"version":1,"version":1}""", "version")]
    [InlineData("""{"version":null,"tasks":null,"pipelines":null,"seeds":null}""", "'seeds'")]
    [InlineData("""{"version":1,"tasks":{},"pipelines":3,"seeds":"1"}""", "'pipelines' is 3")]
    [InlineData("""{"version":1,"tasks":[null],"pipelines":[null],"seeds":[null]}""", "seeds[0]")]
    [InlineData("""{"version":1e999,"tasks":[],"pipelines":["O"],"seeds":[1e999]}""", "seeds[0]")]
    [InlineData("[]", "an object")]
    [InlineData("", "JSON")]
    [InlineData("[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[", "JSON")]
    public void A_damaged_recipe_is_refused_by_file_and_field(string recipe, string named)
    {
        string file = _folder.Write("recipe.json", recipe);
        Outcome outcome = CommandLine.Run("study", file, "--dry-run");
        Assert.True(
            outcome.Code is ExitCode.Refused or ExitCode.Usage,
            $"{outcome.Code} {outcome.Error}"
        );
        Assert.Contains(named, outcome.Error);
        Assert.Contains(file, outcome.Error);
    }

    [Fact]
    public void Half_a_surrogate_pair_in_a_recipe_is_a_damaged_file()
    {
        string file = _folder.Write("recipe.json", """{"version":1,"pipelines":["\ud83d"]}""");
        CommandLine
            .Run("study", file, "--dry-run")
            .Refuses(ExitCode.Refused, $"{file}: field 'pipelines[0]' holds half a surrogate pair");
    }

    static string Sound()
    {
        string all = Encoding.UTF8.GetString(SyntheticStudy.Json([Records.Of("O", 0.8, 5)]));
        return all.Trim().TrimStart('[').TrimEnd(']');
    }

    /// <summary>The way's value becomes another text, which need not be one that JSON libraries write.</summary>
    static string Changed(string json, string way, string value)
    {
        JsonNode root = JsonNode.Parse(json)!;
        JsonNode at = root;
        string[] names = way.Split('.');
        foreach (string name in names[..^1])
        {
            at = at[name]!;
        }

        at[names[^1]] = "changed here";
        return root.ToJsonString().Replace("\"changed here\"", value);
    }
}
