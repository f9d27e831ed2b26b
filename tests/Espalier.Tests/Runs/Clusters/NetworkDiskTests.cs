using System.Diagnostics;
using Espalier.Cli;
using Espalier.Runs.Storage;
using Espalier.Runs.Studies;
using Espalier.Tests.Cli;
using Espalier.Tests.Runs.Studies;

namespace Espalier.Tests.Runs.Clusters;

/// <summary>Stores on disks that refuse what local ones do; strace stands in for the disk.</summary>
public sealed class NetworkDiskTests : IDisposable
{
    readonly ToyStudy _toy = new();
    readonly string _recipe;

    public NetworkDiskTests() => _recipe = _toy.Write("""["DEPL",{"orders":"EP"}]""", "[1]");

    public void Dispose() => _toy.Dispose();

    [Theory]
    [InlineData("EOPNOTSUPP")]
    [InlineData("ENOLCK")]
    [Trait("tier", "slow")]
    public async Task Where_a_disk_knows_no_locks_leases_alone_share_the_work(string error)
    {
        SystemCalls.Need();
        string[] whole = _toy.Make(_toy.Open(_recipe, "alone"));
        string[] refused =
        [
            "-o",
            "/dev/null",
            "-e",
            "trace=flock",
            "-e",
            $"inject=flock:error={error}",
        ];
        var ends = await Task.WhenAll(
            Enumerable
                .Range(0, 3)
                .Select(async i =>
                {
                    using Process process = SystemCalls.Start(refused, _toy.Folder, StudyTo(i));
                    return await SystemCalls.End(process, Stop);
                })
        );
        Assert.All(ends, e => Assert.True(e.Code == ExitCode.Ok, $"{e.Code}: {e.Error}"));
        Study study = _toy.Open(_recipe, "shared");
        Assert.Equal(whole, _toy.Make(study));
        Assert.Empty(StoreCare.Verify(study.Store, null, Stop));
        string[] begun =
        [
            .. ends.SelectMany(e => e.Error.Split('\n'))
                .Where(l => l.EndsWith(" …", StringComparison.Ordinal)),
        ];
        Assert.Equal(study.Plan.Stages.Count, begun.Length);
    }

    [Theory]
    [InlineData("rename", "EIO")]
    [InlineData("rename", "ESTALE")]
    [InlineData("link", "EPERM")]
    [InlineData("fsync", "EIO")]
    public async Task A_stage_whose_disk_refuses_a_call_ends_with_a_sentence_or_well_and_leaves_no_half(
        string call,
        string error
    )
    {
        SystemCalls.Need();
        Study study = _toy.Open(_recipe, "shared");
        StudyGraph graph = StudyGraph.Of(study, StudyEstimate.Of(study, 1));
        WrittenStudy.Write(study, graph, _recipe);
        string first = graph.Items[0].Key;
        string[] strace =
        [
            "-o",
            "/dev/null",
            "-e",
            $"trace={call}",
            "-e",
            $"inject={call}:error={error}",
        ];
        using Process hurt = SystemCalls.Start(strace, _toy.Folder, Stage(first));
        var (code, said) = await SystemCalls.End(hurt, Stop);
        Assert.True(code == (call == "link" ? ExitCode.Ok : ExitCode.Refused), $"{code}: {said}");
        Assert.DoesNotContain("   at ", said);
        Assert.Equal(
            call == "link",
            study.Store.TryRead(new Espalier.Runs.StageKey(first)) is not null
        );
        using Process well = SystemCalls.Start(null, _toy.Folder, Stage(first));
        Assert.Equal(ExitCode.Ok, (await SystemCalls.End(well, Stop)).Code);
        Assert.Empty(StoreCare.Verify(study.Store, null, Stop));
    }

    static CancellationToken Stop => TestContext.Current.CancellationToken;

    string[] Stage(string key) =>
        ["stage", "run", key, "--store", _toy["shared"], "--threads", "1"];

    string[] StudyTo(int i) =>
        [
            "study",
            _recipe,
            "--store",
            _toy["shared"],
            "--output",
            _toy[$"results-{i}"],
            "--threads",
            "1",
        ];
}
