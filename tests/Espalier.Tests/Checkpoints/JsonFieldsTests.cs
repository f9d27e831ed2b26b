using System.Text;
using Espalier.Checkpoints;

namespace Espalier.Tests.Checkpoints;

public sealed class JsonFieldsTests
{
    const string Config = """
        {"hidden_size":384,"eps":1e-12,"name":"bert \u00e9","fast":true,"none":null,
         "rope":{"theta":10000.0,"scaling":[{"kind":"a"},{"kind":"b"}]},
         "layers":[1,2,3],"rates":[0.5,1],"words":["x","y"]}
        """;

    [Fact]
    public void Fields_of_the_expected_kind_are_read()
    {
        JsonFields config = Parse(Config);
        Assert.Equal(384, config.Integer("hidden_size", 1, 1 << 20));
        Assert.Equal(384, config.Long("hidden_size", 1, long.MaxValue));
        Assert.Equal(1e-12, config.Number("eps", 0, 1));
        Assert.Equal("bert é", config.String("name"));
        Assert.True(config.Flag("fast"));
        Assert.Equal(10000, config.Object("rope").Number("theta", 1, 1e9));
        Assert.Equal("b", config.Object("rope").Objects("scaling")[1].String("kind"));
        Assert.Equal([1, 2, 3], config.Integers("layers", 0, 9));
        Assert.Equal([0.5, 1], config.Numbers("rates", 0, 1));
        Assert.Equal(["x", "y"], config.Strings("words"));
        Assert.Equal(["hidden_size", "eps", "name"], config.Names.Take(3));
    }

    [Fact]
    public void Fields_that_are_missing_or_null_may_be_optional()
    {
        JsonFields config = Parse(Config);
        foreach (string field in (string[])["none", "nowhere"])
        {
            Assert.False(config.Has(field));
            Assert.Null(config.OptionalInteger(field, 0, 1));
            Assert.Null(config.OptionalLong(field, 0, 1));
            Assert.Null(config.OptionalNumber(field, 0, 1));
            Assert.Null(config.OptionalString(field));
            Assert.Null(config.OptionalFlag(field));
            Assert.Null(config.OptionalObject(field));
            Assert.Contains(
                $"config.json: field '{field}' is missing; a string was expected.",
                Message(() => config.String(field))
            );
        }
    }

    [Theory]
    [InlineData("\"abc\"", "\"abc\"")]
    [InlineData("1e3", "1e3")]
    [InlineData("12.0", "12.0")]
    [InlineData("2147483648", "2147483648")]
    [InlineData("99999999999999999999999", "99999999999999999999999")]
    [InlineData("0", "0")]
    [InlineData("-5", "-5")]
    [InlineData("true", "true")]
    [InlineData("[1]", "an array of 1")]
    [InlineData("{}", "an object")]
    [InlineData("\"\\u001b[2J\"", "\"\\u001b[2J\"")]
    public void A_whole_number_that_is_none_is_refused_with_its_value_and_range(
        string value,
        string shown
    ) =>
        Assert.Equal(
            $"config.json: field 'hidden_size' is {shown}; "
                + "a whole number from 1 to 1,048,576 was expected.",
            Message(() =>
                Parse($$"""{"hidden_size":{{value}}}""").Integer("hidden_size", 1, 1 << 20)
            )
        );

    [Theory]
    [InlineData("1e999")]
    [InlineData("-0.1")]
    [InlineData("\"NaN\"")]
    public void A_number_out_of_range_is_refused(string value) =>
        Assert.Contains(
            $"field 'eps' is {value}; a number from 0 to 1 was expected.",
            Message(() => Parse($$"""{"eps":{{value}}}""").Number("eps", 0, 1))
        );

    [Fact]
    public void A_refusal_names_the_way_to_the_field()
    {
        JsonFields config = Parse("""{"a":{"b":[{"c":[1,"x"]}]}}""");
        Assert.Contains(
            "field 'a.b[0].c[1]' is \"x\"",
            Message(() => config.Object("a").Objects("b")[0].Integers("c", 0, 9))
        );
        Assert.Contains(
            "field 'a.b' is an array of 1; a model name was expected.",
            config.Object("a").Refuse("b", "a model name").Message
        );
        Assert.Contains("'a.z' is missing", config.Object("a").Refuse("z", "a").Message);
    }

    [Theory]
    [InlineData("", "not valid JSON")]
    [InlineData("[]", "holds an array of 0; an object was expected")]
    [InlineData("{\"a\":1,\n \"b\":}", "line 2, byte 5", "not valid JSON")]
    [InlineData("{\"a\":1,\"a\":2}", "not valid JSON", "a")]
    [InlineData("{\"a\":1}{", "not valid JSON")]
    [InlineData("\uFEFF{}", "byte order mark")]
    [InlineData("{\"\\ud800\":1}", "config.json")]
    public void A_file_that_is_no_sound_object_is_refused(string json, params string[] facts)
    {
        string message = Message(() => _ = Parse(json).Names.Count());
        Assert.StartsWith("config.json", message);
        Assert.All(facts, fact => Assert.Contains(fact, message));
    }

    [Fact]
    public void Half_a_surrogate_pair_in_a_value_is_refused_when_it_is_read() =>
        Assert.Contains("surrogate", Message(() => Parse("""{"a":"\udc00"}""").String("a")));

    [Fact]
    public void Invalid_UTF8_is_refused_at_its_byte() =>
        Assert.Contains(
            "config.json at byte 6",
            Message(() =>
                JsonFile.Parse("config.json", (byte[])[.. "{\"a\":\""u8, 0xC3, .. "\"}"u8])
            )
        );

    [Fact]
    public void Depth_and_size_are_bounded()
    {
        string deep = "{\"a\":" + new string('[', 100_000) + new string(']', 100_000) + "}";
        Assert.Contains("not valid JSON", Message(() => Parse(deep)));
        using TemporaryFolder folder = new();
        string path = folder.Write("large.json", "{\"a\":\"" + new string('x', 1000) + "\"}");
        Assert.Contains("at most 999 bytes", Message(() => JsonFile.Read(path, 999)));
        Assert.Equal(1000, JsonFile.Read(path).String("a").Length);
        Assert.Contains("cannot be opened", Message(() => JsonFile.Read(folder["none.json"])));
        Assert.Contains("is a folder", Message(() => JsonFile.Read(folder.Path)));
    }

    static JsonFields Parse(string json) =>
        JsonFile.Parse("config.json", Encoding.UTF8.GetBytes(json));

    static string Message(Action read) => Assert.Throws<InvalidDataException>(read).Message;
}
