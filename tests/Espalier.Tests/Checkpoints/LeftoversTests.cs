using Espalier.Checkpoints;

namespace Espalier.Tests.Checkpoints;

/// <summary>What killed processes left goes with the next writing; what somebody writes stays.</summary>
public sealed class LeftoversTests : IDisposable
{
    readonly TemporaryFolder _folder = new();

    public LeftoversTests() =>
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Open files cannot be renamed there.");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void What_nobody_holds_goes_with_the_next_file_that_is_written()
    {
        _folder.Write(".espalier-7-0.tmp", "half");
        _folder.Write(".espalier-7-1.tmp", "");
        Directory.CreateDirectory(_folder[".espalier-7-2.dir"]);
        _folder.Write(".espalier-7-2.dir/config.json", "half");
        _folder.Write(".espalier-lock", "");
        _folder.Write(".espalier-7.txt", "somebody's");
        AtomicFile.Write(_folder["whole"], "whole"u8.ToArray());

        // An empty one may be about to be written, unless it is old.
        Assert.Equal(
            [".espalier-7-1.tmp", ".espalier-7.txt", ".espalier-lock", "whole"],
            _folder.Names()
        );
        File.SetLastWriteTimeUtc(
            _folder[".espalier-7-1.tmp"],
            File.GetLastWriteTimeUtc(_folder["whole"]).AddHours(-1)
        );
        AtomicFile.Write(_folder["whole"], "again"u8.ToArray());
        Assert.Equal([".espalier-7.txt", ".espalier-lock", "whole"], _folder.Names());
    }

    [Fact]
    public void What_somebody_is_writing_stays()
    {
        using AtomicFolder other = AtomicFolder.Begin(_folder["other"]);
        File.WriteAllText(Path.Combine(other.Path, "config.json"), "half");
        AtomicFile.Write(
            _folder["outer"],
            outer =>
            {
                outer.Write("outer"u8);
                outer.Flush();
                AtomicFile.Write(_folder["inner"], "inner"u8.ToArray());
                using AtomicFolder folder = AtomicFolder.Begin(_folder["folder"]);
                folder.Commit();
            }
        );
        other.Commit();
        Assert.Equal(["folder", "inner", "other", "outer"], _folder.Names());
        Assert.Equal("outer", File.ReadAllText(_folder["outer"]));
        Assert.Equal("half", File.ReadAllText(_folder["other/config.json"]));
    }
}
