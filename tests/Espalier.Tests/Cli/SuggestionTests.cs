using Espalier.Cli;

namespace Espalier.Tests.Cli;

/// <summary>A word that nobody knows is answered with the one that was likely meant, in one sentence.</summary>
public sealed class SuggestionTests
{
    [Theory]
    [InlineData("evalute", "did you mean 'evaluate'?")]
    [InlineData("tokenise", "did you mean 'tokenize'?")]
    [InlineData("predcit x", "did you mean 'predict'?")]
    [InlineData("operators --fromat json", "did you mean '--format'?")]
    [InlineData("operators --format jsno", "did you mean 'json'?")]
    [InlineData("inspect --modle=seedling", "did you mean '--model'?")]
    [InlineData("inspect --modle seedling", "did you mean '--model'?")]
    [InlineData("tokenize --modle seedling", "did you mean '--model'?")]
    [InlineData("run DEPLQ --epoch 1", "did you mean '--epochs'?")]
    [InlineData("run DEPLQ --preset fats", "did you mean 'fast'?")]
    [InlineData("run DEPLQ --precision bf61", "did you mean 'bf16'?")]
    [InlineData("run DEPLQ --forse", "did you mean '--force'?")]
    [InlineData("store sl .", "did you mean 'ls'?")]
    [InlineData("completion bahs", "did you mean 'bash'?")]
    [InlineData("run DEPLQ --task sentimnet", "did you mean 'sentiment'?")]
    public void The_likely_word_is_named_and_nothing_else(string line, string expected)
    {
        Outcome outcome = CommandLine.Run(line.Split(' ')).Refuses(ExitCode.Usage, expected);
        Assert.Single(outcome.Sentences);
    }

    [Theory]
    [InlineData("operators --xyzzy", "There is no option '--xyzzy' in 'espalier operators'")]
    [InlineData("xyzzy", "There is no command 'xyzzy'; the commands are")]
    [InlineData("operators extra", "'extra' is one argument too many")]
    [InlineData("inspect --format", "--format stands without its value")]
    [InlineData(
        "inspect --model --format json",
        "--model stands without its value, and --format follows"
    )]
    [InlineData("run", "needs PIPELINE")]
    public void Where_nothing_is_likely_the_sentence_says_where_to_look(
        string line,
        string expected
    )
    {
        Outcome outcome = CommandLine.Run(line.Split(' ')).Refuses(ExitCode.Usage);
        Assert.Contains(expected, Assert.Single(outcome.Sentences));
        Assert.DoesNotContain("did you mean", outcome.Error);
    }
}
