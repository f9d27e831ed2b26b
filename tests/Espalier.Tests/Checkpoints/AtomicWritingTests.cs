using Espalier.Checkpoints;
using Espalier.Tensors;

namespace Espalier.Tests.Checkpoints;

public sealed class AtomicWritingTests
{
    [Fact]
    public void A_file_replaces_the_one_that_was_there_and_leaves_nothing_beside_it()
    {
        using TemporaryFolder folder = new();
        folder.Write("x", "old and longer");
        AtomicFile.Write(folder["x"], "new"u8.ToArray());
        Assert.Equal("new", File.ReadAllText(folder["x"]));
        AtomicFile.Write(folder["deep/er/y"], "y"u8.ToArray());
        Assert.Equal("y", File.ReadAllText(folder["deep/er/y"]));
        Assert.Equal(["deep", "x"], folder.Names());
    }

    [Fact]
    public void A_size_that_was_only_a_bound_leaves_no_zeros_behind()
    {
        using TemporaryFolder folder = new();
        AtomicFile.Write(folder["x"], s => s.Write("abc"u8), size: 100_000);
        Assert.Equal("abc", File.ReadAllText(folder["x"]));
    }

    [Fact]
    public void A_file_whose_writing_fails_in_the_middle_keeps_its_old_content()
    {
        using TemporaryFolder folder = new();
        folder.Write("x", "old");
        Assert.Throws<InvalidOperationException>(() =>
            AtomicFile.Write(
                folder["x"],
                stream =>
                {
                    stream.Write(new byte[1_000_000]);
                    throw new InvalidOperationException("in the middle");
                }
            )
        );
        Assert.Equal("old", File.ReadAllText(folder["x"]));
        Assert.Equal(["x"], folder.Names());
    }

    [Fact]
    public void A_reader_sees_the_old_or_the_new_file_and_never_a_part()
    {
        using TemporaryFolder folder = new();
        byte[][] versions = [.. Enumerable.Range(0, 4).Select(Version)];
        AtomicFile.Write(folder["x"], versions[0]);
        bool done = false;
        Thread writer = new(() =>
        {
            for (int i = 0; i < 40; i++)
            {
                AtomicFile.Write(folder["x"], versions[i % 4]);
            }

            Volatile.Write(ref done, true);
        });
        writer.Start();
        while (!Volatile.Read(ref done))
        {
            byte[] seen = File.ReadAllBytes(folder["x"]);
            Assert.Equal(versions[seen[0]], seen);
        }

        writer.Join();
        Assert.Equal(["x"], folder.Names());
    }

    static byte[] Version(int number)
    {
        byte[] bytes = new byte[100_000 + number];
        Array.Fill(bytes, (byte)number);
        return bytes;
    }

    [Fact]
    public void Threads_that_write_one_file_leave_one_whole_file()
    {
        using TemporaryFolder folder = new();
        byte[][] versions = [.. Enumerable.Range(0, 8).Select(Version)];
        Parallel.For(0, 40, i => AtomicFile.Write(folder["x"], versions[i % 8]));
        byte[] last = File.ReadAllBytes(folder["x"]);
        Assert.Equal(versions[last[0]], last);
        Assert.Equal(["x"], folder.Names());
    }

    [Fact]
    public void What_a_sweep_looks_at_before_it_is_locked_is_not_left_behind()
    {
        using TemporaryFolder folder = new();
        WhileSwept(folder, () => AtomicFile.Write(folder["x"], default), times: 1000);
        Assert.Equal(["mine", "x"], folder.Names());
    }

    [Fact]
    public void What_a_sweep_looks_at_is_not_taken_from_whoever_fills_it()
    {
        using TemporaryFolder folder = new();
        int number = 0;
        WhileSwept(
            folder,
            () =>
            {
                string name = folder[$"{number++}"];
                AtomicFile.Write(name + ".txt", "whole"u8.ToArray());
                using AtomicFolder output = AtomicFolder.Begin(name);
                File.WriteAllText(Path.Combine(output.Path, "x"), "whole");
                output.Commit();
                Assert.Equal("whole", File.ReadAllText(Path.Combine(name, "x")));
            },
            times: 500
        );
        Assert.Equal(2 * 500 + 1, folder.Names().Count());
    }

    static void WhileSwept(TemporaryFolder folder, Action write, int times)
    {
        bool done = false;
        folder.Write("mine", "");
        Thread sweeper = new(() =>
        {
            while (!Volatile.Read(ref done))
            {
                Leftovers.Sweep(folder.Path, folder["mine"]);
            }
        });
        sweeper.Start();
        try
        {
            for (int i = 0; i < times; i++)
            {
                write();
            }
        }
        finally
        {
            Volatile.Write(ref done, true);
            sweeper.Join();
        }
    }

    [Fact]
    public void A_file_cannot_be_written_where_a_folder_is()
    {
        using TemporaryFolder folder = new();
        Directory.CreateDirectory(folder["x"]);
        string message = Assert
            .Throws<OutputException>(() => AtomicFile.Write(folder["x"], default))
            .Message;
        Assert.Contains("is a folder", message);
    }

    [Fact]
    public void A_file_below_a_file_is_refused_with_a_sentence()
    {
        using TemporaryFolder folder = new();
        folder.Write("x", "file");
        string message = Assert
            .Throws<OutputException>(() => AtomicFile.Write(folder["x/y"], default))
            .Message;
        Assert.StartsWith(folder["x/y"] + " cannot be written (", message);
        Assert.Equal("file", File.ReadAllText(folder["x"]));
    }

    [Fact]
    public void A_flush_that_the_system_refuses_is_reported()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "The flush of this system reports by itself.");
        // fsync of a pipe fails with EINVAL; FileStream.Flush(true) of .NET 10 says nothing.
        using System.IO.Pipes.AnonymousPipeServerStream pipe = new();
        using Microsoft.Win32.SafeHandles.SafeFileHandle file = new(
            pipe.SafePipeHandle.DangerousGetHandle(),
            ownsHandle: false
        );
        OutputException failure = Assert.Throws<OutputException>(() => Durable.Flush(file, "out"));
        Assert.Contains("out could not be flushed", failure.Message);
    }

    [Fact]
    public void A_full_device_is_told_from_other_failures()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "There is no /dev/full here.");
        SafetensorsWriter writer = new();
        writer.Add("x", new Tensor(1000));
        using FileStream full = new(
            "/dev/full",
            FileMode.Open,
            FileAccess.Write,
            FileShare.None,
            1
        );
        IOException failure = Assert.Throws<IOException>(() => writer.WriteTo(full));
        Assert.True(Durable.IsOutOfSpace(failure));
        Assert.True(Durable.IsOutOfSpace(new InvalidOperationException("outer", failure)));
        Assert.False(Durable.IsOutOfSpace(new FileNotFoundException()));
        Assert.False(Durable.IsOutOfSpace(null));
    }

    [Fact]
    public void A_disk_that_fills_up_gives_a_sentence_and_keeps_what_was_there()
    {
        using TemporaryFolder folder = new();
        using SmallDisk disk = new(folder.Path);
        AtomicFile.Write(disk["x"], "old"u8.ToArray());
        byte[] large = new byte[4 << 20];
        // Found at once where the size is known, and by the write that fails where it is not: a large
        // one, and a small one that fails from a buffer.
        foreach (
            var (size, piece) in ((int, int)[])[(large.Length, 1), (0, large.Length), (0, 100)]
        )
        {
            bool begun = false;
            OutputException failure = Assert.Throws<OutputException>(() =>
                AtomicFile.Write(
                    disk["x"],
                    stream =>
                    {
                        begun = true;
                        foreach (byte[] part in large.Chunk(piece))
                        {
                            stream.Write(part);
                        }
                    },
                    size
                )
            );
            Assert.Equal(size == 0, begun);
            Assert.True(Durable.IsOutOfSpace(failure), failure.ToString());
            Assert.Contains(disk["x"], failure.Message);
            Assert.Contains("free some space", failure.Message);
            Assert.Equal("old", File.ReadAllText(disk["x"]));
            Assert.Equal(["x"], Directory.GetFiles(disk.Path).Select(Path.GetFileName));
        }

        SafetensorsWriter writer = new();
        writer.Add("x", new Tensor(1 << 20));
        Assert.Throws<OutputException>(() => writer.Write(disk["model.safetensors"]));
        using (AtomicFolder output = AtomicFolder.Begin(disk["run"]))
        {
            Assert.Throws<OutputException>(() => writer.Write(output.Path + "/m.safetensors"));
        }

        Assert.Equal([disk["x"]], Directory.GetFileSystemEntries(disk.Path));
    }

    [Fact]
    public void A_read_only_place_gives_a_sentence()
    {
        if (OperatingSystem.IsWindows())
        {
            Assert.Skip("Folders have no such permission here.");
            return;
        }

        using TemporaryFolder folder = new();
        string locked = folder["locked"];
        Directory.CreateDirectory(locked);
        if (Environment.IsPrivilegedProcess)
        {
            // Root writes anywhere but to a file system that is mounted read-only.
            bool mounted = SmallDisk.Run("mount", "-t", "tmpfs", "-o", "ro", "none", locked) == 0;
            Assert.SkipUnless(mounted, "Root can write everywhere here.");
        }
        else
        {
            File.SetUnixFileMode(locked, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        }

        try
        {
            string message = Assert
                .Throws<UnauthorizedAccessException>(() => AtomicFile.Write(locked + "/x", default))
                .Message;
            Assert.Contains(locked + "/x", message);
            Assert.Contains("read-only", message);
            Assert.Throws<UnauthorizedAccessException>(() => AtomicFolder.Begin(locked + "/y"));
        }
        finally
        {
            if (Environment.IsPrivilegedProcess)
            {
                SmallDisk.Run("umount", "-l", locked);
            }
        }
    }
}
