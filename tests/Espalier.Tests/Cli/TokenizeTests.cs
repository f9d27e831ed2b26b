using System.Text.Json;
using Espalier.Tests.Goldens;
using Espalier.Tests.Text;

namespace Espalier.Tests.Cli;

public sealed class TokenizeTests : IDisposable
{
    readonly ToyModels _toys = new();

    public void Dispose() => _toys.Dispose();

    [Fact]
    public void Json_has_ids_types_tokens_and_offsets_of_each_line()
    {
        JsonElement json = CommandLine
            .Run(["tokenize", "-m", _toys.Bert(), "--format", "json"], "the Bädger")
            .Succeeds()
            .Json;
        Assert.Equal(
            ["ids", "type_ids", "tokens", "offsets"],
            json.EnumerateObject().Select(p => p.Name)
        );
        Assert.Equal(
            ["[CLS]", "the", "bad", "##g", "##e", "##r", "[SEP]"],
            json.GetProperty("tokens").EnumerateArray().Select(t => t.GetString())
        );
        Assert.Equal(
            "[[0,0],[0,3],[4,7],[7,8],[8,9],[9,10],[0,0]]",
            json.GetProperty("offsets").GetRawText()
        );
        Assert.All(
            json.GetProperty("type_ids").EnumerateArray(),
            t => Assert.Equal(0, t.GetInt32())
        );
    }

    [Fact]
    public void A_pair_has_two_types_and_max_length_cuts_the_longer_text()
    {
        JsonElement json = CommandLine
            .Run(
                ["tokenize", "-m", _toys.Bert(), "--json", "--max-length", "7"],
                "{\"text\": \"a b c d e f\", \"text_pair\": \"a b\"}"
            )
            .Succeeds()
            .Json;
        Assert.Equal("[0,0,0,0,1,1,1]", json.GetProperty("type_ids").GetRawText());
    }

    [Fact]
    public void Nothing_is_cut_unless_asked_for()
    {
        string text = string.Concat(Enumerable.Repeat("a ", 1000));
        JsonElement json = CommandLine
            .Run(["tokenize", "-m", _toys.Bert(), "--json"], text)
            .Succeeds()
            .Json;
        Assert.Equal(1002, json.GetProperty("ids").GetArrayLength());
    }

    [Fact]
    public void A_file_is_read_like_standard_input()
    {
        string folder = _toys.Bert(),
            file = _toys.Write("texts.txt", "good\nbad\n");
        string[] args = ["tokenize", "-m", folder];
        Assert.Equal(
            CommandLine.Run(args, "good\nbad\n").Out,
            CommandLine.Run([.. args, file]).Succeeds().Out
        );
    }

    [Fact]
    [Trait("tier", "golden")]
    public void A_real_tokenizer_gives_what_Hugging_Face_gives()
    {
        string folder = RealTokenizers.MiniLmFolder;
        JsonElement[] cases =
        [
            .. File.ReadLines(Golden.Path("tokenizers", "wordpiece.jsonl"))
                .Select(l => JsonDocument.Parse(l).RootElement),
        ];
        Assert.NotEmpty(cases);
        foreach (var group in cases.GroupBy(c => c.GetProperty("max_length").GetRawText()))
        {
            string[] length = group.Key == "null" ? [] : ["--max-length", group.Key];
            string input = string.Concat(
                group.Select(c =>
                    $"{{\"text\":{c.GetProperty("text").GetRawText()},\"text_pair\":{c.GetProperty("pair").GetRawText()}}}\n"
                )
            );
            Outcome outcome = CommandLine.Run(
                ["tokenize", "-m", folder, "--json", .. length],
                input
            );
            foreach (var (expected, found) in group.Zip(outcome.Succeeds().JsonLines))
            {
                foreach (
                    string field in (ReadOnlySpan<string>)["ids", "type_ids", "tokens", "offsets"]
                )
                {
                    Assert.True(
                        JsonElement.DeepEquals(
                            expected.GetProperty(field),
                            found.GetProperty(field)
                        ),
                        $"{expected.GetProperty("text")}: {found.GetProperty(field)}"
                    );
                }
            }
        }
    }
}
