using Espalier.Cli.Reports.Pages;

namespace Espalier.Tests.Cli.Reports.Pages;

public sealed class StageTreeTests
{
    [Fact]
    public void A_stage_hangs_on_the_model_it_was_made_from_whatever_options_others_have() =>
        Assert.Equal(
            ["0 O", "1 D", "2 E", "1 D(layers=0.34)", "2 E", "0 O(pool=mean)", "1 D"],
            Drawn(
                "O",
                "D",
                "DE",
                "D(layers=0.34)",
                "D(layers=0.34)E",
                "O(pool=mean)",
                "O(pool=mean)D"
            )
        );

    /// <summary>Depth and letter of each stage, from above.</summary>
    static IEnumerable<string> Drawn(params string[] pipelines)
    {
        string page =
            $"{StageTree.Write(
            new ReportInput(
                "toy",
                [],
                [.. pipelines.Select(p => new MadeStage(p, 1, "toy", 1, false))]
            )
        )}";
        int depth = -1;
        foreach (string tag in page.Split('<'))
        {
            depth +=
                tag.StartsWith("ul", StringComparison.Ordinal) ? 1
                : tag.StartsWith("/ul", StringComparison.Ordinal) ? -1
                : 0;
            if (tag.StartsWith("b>", StringComparison.Ordinal))
            {
                yield return $"{depth} {tag[2..]}";
            }
        }
    }
}
