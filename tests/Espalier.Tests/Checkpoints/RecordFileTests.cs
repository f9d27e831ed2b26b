using Espalier.Checkpoints;

namespace Espalier.Tests.Checkpoints;

/// <summary>Records that are there whole or not at all.</summary>
public sealed class RecordFileTests : IDisposable
{
    static readonly int[] Lengths = [5, 0, 8, 3];

    readonly TemporaryFolder _folder = new();
    readonly string _path;

    public RecordFileTests() => _path = _folder["records.bin"];

    public void Dispose() => _folder.Dispose();

    RecordFile Open(string key = "key", long most = long.MaxValue) =>
        new(_path, key, Lengths, most);

    static byte[] Content(int record) =>
        [.. Enumerable.Range(0, Lengths[record]).Select(i => (byte)(1 + 10 * record + i))];

    void WriteAll(long most = long.MaxValue)
    {
        using RecordFile records = Open(most: most);
        foreach (int record in (int[])[3, 0, 2, 1])
        {
            records.Write(record, Content(record));
        }
    }

    /// <summary>Those that are there, each of which is what was written.</summary>
    static int[] There(RecordFile records)
    {
        List<int> there = [];
        for (int record = 0; record < Lengths.Length; record++)
        {
            byte[] into = new byte[Lengths[record]];
            if (records.TryRead(record, into))
            {
                Assert.Equal(Content(record), into);
                there.Add(record);
            }
        }

        return [.. there];
    }

    [Fact]
    public void What_one_wrote_another_reads_and_what_nobody_wrote_is_not_there()
    {
        using (RecordFile first = Open())
        {
            Assert.Empty(There(first));
            first.Write(2, Content(2));
            Assert.Equal([2], There(first));
        }

        using RecordFile second = Open();
        Assert.Equal([2], There(second));
        second.Write(0, Content(0));
        Assert.Equal([0, 2], There(second));
    }

    [Fact]
    public void Each_bit_that_flips_takes_one_record_away_which_can_be_written_again()
    {
        WriteAll();
        byte[] whole = File.ReadAllBytes(_path);
        for (int bit = 0; bit < 8 * whole.Length; bit++)
        {
            byte[] flipped = [.. whole];
            flipped[bit / 8] ^= (byte)(1 << bit % 8);
            File.WriteAllBytes(_path, flipped);
            List<string> told = [];
            using RecordFile records = new(_path, "key", Lengths, note: told.Add);
            int[] there = There(records);
            Assert.Equal(3, there.Length);
            Assert.Contains("1 of 4 records are damaged", told.Single());
            int gone = Enumerable.Range(0, 4).Except(there).Single();
            records.Write(gone, Content(gone));
            Assert.Equal(whole, File.ReadAllBytes(_path));
        }
    }

    [Fact]
    public void A_file_that_was_cut_lacks_its_end_alone()
    {
        WriteAll();
        byte[] whole = File.ReadAllBytes(_path);
        for (int length = 0; length < whole.Length; length++)
        {
            File.WriteAllBytes(_path, whole[..length]);
            using RecordFile records = Open();
            int[] there = There(records);
            Assert.Equal(Enumerable.Range(0, there.Length), there);
            Assert.True(there.Length < 4, $"{length} bytes of {whole.Length}");
        }
    }

    [Fact]
    public void Records_of_another_key_are_not_there()
    {
        WriteAll();
        using RecordFile records = Open("another");
        Assert.Empty(There(records));
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(20, 0)]
    [InlineData(21, 1)]
    [InlineData(61, 3)]
    [InlineData(79, 3)]
    [InlineData(80, 4)]
    public void A_file_is_no_longer_than_it_may_be(long most, int records)
    {
        WriteAll(most);
        using (RecordFile read = Open(most: most))
        {
            Assert.Equal(Enumerable.Range(0, records), There(read));
        }

        Assert.InRange(new FileInfo(_path).Length, 0, most);

        // Nor is one that was made when it might be longer.
        WriteAll();
        using RecordFile shorter = Open(most: most);
        Assert.Equal(Enumerable.Range(0, records), There(shorter));
        Assert.InRange(new FileInfo(_path).Length, 0, most);
    }

    [Fact]
    public void Without_a_file_they_are_held_in_memory()
    {
        using RecordFile records = new(null, "key", Lengths, 61);
        Assert.Empty(There(records));
        foreach (int record in (int[])[0, 2, 3])
        {
            records.Write(record, Content(record));
        }

        Assert.Equal([0, 2], There(records));
        Assert.Empty(_folder.Names());
    }

    [Fact]
    public void A_full_disk_is_told_as_one()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "There is no /dev/full here.");
        File.CreateSymbolicLink(_path, "/dev/full");
        using RecordFile records = Open();
        Exception full = Assert.ThrowsAny<IOException>(() => records.Write(0, Content(0)));
        Assert.True(Durable.IsOutOfSpace(full), $"{full}");
        Assert.Contains("free some space", full.Message);
    }
}
