using System.Buffers.Binary;
using System.Text.Json;

namespace Espalier.Tests.Hub;

/// <summary>The names of a file of weights.</summary>
sealed class SafetensorsNames(byte[] file) : IDisposable
{
    readonly JsonDocument _header = JsonDocument.Parse(
        file.AsMemory(8, (int)BinaryPrimitives.ReadUInt64LittleEndian(file))
    );

    /// <summary>An index that says that all are in one file.</summary>
    public byte[] Index(string shard) =>
        JsonSerializer.SerializeToUtf8Bytes(
            new
            {
                weight_map = _header
                    .RootElement.EnumerateObject()
                    .Where(p => p.Name != "__metadata__")
                    .ToDictionary(p => p.Name, _ => shard),
            }
        );

    public void Dispose() => _header.Dispose();
}
