using System.Diagnostics;
using Espalier.Cli;
using Espalier.Runs.Storage;
using Espalier.Runs.Studies;
using Espalier.Tests.Runs.Studies;

namespace Espalier.Tests.Cli;

/// <summary>Runs as processes of their own, two at once.</summary>
public sealed class RunProcessTests : IDisposable
{
    readonly ToyStudy _toy = new();

    public void Dispose() => _toy.Dispose();

    [Fact]
    public async Task Of_two_runs_into_one_folder_the_second_waits_with_a_word_and_reads_what_the_first_made()
    {
        // The first trains nothing before the second waits for it.
        using IDisposable turn = MachineTurn.Here(null, _ => null, _toy.Folder).ToMeasure(Stop);
        using Process first = Start("E", _toy["run"], "--epochs", "4");
        await Until(() => File.Exists(Path.Combine(_toy["run"], ".store", "FORMAT")));
        using Process second = Start("E", _toy["run"], "--epochs", "4");
        string? word;
        do
        {
            word = await second.StandardError.ReadLineAsync(Stop);
        } while (word?.Contains($"Waiting: another run works in {_toy["run"]}.") == false);

        turn.Dispose();
        Assert.NotNull(word);
        var (code, error) = await SystemCalls.End(first, Stop);
        Assert.True(code == ExitCode.Ok, error);
        Assert.Contains("E …", error);
        (code, error) = await SystemCalls.End(second, Stop);
        Assert.True(code == ExitCode.Ok, error);
        Assert.Contains("E: done before, read", error);
    }

    [Fact]
    public async Task Of_two_other_runs_into_one_folder_the_second_is_refused_and_changes_nothing()
    {
        using Process first = Start("E", _toy["run"], "--epochs", "40");
        await Until(() => Directory.Exists(Path.Combine(_toy["run"], ".store", "studies")));
        using Process second = Start("P", _toy["run"]);
        var (code, error) = await SystemCalls.End(second, Stop);
        Assert.Equal(ExitCode.Refused, code);
        Assert.Contains("holds something else than this run; name another folder", error);
        (code, error) = await SystemCalls.End(first, Stop);
        Assert.True(code == ExitCode.Ok, error);
        Assert.Equal(["1-O", "2-E"], ToyStudy.Shown(_toy["run"]).Select(s => s[..3]));
    }

    [Fact]
    public async Task Two_runs_with_one_store_make_what_they_share_once()
    {
        string[] shared = ["--store", _toy["store"], "--epochs", "4"];
        using Process first = Start("EL", _toy["first"], shared),
            second = Start("EP", _toy["second"], shared);
        var ends = await Task.WhenAll(SystemCalls.End(first, Stop), SystemCalls.End(second, Stop));
        Assert.All(ends, e => Assert.True(e.Code == ExitCode.Ok, e.Error));
        string[] begun =
        [
            .. ends.SelectMany(e => e.Error.Split('\n'))
                .Where(l => l.EndsWith(" …", StringComparison.Ordinal))
                .Order(StringComparer.Ordinal),
        ];
        Assert.Equal(["E", "EL", "EP", "O"], begun.Select(l => l.Split(' ')[^2]));
        Store store = Store.Open(_toy["store"]);
        Assert.Empty(StoreCare.Verify(store, null, Stop));
        Assert.Equal(4, store.Actions().Count);
        Assert.Empty(Directory.GetDirectories(_toy["first"], ".store"));
    }

    Process Start(string pipeline, string folder, params string[] more) =>
        SystemCalls.Start(
            null,
            _toy.Folder,
            [
                "run",
                pipeline,
                .. _toy.Line(),
                "--max-length",
                "16",
                "--threads",
                "1",
                "--output",
                folder,
                .. more,
            ]
        );

    static async Task Until(Func<bool> isSo)
    {
        while (!isSo())
        {
            await Task.Delay(10, Stop);
        }
    }

    static CancellationToken Stop => TestContext.Current.CancellationToken;
}
