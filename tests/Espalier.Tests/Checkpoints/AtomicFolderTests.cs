using Espalier.Checkpoints;

namespace Espalier.Tests.Checkpoints;

public sealed class AtomicFolderTests
{
    [Fact]
    public void A_folder_appears_whole_at_the_commit_and_not_before()
    {
        using TemporaryFolder folder = new();
        using (AtomicFolder output = AtomicFolder.Begin(folder["above/out"]))
        {
            Fill(output.Path, "new");
            Assert.False(Directory.Exists(folder["above/out"]));
            output.Commit();
        }

        Assert.Equal("new", Content(folder["above/out"]));
        Assert.Equal([folder["above/out"]], Directory.GetFileSystemEntries(folder["above"]));
    }

    [Fact]
    public void A_folder_that_is_given_up_leaves_nothing()
    {
        using TemporaryFolder folder = new();
        Fill(folder["out"], "old");
        using (AtomicFolder output = AtomicFolder.Begin(folder["out"], overwrite: true))
        {
            Fill(output.Path, "half of the new");
        }

        Assert.Equal("old", Content(folder["out"]));
        Assert.Equal(["out"], folder.Names());
    }

    [Fact]
    public void A_folder_with_something_in_it_is_replaced_only_when_asked()
    {
        using TemporaryFolder folder = new();
        Fill(folder["out"], "old");
        File.WriteAllText(folder["out/extra"], "old");
        string message = Assert
            .Throws<OutputException>(() => AtomicFolder.Begin(folder["out"]))
            .Message;
        Assert.Contains("not empty", message);
        Assert.Equal("old", Content(folder["out"]));

        using AtomicFolder output = AtomicFolder.Begin(folder["out"] + "/", overwrite: true);
        Fill(output.Path, "new");
        output.Commit();
        Assert.Equal("new", Content(folder["out"]));
        Assert.False(File.Exists(folder["out/extra"]));
        Assert.Equal(["out"], folder.Names());
    }

    [Fact]
    public void An_empty_folder_is_free()
    {
        using TemporaryFolder folder = new();
        Directory.CreateDirectory(folder["out"]);
        using AtomicFolder output = AtomicFolder.Begin(folder["out"]);
        Fill(output.Path, "new");
        output.Commit();
        Assert.Equal("new", Content(folder["out"]));
        Assert.Equal(["out"], folder.Names());
    }

    [Fact]
    public void What_came_in_between_is_not_overwritten_at_the_commit()
    {
        using TemporaryFolder folder = new();
        using (AtomicFolder output = AtomicFolder.Begin(folder["out"]))
        {
            Fill(output.Path, "ours");
            Fill(folder["out"], "theirs");
            Assert.Throws<OutputException>(output.Commit);
        }

        Assert.Equal("theirs", Content(folder["out"]));
        Assert.Equal(["out"], folder.Names());
    }

    [Fact]
    public void Where_folders_cannot_be_swapped_the_old_one_steps_aside()
    {
        using TemporaryFolder folder = new();
        Fill(folder["out"], "old");
        Fill(folder["new"], "new");
        string? old = AtomicFolder.Publish(folder["new"], folder["out"], trySwap: (_, _) => false);
        Assert.Equal("new", Content(folder["out"]));
        Assert.Equal("old", Content(old!));
        Assert.Equal(AtomicFolder.Aside(folder["out"]), old);
    }

    [Fact]
    public void A_swap_that_the_system_can_do_never_leaves_the_place_empty()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Folders cannot be swapped here.");
        using TemporaryFolder folder = new();
        Fill(folder["out"], "old");
        bool done = false;
        int missing = 0;
        Thread watcher = new(() =>
        {
            while (!Volatile.Read(ref done))
            {
                missing += Directory.Exists(folder["out"]) ? 0 : 1;
            }
        });
        watcher.Start();
        for (int i = 0; i < 50; i++)
        {
            using AtomicFolder output = AtomicFolder.Begin(folder["out"], overwrite: true);
            Fill(output.Path, $"{i}");
            output.Commit();
        }

        Volatile.Write(ref done, true);
        watcher.Join();
        Assert.Equal(0, missing);
    }

    [Fact]
    public void After_a_crash_between_the_two_renames_the_old_folder_comes_back()
    {
        using TemporaryFolder folder = new();
        Fill(AtomicFolder.Aside(folder["out"]), "old");
        using (AtomicFolder.Begin(folder["out"], overwrite: true))
        {
            Assert.Equal("old", Content(folder["out"]));
        }

        Assert.Equal(["out"], folder.Names());
    }

    [Fact]
    public void A_file_a_link_and_the_folders_one_lives_in_are_no_outputs()
    {
        using TemporaryFolder folder = new();
        folder.Write("file", "x");
        Assert.Contains("is a file", Message(folder["file"]));
        Assert.Contains("root of a disk", Message(Path.GetPathRoot(folder.Path)!));
        Assert.Contains(
            "current folder",
            Message(Path.GetDirectoryName(Environment.CurrentDirectory)!)
        );
        Assert.Contains("current folder", Message("."));
        if (!OperatingSystem.IsWindows())
        {
            Fill(folder["real"], "real");
            File.CreateSymbolicLink(folder["link"], folder["real"]);
            Assert.Contains("is a link", Message(folder["link"]));
            Assert.Equal("real", Content(folder["real"]));
        }
    }

    static string Message(string output) =>
        Assert.Throws<OutputException>(() => AtomicFolder.Begin(output, overwrite: true)).Message;

    static void Fill(string folder, string content)
    {
        Directory.CreateDirectory(Path.Combine(folder, "sub"));
        File.WriteAllText(Path.Combine(folder, "sub", "file"), content);
    }

    static string Content(string folder) => File.ReadAllText(Path.Combine(folder, "sub", "file"));
}
