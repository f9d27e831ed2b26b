using Espalier.Checkpoints;

namespace Espalier.Tests.Checkpoints;

/// <summary>A GGUF file that lies is refused with one sentence, before memory is asked for what it says.</summary>
public sealed class HostileGgufTests
{
    const uint F32 = 0;
    const uint Q4_0 = 2;

    /// <summary>What is wrong, the file, and what the sentence must say.</summary>
    static readonly List<(string Case, byte[] File, string[] Facts)> Files =
    [
        ("empty file", [], ["ends in the middle of the four letters", "cut short"]),
        ("three bytes", "GGU"u8.ToArray(), ["at byte 0", "ends in the middle"]),
        (
            "a web page",
            "<!DOCTYPE html><html>"u8.ToArray(),
            ["does not begin with the letters GGUF"]
        ),
        (
            "version 1",
            new GgufBytes { Version = 1 }.File(),
            ["version of the format is 1", "2 or 3"]
        ),
        ("version 4", new GgufBytes { Version = 4 }.File(), ["version of the format is 4"]),
        ("big-endian", new GgufBytes { Version = 0x03000000 }.File(), ["big-endian", "convert"]),
        (
            "only a magic and a version",
            [.. "GGUF"u8, 3, 0, 0, 0],
            ["at byte 8", "number of tensors"]
        ),
        (
            "2^64-1 tensors",
            new GgufBytes { SaidTensors = ulong.MaxValue }.File(),
            ["18446744073709551615", "number of tensors"]
        ),
        (
            "2^60 keys",
            new GgufBytes { SaidKeys = 1UL << 60 }.File(),
            ["1152921504606846976", "number of keys"]
        ),
        (
            "a million tensors",
            new GgufBytes { SaidTensors = 1_000_000 }.File(),
            ["number of tensors is said to be 1000000"]
        ),
        (
            "one key too many",
            new GgufBytes(0) { SaidKeys = 2 }
                .Key("a", 1)
                .File(),
            ["the file"]
        ),
        (
            "name of 2^63 bytes",
            new GgufBytes { SaidKeys = 1 }.Raw([0, 0, 0, 0, 0, 0, 0, 128]),
            ["9223372036854775808 bytes long"]
        ),
        ("name of no bytes", new GgufBytes().Key("", 1).File(), ["has no name"]),
        (
            "hidden characters in a key",
            new GgufBytes().Key("a\u202Eb", 1).File(),
            ["\\u202E", "hidden"]
        ),
        ("key twice", new GgufBytes().Key("a", 1).Key("a", 2).File(), ["key 'a' is there twice"]),
        ("kind 13", new GgufBytes().Key("a", 13, 0, 0, 0, 0).File(), ["kind 13", "0 to 12"]),
        ("truth of 2", new GgufBytes().Key("a", 7, 2).File(), ["truth value of 2"]),
        (
            "invalid UTF-8",
            new GgufBytes().Key("a", 8, 1, 0, 0, 0, 0, 0, 0, 0, 0xFF).File(),
            ["not valid UTF-8"]
        ),
        (
            "string past the file",
            new GgufBytes().Key("a", 8, 0, 0, 1, 0, 0, 0, 0, 0).File(),
            ["key 'a' is said to be 65536 bytes long"]
        ),
        (
            "array of arrays",
            new GgufBytes().Key("a", 9, GgufBytes.Array(9, 1, GgufBytes.Array(0, 0))).File(),
            ["array of arrays"]
        ),
        (
            "array of 2^62 numbers",
            new GgufBytes().Key("a", 9, GgufBytes.Array(4, 1UL << 62)).File(),
            ["number of items of key 'a' is said to be 4611686018427387904"]
        ),
        (
            "array of 2^61 strings",
            new GgufBytes().Key("a", 9, GgufBytes.Array(8, 1UL << 61)).File(),
            ["2305843009213693952"]
        ),
        (
            "alignment 0",
            new GgufBytes().Key("general.alignment", 0).File(),
            ["'general.alignment' is 0", "from 1 to 65,536"]
        ),
        (
            "alignment 3",
            new GgufBytes().Key("general.alignment", 3).File(),
            ["'general.alignment' is 3", "power of two"]
        ),
        (
            "alignment 2^31",
            new GgufBytes().Key("general.alignment", 1U << 31).File(),
            ["2147483648"]
        ),
        (
            "alignment as text",
            new GgufBytes().Key("general.alignment", "32").File(),
            ["'32'", "whole number"]
        ),
        (
            "tensor twice",
            new GgufBytes().Tensor("a", F32, 0, 4).Tensor("a", F32, 32, 4).File(),
            ["tensor 'a' is there twice"]
        ),
        ("tensor without a name", new GgufBytes().Tensor("", F32, 0, 4).File(), ["has no name"]),
        (
            "five axes",
            new GgufBytes().Tensor("a", F32, 0, 1, 1, 1, 1, 1).File(),
            ["'a' has 5 axes", "at most 4"]
        ),
        (
            "2^32 axes",
            new GgufBytes().Raw(tensors: [.. GgufBytes.Text("a"), 255, 255, 255, 255]),
            ["4294967295 axes"]
        ),
        (
            "extent of 2^64-1",
            new GgufBytes().Tensor("a", F32, 0, ulong.MaxValue).File(),
            ["more than 2^63"]
        ),
        (
            "product that wraps to 4",
            new GgufBytes().Tensor("a", F32, 0, 1UL << 33, 1UL << 33, 4).File(),
            ["more than 2^63"]
        ),
        (
            "larger than the file",
            new GgufBytes().Tensor("a", F32, 0, 1UL << 40).File(),
            ["takes 4398046511104 bytes"]
        ),
        (
            "type 10",
            new GgufBytes().Tensor("a", 10, 0, 256).File(),
            ["stored as Q2_K", "Q4_K", "llama-quantize"]
        ),
        ("type 4711", new GgufBytes().Tensor("a", 4711, 0, 256).File(), ["number 4711"]),
        (
            "rows of no whole blocks",
            new GgufBytes().Tensor("a", Q4_0, 0, 33, 1).File(),
            ["rows of 33", "blocks of 32"]
        ),
        ("block type of no axes", new GgufBytes().Tensor("a", Q4_0, 0).File(), ["'a' of Q4_0 []"]),
        (
            "offset beside the alignment",
            new GgufBytes().Tensor("a", F32, 4, 4).File(),
            ["begins 4 bytes", "alignment 32"]
        ),
        (
            "offset of 2^63",
            new GgufBytes().Tensor("a", F32, 1UL << 63, 4).File(),
            ["9223372036854775808", "past the end"]
        ),
        (
            "tensor past the file",
            new GgufBytes(16).Tensor("a", F32, 0, 5).File(),
            ["'a' ends 4 bytes past the file", "cut short"]
        ),
        (
            "offset past the file",
            new GgufBytes(64).Tensor("a", F32, 96, 4).File(),
            ["past the file"]
        ),
        (
            "overlap",
            new GgufBytes().Tensor("a", F32, 0, 9).Tensor("b", F32, 32, 4).File(),
            ["'b' overlaps tensor 'a'"]
        ),
        (
            "same place",
            new GgufBytes().Tensor("a", F32, 32, 4).Tensor("b", F32, 32, 4).File(),
            ["overlaps"]
        ),
    ];

    public static TheoryData<string> Cases => [.. Files.Select(f => f.Case)];

    [Theory]
    [MemberData(nameof(Cases))]
    public void A_file_that_lies_is_refused_with_one_sentence(string named)
    {
        var (_, bytes, facts) = Files.Single(f => f.Case == named);
        using TemporaryFolder folder = new();
        string path = folder.Write("model.gguf", bytes);
        long before = GC.GetAllocatedBytesForCurrentThread();
        InvalidDataException refused = Assert.Throws<InvalidDataException>(() =>
            GgufFile.Open(path)
        );
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1 << 20);
        Assert.StartsWith(path, refused.Message);
        Assert.EndsWith(".", refused.Message);
        Assert.All(facts, fact => Assert.Contains(fact, refused.Message));
    }

    [Fact]
    public void A_file_cut_anywhere_is_refused_or_lacks_only_its_padding()
    {
        byte[] whole = new GgufBytes(64)
            .Key("name", "toy")
            .Key(
                "list",
                9,
                GgufBytes.Array(8, 2, [.. GgufBytes.Text("a"), .. GgufBytes.Text("bc")])
            )
            .Tensor("a", F32, 0, 4, 2)
            .Tensor("b", F32, 32, 8)
            .File();
        using TemporaryFolder folder = new();
        for (int length = 0; length < whole.Length; length++)
        {
            string path = folder.Write("cut.gguf", whole[..length]);
            Assert.Throws<InvalidDataException>(() => GgufFile.Open(path));
        }

        using GgufFile file = GgufFile.Open(folder.Write("whole.gguf", whole));
        Assert.Equal(["a", "bc"], file.Fields.OptionalStrings("list")!);
        Assert.Equal(2, file.Tensors.Length);
        Assert.Equal([2, 4], file.Find("a")!.Extents);
    }
}
