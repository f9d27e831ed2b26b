using System.Buffers.Binary;
using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;

namespace Espalier.Training.Collective;

/// <summary>
/// How the processes of a group become connected, each to each: all to the first, which tells them where the others listen. Both sides of
/// a connection prove by HMAC-SHA256 over fresh nonces that they know the secret, before anything else that comes is read. What follows
/// is neither encrypted nor signed.
/// </summary>
sealed class Meeting : IDisposable
{
    const int NonceBytes = 32;
    const int ProofBytes = 32;

    // Mark, version, rank, size, nonce.
    const int HelloBytes = 8 + 3 * sizeof(int) + NonceBytes;
    const int Version = 1;
    static readonly TimeSpan Look = TimeSpan.FromMilliseconds(200);

    // How long one side waits for the other's next words; on one machine, which may be busy, there are no strangers to fear.
    static readonly TimeSpan Moment = TimeSpan.FromSeconds(5);
    static readonly TimeSpan MomentHere = TimeSpan.FromSeconds(30);
    static readonly TimeSpan Longest = TimeSpan.FromMinutes(10);

    readonly MeetingPlace _place;
    readonly TimeSpan _moment;
    readonly TimeSpan _patience;
    readonly Action? _look;
    readonly CancellationToken _stop;
    readonly Socket _listener = new(
        AddressFamily.InterNetwork,
        SocketType.Stream,
        ProtocolType.Tcp
    );
    readonly Link?[] _links;
    byte[] _secret = [];

    Meeting(MeetingPlace place, TimeSpan patience, Action? look, CancellationToken stop)
    {
        (_place, _patience, _look, _stop) = (place, patience, look, stop);
        _moment = place.IsHere ? MomentHere : Moment;
        _links = new Link?[place.Size];
        _listener.Bind(new IPEndPoint(place.IsHere ? IPAddress.Loopback : IPAddress.Any, 0));
        _listener.Listen(place.Size);
    }

    int Port => ((IPEndPoint)_listener.LocalEndPoint!).Port;

    /// <summary>Waits for all processes of the group.</summary>
    /// <param name="purpose">What the group works on; a process that says something else is refused.</param>
    /// <param name="look">Called again and again meanwhile; may throw when waiting is of no use.</param>
    /// <exception cref="LostProcessException">Some did not come, or came for something else.</exception>
    public static Communicator Of(
        MeetingPlace place,
        string purpose,
        TimeSpan patience,
        Action? look,
        CancellationToken stop
    )
    {
        using Meeting meeting = new(place, patience, look, stop);
        try
        {
            if (place.Rank == 0)
            {
                meeting.Invite(purpose);
            }
            else
            {
                meeting.Join(purpose);
            }

            return new Communicator(place.Rank, meeting._links, patience) { IsHere = place.IsHere };
        }
        catch
        {
            foreach (Link? link in meeting._links)
            {
                link?.Dispose();
            }

            throw;
        }
    }

    void Invite(string purpose)
    {
        _secret = RandomNumberGenerator.GetBytes(MeetingPlace.SecretBytes);
        _place.Write(_secret, Addresses().Select(a => new IPEndPoint(a, Port)));
        try
        {
            string[] others = new string[_place.Size];
            string? problem = null;
            for (int joined = 1; joined < _place.Size; joined++)
            {
                var (rank, address) = Accept();
                string[] said = _links[rank]!.ReceiveText(Frame.Data, _stop).Split('\n');
                if (said is not [_, var port] || said[0] != purpose)
                {
                    problem ??=
                        $"Process {rank} was started for another work than process 0, or is another version of Espalier: all need the same command, files and kernels.";
                    port = "0";
                }

                others[rank] = $"{address}:{port}";
            }

            string answer = problem is null ? string.Join('\n', others) : "!" + problem;
            foreach (Link? link in _links)
            {
                link?.Send(Frame.Data, answer);
            }

            if (problem is not null)
            {
                throw new LostProcessException(problem);
            }
        }
        finally
        {
            File.Delete(_place.File);
        }
    }

    void Join(string purpose)
    {
        Wait(
            () => _place.Read() is { } first && Connect(0, first.Addresses, first.Secret),
            $"Process 0 was not found: nothing that listens is named in {_place.File}"
        );
        Link inviting = _links[0]!;
        inviting.Send(Frame.Data, $"{purpose}\n{Port}");
        string answer = inviting.ReceiveText(Frame.Data, _stop);
        if (answer is ['!', .. var problem])
        {
            throw new LostProcessException(problem);
        }

        string[] others = answer.Split('\n');
        for (int rank = 1; rank < _place.Rank; rank++)
        {
            int other = rank;
            IPEndPoint address = IPEndPoint.Parse(others[rank]);
            Wait(
                () => Connect(other, [address], _secret),
                $"Process {rank} cannot be reached at {address}"
            );
        }

        for (int rank = _place.Rank + 1; rank < _place.Size; rank++)
        {
            Accept();
        }
    }

    void Wait(Func<bool> done, string otherwise)
    {
        for (TimeSpan waited = default; !done(); waited += Look)
        {
            _look?.Invoke();
            _stop.ThrowIfCancellationRequested();
            if (waited > Longest)
            {
                throw new LostProcessException(
                    $"{otherwise}, for {Longest.TotalMinutes:0} minutes; start all {_place.Size} processes."
                );
            }

            Thread.Sleep(Look);
        }
    }

    /// <summary>Waits for a process of a higher rank that knows the secret.</summary>
    (int Rank, IPAddress Address) Accept()
    {
        (int, IPAddress)? came = null;
        Wait(
            () =>
            {
                while (came is null && _listener.Poll(0, SelectMode.SelectRead))
                {
                    Socket socket = _listener.Accept();
                    came = Admit(socket);
                    if (came is null)
                    {
                        socket.Dispose();
                    }
                }

                return came is not null;
            },
            $"Of {_place.Size} processes, {string.Join(", ", Missing())} did not come"
        );
        return came!.Value;
    }

    IEnumerable<int> Missing() =>
        Enumerable
            .Range(_place.Rank + 1, _place.Size - 1 - _place.Rank)
            .Where(r => _links[r] is null);

    /// <summary>Null: the other side knows no secret, or has no place here.</summary>
    (int Rank, IPAddress Address)? Admit(Socket socket)
    {
        Span<byte> hello = stackalloc byte[HelloBytes],
            nonce = stackalloc byte[NonceBytes],
            proof = stackalloc byte[ProofBytes];
        try
        {
            socket.ReceiveTimeout = socket.SendTimeout = (int)_moment.TotalMilliseconds;
            Fill(socket, hello);
            int rank = BinaryPrimitives.ReadInt32LittleEndian(hello[12..]);
            if (
                !hello[..16].SequenceEqual(Hello(rank, []).AsSpan(0, 16))
                || BinaryPrimitives.ReadInt32LittleEndian(hello[16..]) != _place.Size
                || rank <= _place.Rank
                || rank >= _place.Size
                || _links[rank] is not null
            )
            {
                return null;
            }

            RandomNumberGenerator.Fill(nonce);
            Put(socket, nonce);
            Put(socket, Proof("listens", hello, nonce));
            Fill(socket, proof);
            if (!CryptographicOperations.FixedTimeEquals(proof, Proof("joins", hello, nonce)))
            {
                return null;
            }

            _links[rank] = new Link(socket, rank, _patience);
            return (rank, ((IPEndPoint)socket.RemoteEndPoint!).Address);
        }
        catch (Exception e) when (e is SocketException or EndOfStreamException)
        {
            return null;
        }
    }

    bool Connect(int rank, IPEndPoint[] addresses, byte[] secret)
    {
        _secret = secret;
        foreach (IPEndPoint address in addresses)
        {
            Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            if (TryJoin(socket, address))
            {
                _links[rank] = new Link(socket, rank, _patience);
                return true;
            }

            socket.Dispose();
        }

        return false;
    }

    bool TryJoin(Socket socket, IPEndPoint address)
    {
        Span<byte> nonce = stackalloc byte[NonceBytes],
            proof = stackalloc byte[ProofBytes];
        try
        {
            // A machine behind a wall that says nothing is given up after a moment.
            IAsyncResult connecting = socket.BeginConnect(address, null, null);
            if (!connecting.AsyncWaitHandle.WaitOne(_moment))
            {
                return false;
            }

            socket.EndConnect(connecting);
            socket.ReceiveTimeout = socket.SendTimeout = (int)_moment.TotalMilliseconds;
            byte[] hello = Hello(_place.Rank, RandomNumberGenerator.GetBytes(NonceBytes));
            Put(socket, hello);
            Fill(socket, nonce);
            Fill(socket, proof);
            if (!CryptographicOperations.FixedTimeEquals(proof, Proof("listens", hello, nonce)))
            {
                return false;
            }

            Put(socket, Proof("joins", hello, nonce));
            return true;
        }
        catch (Exception e) when (e is SocketException or EndOfStreamException)
        {
            return false;
        }
    }

    byte[] Hello(int rank, byte[] nonce)
    {
        byte[] hello = new byte[HelloBytes];
        "ESPALIER"u8.CopyTo(hello);
        BinaryPrimitives.WriteInt32LittleEndian(hello.AsSpan(8), Version);
        BinaryPrimitives.WriteInt32LittleEndian(hello.AsSpan(12), rank);
        BinaryPrimitives.WriteInt32LittleEndian(hello.AsSpan(16), _place.Size);
        nonce.CopyTo(hello, HelloBytes - NonceBytes);
        return hello;
    }

    byte[] Proof(string side, ReadOnlySpan<byte> hello, ReadOnlySpan<byte> nonce) =>
        HMACSHA256.HashData(
            _secret,
            (byte[])[.. Encoding.ASCII.GetBytes(side), .. hello, .. nonce]
        );

    static void Put(Socket socket, ReadOnlySpan<byte> bytes)
    {
        while (bytes.Length > 0)
        {
            bytes = bytes[socket.Send(bytes)..];
        }
    }

    static void Fill(Socket socket, Span<byte> bytes)
    {
        while (bytes.Length > 0)
        {
            int read = socket.Receive(bytes);
            bytes = read > 0 ? bytes[read..] : throw new EndOfStreamException();
        }
    }

    /// <summary>Where others may reach this machine, those of the network before the machine's own.</summary>
    IEnumerable<IPAddress> Addresses() =>
        _place.IsHere
            ? [IPAddress.Loopback]
            :
            [
                .. NetworkInterface
                    .GetAllNetworkInterfaces()
                    .Where(n =>
                        n.OperationalStatus == OperationalStatus.Up
                        && n.NetworkInterfaceType != NetworkInterfaceType.Loopback
                    )
                    .SelectMany(n => n.GetIPProperties().UnicastAddresses)
                    .Select(a => a.Address)
                    .Where(a => a.AddressFamily == AddressFamily.InterNetwork),
                IPAddress.Loopback,
            ];

    public void Dispose() => _listener.Dispose();
}
