using System.Runtime.Versioning;
using Espalier.Runs.Studies;
using Espalier.Tests.Checkpoints;

namespace Espalier.Tests.Runs.Studies;

/// <summary>The machine's lock lies where others write too: what they put there ends no work and is not followed.</summary>
[SupportedOSPlatform("linux")]
public sealed class MachineTurnTests : IDisposable
{
    const UnixFileMode Own =
        UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    readonly TemporaryFolder _folder = new();
    readonly List<string> _notes = [];

    public MachineTurnTests() =>
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Temporary folders are each user's own.");

    public void Dispose() => _folder.Dispose();

    string Lock => Path.Combine(_folder[$"espalier-{Environment.UserName}"], "machine.lock");

    [Fact]
    public void Without_a_session_the_lock_lies_in_a_folder_that_only_this_user_may_enter()
    {
        Turn().ToMeasure(Stop).Dispose();
        Assert.True(File.Exists(Lock));
        Assert.Equal(Own, File.GetUnixFileMode(Path.GetDirectoryName(Lock)!));
        Assert.Empty(_notes);
    }

    [Fact]
    public void A_folder_of_the_session_is_taken_where_it_is_this_users_alone()
    {
        string session = _folder["session"];
        Directory.CreateDirectory(session, Own);
        Turn(session).ToWork(Stop).Dispose();
        Assert.True(File.Exists(Path.Combine(session, "espalier", "machine.lock")));
        Assert.False(File.Exists(Lock));

        File.SetUnixFileMode(session, Own | UnixFileMode.OtherExecute | UnixFileMode.OtherRead);
        Turn(session).ToWork(Stop).Dispose();
        Assert.True(File.Exists(Lock));
    }

    [Fact]
    public void A_folder_from_before_is_closed_to_others()
    {
        Directory.CreateDirectory(
            Path.GetDirectoryName(Lock)!,
            Own | UnixFileMode.OtherRead | UnixFileMode.OtherExecute
        );
        Turn().ToWork(Stop).Dispose();
        Assert.Equal(Own, File.GetUnixFileMode(Path.GetDirectoryName(Lock)!));
        Assert.Empty(_notes);
    }

    [Theory]
    [InlineData("link")]
    [InlineData("fifo")]
    [InlineData("folder")]
    public void What_stands_in_the_locks_place_is_told_once_and_neither_followed_nor_waited_for(
        string kind
    )
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Lock)!, Own);
        string target = _folder["created-through-a-link"];
        if (kind == "link")
        {
            File.CreateSymbolicLink(Lock, target);
        }
        else
        {
            Cli.Things.Make(kind, Lock);
        }

        MachineTurn turn = Turn();
        turn.ToWork(Stop).Dispose();
        turn.ToMeasure(Stop).Dispose();
        Assert.False(File.Exists(target));
        Assert.Contains("cannot be a lock", Assert.Single(_notes));
    }

    [Fact]
    public void A_link_in_the_folders_place_is_not_followed()
    {
        Directory.CreateDirectory(_folder["elsewhere"], Own);
        Directory.CreateSymbolicLink(Path.GetDirectoryName(Lock)!, _folder["elsewhere"]);
        Turn().ToMeasure(Stop).Dispose();
        Assert.Empty(Directory.EnumerateFileSystemEntries(_folder["elsewhere"]));
        Assert.Contains("is no folder", Assert.Single(_notes));
    }

    [Fact]
    public void Who_measures_is_alone()
    {
        using (Turn().ToWork(Stop))
        {
            using CancellationTokenSource soon = new(TimeSpan.FromMilliseconds(300));
            Assert.Throws<OperationCanceledException>(() => Turn().ToMeasure(soon.Token));
        }

        Turn().ToMeasure(Stop).Dispose();
        Assert.StartsWith("Waiting", Assert.Single(_notes));
    }

    static CancellationToken Stop => TestContext.Current.CancellationToken;

    MachineTurn Turn(string? session = null) =>
        MachineTurn.Here(_notes.Add, _ => session, _folder.Path);
}
