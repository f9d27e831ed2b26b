using System.Text;
using System.Text.Json;
using Espalier.Cli;

namespace Espalier.Tests.Cli;

/// <summary>What a command line gave.</summary>
sealed record Outcome(int Code, string Out, string Error)
{
    public JsonElement Json => JsonDocument.Parse(Out).RootElement;

    public string[] Lines => Out.TrimEnd('\n').Split('\n');

    public JsonElement[] JsonLines => [.. Lines.Select(l => JsonDocument.Parse(l).RootElement)];

    /// <summary>Sentences on stderr.</summary>
    public string[] Sentences => [.. Error.Split('\n', StringSplitOptions.RemoveEmptyEntries)];

    /// <summary>The code, at least one sentence, no stack trace, and no result.</summary>
    public Outcome Refuses(int code, params ReadOnlySpan<string> words)
    {
        Assert.True(Code == code, $"exit code {Code}, not {code}\nstderr: {Error}\nstdout: {Out}");
        Assert.NotEmpty(Sentences);
        Assert.All(Sentences, s => Assert.StartsWith("espalier: ", s));
        Assert.DoesNotContain("   at ", Error);
        Assert.DoesNotContain("Exception", Error);
        foreach (string word in words)
        {
            Assert.Contains(word, Error);
        }

        return this;
    }

    public Outcome Succeeds()
    {
        Assert.True(Code == ExitCode.Ok, $"exit code {Code}\nstderr: {Error}\nstdout: {Out}");
        return this;
    }
}

/// <summary>Runs command lines in this process.</summary>
static class CommandLine
{
    public static Outcome Run(params string[] args) => Run(args, "");

    public static Outcome Run(string[] args, string input) =>
        Run(args, Encoding.UTF8.GetBytes(input));

    public static Outcome Run(
        string[] args,
        byte[] input,
        IReadOnlyDictionary<string, string>? environment = null,
        bool isTerminal = false,
        TimeProvider? time = null
    )
    {
        using MemoryStream stream = new(input);
        using StringWriter output = new(),
            error = new();
        Terminal terminal = new(stream, output, error)
        {
            OutIsTerminal = isTerminal,
            ErrorIsTerminal = isTerminal,
            Time = time ?? TimeProvider.System,
            Environment = name =>
                environment?.GetValueOrDefault(name)
                // No test asks a hub but one that it starts itself.
                ?? (
                    name == "HF_HUB_OFFLINE" && environment?.ContainsKey("HF_ENDPOINT") != true
                        ? "1"
                        : null
                ),
        };
        int code = Program.Run(args, terminal, TestContext.Current.CancellationToken);
        return new Outcome(code, output.ToString(), error.ToString());
    }
}
