using System.Diagnostics;
using Espalier.Cli;
using Espalier.Cli.Reports;
using Espalier.Tests.Checkpoints;

namespace Espalier.Tests.Cli;

/// <summary>What tab gives, asked of the shells themselves where they are installed.</summary>
public sealed class CompletionTests : IDisposable
{
    readonly TemporaryFolder _folder = new();

    public CompletionTests() => _folder.Write("reviews.csv", "");

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("espalier ru", "run")]
    [InlineData("espalier --v", "--version")]
    [InlineData("espalier run --pre", "--precision --preset")]
    [InlineData("espalier run DEPLQ --preset ", "fast xin2022")]
    [InlineData("espalier run DEPLQ --format=j", "json")]
    [InlineData("espalier run DEPLQ --train rev", "reviews.csv")]
    [InlineData("espalier predict rev", "reviews.csv")]
    [InlineData("espalier store v", "verify")]
    [InlineData("espalier completion z", "zsh")]
    [InlineData("espalier completion bash ", "--help")]
    [InlineData("espalier run DEP", "DEPLQ")]
    [InlineData("espalier run DEPLQ --seed ", "")]
    public void Bash_completes_commands_options_choices_and_files(string line, string expected) =>
        Assert.Equal(expected, Bash(line));

    [Fact]
    public void Behind_a_pipeline_bash_completes_options() =>
        Assert.All(
            (string[])["--task", "--seed", "-o"],
            o => Assert.Contains(o, Bash("espalier run DEPLQ ").Split(' '))
        );

    string Bash(string line)
    {
        string[] words = [.. line.Replace("=", " = ").Split(' ')];
        string script =
            File.ReadAllText(Script("bash"))
            + $"COMP_WORDS=({string.Join(' ', words.Select(w => $"\"{w}\""))}); COMP_CWORD={words.Length - 1}\n"
            + "complete -p espalier > /dev/null || exit 1\n_espalier; echo \"${COMPREPLY[*]}\"\n";
        return Run("bash", "--norc", "-c", script).Trim();
    }

    [Theory]
    [InlineData("espalier ru", "run")]
    [InlineData("espalier run --pres", "--preset")]
    [InlineData("espalier run DEPLQ --preset f", "fast")]
    [InlineData("espalier run DEPLQ --train rev", "reviews.csv")]
    public void Fish_completes_commands_options_choices_and_files(string line, string expected)
    {
        string given = Run(
            "fish",
            "--no-config",
            "-c",
            $"source '{Script("fish")}'; complete -C '{line}'"
        );
        Assert.Contains(expected, given.Split('\n').Select(l => l.Split('\t')[0]));
    }

    [Fact]
    public void Zsh_reads_its_script() => Run("zsh", "-f", "-n", Script("zsh"));

    [Fact]
    public void PowerShell_registers_its_script() =>
        Run("pwsh", "-NoProfile", "-Command", $". '{Script("pwsh")}'");

    [Fact]
    public void Every_script_has_every_command_and_every_option()
    {
        foreach (string shell in CompletionScript.Shells)
        {
            string script = CommandLine.Run("completion", shell).Succeeds().Out;
            foreach (var command in Program.Root().Subcommands)
            {
                Assert.Contains(command.Name, script);
                Assert.All(
                    command.Options.Where(o => !o.Hidden),
                    o => Assert.Contains(shell == "fish" ? $"-l {o.Name[2..]}" : o.Name, script)
                );
            }
        }
    }

    string Script(string shell)
    {
        string path = _folder[$"completion.{shell}"];
        File.WriteAllText(path, CommandLine.Run("completion", shell).Succeeds().Out);
        return path;
    }

    string Run(string shell, params string[] args)
    {
        Assert.SkipUnless(
            (Environment.GetEnvironmentVariable("PATH") ?? "")
                .Split(Path.PathSeparator)
                .Any(p => File.Exists(Path.Combine(p, shell))),
            $"There is no {shell} here."
        );
        using Process process = Process.Start(
            new ProcessStartInfo(shell, args)
            {
                WorkingDirectory = _folder.Path,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            }
        )!;
        Task<string> error = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.True(
            process.ExitCode == 0,
            $"{shell} ended with {process.ExitCode}: {error.Result}"
        );
        Assert.Equal("", error.Result);
        return output;
    }
}
