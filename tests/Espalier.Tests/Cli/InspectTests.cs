using System.Text.Json;
using Espalier.Cli;

namespace Espalier.Tests.Cli;

public sealed class InspectTests : IDisposable
{
    readonly ToyModels _toys = new();

    public void Dispose() => _toys.Dispose();

    [Fact]
    public void Json_says_what_the_config_says()
    {
        string folder = _toys.Named("no", "yes", "maybe");
        JsonElement json = CommandLine.Run("inspect", folder, "--format", "json").Succeeds().Json;
        Assert.Equal("bert", json.GetProperty("family").GetString());
        Assert.Equal(3, json.GetProperty("layers").GetArrayLength());
        Assert.Equal(4, json.GetProperty("layers")[0].GetProperty("heads").GetInt32());
        Assert.Equal(104, json.GetProperty("layers")[0].GetProperty("feed_forward").GetInt32());
        Assert.Equal(
            ["no", "yes", "maybe"],
            json.GetProperty("labels").EnumerateArray().Select(l => l.GetString())
        );
        Assert.Equal("WordPiece", json.GetProperty("tokenizer").GetString());
        Assert.Equal(131, json.GetProperty("tokenizer_size").GetInt32());
        Assert.Equal("yes", json.GetProperty("transformers").GetString());
        Assert.Equal(
            new DirectoryInfo(folder).EnumerateFiles().Sum(f => f.Length),
            json.GetProperty("bytes_on_disk").GetInt64()
        );
        Assert.Empty(json.GetProperty("notes").EnumerateArray());
    }

    [Fact]
    public void Parameters_are_counted_as_the_file_holds_them()
    {
        // The file's data is float32 and holds nothing but the model.
        string folder = _toys.Bert();
        byte[] file = File.ReadAllBytes(Path.Combine(folder, "model.safetensors"));
        long data = file.Length - 8 - BitConverter.ToInt64(file);
        Assert.Equal(
            data / 4,
            CommandLine
                .Run("inspect", folder, "--json")
                .Succeeds()
                .Json.GetProperty("parameters")
                .GetInt64()
        );
    }

    [Fact]
    public void Exits_and_operators_are_shown()
    {
        string folder = _toys.WithExits();
        JsonElement json = CommandLine.Run("inspect", folder, "--json").Succeeds().Json;
        Assert.Equal(3, json.GetProperty("exits").GetInt32());
        Assert.Equal("mean", json.GetProperty("exit_pooling").GetString());
        Assert.Equal(
            "E(pool=mean)",
            json.GetProperty("operators")[0].GetProperty("text").GetString()
        );
        Assert.Equal("yes, without the early exits", json.GetProperty("transformers").GetString());
        string text = CommandLine.Run("inspect", "--model", folder).Succeeds().Out;
        Assert.Contains("layers 0-2: 4 heads of 12, feed-forward 104", text);
        Assert.Contains("E(pool=mean) (seed 7)", text);
    }

    [Fact]
    public void A_bare_encoder_is_described_with_what_it_lacks()
    {
        Outcome outcome = CommandLine.Run("inspect", _toys.Bare(), "--json").Succeeds();
        Assert.False(outcome.Json.GetProperty("classifier").GetBoolean());
        Assert.Empty(outcome.Json.GetProperty("labels").EnumerateArray());
        Assert.Contains("espalier run O", outcome.Json.GetProperty("notes")[0].GetString());
    }

    [Fact]
    public void A_missing_tokenizer_is_a_note_and_no_refusal()
    {
        string folder = _toys.Bert();
        File.Delete(Path.Combine(folder, "vocab.txt"));
        Outcome outcome = CommandLine.Run("inspect", folder).Succeeds();
        Assert.Contains("a tokenizer is expected here", outcome.Error);
    }

    [Fact]
    public void Two_models_in_one_line_are_wrong_usage() =>
        CommandLine
            .Run("inspect", _toys.Bert(), "--model", _toys["bert"])
            .Refuses(ExitCode.Usage, "name it once");
}
