using System.Text.Json.Nodes;
using Espalier.Text;

namespace Espalier.Tests.Text.Reference;

/// <summary>A grid of settings and random texts of every script: the ids of Hugging Face's own library.</summary>
public sealed class HuggingFaceTests
{
    const int Shown = 10;

    [Theory]
    [InlineData("WordPiece")]
    [InlineData("BPE")]
    [InlineData("Unigram")]
    public void Every_setting_gives_the_ids_of_the_library(string kind) =>
        Compare(kind, seed: 1, files: 40, texts: 100);

    /// <summary>Not Unigram: on some of its settings the library ends the process ("AddedVocabulary bad split").</summary>
    [Theory]
    [Trait("tier", "slow")]
    [InlineData("WordPiece")]
    [InlineData("BPE")]
    public void A_long_walk_through_settings_and_scripts_gives_the_ids_of_the_library(
        string kind
    ) => Compare(kind, seed: 2, files: 600, texts: 400);

    static void Compare(string kind, ulong seed, int files, int texts)
    {
        List<string> wrong = [];
        Dice dice = new(seed);
        FileGrid grid = new(dice);
        for (int file = 0; file < files; file++)
        {
            JsonObject json = kind switch
            {
                "BPE" => grid.BytePair(),
                "Unigram" => grid.Unigram(),
                _ => grid.WordPiece(),
            };
            string[] read =
            [
                "",
                .. Enumerable.Range(0, texts).Select(_ => Script.Text(dice, grid.Added)),
            ];
            int[][] expected = HuggingFace.Ids(json, read);
            Tokenizer tokenizer = SmallTokenizer.Load(json);
            for (int i = 0; i < read.Length; i++)
            {
                int[] found = tokenizer.Encode(read[i]).Ids,
                    fast = tokenizer.EncodeIds(read[i]).Ids;
                if (!found.SequenceEqual(expected[i]) || !fast.SequenceEqual(expected[i]))
                {
                    json["model"]!["vocab"] = null;
                    json["model"]!["merges"] = null;
                    wrong.Add(
                        $"{JsonValue.Create(read[i]).ToJsonString()}: {string.Join(",", expected[i])} expected, "
                            + $"{string.Join(",", found)} found, {string.Join(",", fast)} by the fast way, {json.ToJsonString()}"
                    );
                    break;
                }
            }
        }

        Assert.True(
            wrong.Count == 0,
            $"{wrong.Count} of {files} files:\n{string.Join("\n", wrong.Take(Shown))}"
        );
    }
}
