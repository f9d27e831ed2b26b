using System.Diagnostics;
using System.Text;
using Espalier.Cli;
using Espalier.Tests.Models;

namespace Espalier.Tests.Cli;

public sealed class EvaluateMemoryTests : IDisposable
{
    const int Rows = 200_000;
    const int MostTimes = 8;

    readonly Foreign _model = new();

    public void Dispose() => _model.Dispose();

    // With an object for each row, example, answer and batch it took 39 times the file: the heap may not grow beyond 8,
    // and a process that needs more ends with the code for a lack of memory.
    [Fact]
    public async Task Evaluating_many_short_rows_needs_no_more_than_eight_times_their_file()
    {
        StringBuilder text = new("text,label\n");
        for (int i = 0; i < Rows; i++)
        {
            text.Append("the film was good ").Append(i).Append(i % 3 == 0 ? ",bad\n" : ",good\n");
        }

        string table = _model.Write("many.csv", text.ToString());
        long limit = MostTimes * new FileInfo(table).Length;
        ProcessStartInfo start = new(
            "dotnet",
            [
                Path.Combine(AppContext.BaseDirectory, "Espalier.Cli.dll"),
                "evaluate",
                "--model",
                _model.Folder,
                "--test",
                table,
                "--text",
                "text",
                "--label",
                "label",
                "--threads",
                "1",
                "--json",
            ]
        )
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["DOTNET_GCHeapHardLimit"] = $"0x{limit:x}";
        using Process process = Process.Start(start)!;
        CancellationToken stop = TestContext.Current.CancellationToken;
        Task<string> error = process.StandardError.ReadToEndAsync(stop);
        string output = await process.StandardOutput.ReadToEndAsync(stop);
        await process.WaitForExitAsync(stop);
        Assert.True(
            process.ExitCode == ExitCode.Ok,
            $"exit code {process.ExitCode} with a heap of {limit / 1_000_000} MB\n{await error}"
        );
        Assert.Contains($"\"examples\": {Rows}", output);
    }
}
