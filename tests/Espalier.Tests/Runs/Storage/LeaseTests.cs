using Espalier.Checkpoints;
using Espalier.Runs;
using Espalier.Runs.Storage;
using Espalier.Tests.Checkpoints;

namespace Espalier.Tests.Runs.Storage;

/// <summary>Who works on a stage, where processes end without a word and machines share a disk.</summary>
public sealed class LeaseTests : IDisposable
{
    static readonly StageKey Key = new(new string('a', 64));
    readonly string _folder = Directory.CreateTempSubdirectory("espalier-lease").FullName;
    readonly Store _store;

    public LeaseTests() => _store = Store.Open(Path.Combine(_folder, "store"));

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void A_lease_is_one_process_s_until_it_is_given_back()
    {
        Lease? first = Try();
        Assert.NotNull(first);
        Assert.Null(Try());
        Assert.Equal(LeaseOwner.Here, Lease.OwnerOf(_store, Key.Hex));
        first.Dispose();
        Assert.Null(Lease.OwnerOf(_store, Key.Hex));
        using Lease? second = Try();
        Assert.NotNull(second);
    }

    [Fact]
    public void What_a_process_of_this_machine_left_that_has_ended_is_taken_over_at_once()
    {
        Leave(LeaseOwner.Here with { Started = "1" });
        using Lease? mine = Try();
        Assert.NotNull(mine);
    }

    [Fact]
    public void What_another_machine_holds_stays_its_own_until_it_is_silent_for_minutes()
    {
        LeaseOwner other = LeaseOwner.Here with { Host = "n2", Boot = "another", Started = "1" };
        Leave(other);
        Assert.Null(Try());
        Assert.Equal(other, Lease.OwnerOf(_store, Key.Hex));

        // By the disk's clock, and not by that of any machine.
        File.SetLastWriteTimeUtc(FileOf(), File.GetLastWriteTimeUtc(FileOf()) - Lease.Stale * 1.1);
        Assert.Null(Lease.OwnerOf(_store, Key.Hex));
        using Lease? mine = Try();
        Assert.NotNull(mine);
        Assert.Equal(LeaseOwner.Here, Lease.OwnerOf(_store, Key.Hex));
    }

    [Theory]
    [InlineData("7", 1, "7", 2, true)]
    [InlineData("7", 1, "7", 1, false)]
    [InlineData("7", 1, "8", 2, false)]
    [InlineData("", 0, "", 1, false)]
    public void A_job_that_was_started_again_takes_over_from_its_first_start(
        string job,
        int restarts,
        string hereJob,
        int hereRestarts,
        bool gone
    )
    {
        LeaseOwner other = LeaseOwner.Here with
        {
            Boot = "another",
            Job = job,
            Restarts = restarts,
        };
        LeaseOwner here = LeaseOwner.Here with { Job = hereJob, Restarts = hereRestarts };
        Assert.Equal(gone, other.IsGone(TimeSpan.Zero, here));
        Assert.True(other.IsGone(Lease.Stale * 2, here));
    }

    [Theory]
    [InlineData("")]
    [InlineData("""{"host":"n""")]
    [InlineData("[]")]
    public void A_lease_that_is_torn_is_someone_s_who_writes_it_now_or_nobody_s_any_more(
        string text
    )
    {
        Directory.CreateDirectory(Path.GetDirectoryName(FileOf())!);
        File.WriteAllText(FileOf(), text);
        Assert.Null(Try());
        File.SetLastWriteTimeUtc(FileOf(), File.GetLastWriteTimeUtc(FileOf()) - Lease.Stale * 1.1);
        using Lease? mine = Try();
        Assert.NotNull(mine);
    }

    [Fact]
    public void Whoever_loses_a_lease_does_not_take_the_new_owner_s_away()
    {
        Lease first = Try()!;
        LeaseOwner other = LeaseOwner.Here with { Boot = "another" };
        Leave(other);
        first.Dispose();
        Assert.Equal(other, Lease.OwnerOf(_store, Key.Hex));
    }

    [Fact]
    public void A_disk_without_locks_leaves_what_others_work_on_alone()
    {
        // Where flock is nothing, the exclusive lock of a store is anybody's.
        Leave(LeaseOwner.Here with { Boot = "another" });
        string half = Path.Combine(_store.Folder, "tmp", "half");
        Directory.CreateDirectory(half);
        _store.CleanIfAlone();
        Assert.True(Directory.Exists(half));
        Assert.Contains(
            "is in use",
            Assert
                .Throws<InvalidDataException>(() =>
                    StoreGarbage.Remove(_store, () => new Garbage([], 0), _ => { })
                )
                .Message
        );
        File.Delete(FileOf());
        _store.CleanIfAlone();
        Assert.False(Directory.Exists(half));
    }

    [Fact]
    public void A_lease_that_a_full_disk_does_not_hold_is_nobody_s()
    {
        using SmallDisk disk = new(_folder);
        Store store = Store.Open(disk["store"]);
        Lease.Try(store, Key, TimeProvider.System)!.Dispose();
        using (FileStream rest = new(disk["rest"], FileMode.Create, FileAccess.Write))
        {
            Assert.Throws<IOException>(() =>
            {
                for (int page = 0; page < 1000; page++)
                {
                    rest.Write(new byte[4096]);
                    rest.Flush();
                }
            });
        }

        OutputException failure = Assert.Throws<OutputException>(() =>
            Lease.Try(store, Key, TimeProvider.System)
        );
        Assert.True(Durable.IsOutOfSpace(failure), failure.ToString());
        Assert.Empty(Directory.GetFiles(Path.Combine(store.Folder, "leases"), "*.json"));
        File.Delete(disk["rest"]);
        using Lease? mine = Lease.Try(store, Key, TimeProvider.System);
        Assert.NotNull(mine);
    }

    Lease? Try() => Lease.Try(_store, Key, TimeProvider.System);

    string FileOf() => Path.Combine(_store.Folder, "leases", Key.Hex + ".json");

    void Leave(LeaseOwner owner) => AtomicFile.Write(FileOf(), owner.ToJson());
}
