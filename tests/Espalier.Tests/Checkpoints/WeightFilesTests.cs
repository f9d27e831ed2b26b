using Espalier.Checkpoints;
using Espalier.Tensors;

namespace Espalier.Tests.Checkpoints;

public sealed class WeightFilesTests
{
    const string First = "model-00001-of-00002.safetensors";
    const string Second = "model-00002-of-00002.safetensors";

    [Fact]
    public void Tensors_of_several_files_are_found_by_name()
    {
        using TemporaryFolder folder = new();
        WriteShards(folder);
        using WeightFiles weights = WeightFiles.Open(folder.Path);
        Assert.Equal(["a", "b", "c"], weights.Tensors.Select(t => t.Name));
        Assert.Equal([1f, 2], weights.Read("a").Span.ToArray());
        Assert.Equal([3f], weights.ReadFinite("b").Span.ToArray());
        Assert.Equal([4L, 5], weights.ReadInt64("c"));
        Assert.Equal(28, weights.Size);
        Assert.Null(weights.Find("d"));
        Assert.Contains(
            "no tensor 'd' among its 3",
            Assert.Throws<InvalidDataException>(() => weights.Read("d")).Message
        );
    }

    [Fact]
    public void One_file_is_read_from_its_folder_and_by_its_own_path()
    {
        using TemporaryFolder folder = new();
        Single(folder, WeightFiles.SingleName, "a", 7);
        foreach (string path in (string[])[folder.Path, folder[WeightFiles.SingleName]])
        {
            using WeightFiles weights = WeightFiles.Open(path);
            Assert.Equal([7f], weights.Read("a").Span.ToArray());
        }
    }

    [Fact]
    public void Files_that_are_links_into_a_cache_are_followed()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Making links needs rights here.");
        using TemporaryFolder folder = new();
        Directory.CreateDirectory(folder["blobs"]);
        Directory.CreateDirectory(folder["snapshot"]);
        Single(folder, "blobs/0123", "a", 7);
        File.CreateSymbolicLink(folder["snapshot/" + WeightFiles.SingleName], "../blobs/0123");
        using WeightFiles weights = WeightFiles.Open(folder["snapshot"]);
        Assert.Equal([7f], weights.Read("a").Span.ToArray());
    }

    [Theory]
    [InlineData("../evil.safetensors")]
    [InlineData("..\\evil.safetensors")]
    [InlineData("/etc/evil.safetensors")]
    [InlineData("C:\\evil.safetensors")]
    [InlineData("C:evil.safetensors")]
    [InlineData("\\\\host\\share.safetensors")]
    [InlineData("sub/evil.safetensors")]
    [InlineData("evil.bin")]
    [InlineData("evil.safetensors.bin")]
    [InlineData(".safetensors")]
    [InlineData("..safetensors")]
    [InlineData("")]
    [InlineData("evil\u0000.safetensors")]
    [InlineData("evil\u202E.safetensors")]
    public void A_shard_outside_the_folder_or_of_another_kind_is_refused(string shard)
    {
        string map = System.Text.Json.JsonSerializer.Serialize(
            new Dictionary<string, string> { ["a"] = shard }
        );
        string message = Refusal("{\"weight_map\":" + map + "}");
        Assert.Contains("weight_map.a", message);
        Assert.Contains("same folder", message);
    }

    [Theory]
    [InlineData("""{"weight_map":{}}""", "names 0 files")]
    [InlineData("""{}""", "'weight_map' is missing")]
    [InlineData("""{"weight_map":[]}""", "'weight_map' is an array of 0")]
    [InlineData("""{"weight_map":{"a":1}}""", "'weight_map.a' is 1")]
    [InlineData("""{"weight_map":{"a":"FIRST","a":"SECOND"}}""", "not valid JSON")]
    [InlineData("""{"weight_map":{"a":"FIRST","b":"SECOND","c":"gone.safetensors"}}""", "gone")]
    [InlineData("""{"weight_map":{"a":"FIRST","b":"FIRST","c":"SECOND"}}""", "'b'")]
    [InlineData("""{"weight_map":{"a":"FIRST","c":"SECOND"}}""", "'b' is here", "in no file")]
    [InlineData(
        """{"weight_map":{"a":"FIRST","b":"SECOND","c":"SECOND","d":"FIRST"}}""",
        "'d' is said to be in 'model-00001-of-00002.safetensors' and is not"
    )]
    [InlineData(
        """{"metadata":{"total_size":-1},"weight_map":{"a":"FIRST"}}""",
        "metadata.total_size",
        "-1"
    )]
    [InlineData(
        """{"metadata":{"total_size":99999},"weight_map":{"a":"FIRST","b":"SECOND","c":"SECOND"}}""",
        "99999",
        "28 bytes"
    )]
    public void An_index_that_lies_is_refused(string index, params string[] facts)
    {
        string message = Refusal(index.Replace("FIRST", First).Replace("SECOND", Second));
        Assert.All(facts, fact => Assert.Contains(fact, message));
    }

    [Fact]
    public void A_tensor_in_two_files_is_refused()
    {
        using TemporaryFolder folder = new();
        WriteShards(folder);
        Single(folder, First, "b", 1);
        string message = Assert
            .Throws<InvalidDataException>(() => WeightFiles.Open(folder.Path))
            .Message;
        Assert.Contains($"'b' is here and the index has it in '{Second}'", message);
    }

    [Fact]
    public void A_thousand_and_one_shards_are_refused_before_any_is_opened()
    {
        IEnumerable<string> map = Enumerable
            .Range(0, 1001)
            .Select(i => $"\"t{i}\":\"s{i}.safetensors\"");
        Assert.Contains(
            "names 1001 files",
            Refusal("{\"weight_map\":{" + string.Join(',', map) + "}}")
        );
    }

    [Theory]
    [InlineData("pytorch_model.bin", "convert it first")]
    [InlineData("pytorch_model.bin.index.json", "convert it first")]
    [InlineData("readme.md", "neither")]
    public void A_folder_without_safetensors_says_what_to_do(string name, string advice)
    {
        using TemporaryFolder folder = new();
        folder.Write(name, "x");
        string message = Assert
            .Throws<InvalidDataException>(() => WeightFiles.Open(folder.Path))
            .Message;
        Assert.Contains(advice, message);
        Assert.Contains("model.safetensors", message);
    }

    [Fact]
    public void A_link_that_leads_nowhere_is_named()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Making links needs rights here.");
        using TemporaryFolder folder = new();
        File.CreateSymbolicLink(folder[WeightFiles.SingleName], folder["gone"]);
        Assert.Contains(
            WeightFiles.SingleName,
            Assert.Throws<InvalidDataException>(() => WeightFiles.Open(folder.Path)).Message
        );
    }

    static string Refusal(string index)
    {
        using TemporaryFolder folder = new();
        WriteShards(folder);
        folder.Write(WeightFiles.IndexName, index);
        return Assert.Throws<InvalidDataException>(() => WeightFiles.Open(folder.Path)).Message;
    }

    static void WriteShards(TemporaryFolder folder)
    {
        SafetensorsWriter first = new();
        first.Add("a", new Tensor(new Shape(2), [1, 2]));
        first.Write(folder[First]);
        SafetensorsWriter second = new();
        second.Add("b", new Tensor(new Shape(1), [3]));
        second.Add("c", [4L, 5]);
        second.Write(folder[Second]);
        folder.Write(
            WeightFiles.IndexName,
            $$"""
            {"metadata":{"total_size":28},
             "weight_map":{"a":"{{First}}","b":"{{Second}}","c":"{{Second}}"} }
            """
        );
    }

    static void Single(TemporaryFolder folder, string file, string name, float value)
    {
        SafetensorsWriter writer = new();
        writer.Add(name, new Tensor(new Shape(1), [value]));
        writer.Write(folder[file]);
    }
}
