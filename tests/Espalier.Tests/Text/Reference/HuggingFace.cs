using System.Text.Json.Nodes;
using Native = Tokenizers.DotNet;

namespace Espalier.Tests.Text.Reference;

/// <summary>Hugging Face's own library in this process: what a tokenizer.json means.</summary>
static class HuggingFace
{
    /// <summary>The ids of each text, special tokens around them; skips the test where the library has no build.</summary>
    public static int[][] Ids(JsonObject tokenizer, IReadOnlyList<string> texts)
    {
        string file = Path.GetTempFileName();
        try
        {
            File.WriteAllText(file, tokenizer.ToJsonString());
            using Native.Tokenizer native = Open(file);
            return [.. texts.Select(text => Array.ConvertAll(native.Encode(text), id => (int)id))];
        }
        finally
        {
            File.Delete(file);
        }
    }

    /// <summary>The text of each row of ids, special tokens left out.</summary>
    public static string[] Texts(JsonObject tokenizer, IReadOnlyList<int[]> rows)
    {
        string file = Path.GetTempFileName();
        try
        {
            File.WriteAllText(file, tokenizer.ToJsonString());
            using Native.Tokenizer native = Open(file);
            return [.. rows.Select(ids => native.Decode(Array.ConvertAll(ids, id => (uint)id)))];
        }
        finally
        {
            File.Delete(file);
        }
    }

    static Native.Tokenizer Open(string file)
    {
        try
        {
            return new Native.Tokenizer(file);
        }
        catch (Exception e)
            when (e
                    is DllNotFoundException
                        or BadImageFormatException
                        or EntryPointNotFoundException
            )
        {
            Assert.Skip(
                $"The native library of Tokenizers.DotNet has no build for this platform: {e.Message}"
            );
            throw;
        }
    }
}
