using System.Diagnostics;
using System.Runtime.InteropServices;
using Espalier.Models.Storage;
using Espalier.Tests.Checkpoints;
using Espalier.Tests.Cli;
using Espalier.Tests.House;

namespace Espalier.Tests.Answering;

/// <summary>The program in the README, taken from there, compiled by the SDK's own compiler, and run.</summary>
public sealed class ReadmeSampleTests
{
    const string Folder = "runs/reviews/6-DEPLQ";
    const string Implicit = "global using System;\nglobal using System.Linq;\n";

    static readonly string[] Libraries =
    [
        "Espalier.dll",
        "Espalier.Compute.dll",
        "Iced.dll",
        "System.Numerics.Tensors.dll",
        "MathNet.Numerics.dll",
        "CsvHelper.dll",
    ];

    [Fact]
    public void The_program_compiles_as_it_stands_and_answers()
    {
        string runtime = RuntimeEnvironment.GetRuntimeDirectory(),
            root = Path.GetFullPath(Path.Combine(runtime, "..", "..", ".."));
        string? compiler = Directory.Exists(Path.Combine(root, "sdk"))
            ? Directory
                .EnumerateDirectories(Path.Combine(root, "sdk"))
                .Select(sdk => Path.Combine(sdk, "Roslyn", "bincore", "csc.dll"))
                .Where(File.Exists)
                .Order(StringComparer.Ordinal)
                .LastOrDefault()
            : null;
        Assert.SkipWhen(compiler is null, "There is no SDK beside this runtime.");

        string program = Assert
            .Single(Fragment.Of(Checkout.Read("README.md").Text), f => f.Language == "csharp")
            .Lines.Aggregate("", (all, line) => all + line + "\n");
        Assert.Contains(Folder, program);
        Assert.InRange(program.Split('\n').Count(l => l.Length > 0), 5, 10);

        using TemporaryFolder here = new();
        using ToyModels toys = new();
        Directory.CreateDirectory(Path.GetDirectoryName(here[Folder])!);
        Directory.Move(toys.WithExits(), here[Folder]);
        here.Write("Program.cs", program);
        here.Write("Implicit.cs", Implicit);
        foreach (string library in Libraries)
        {
            File.Copy(Path.Combine(AppContext.BaseDirectory, library), here[library]);
        }

        here.Write(
            "options.rsp",
            string.Join(
                '\n',
                Directory
                    .EnumerateFiles(runtime, "*.dll")
                    .Where(f =>
                        Path.GetFileName(f) is var n
                        && (n.StartsWith("System") || n is "netstandard.dll")
                    )
                    .Where(f => !f.Contains("Native"))
                    .Concat([here["Espalier.dll"], here["Espalier.Compute.dll"]])
                    .Select(f => $"-r:\"{f}\"")
                    .Append($"-out:\"{here["Program.dll"]}\"")
                    .Append("-nologo")
                    .Append("-nullable:enable")
                    .Append("-langversion:latest")
            )
        );
        Run(root, here.Path, compiler!, "-noconfig", "@options.rsp", "Program.cs", "Implicit.cs");
        File.Copy(
            Path.Combine(AppContext.BaseDirectory, "Espalier.Cli.runtimeconfig.json"),
            here["Program.runtimeconfig.json"]
        );
        string[] answers = Run(root, here.Path, here["Program.dll"]).TrimEnd().Split('\n');

        string[] labels = [.. ModelFolder.Load(here[Folder]).Model.Config.Labels];
        Assert.Equal(3, answers.Length);
        Assert.All(answers, a => Assert.Contains(labels, l => a.StartsWith(l + " ")));
        Assert.DoesNotContain("layer", answers[0]);
        Assert.All(answers[1..], a => Assert.Matches("[01]\\.[0-9]{2}, behind layer [1-3]$", a));
    }

    static string Run(string root, string folder, params string[] args)
    {
        ProcessStartInfo start = new(
            Path.Combine(root, OperatingSystem.IsWindows() ? "dotnet.exe" : "dotnet"),
            ["exec", .. args]
        )
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using Process process = Process.Start(start)!;
        Task<string> error = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, $"{string.Join(' ', args)}:\n{output}{error.Result}");
        return output;
    }
}
