using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Espalier.Tensors;
using Espalier.Training.Collective;

namespace Espalier.Tests.Training.Collective;

public sealed class LinkTests
{
    static readonly TimeSpan Short = TimeSpan.FromSeconds(1);

    [Fact]
    public void Who_says_nothing_is_given_up()
    {
        var (here, there) = Pair();
        using Link mine = new(here, 1, Short),
            silent = new(there, 0, Short);
        LostProcessException lost = Assert.Throws<LostProcessException>(() =>
            mine.Receive(new byte[4])
        );
        Assert.Contains("Process 1 has said nothing for 1 seconds", lost.Message);
    }

    [Fact]
    public void Who_computes_for_long_and_is_there_is_waited_for()
    {
        // Where the machine let this thread wait for too long, it kept no promise that the other could rely on: again.
        while (!IsWaitedFor()) { }
    }

    static bool IsWaitedFor()
    {
        var (here, there) = Pair();
        using Link mine = new(here, 1, Short),
            other = new(there, 0, Short);
        byte[] received = new byte[4];
        Exception? failure = null;
        Thread receiving = new(() => failure = Record.Exception(() => mine.Receive(received)));
        receiving.Start();
        TimeSpan longest = default;
        long last = Stopwatch.GetTimestamp();
        for (int i = 0; i < 25; i++)
        {
            other.SendAlive();
            Thread.Sleep(100);
            Heard();
        }

        other.Send(Frame.Data, [1, 2, 3, 4]);
        Heard();
        receiving.Join();
        if (longest >= Short / 2)
        {
            return false;
        }

        Assert.Null(failure);
        Assert.Equal([1, 2, 3, 4], received);
        return true;

        void Heard()
        {
            long now = Stopwatch.GetTimestamp();
            TimeSpan gap = Stopwatch.GetElapsedTime(last, now);
            (longest, last) = (gap > longest ? gap : longest, now);
        }
    }

    [Fact]
    public void Frames_of_another_kind_or_length_are_refused_before_they_are_read()
    {
        var (here, there) = Pair();
        using Link mine = new(here, 1, Short),
            other = new(there, 0, Short);
        other.Send(Frame.Data, new byte[8]);
        Assert.Contains(
            "(kind 1, 8 bytes)",
            Assert.Throws<LostProcessException>(() => mine.Receive(new byte[4])).Message
        );
        var (third, fourth) = Pair();
        using Link strict = new(third, 1, Short);
        using Socket stranger = fourth;
        stranger.Send("GET / HTTP/1.1\r\n\r\n"u8);
        Assert.Contains(
            "no frame",
            Assert.Throws<LostProcessException>(() => strict.Receive(new byte[4])).Message
        );
    }

    [Fact]
    public void Of_processes_that_one_leaves_the_others_end_with_its_sentence_or_without_it()
    {
        var told = Together.Ends(
            4,
            all =>
            {
                if (all.Rank == 2)
                {
                    all.Fail("The disk is full.");
                    throw new IOException("The disk is full.");
                }

                all.Sum(new FlatView([new Tensor(1000)]));
                return 0;
            }
        );
        Assert.All(told, end => Assert.NotNull(end.Failure));
        Assert.Contains(told, end => end.Failure!.Message == "Process 2: The disk is full.");
        var cut = Together.Ends(
            2,
            all =>
            {
                if (all.Rank == 1)
                {
                    all.Dispose();
                    return 0;
                }

                all.Sum(new FlatView([new Tensor(1_000_000)]));
                return 0;
            }
        );
        Assert.Contains(
            "Process 1 ended",
            Assert.IsType<LostProcessException>(cut[0].Failure).Message
        );
    }

    [Fact]
    public void Processes_that_made_different_models_store_none()
    {
        var ends = Together.Ends(
            2,
            all =>
            {
                all.Conclude([(byte)all.Rank]);
                return 0;
            }
        );
        Assert.All(ends, end => Assert.Contains("made different models", end.Failure!.Message));
    }

    static (Socket, Socket) Pair()
    {
        using Socket listener = new(
            AddressFamily.InterNetwork,
            SocketType.Stream,
            ProtocolType.Tcp
        );
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen(1);
        Socket here = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        here.Connect(listener.LocalEndPoint!);
        return (here, listener.Accept());
    }
}
