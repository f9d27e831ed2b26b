using System.Diagnostics;
using System.Text.Json.Nodes;
using Espalier.Text;

namespace Espalier.Tests.Text;

/// <summary>A prompt of a megabyte, whatever it is made of, takes a second or so, and memory in proportion.</summary>
public sealed class LongPromptTests
{
    // Far above what any takes on a slow and busy machine; what grows with the square needs hours.
    static readonly TimeSpan Slowest = TimeSpan.FromMinutes(10);
    const int Length = 1 << 20;

    [Theory]
    [InlineData("a")]
    [InlineData("ab ")]
    [InlineData(" ")]
    [InlineData("\n")]
    [InlineData("漢")]
    [InlineData("e\u0301")]
    [InlineData("<s>")]
    [InlineData("7")]
    [InlineData("'")]
    [InlineData("\ud83d")]
    public void Is_encoded_and_decoded(string bit)
    {
        string text = string.Concat(Enumerable.Repeat(bit, Length / bit.Length));
        JsonObject qwen = SmallTokenizer.SplitBytePairJson();
        qwen["normalizer"] = new JsonObject { ["type"] = "NFC" };
        foreach (
            JsonObject json in (JsonObject[])
                [SmallTokenizer.SplitBytePairJson(), SmallTokenizer.CharacterPairJson(), qwen]
        )
        {
            Tokenizer tokenizer = SmallTokenizer.Load(json);
            long start = Stopwatch.GetTimestamp(),
                bytes = GC.GetAllocatedBytesForCurrentThread();
            int[] ids = tokenizer.EncodeIds(text).Ids;
            _ = tokenizer.Decode(ids, skipSpecial: true);
            TimeSpan took = Stopwatch.GetElapsedTime(start);
            bytes = GC.GetAllocatedBytesForCurrentThread() - bytes;
            Assert.True(took < Slowest, $"{tokenizer.ModelName}: {took.TotalSeconds:F1} s");
            Assert.True(
                bytes < 600L * Length,
                $"{tokenizer.ModelName}: {bytes / Length} bytes for each character"
            );
        }
    }
}
