using System.Diagnostics;
using System.Net.Sockets;
using Espalier.Checkpoints;

namespace Espalier.Tests.Checkpoints;

public sealed class FileLockTests : IDisposable
{
    readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(true, true, true)]
    [InlineData(true, false, false)]
    [InlineData(false, true, false)]
    [InlineData(false, false, false)]
    public void Only_shared_locks_are_held_by_several(bool first, bool second, bool both)
    {
        string path = _folder["locks/use"];
        using IDisposable? held = FileLock.Try(path, shared: first);
        Assert.NotNull(held);
        using IDisposable? more = FileLock.Try(path, shared: second);
        Assert.Equal(both, more is not null);
    }

    [Fact]
    public void A_lock_that_was_given_back_can_be_taken()
    {
        FileLock.Try(_folder["use"], shared: true)!.Dispose();
        FileLock.Try(_folder["use"])!.Dispose();
        Assert.Equal(0, new FileInfo(_folder["use"]).Length);
    }

    [Fact]
    public void A_lock_is_free_at_once_though_children_are_being_started()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Nothing is inherited there.");
        bool done = false;
        Thread starter = new(() =>
        {
            while (!Volatile.Read(ref done))
            {
                using Process child = Process.Start("true");
                child.WaitForExit();
            }
        });
        starter.Start();
        int kept = 0;
        for (int i = 0; i < 20_000; i++)
        {
            using IDisposable? held = FileLock.Try(_folder["use"]);
            kept += held is null ? 1 : 0;
        }

        Volatile.Write(ref done, true);
        starter.Join();
        Assert.Equal(0, kept);
    }

    [Fact]
    public void A_file_that_cannot_be_opened_is_a_failure_and_nobodys_lock()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "A socket is no file there.");
        using Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Bind(new UnixDomainSocketEndPoint(_folder["use"]));
        Assert.True(File.Exists(_folder["use"]));
        Assert.Throws<IOException>(() => FileLock.Try(_folder["use"]));
    }
}
