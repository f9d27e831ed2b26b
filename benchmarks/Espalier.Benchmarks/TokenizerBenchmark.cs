using BenchmarkDotNet.Attributes;
using Espalier.Text;

namespace Espalier.Benchmarks;

/// <summary>
/// Sentences a second, warm: ESPALIER_TOKENIZER names a folder, ESPALIER_SENTENCES a text file
/// with one sentence a line.
/// </summary>
[MemoryDiagnoser]
public class TokenizerBenchmark
{
    Tokenizer _tokenizer = null!;
    string[] _sentences = null!;

    [GlobalSetup]
    public void Load()
    {
        _tokenizer = Tokenizer.Load(Required("ESPALIER_TOKENIZER"));
        _sentences = File.ReadAllLines(Required("ESPALIER_SENTENCES"));
    }

    [Benchmark]
    public int Ids()
    {
        int count = 0;
        foreach (string sentence in _sentences)
        {
            count += _tokenizer.EncodeIds(sentence).Ids.Length;
        }

        return count;
    }

    [Benchmark]
    public int IdsTokensAndOffsets()
    {
        int count = 0;
        foreach (string sentence in _sentences)
        {
            count += _tokenizer.Encode(sentence).Ids.Length;
        }

        return count;
    }

    static string Required(string name) =>
        Environment.GetEnvironmentVariable(name)
        ?? throw new InvalidOperationException($"Set {name} to run the tokenizer benchmark.");
}
