using System.Text;
using Espalier.Checkpoints;

namespace Espalier.Tests.Checkpoints;

public sealed class HostileHeaderTests
{
    /// <summary>What is wrong, the file, and what the sentence must say.</summary>
    static readonly List<(string Case, byte[] File, string[] Facts)> Files =
    [
        ("empty file", [], ["0 bytes long", "cut short"]),
        ("seven bytes", new byte[7], ["7 bytes long"]),
        ("header of no bytes", new byte[8], ["at byte 0", "0 bytes long", "from 2 to 100000000"]),
        Raw("header longer than the file", "{}", 0, 50, "50 bytes long", "the file has 10"),
        Raw("header of 2^63", "{}", 0, 1UL << 63, "9223372036854775808", "100000000"),
        Raw("header of 2^64-1", "{}", 0, ulong.MaxValue, "18446744073709551615"),
        Raw("header of 100 MB and one", "{}", 0, 100_000_001, "100000001", "100000000"),
        (
            "a Git LFS pointer",
            "version https://git-lfs"u8.ToArray(),
            ["Git LFS pointer", "git lfs pull"]
        ),
        ("a web page", "<!DOCTYPE html><html>"u8.ToArray(), ["at byte 0", "safetensors file?"]),
        Text("header that is an array", "[]", 0, "at byte 8", "0x5B", "'{'"),
        Text("header that starts with a space", " {}", 0, "at byte 8", "0x20"),
        Text("byte order mark", "\uFEFF{}", 0, "at byte 8", "byte order mark"),
        (
            "invalid UTF-8 in a name",
            TemporaryFolder.Safetensors([.. "{\"a"u8, 0xFF, .. "\":1}"u8], 0),
            ["at byte 11", "not valid UTF-8"]
        ),
        Text("half a surrogate pair", """{"\ud800":{}}""", 0, "at byte 9", "surrogate"),
        Text("JSON that stops", """{"a":{"dtype":"F32" """, 0, "not valid JSON"),
        Text("JSON with a comment", "{/* */}", 0, "not valid JSON"),
        Text("JSON with a trailing comma", """{"__metadata__":{},}""", 0, "not valid JSON"),
        Text("something after the last brace", "{}{}", 0, "not valid JSON"),
        Text("NULs after the last brace", "{}\0\0", 0, "not valid JSON"),
        Text("name twice", Two("a", "a", "0,4", "4,8"), 8, "'a' is there twice"),
        Text(
            "name twice, once escaped",
            Two("a", "\\u0061", "0,4", "4,8"),
            8,
            "'a' is there twice"
        ),
        Text(
            "metadata twice",
            """{"__metadata__":{},"__metadata__":{}}""",
            0,
            "'__metadata__' is there twice"
        ),
        Text("metadata key twice", """{"__metadata__":{"k":"1","k":"2"}}""", 0, "'k' twice"),
        Text("metadata of numbers", """{"__metadata__":{"k":1}}""", 0, "'k'", "no string"),
        Text("metadata of objects", """{"__metadata__":{"k":{}}}""", 0, "'k'", "no string"),
        Text("metadata that is a list", """{"__metadata__":[]}""", 0, "object of strings"),
        Text("tensor that is a number", """{"a":1}""", 0, "'a' must be an object"),
        Text("tensor without dtype", """{"a":{"shape":[],"data_offsets":[0,4]}}""", 4, "'a' lacks"),
        Text("tensor without shape", """{"a":{"dtype":"F32","data_offsets":[0,4]}}""", 4, "lacks"),
        Text("tensor without offsets", """{"a":{"dtype":"F32","shape":[]}}""", 4, "data_offsets"),
        Text(
            "field twice",
            """{"a":{"dtype":"F32","dtype":"F16","shape":[],"data_offsets":[0,4]}}""",
            4,
            "field 'dtype'",
            "once each"
        ),
        Text(
            "unknown field",
            """{"a":{"dtype":"F32","shape":[],"data_offsets":[0,4],"strides":[1]}}""",
            4,
            "'strides'"
        ),
        Text("dtype that is a number", One("[1]", "0,4", "7", raw: true), 4, "no string"),
        Text("unknown dtype", One("[1]", "0,4", "Q4_K"), 4, "'Q4_K'", "BF16", "convert"),
        Text("dtype of four bits", One("[2]", "0,1", "F4"), 1, "'F4'"),
        Text("dtype in lower case", One("[1]", "0,4", "f32"), 4, "'f32'"),
        Text("dtype with an escape sequence", One("[1]", "0,4", "\\u001b[2J"), 4, "\\u001B[2J"),
        Text("shape that is a string", One("\"4\"", "0,4"), 4, "'a'", "shape", "no array"),
        Text("negative extent", One("[-1]", "0,4"), 4, "-1 in its shape", "2^63-1"),
        Text("extent 1.0", One("[1.0]", "0,4"), 4, "1.0 in its shape"),
        Text("extent 1e0", One("[1e0]", "0,4"), 4, "1e0 in its shape"),
        Text("extent of 2^64", One("[18446744073709551616]", "0,4"), 4, "18446744073709551616"),
        Text("extent null", One("[null]", "0,4"), 4, "null in its shape"),
        Text("nested extent", One("[[1]]", "0,4"), 4, "something nested in its shape"),
        Text("nine axes", One("[1,1,1,1,1,1,1,1,1]", "0,4"), 4, "more than 8 axes"),
        Text(
            "a million axes",
            One("[" + string.Join(",", Enumerable.Repeat("1", 1_000_000)) + "]", "0,4"),
            4,
            "more than 8 axes"
        ),
        Text(
            "more than 2^63 elements",
            One("[4294967296,4294967296]", "0,4"),
            4,
            "[4294967296, 4294967296]",
            "more than 2^63"
        ),
        Text(
            "product that wraps to 4 bytes in 64 bits",
            One("[9223372036854775807,2,1]", "0,4"),
            4,
            "more than 2^63"
        ),
        Text("shape larger than the bytes", One("[2]", "0,4"), 4, "takes 8 bytes", "hold 4"),
        Text("shape smaller than the bytes", One("[1]", "0,8"), 8, "takes 4 bytes", "hold 8"),
        Text("no elements but bytes", One("[0]", "0,4"), 4, "takes 0 bytes", "hold 4"),
        Text(
            "huge tensor in a tiny file",
            One("[1000000000000]", "0,4000000000000"),
            4,
            "'a' ends 3999999999996 bytes past",
            "cut short"
        ),
        Text("negative offset", One("[1]", "-4,0"), 4, "-4 in its data_offsets"),
        Text("offset 0.5", One("[1]", "0.5,4"), 4, "0.5 in its data_offsets"),
        Text("offset 1e3", One("[250]", "0,1e3"), 1000, "1e3 in its data_offsets"),
        Text("offset of 2^64", One("[1]", "0,18446744073709551616"), 4, "18446744073709551616"),
        Text(
            "offset of 2^63-1",
            One("[9223372036854775807]", "0,9223372036854775807", "U8"),
            4,
            "past any file"
        ),
        Text("offset in quotes", One("[1]", "\"0\",4"), 4, "0 in its data_offsets"),
        Text("three offsets", One("[1]", "0,4,8"), 4, "more than 2 numbers"),
        Text("one offset", One("[1]", "4"), 4, "lacks"),
        Text("end before begin", One("[1]", "4,0"), 4, "ends at 0", "begins at 4"),
        Text("overlap", Two("a", "b", "0,4", "2,6"), 6, "'b' overlaps tensor 'a'"),
        Text("two names for one range", Two("a", "b", "0,4", "0,4"), 4, "'b' overlaps tensor 'a'"),
        Text("hole before the first tensor", One("[1]", "4,8"), 8, "4 bytes before tensor 'a'"),
        Text("hole between tensors", Two("a", "b", "0,4", "6,10"), 10, "2 bytes before tensor 'b'"),
        Text("bytes after the last tensor", One("[1]", "0,4"), 5, "1 bytes after the last"),
        Text("bytes and no tensor", "{}", 3, "at byte 10", "3 bytes after the last"),
        Text("file cut by one byte", One("[1]", "0,4"), 3, "'a' ends 1 bytes past", "cut short"),
        Text("name with NUL", One("[1]", "0,4", name: "a\\u0000b"), 4, "'a\\u0000b'", "hidden"),
        Text("name with a line end", One("[1]", "0,4", name: "a\\nOK"), 4, "'a\\u000AOK'"),
        Text("name with an escape", One("[1]", "0,4", name: "\\u001b[31m"), 4, "\\u001B[31m"),
        Text("name turned right to left", One("[1]", "0,4", name: "a\u202Eb"), 4, "\\u202E"),
        Text(
            "name of 1,025 bytes",
            One("[1]", "0,4", name: new string('n', 1025)),
            4,
            "1024 bytes",
            "nnn…'"
        ),
        Text(
            "JSON a hundred thousand deep in a tensor",
            "{\"a\":" + new string('[', 100_000) + new string(']', 100_000) + "}",
            0,
            "'a' must be an object"
        ),
        Text(
            "objects a hundred thousand deep in a shape",
            One(string.Concat(Enumerable.Repeat("[", 100_000)), "0,4"),
            4,
            "something nested in its shape"
        ),
    ];

    public static TheoryData<string> Cases => [.. Files.Select(f => f.Case)];

    [Theory]
    [MemberData(nameof(Cases))]
    public void A_header_that_lies_is_refused_with_one_sentence_that_names_the_lie(string name)
    {
        using TemporaryFolder folder = new();
        var (_, content, facts) = Files.Single(f => f.Case == name);
        string path = folder.Write("hostile.safetensors", content);
        long before = GC.GetAllocatedBytesForCurrentThread();

        InvalidDataException refusal = Assert.Throws<InvalidDataException>(() =>
        {
            using SafetensorsFile file = SafetensorsFile.Open(path);
        });

        Assert.All(facts, fact => Assert.Contains(fact, refusal.Message));
        Assert.StartsWith(path, refusal.Message);
        Assert.True(Printable.IsPlain(refusal.Message), refusal.Message);
        Assert.InRange(refusal.Message.Length, 40, path.Length + 420);
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.True(
            allocated < (4 * content.Length) + 1_000_000,
            $"{allocated} bytes were allocated for a file of {content.Length}."
        );
    }

    [Fact]
    public void The_table_has_every_name_once() =>
        Assert.Equal(Files.Count, Files.Select(f => f.Case).Distinct().Count());

    [Fact]
    public void A_million_tensors_on_one_range_are_refused_in_good_time()
    {
        StringBuilder header = new("{");
        for (int i = 0; i < 200_000; i++)
        {
            header.Append($"\"{i}\":{{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[0,4]}},");
        }

        header[^1] = '}';
        using TemporaryFolder folder = new();
        string path = folder.Write(
            "many.safetensors",
            TemporaryFolder.Safetensors(header.ToString(), 4)
        );
        InvalidDataException refusal = Assert.Throws<InvalidDataException>(() =>
            SafetensorsFile.Open(path)
        );
        Assert.Contains("overlaps", refusal.Message);
    }

    static (string, byte[], string[]) Text(
        string name,
        string header,
        int data,
        params string[] facts
    ) => (name, TemporaryFolder.Safetensors(header, data), facts);

    static (string, byte[], string[]) Raw(
        string name,
        string header,
        int data,
        ulong claimed,
        params string[] facts
    ) => (name, TemporaryFolder.Safetensors(header, data, claimed), facts);

    static string One(
        string shape,
        string offsets,
        string type = "F32",
        string name = "a",
        bool raw = false
    ) =>
        $"{{\"{name}\":{{\"dtype\":{(raw ? type : $"\"{type}\"")},\"shape\":{shape},"
        + $"\"data_offsets\":[{offsets}]}}}}";

    static string Two(string first, string second, string firstAt, string secondAt) =>
        One("[1]", firstAt, name: first)[..^1] + "," + One("[1]", secondAt, name: second)[1..];
}
