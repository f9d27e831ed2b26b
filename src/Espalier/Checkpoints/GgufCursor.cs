using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Unicode;
using Microsoft.Win32.SafeHandles;

namespace Espalier.Checkpoints;

/// <summary>Walks the head of a GGUF file from its first byte on; nothing is taken, or made room for, that the file does not have.</summary>
sealed class GgufCursor(string path, SafeFileHandle file, long length)
{
    const int MostAhead = 1 << 16;

    /// <summary>Far above any chat template.</summary>
    const int LongestText = 1 << 24;

    readonly byte[] _ahead = new byte[Math.Min(MostAhead, length)];
    long _start;
    int _held;

    /// <summary>Where the next byte is read.</summary>
    public long At { get; private set; }

    public long Left => length - At;

    /// <param name="what">For the sentence that says that the file ends in the middle of it.</param>
    public T Number<T>(string what)
        where T : unmanaged => MemoryMarshal.Read<T>(Take(Unsafe.SizeOf<T>(), what));

    /// <summary>A length of 8 bytes and as many bytes of UTF-8.</summary>
    public string Text(string what)
    {
        long at = At;
        ulong claimed = Number<ulong>(what);
        if (claimed > (ulong)Left)
        {
            throw Refuse(
                at,
                $"{what} is said to be {claimed} bytes long and the file has {Left} more; the download was cut short or the file is damaged, so fetch it again"
            );
        }

        if (claimed > LongestText)
        {
            throw Refuse(
                at,
                $"{what} is {claimed} bytes long; at most {LongestText} were expected"
            );
        }

        int size = (int)claimed;
        byte[]? whole = null;
        if (size > _ahead.Length)
        {
            whole = GC.AllocateUninitializedArray<byte>(size);
            Fill(whole, what);
        }

        ReadOnlySpan<byte> bytes = whole ?? Take(size, what);
        return Utf8.IsValid(bytes)
            ? Encoding.UTF8.GetString(bytes)
            : throw Refuse(at, $"{what} is not valid UTF-8; fetch the file again");
    }

    /// <summary>As many items as an array is said to have; each takes <paramref name="least"/> bytes or more.</summary>
    public int Count(int least, string what)
    {
        long at = At;
        ulong claimed = Number<ulong>(what);
        return claimed <= (ulong)(Left / least) && claimed <= (ulong)Array.MaxLength
            ? (int)claimed
            : throw Refuse(
                at,
                $"{what} is said to be {claimed} and the file has {Left} more bytes; the download was cut short or the file is damaged, so fetch it again"
            );
    }

    public void Fill(Span<byte> bytes, string what)
    {
        Ask(bytes.Length, what);
        RegularFile.Fill(file, path, At, bytes);
        At += bytes.Length;
    }

    public InvalidDataException Refuse(long at, string sentence) =>
        new($"{path} at byte {at}: {sentence}.");

    ReadOnlySpan<byte> Take(int count, string what)
    {
        Ask(count, what);
        if (At < _start || At + count > _start + _held)
        {
            _start = At;
            _held = (int)Math.Min(_ahead.Length, Left);
            RegularFile.Fill(file, path, At, _ahead.AsSpan(0, _held));
        }

        ReadOnlySpan<byte> bytes = _ahead.AsSpan((int)(At - _start), count);
        At += count;
        return bytes;
    }

    void Ask(int count, string what)
    {
        if (count > Left)
        {
            throw Refuse(
                At,
                $"the file ends in the middle of {what}. The download was cut short; fetch it again"
            );
        }
    }
}
