using Espalier.Analysis.Choosing;

namespace Espalier.Tests.Analysis.Choosing;

public sealed class BriefNamesTests
{
    [Fact]
    public void Options_that_all_pipelines_of_the_same_letters_share_are_left_out() =>
        Assert.Equal(
            ["O", "Q", "Q(bits=4)", "DP(heads=0.9)", "DP(heads=0.8)", "DP(minitron)", "E"],
            BriefNames.Of([
                "O(downloaded)",
                "O(downloaded)Q",
                "O(downloaded)Q(bits=4)",
                "O(downloaded)D(layers=0.8)P(heads=0.9,embedding=0,last=0)",
                "O(downloaded)D(layers=0.8)P(heads=0.8,embedding=0,last=0)",
                "O(downloaded)D(layers=0.8)P(minitron)",
                "O(downloaded)E(every=3)",
            ])
        );

    [Fact]
    public void What_no_short_name_tells_apart_keeps_its_own()
    {
        string[] names = ["Q", "O(downloaded)Q", "a method of others"];
        Assert.Equal(names, BriefNames.Of(names));
    }
}
