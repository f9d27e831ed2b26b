using System.Collections.Immutable;
using Microsoft.Win32.SafeHandles;

namespace Espalier.Checkpoints;

/// <summary>A GGUF file of llama.cpp: metadata and tensors, some of them in blocks of few bits.</summary>
public sealed class GgufFile : TensorFile
{
    const string Expected = "a GGUF file";
    readonly GgufParser _head;
    readonly Dictionary<string, TensorEntry> _byName = [];

    GgufFile(string path, SafeFileHandle file)
        : base(path, file)
    {
        _head = new GgufParser(path, new GgufCursor(path, file, Length), Length);
        foreach (TensorEntry tensor in _head.Tensors)
        {
            _byName.Add(tensor.Name, tensor);
        }
    }

    public override ImmutableArray<TensorEntry> Tensors => _head.Tensors;

    /// <summary>What the file says of the model, its tokenizer and itself.</summary>
    public GgufFields Fields => _head.Fields;

    /// <summary>Of the format, 2 or 3.</summary>
    public int Version => (int)_head.FormatVersion;

    /// <summary>Whether a path names a file that is called one, or begins as one does.</summary>
    public static bool Is(string path)
    {
        if (!File.Exists(path) || path.EndsWith(".gguf", StringComparison.OrdinalIgnoreCase))
        {
            return File.Exists(path);
        }

        if (new FileInfo(path).Length < 4)
        {
            return false;
        }

        using SafeFileHandle file = RegularFile.Open(path, Expected);
        Span<byte> magic = stackalloc byte[4];
        RegularFile.Fill(file, path, 0, magic);
        return magic.SequenceEqual("GGUF"u8);
    }

    /// <exception cref="InvalidDataException">It is damaged, cut short or of a kind that is not read; one sentence says where.</exception>
    public static GgufFile Open(string path)
    {
        SafeFileHandle file = RegularFile.Open(path, Expected);
        try
        {
            return new GgufFile(path, file);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    public override TensorEntry? Find(string name) => _byName.GetValueOrDefault(name);
}
