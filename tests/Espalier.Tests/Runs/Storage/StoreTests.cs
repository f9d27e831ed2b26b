using Espalier.Runs;
using Espalier.Runs.Storage;
using Espalier.Tests.Checkpoints;

namespace Espalier.Tests.Runs.Storage;

/// <summary>A store by itself: several who use it at once, and what strangers put into it.</summary>
public sealed class StoreTests : IDisposable
{
    static readonly string Key = new('a', 64);
    readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task All_who_begin_at_the_same_time_get_the_new_store()
    {
        for (int round = 0; round < 100; round++)
        {
            string folder = _folder[$"{round}"];
            Directory.CreateDirectory(folder);
            using Barrier together = new(4);
            Task[] opening =
            [
                .. Enumerable
                    .Range(0, 4)
                    .Select(_ =>
                        Task.Factory.StartNew(
                            () =>
                            {
                                together.SignalAndWait();
                                Store.Open(folder);
                            },
                            CancellationToken.None,
                            TaskCreationOptions.LongRunning,
                            TaskScheduler.Default
                        )
                    ),
            ];
            await Task.WhenAll(opening);
        }
    }

    [Fact]
    public void Looking_at_a_store_that_is_not_there_makes_none()
    {
        Store store = Store.Open(_folder["none"], write: false);
        Assert.Empty(store.Keys());
        Assert.Empty(store.Blobs.All());
        Assert.False(Directory.Exists(_folder["none"]));
    }

    [Fact]
    public void A_folder_that_is_no_store_is_refused_and_left_alone()
    {
        _folder.Write("letter.txt", "dear");
        foreach (bool write in (bool[])[true, false])
        {
            Assert.Contains(
                "is no store",
                Assert
                    .Throws<InvalidDataException>(() => Store.Open(_folder.Path, write: write))
                    .Message
            );
        }

        Assert.Equal(["letter.txt"], _folder.Names());
    }

    [Fact]
    public void Two_that_store_the_same_under_one_process_number_do_not_meet()
    {
        Store store = Store.Open(_folder["store"]);

        // In containers over one volume even process and thread have the same numbers, as they have here.
        StoredAction stored = Put(
            store,
            folder =>
            {
                File.WriteAllText(Path.Combine(folder, "mine"), "first");
                Put(store, other => File.WriteAllText(Path.Combine(other, "mine"), "first"));
            }
        );
        Assert.Equal(["mine"], stored.Files.Select(f => f.Name));
        Assert.Equal("first"u8, store.Read(stored, "mine"));
        Assert.Empty(Directory.GetFileSystemEntries(store.TemporaryFolder));
    }

    [Fact]
    public void What_killed_processes_left_is_collected_down_to_the_last_folder()
    {
        Store store = Store.Open(_folder["store"]);
        StoredAction stored = Put(store, f => File.WriteAllText(Path.Combine(f, "a"), "alpha"));
        Store.Open(_folder["store"]).ModelFolder(stored);
        string tmp = store.TemporaryFolder;
        Directory.CreateDirectory(Path.Combine(tmp, ".espalier-1-0.dir"));
        string linked = Directory.CreateDirectory(Path.Combine(tmp, ".espalier-1-1.dir")).FullName;
        File.CreateSymbolicLink(Path.Combine(linked, "link"), "../../nowhere");
        File.WriteAllText(Path.Combine(tmp, "link-1-1"), "of an older version");
        Garbage? removed = null;
        StoreGarbage.Remove(
            store,
            () => StoreGarbage.Unreachable(store, new HashSet<string> { Key }),
            garbage => removed = garbage
        );
        Assert.Equal(
            [Path.Combine("tmp", ".espalier-1-1.dir", "link"), Path.Combine("tmp", "link-1-1")],
            removed!.Files
        );
        Assert.False(Directory.Exists(tmp));
        Assert.Equal("alpha", File.ReadAllText(Path.Combine(store.ModelFolder(stored), "a")));
        Assert.Empty(StoreCare.Verify(store, null, TestContext.Current.CancellationToken));
    }

    [Theory]
    [InlineData("../../outside")]
    [InlineData("/outside")]
    [InlineData("..")]
    [InlineData(".hidden")]
    [InlineData("")]
    [InlineData("a/b")]
    [InlineData("a\\b")]
    [InlineData("c:outside")]
    [InlineData("a\0b")]
    public void An_action_whose_file_has_no_plain_name_counts_as_not_done(string name)
    {
        Store store = Store.Open(_folder["store"]);
        StoredAction stored = Put(store, f => File.WriteAllText(Path.Combine(f, "a"), "alpha"));
        Assert.NotNull(store.TryRead(new StageKey(Key)));
        stored = stored with { Files = [stored.Files[0] with { Name = name }] };
        File.WriteAllBytes(store.ActionFile(Key), stored.ToJson());
        Assert.Null(store.TryRead(new StageKey(Key)));
        string problem = Assert.Single(
            StoreCare.Verify(store, null, TestContext.Current.CancellationToken)
        );
        Assert.StartsWith(store.ActionFile(Key), problem);
        Assert.Contains("a plain name was expected. Remove the file", problem);
    }

    static StoredAction Put(Store store, Action<string> fill) =>
        store.Put(
            new StoredAction
            {
                Kind = ActionKind.Stage,
                Key = Key,
                Pipeline = "O",
                Task = "toy",
                Seed = 1,
            },
            fill
        );
}
