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
    [InlineData("Llama 3 and Qwen 2")]
    [InlineData("SentencePiece BPE")]
    public void Every_setting_gives_the_ids_of_the_library(string kind) =>
        Compare(kind, seed: 1, files: 40, texts: 100);

    /// <summary>
    /// Where kinds have normalizers, added tokens are looked for in the text as it is: where a normalizer made text longer, the library
    /// ends the process in looking for them there ("AddedVocabulary bad split", "not a char boundary").
    /// </summary>
    [Theory]
    [Trait("tier", "slow")]
    [InlineData("WordPiece", true)]
    [InlineData("BPE", false)]
    [InlineData("Unigram", false)]
    [InlineData("Llama 3 and Qwen 2", false)]
    [InlineData("SentencePiece BPE", false)]
    public void A_long_walk_through_settings_and_scripts_gives_the_ids_of_the_library(
        string kind,
        bool normalizedTokens
    ) => Compare(kind, seed: 2, files: 300, texts: 400, normalizedTokens);

    static void Compare(string kind, ulong seed, int files, int texts, bool normalizedTokens = true)
    {
        List<string> wrong = [];
        Dice dice = new(seed);
        FileGrid grid = new(dice, normalizedTokens);
        for (int file = 0; file < files; file++)
        {
            JsonObject json = kind switch
            {
                "BPE" => grid.BytePair(),
                "Unigram" => grid.Unigram(),
                "SentencePiece BPE" => grid.CharacterPair(),
                "Llama 3 and Qwen 2" => grid.SplitBytePair(),
                _ => grid.WordPiece(),
            };
            string[] read =
            [
                "",
                .. Enumerable.Range(0, texts).Select(_ => Script.Text(dice, grid.Added)),
            ];
            int[][] expected = HuggingFace.Ids(json, read);
            Tokenizer tokenizer = SmallTokenizer.Load(json);
            Tokenizer again = SmallTokenizer.LoadFiles(
                Espalier.Text.Formats.TokenizerFiles.Write(tokenizer)
            );
            Decode(
                json,
                tokenizer,
                kind is "BPE" or "Unigram" ? tokenizer : again,
                dice,
                expected,
                wrong
            );
            for (int i = 0; i < read.Length; i++)
            {
                int[] found = (i % 2 == 0 ? tokenizer : again).Encode(read[i]).Ids,
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
            $"{wrong.Count} in {files} files:\n{string.Join("\n", wrong.Take(Shown))}"
        );
    }

    // What texts gave, and ids at random, in which bytes seldom make characters: whole, one by one, and after saving.
    static void Decode(
        JsonObject json,
        Tokenizer tokenizer,
        Tokenizer again, // the same where saving makes no plain token special, as old classes do
        Dice dice,
        int[][] encoded,
        List<string> wrong
    )
    {
        if (json["decoder"] is null)
        {
            return; // byte-level BPE then decodes as its class does, and the library puts spaces
        }

        int[][] rows =
        [
            .. encoded,
            .. encoded.Select(ids =>
                ids.Select(_ => dice.Next(tokenizer.VocabularySize)).ToArray()
            ),
            .. encoded.Select(ids =>
                ids.SelectMany(id =>
                        dice.Chance(0.3) ? [dice.Next(tokenizer.VocabularySize), id] : (int[])[id]
                    )
                    .ToArray()
            ),
        ];
        string[] expected = HuggingFace.Texts(json, rows);
        for (int i = 0; i < rows.Length; i++)
        {
            TextDecoder decoder = tokenizer.NewDecoder(skipSpecial: true);
            string found = tokenizer.Decode(rows[i], skipSpecial: true),
                streamed = string.Concat(rows[i].Select(decoder.Add)) + decoder.Finish(),
                saved = again.Decode(rows[i], skipSpecial: true);
            if (found != expected[i] || streamed != expected[i] || saved != expected[i])
            {
                json["model"]!["vocab"] = null;
                json["model"]!["merges"] = null;
                wrong.Add(
                    $"{string.Join(",", rows[i])} is {JsonValue.Create(expected[i]).ToJsonString()}, found "
                        + $"{JsonValue.Create(found).ToJsonString()}, one by one {JsonValue.Create(streamed).ToJsonString()}, saved {JsonValue.Create(saved).ToJsonString()}, "
                        + $"of {json.ToJsonString()}"
                );
                return;
            }
        }
    }
}
