using System.Text.Json;
using System.Text.Json.Nodes;
using Espalier.Tests.Goldens;
using Espalier.Text;

namespace Espalier.Tests.Text.Reference;

/// <summary>Folders whose files and class agree or disagree in every way, against AutoTokenizer of transformers 5.12.1.</summary>
[Trait("tier", "golden")]
public sealed class TransformersTests
{
    [Theory]
    [InlineData("classes.jsonl")]
    [InlineData("unigram.jsonl")]
    public void Folders_of_every_class_are_read_as_transformers_reads_them(string name)
    {
        string lines = Golden.Own("tokenizers", name);
        List<string> wrong = [];
        int number = 0;
        foreach (string line in File.ReadLines(lines))
        {
            number++;
            JsonNode folder = JsonNode.Parse(line)!;
            Dictionary<string, byte[]> files = folder["files"]!
                .AsObject()
                .ToDictionary(
                    f => f.Key,
                    f =>
                        SmallTokenizer.Utf8(
                            f.Value!.GetValueKind() == JsonValueKind.String
                                ? f.Value.GetValue<string>()
                                : f.Value.ToJsonString()
                        )
                );
            Tokenizer tokenizer = SmallTokenizer.LoadFiles(files);
            foreach (JsonNode? row in folder["rows"]!.AsArray())
            {
                string text = row!["text"]!.GetValue<string>();
                string? pair = row["pair"]?.GetValue<string>();
                TokenIds found = tokenizer.EncodeIds(text, pair);
                string expected = $"{row["ids"]!.ToJsonString()} {row["type_ids"]!.ToJsonString()}";
                string ours =
                    $"[{string.Join(",", found.Ids)}] [{string.Join(",", found.TypeIds)}]";
                Encoding whole = tokenizer.Encode(text, pair);
                if (row["offsets"] is { } offsets)
                {
                    expected += $" {offsets.ToJsonString()}";
                    ours +=
                        $" [{string.Join(",", whole.Offsets.Select(o => $"[{o.Start},{o.End}]"))}]";
                }

                if (row["decoded"] is { } decoded)
                {
                    expected += $" {decoded} {row["decoded_without_special"]}";
                    ours +=
                        $" {tokenizer.Decode(found.Ids, false)} {tokenizer.Decode(found.Ids, true)}";
                }

                if (ours != expected || !found.Ids.SequenceEqual(whole.Ids))
                {
                    wrong.Add(
                        $"line {number}, {row["text"]!.ToJsonString()}: {expected} expected, {ours} found"
                    );
                    break;
                }
            }
        }

        Assert.True(number >= 80, $"{lines} has {number} lines");
        Assert.True(wrong.Count == 0, $"{wrong.Count} of {number}:\n{string.Join("\n", wrong)}");
    }
}
