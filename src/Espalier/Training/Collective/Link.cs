using System.Buffers.Binary;
using System.Net.Sockets;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using System.Text;

namespace Espalier.Training.Collective;

/// <summary>What a frame between two processes is.</summary>
enum Frame
{
    /// <summary>Numbers that all processes exchange.</summary>
    Data = 1,

    /// <summary>From the first process: what is worked on next; empty: nothing more.</summary>
    Next,

    /// <summary>How a work ended: a zero and what came out, or a one and a sentence.</summary>
    End,

    /// <summary>Nothing but that the sender is there, however long it computes.</summary>
    Alive,
}

/// <summary>
/// A connection to another process of the group whose proof was checked. It carries frames: a mark, a kind, a length, and so
/// many bytes, little-endian. Whoever receives knows how many there must be.
/// </summary>
sealed class Link : IDisposable
{
    const uint Mark = 0x4C505345; // ESPL
    const int HeaderBytes = 16;
    public const int MostText = 1 << 14;
    static readonly TimeSpan Look = TimeSpan.FromMilliseconds(200);

    readonly Socket _socket;
    readonly string _name;
    readonly TimeSpan _patience;
    readonly Lock _sending = new();
    readonly float[] _arriving = new float[1 << 16];

    /// <param name="patience">How long the other may be silent.</param>
    public Link(Socket socket, int rank, TimeSpan patience)
    {
        (_socket, _name, _patience) = (socket, $"Process {rank}", patience);
        socket.NoDelay = true;

        // A frame that was begun comes without a pause. One that is sent waits as long as the other computes.
        (socket.ReceiveTimeout, socket.SendTimeout) = ((int)patience.TotalMilliseconds, 0);
    }

    public void Send(Frame kind, ReadOnlySpan<byte> bytes)
    {
        lock (_sending)
        {
            SendHeader(kind, bytes.Length);
            SendBytes(bytes);
        }
    }

    public void Send(Frame kind, string text) => Send(kind, Encoding.UTF8.GetBytes(text));

    /// <summary>A range of numbers in one frame.</summary>
    public void Send(FlatView numbers, long from, long to)
    {
        lock (_sending)
        {
            SendHeader(Frame.Data, (to - from) * sizeof(float));
            numbers.Visit(from, to, piece => SendBytes(MemoryMarshal.AsBytes(piece)));
        }
    }

    /// <summary>Says that this process is there, unless it is just saying something else or the other does not listen.</summary>
    public void SendAlive()
    {
        if (!_sending.TryEnter())
        {
            return;
        }

        try
        {
            if (_socket.Poll(0, SelectMode.SelectWrite))
            {
                SendHeader(Frame.Alive, 0);
            }
        }
        catch (Exception e)
            when (e is LostProcessException or SocketException or ObjectDisposedException)
        {
            // Whoever waits for the other finds out, and says so.
        }
        finally
        {
            _sending.Exit();
        }
    }

    public void Receive(Span<byte> bytes)
    {
        Expect(Frame.Data, bytes.Length);
        ReceiveBytes(bytes);
    }

    /// <summary>Takes a range of numbers, or adds it to what is there.</summary>
    public void Receive(FlatView numbers, long from, long to, bool add)
    {
        Expect(Frame.Data, (to - from) * sizeof(float));
        numbers.Visit(
            from,
            to,
            piece =>
            {
                if (!add)
                {
                    ReceiveBytes(MemoryMarshal.AsBytes(piece));
                    return;
                }

                for (; piece.Length > 0; piece = piece[Math.Min(piece.Length, _arriving.Length)..])
                {
                    Span<float> here = piece[..Math.Min(piece.Length, _arriving.Length)],
                        other = _arriving.AsSpan(0, here.Length);
                    ReceiveBytes(MemoryMarshal.AsBytes(other));
                    TensorPrimitives.Add(here, other, here);
                }
            }
        );
    }

    /// <summary>A text that the other may take any time to say.</summary>
    public string ReceiveText(Frame kind, CancellationToken stop) =>
        Encoding.UTF8.GetString(ReceiveAny(kind, stop: stop));

    /// <summary>A short frame of this kind.</summary>
    /// <param name="others">Whether frames of other kinds may come before, which are passed over.</param>
    public byte[] ReceiveAny(Frame kind, bool others = false, CancellationToken stop = default)
    {
        while (true)
        {
            var (found, length) = ReceiveHeader(stop);
            if (found == kind && length <= MostText)
            {
                byte[] bytes = new byte[length];
                ReceiveBytes(bytes);
                return bytes;
            }

            Check(found, length, others);
            for (; length > 0; length -= Math.Min(length, _arriving.Length * sizeof(float)))
            {
                ReceiveBytes(
                    MemoryMarshal.AsBytes(_arriving.AsSpan())[
                        ..(int)Math.Min(length, _arriving.Length * sizeof(float))
                    ]
                );
            }
        }
    }

    void Expect(Frame kind, long length)
    {
        var (found, announced) = ReceiveHeader(default);
        if (found != kind || announced != length)
        {
            Check(found, announced, false);
        }
    }

    /// <summary>What is not what was expected: the other ended what this process still works on, or is no Espalier.</summary>
    void Check(Frame found, long length, bool others)
    {
        if (found == Frame.End && !others && length is > 0 and <= MostText)
        {
            byte[] end = new byte[length];
            ReceiveBytes(end);
            throw new LostProcessException(
                end[0] == 0
                    ? $"{_name} ended its work while this one was at it: both must run the same command on the same files."
                    : $"{_name}: {Encoding.UTF8.GetString(end.AsSpan(1))}"
            );
        }

        if (!others || length < 0)
        {
            throw new LostProcessException(
                $"{_name} sent something else than was its turn (kind {(int)found}, {length} bytes): all processes must run the same command on the same files."
            );
        }
    }

    (Frame Kind, long Length) ReceiveHeader(CancellationToken stop)
    {
        Span<byte> header = stackalloc byte[HeaderBytes];
        for (TimeSpan silent = default; ; )
        {
            if (!Comes())
            {
                stop.ThrowIfCancellationRequested();
                silent += Look;
                if (silent >= _patience)
                {
                    throw new LostProcessException(
                        $"{_name} has said nothing for {_patience.TotalSeconds:0} seconds; it hangs, or its machine is gone."
                    );
                }

                continue;
            }

            ReceiveBytes(header);
            if (BinaryPrimitives.ReadUInt32LittleEndian(header) != Mark)
            {
                throw new LostProcessException($"{_name} sent what is no frame of Espalier.");
            }

            Frame kind = (Frame)BinaryPrimitives.ReadInt32LittleEndian(header[4..]);
            if (kind != Frame.Alive)
            {
                return (kind, BinaryPrimitives.ReadInt64LittleEndian(header[8..]));
            }

            silent = default;
        }
    }

    void SendHeader(Frame kind, long length)
    {
        Span<byte> header = stackalloc byte[HeaderBytes];
        BinaryPrimitives.WriteUInt32LittleEndian(header, Mark);
        BinaryPrimitives.WriteInt32LittleEndian(header[4..], (int)kind);
        BinaryPrimitives.WriteInt64LittleEndian(header[8..], length);
        SendBytes(header);
    }

    void SendBytes(ReadOnlySpan<byte> bytes)
    {
        try
        {
            while (bytes.Length > 0)
            {
                bytes = bytes[_socket.Send(bytes)..];
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            throw Ended(e);
        }
    }

    /// <summary>Of a frame that was begun: its sender has all of it, and is cut off where it stops in the middle.</summary>
    void ReceiveBytes(Span<byte> bytes)
    {
        try
        {
            while (bytes.Length > 0)
            {
                int read = _socket.Receive(bytes);
                bytes = read > 0 ? bytes[read..] : throw Ended(null);
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            throw Ended(e);
        }
    }

    /// <summary>Whether something comes within a short while.</summary>
    bool Comes()
    {
        try
        {
            return _socket.Poll(Look, SelectMode.SelectRead);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            throw Ended(e);
        }
    }

    LostProcessException Ended(Exception? cause) =>
        new($"{_name} ended before the work was done, or cannot be reached any more.", cause);

    public void Dispose() => _socket.Dispose();
}
