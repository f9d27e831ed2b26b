using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Espalier.Checkpoints;

/// <summary>
/// Records of known lengths, each at a place of its own behind 16 bytes of the SHA-256 of the file's key, its number and its bytes. One
/// that was never written, is torn, damaged or of another key is told from one that is whole. So nothing is flushed, and a
/// process may end at any time: what it lost is written again.
/// </summary>
public sealed class RecordFile : IDisposable
{
    const int Seal = 16;

    readonly string? _path;
    readonly byte[] _key;
    readonly SafeFileHandle? _file;
    readonly long[] _starts;
    readonly byte[]?[] _held;
    readonly bool[] _whole;
    readonly long _most;
    readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);

    /// <param name="path">Null: what is written is held in memory.</param>
    /// <param name="lengths">Bytes of each record.</param>
    /// <param name="most">Bytes that the file may have; a record that would end behind them is not kept.</param>
    /// <param name="note">Is told in a sentence where records that were written are not whole.</param>
    /// <exception cref="OutputException">The file cannot be made.</exception>
    public RecordFile(
        string? path,
        string key,
        IEnumerable<int> lengths,
        long most = long.MaxValue,
        Action<string>? note = null
    )
    {
        (_path, _key, _most) = (path, Encoding.UTF8.GetBytes(key), most);
        List<long> starts = [0];
        foreach (int length in lengths)
        {
            starts.Add(starts[^1] + Seal + length);
        }

        _starts = [.. starts];
        _whole = new bool[starts.Count - 1];
        _held = new byte[]?[path is null ? _whole.Length : 0];
        if (path is not null)
        {
            _file = Durable.Explaining(path, () => Open(path));
            if (LookThrough() is > 0 and var damaged)
            {
                note?.Invoke(
                    $"{path}: {damaged} of {_whole.Length} records are damaged or were cut short; they are made again."
                );
            }
        }
    }

    SafeFileHandle Open(string path)
    {
        Durable.MakeFolders(Path.GetDirectoryName(Path.GetFullPath(path))!);
        SafeFileHandle file = File.OpenHandle(
            path,
            FileMode.OpenOrCreate,
            FileAccess.ReadWrite,
            FileShare.ReadWrite | FileShare.Delete
        );
        long bound = Math.Min(_most, _starts[^1]);
        if (RandomAccess.GetLength(file) > bound)
        {
            RandomAccess.SetLength(file, bound);
        }

        return file;
    }

    public int LengthOf(int record) => (int)(_starts[record + 1] - _starts[record] - Seal);

    /// <summary>Fills the span, which is as long as the record, and says whether it is there and whole.</summary>
    public bool TryRead(int record, Span<byte> into)
    {
        if (_file is null)
        {
            _held[record]?.CopyTo(into);
            return _held[record] is not null;
        }

        return _whole[record] && Fill(_starts[record] + Seal, into);
    }

    /// <summary>Finds out which records are whole, and how many were written and are not.</summary>
    int LookThrough()
    {
        int damaged = 0;
        byte[] bytes = new byte[
            _whole.Length == 0 ? 0 : Seal + Enumerable.Range(0, _whole.Length).Max(LengthOf)
        ];
        for (int record = 0; record < _whole.Length && Fits(record); record++)
        {
            Span<byte> all = bytes.AsSpan(0, Seal + LengthOf(record));
            if (Fill(_starts[record], all))
            {
                _whole[record] = all[..Seal].SequenceEqual(SealOf(record, all[Seal..]));
                damaged += !_whole[record] && all.ContainsAnyExcept((byte)0) ? 1 : 0;
            }
        }

        return damaged;
    }

    /// <summary>Keeps a record where there is room for it.</summary>
    /// <exception cref="OutputException">The disk is full, or does not take it.</exception>
    public void Write(int record, ReadOnlySpan<byte> bytes)
    {
        if (!Fits(record))
        {
            return;
        }

        if (_file is null)
        {
            _held[record] = bytes.ToArray();
            return;
        }

        try
        {
            RandomAccess.Write(_file, bytes, _starts[record] + Seal);
            RandomAccess.Write(_file, SealOf(record, bytes), _starts[record]);
            _whole[record] = true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Durable.Explain(e, _path!);
        }
    }

    bool Fits(int record) => _starts[record + 1] <= _most;

    bool Fill(long at, Span<byte> into)
    {
        try
        {
            while (!into.IsEmpty)
            {
                int read = RandomAccess.Read(_file!, into, at);
                if (read == 0)
                {
                    return false;
                }

                at += read;
                into = into[read..];
            }

            return true;
        }
        catch (IOException)
        {
            // A disk that does not give it back: as if it had never been written.
            return false;
        }
    }

    ReadOnlySpan<byte> SealOf(int record, ReadOnlySpan<byte> bytes)
    {
        Span<byte> number = stackalloc byte[sizeof(int)];
        BinaryPrimitives.WriteInt32LittleEndian(number, record);
        _hash.AppendData(_key);
        _hash.AppendData(number);
        _hash.AppendData(bytes);
        return _hash.GetHashAndReset().AsSpan(0, Seal);
    }

    public void Dispose()
    {
        _file?.Dispose();
        _hash.Dispose();
    }
}
