namespace Espalier.Checkpoints;

/// <summary>What a model.safetensors.index.json says: which of the files beside it holds which tensor.</summary>
sealed class ShardIndex
{
    const int MostShards = 1000;
    const string Extension = ".safetensors";

    ShardIndex(string path, List<string> shards, Dictionary<string, string> shardOf, double? size)
    {
        Path = path;
        Shards = shards;
        ShardOf = shardOf;
        Size = size;
    }

    public string Path { get; }

    /// <summary>File names, in the order in which they are first named.</summary>
    public List<string> Shards { get; }

    public Dictionary<string, string> ShardOf { get; }

    /// <summary>Bytes of all tensors, if it says so. Written by hand as often as not.</summary>
    public double? Size { get; }

    public static ShardIndex Read(string path)
    {
        JsonFields root = JsonFile.Read(path, SafetensorsHeader.LongestHeader);
        JsonFields map = root.Object("weight_map");
        List<string> shards = [];
        HashSet<string> seen = [];
        Dictionary<string, string> shardOf = [];
        foreach (string tensor in map.Names)
        {
            string shard = map.String(tensor);
            if (!IsBeside(shard))
            {
                throw map.Refuse(
                    tensor,
                    $"the plain name of a {Extension} file in the same folder, without '/', '\\' or ':',"
                );
            }

            shardOf.Add(tensor, shard);
            if (seen.Add(shard))
            {
                shards.Add(shard);
            }
        }

        if (shards.Count is 0 or > MostShards)
        {
            throw new InvalidDataException(
                $"{path}: field 'weight_map' names {shards.Count} files; from 1 to {MostShards} were expected."
            );
        }

        double? size = root.OptionalObject("metadata")
            ?.OptionalNumber("total_size", 0, double.MaxValue);
        return new ShardIndex(path, shards, shardOf, size);
    }

    /// <summary>Judged by the rules of every system at once: the folder may travel.</summary>
    static bool IsBeside(string name) =>
        name.EndsWith(Extension, StringComparison.Ordinal)
        && name.Length > Extension.Length
        && name[0] != '.'
        && name.AsSpan().IndexOfAny('/', '\\', ':') < 0
        && SafetensorsHeader.IsName(name);
}
