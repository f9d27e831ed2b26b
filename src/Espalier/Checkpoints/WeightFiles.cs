using System.Collections.Immutable;
using Espalier.Tensors;

namespace Espalier.Checkpoints;

/// <summary>
/// The weights of a Hugging Face folder, in one file or in several with an index: one lookup by name,
/// each tensor in exactly one file.
/// </summary>
public sealed class WeightFiles : IDisposable
{
    public const string SingleName = "model.safetensors";
    public const string IndexName = "model.safetensors.index.json";

    /// <summary>A change of number format after the index was written explains no more than this.</summary>
    const double MostSizeFactor = 8;

    readonly List<TensorFile> _files = [];
    readonly Dictionary<string, TensorFile> _fileOf = [];

    WeightFiles(string path) => Path = path;

    /// <summary>As it was given to <see cref="Open"/>.</summary>
    public string Path { get; }

    /// <summary>File by file, each in the order of its header.</summary>
    public ImmutableArray<TensorEntry> Tensors { get; private set; } = [];

    public long Size => Tensors.Sum(t => t.Length);

    /// <summary>Every file that was opened, in the order of the index.</summary>
    public IReadOnlyList<TensorFile> Files => _files;

    /// <param name="path">A folder, or a single safetensors or GGUF file.</param>
    public static WeightFiles Open(string path)
    {
        WeightFiles weights = new(path);
        try
        {
            weights.OpenAll();
            return weights;
        }
        catch
        {
            weights.Dispose();
            throw;
        }
    }

    public TensorEntry? Find(string name) => _fileOf.GetValueOrDefault(name)?.Find(name);

    /// <inheritdoc cref="TensorFile.Read"/>
    public Tensor Read(string name) => FileOf(name).Read(name);

    /// <inheritdoc cref="TensorFile.ReadFinite"/>
    public Tensor ReadFinite(string name) => FileOf(name).ReadFinite(name);

    /// <inheritdoc cref="TensorFile.ReadInt64"/>
    public long[] ReadInt64(string name) => FileOf(name).ReadInt64(name);

    /// <inheritdoc cref="TensorFile.ReadBytes"/>
    public byte[] ReadBytes(string name) => FileOf(name).ReadBytes(name);

    public void Dispose()
    {
        foreach (TensorFile file in _files)
        {
            file.Dispose();
        }
    }

    void OpenAll()
    {
        string single = System.IO.Path.Combine(Path, SingleName);
        string index = System.IO.Path.Combine(Path, IndexName);
        if (!Directory.Exists(Path))
        {
            OpenFile(Path, null);
        }
        else if (Exists(single))
        {
            OpenFile(single, null);
        }
        else if (Exists(index))
        {
            OpenShards(ShardIndex.Read(index));
        }
        else
        {
            throw NothingToRead();
        }

        Tensors = [.. _files.SelectMany(f => f.Tensors)];
    }

    void OpenShards(ShardIndex index)
    {
        foreach (string shard in index.Shards)
        {
            string path = System.IO.Path.Combine(Path, shard);
            if (!Exists(path))
            {
                throw new InvalidDataException(
                    $"{index.Path}: the file '{shard}' it names is not in the folder; fetch it again."
                );
            }

            OpenFile(path, index);
        }

        foreach (var (tensor, shard) in index.ShardOf)
        {
            if (!_fileOf.ContainsKey(tensor))
            {
                throw new InvalidDataException(
                    $"{index.Path}: tensor '{Printable.Escape(tensor)}' is said to be in '{shard}' and is "
                        + "not; fetch both files again."
                );
            }
        }

        long held = _files.Sum(f => f.Tensors.Sum(t => t.Length));
        if (
            index.Size is { } said
            && (said > held * MostSizeFactor || said < held / MostSizeFactor)
        )
        {
            throw new InvalidDataException(
                $"{index.Path}: field 'metadata.total_size' is {said:F0} and the tensors hold {held} bytes; "
                    + "fetch the folder again."
            );
        }
    }

    void OpenFile(string path, ShardIndex? index)
    {
        TensorFile file = GgufFile.Is(path) ? GgufFile.Open(path) : SafetensorsFile.Open(path);
        _files.Add(file);
        string name = System.IO.Path.GetFileName(path);
        foreach (TensorEntry tensor in file.Tensors)
        {
            if (index is not null && index.ShardOf.GetValueOrDefault(tensor.Name) != name)
            {
                string said = index.ShardOf.TryGetValue(tensor.Name, out string? other)
                    ? $"in '{other}'"
                    : "in no file";
                throw new InvalidDataException(
                    $"{path}: tensor '{tensor.Name}' is here and the index has it {said}; "
                        + "fetch the folder again."
                );
            }

            _fileOf.Add(tensor.Name, file);
        }
    }

    TensorFile FileOf(string name) =>
        _fileOf.GetValueOrDefault(name)
        ?? throw new InvalidDataException(
            $"{Path}: there is no tensor '{Printable.Escape(name)}' among its {Tensors.Length} tensors."
        );

    InvalidDataException NothingToRead()
    {
        foreach (
            string pickled in (ReadOnlySpan<string>)
                ["pytorch_model.bin", "pytorch_model.bin.index.json"]
        )
        {
            if (Exists(System.IO.Path.Combine(Path, pickled)))
            {
                return new(
                    $"{Path}: holds {pickled} and no {SingleName}; a .bin file can run code when it is "
                        + "read, so convert it first (save_pretrained with safe_serialization=True)."
                );
            }
        }

        return new(
            $"{Path}: holds neither {SingleName} nor {IndexName}; name a Hugging Face model folder."
        );
    }

    /// <summary>Also a link that leads nowhere, so that it is refused by name and not passed over.</summary>
    static bool Exists(string path) =>
        File.Exists(path) || Directory.Exists(path) || new FileInfo(path).LinkTarget is not null;
}
