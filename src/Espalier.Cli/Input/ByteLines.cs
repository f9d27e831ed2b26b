using System.Text;

namespace Espalier.Cli.Input;

/// <summary>Lines of a stream as it delivers them, with their numbers; no line is waited for longer than it takes to arrive.</summary>
sealed class ByteLines(Stream stream, string name, CancellationToken stop)
{
    /// <summary>Longer lines are no texts.</summary>
    public const int Longest = 64 << 20;

    byte[] _buffer = new byte[1 << 16];
    int _start,
        _searched,
        _end;
    bool _ended;

    /// <summary>Of the stream, for messages.</summary>
    public string Name { get; } = name;

    /// <summary>Of the line last given, counted from 1.</summary>
    public long Number { get; private set; }

    /// <summary>Whether the next line is here already.</summary>
    public bool IsWaiting => _ended ? _start < _end : FindBreak() >= 0;

    /// <summary>The next line without its line break, good until the next call; false at the end.</summary>
    public bool TryNext(out ReadOnlySpan<byte> line)
    {
        int at;
        while ((at = FindBreak()) < 0 && !_ended)
        {
            Fill();
        }

        if (at < 0 && _start == _end)
        {
            line = default;
            return false;
        }

        Number++;
        int stopAt = at < 0 ? _end : at;
        line = _buffer.AsSpan(_start, stopAt - _start);
        _start = _searched = at < 0 ? _end : at + 1;
        if (Number == 1 && line.StartsWith(Encoding.UTF8.Preamble))
        {
            line = line[Encoding.UTF8.Preamble.Length..];
        }

        line = line is [.. var rest, (byte)'\r'] ? rest : line;
        return true;
    }

    /// <summary>Place of the next line feed, or −1.</summary>
    int FindBreak()
    {
        int at = _buffer.AsSpan(_searched, _end - _searched).IndexOf((byte)'\n');
        _searched = at < 0 ? _end : _searched + at;
        return at < 0 ? -1 : _searched;
    }

    void Fill()
    {
        if (_start > 0)
        {
            _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
            (_end, _searched, _start) = (_end - _start, _searched - _start, 0);
        }

        if (_end == _buffer.Length)
        {
            if (_end >= Longest)
            {
                throw new InvalidDataException(
                    $"{Name}, line {Number + 1}: longer than {Longest:N0} bytes; one text a line was expected."
                );
            }

            Array.Resize(ref _buffer, 2 * _buffer.Length);
        }

        // A read from a terminal cannot be called off, but waiting for it can.
        int read = Task.Run(() => stream.Read(_buffer, _end, _buffer.Length - _end))
            .WaitAsync(stop)
            .GetAwaiter()
            .GetResult();
        _end += read;
        _ended = read == 0;
    }
}
