using System.Text.Json;
using Espalier.Cli;
using Espalier.Tests.Analysis;
using Espalier.Tests.Checkpoints;

namespace Espalier.Tests.Cli.Reports.Pages;

/// <summary>What others measured is analysed as what was measured here: the tables of Wallace et al. 2025 as one CSV.</summary>
public sealed class PublishedTableTests
{
    [Fact]
    public void The_report_of_a_published_table_finds_the_compound_and_the_winners()
    {
        using TemporaryFolder folder = new();
        string table = folder.Write("paper.csv", Published.WallaceTable());
        CommandLine.Run("report", table).Succeeds();
        string page = File.ReadAllText(folder["report.html"]);
        Assert.Contains("D and P are compound in perplexity", page);
        Assert.Contains("D and Q are cumulative in perplexity", page);
        Assert.Contains("a machine that the table does not name", page);
        Assert.Contains("Winners by weight of energy", page);
        Assert.Contains("measured energy", page);

        string one = folder.Write("one.csv", Published.WallaceTable("gpt2 wikitext2"));
        CommandLine.Run("report", one, "--output", folder["page.html"]).Succeeds();
        Assert.Contains(
            "With half of the weight on energy, Q(bits=4) wins with 0.819",
            File.ReadAllText(folder["page.html"])
        );
    }

    [Fact]
    public void A_budget_is_answered_from_a_published_table()
    {
        using TemporaryFolder folder = new();
        string table = folder.Write("paper.csv", Published.WallaceTable("gpt2-large wikitext2"));
        JsonElement answer = CommandLine
            .Run("plan", "--replay", table, "--max-perplexity", "41", "--format", "json")
            .Succeeds()
            .Json.GetProperty("answer");
        // Of all within 41 the fastest took 340 s.
        Assert.InRange(
            answer.GetProperty("milliseconds").GetProperty("value").GetDouble(),
            336,
            350
        );
    }

    [Fact]
    public void A_table_that_says_too_little_or_nonsense_is_refused_by_line_and_column()
    {
        using TemporaryFolder folder = new();
        CommandLine
            .Run("report", folder.Write("a.csv", "pipeline,quality\nO,1\n"))
            .Refuses(ExitCode.Refused, "no column metric");
        CommandLine
            .Run("report", folder.Write("b.csv", "pipeline,metric,quality\nO,perplexity,many\n"))
            .Refuses(ExitCode.Refused, "b.csv:2: quality is 'many'");
        CommandLine
            .Run("report", folder.Write("c.csv", "pipeline,metric,quality\nO,perplexity\n"))
            .Refuses(ExitCode.Refused, "has 2 fields and the first line 3");
        CommandLine
            .Run("report", folder.Write("d.csv", "pipeline,metric,quality\n"))
            .Refuses(ExitCode.Refused, "no measurement in it");
        CommandLine
            .Run("report", folder.Write("report.csv", Published.WallaceTable("gpt2 c4")))
            .Refuses(ExitCode.Usage, "would be written over");
    }
}
