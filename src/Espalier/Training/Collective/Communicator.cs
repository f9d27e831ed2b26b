using System.Runtime.InteropServices;
using System.Text;
using Espalier.Autograd;
using Espalier.Tensors;

namespace Espalier.Training.Collective;

/// <summary>
/// Processes that train one model together, each connected to each. All call the same operations in the same order. Sums are taken in pairs
/// of neighbours, then of pairs, and so on, so that a sum is the same tree whatever the number of processes (which is a power of two): a range
/// is halved with each partner and handed out again afterwards, which sends as little as a ring does (Thakur, Rabenseifner and Gropp 2005,
/// section 4.4).
/// </summary>
public sealed class Communicator : IDisposable
{
    /// <summary>Most processes of one group.</summary>
    public const int Most = 64;

    /// <summary>How long another may be silent, who says that it is there each quarter of it.</summary>
    internal static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    readonly Link?[] _links;
    readonly Timer _alive;

    /// <summary>Waits for all processes of the group and connects each to each.</summary>
    /// <param name="purpose">What the group works on; a process that says something else is refused.</param>
    /// <param name="look">Called again and again meanwhile; may throw when waiting is of no use.</param>
    /// <exception cref="LostProcessException">Some did not come, or came for something else.</exception>
    public static Communicator Meet(
        MeetingPlace place,
        string purpose,
        Action? look,
        CancellationToken stop
    ) => Meeting.Of(place, purpose, Patience, look, stop);

    /// <param name="links">By rank; null for this process.</param>
    internal Communicator(int rank, Link?[] links, TimeSpan patience)
    {
        (Rank, _links) = (rank, links);
        TimeSpan often = patience / 4;
        _alive = new Timer(_ => Others(link => link.SendAlive()), null, often, often);
    }

    /// <summary>Of this process, from 0.</summary>
    public int Rank { get; }

    public int Size => _links.Length;

    /// <summary>Whether all run on this machine and share its threads.</summary>
    public bool IsHere { get; internal init; }

    /// <summary>Whether this process decides, saves and stores.</summary>
    public bool IsFirst => Rank == 0;

    void Others(Action<Link> act)
    {
        foreach (Link? link in _links)
        {
            if (link is not null)
            {
                act(link);
            }
        }
    }

    /// <summary>From the first process: what is worked on next; null: nothing more.</summary>
    public void Announce(string? next) => Others(link => link.Send(Frame.Next, next ?? ""));

    /// <summary>Waits for what the first process announces.</summary>
    public string? Await(CancellationToken stop) =>
        _links[0]!.ReceiveText(Frame.Next, stop) is { Length: > 0 } next ? next : null;

    /// <summary>Ends a work that was announced: all processes must have made the same.</summary>
    /// <param name="hash">Of what was made.</param>
    public void Conclude(ReadOnlySpan<byte> hash)
    {
        byte[] mine = [0, .. hash];
        Others(link => link.Send(Frame.End, mine));
        for (int rank = 0; rank < Size; rank++)
        {
            byte[]? other = _links[rank]?.ReceiveAny(Frame.End);
            if (other is [1, ..])
            {
                throw new LostProcessException(
                    $"Process {rank}: {Encoding.UTF8.GetString(other.AsSpan(1))}"
                );
            }

            if (other is not null && !other.AsSpan().SequenceEqual(mine))
            {
                throw new LostProcessException(
                    $"Processes {Rank} and {rank} made different models of the same input, so nothing was stored: their machines or programs compute differently."
                );
            }
        }
    }

    /// <summary>Ends a work that was announced and failed here; the others fail as well, by themselves or by this sentence.</summary>
    public void Fail(string sentence)
    {
        Span<byte> said = Encoding.UTF8.GetBytes(sentence);
        byte[] mine = [1, .. said[..Math.Min(said.Length, Link.MostText - 1)]];
        Others(link => Try(() => link.Send(Frame.End, mine)));
        Others(link => Try(() => link.ReceiveAny(Frame.End, others: true)));

        static void Try(Action act)
        {
            try
            {
                act();
            }
            catch (LostProcessException)
            {
                // It heard the sentence and went.
            }
        }
    }

    /// <summary>Whether any process says so.</summary>
    internal bool Any(bool mine)
    {
        Span<double> said = stackalloc double[Size];
        said[Rank] = mine ? 1 : 0;
        Share(said);
        return said.ContainsAnyExcept(0);
    }

    /// <summary>Fills in what the others know: of as many equal parts as there are processes each knows its own.</summary>
    internal void Share(Span<double> numbers)
    {
        int each = numbers.Length / Size;
        Span<byte> bytes = MemoryMarshal.AsBytes(numbers);
        Span<byte> Of(Span<byte> all, int rank) =>
            all.Slice(rank * each * sizeof(double), each * sizeof(double));
        foreach (Link? link in _links)
        {
            link?.Send(Frame.Data, Of(bytes, Rank));
        }

        for (int rank = 0; rank < Size; rank++)
        {
            _links[rank]?.Receive(Of(bytes, rank));
        }
    }

    /// <summary>The first process' number.</summary>
    internal int OfFirst(int mine)
    {
        Span<double> said = stackalloc double[Size];
        said[Rank] = mine;
        Share(said);
        return (int)said[0];
    }

    /// <summary>The first process' numbers in all others' place.</summary>
    internal void TakeFirst(FlatView numbers)
    {
        if (!IsFirst)
        {
            Link first = _links[0]!;
            first.Receive(numbers, 0, numbers.Count, add: false);
            first.Send(Frame.Data, []);
            return;
        }

        // The answer is waited for meanwhile, so that one who hangs is noticed.
        Others(link =>
            Exchange(link, () => link.Send(numbers, 0, numbers.Count), () => link.Receive([]))
        );
    }

    /// <summary>Σ over the processes, in every process.</summary>
    internal void Sum(FlatView numbers)
    {
        long from = 0,
            to = numbers.Count;
        Stack<(Link Partner, long From, long To)> halved = new();
        for (int bit = 1; bit < Size; bit <<= 1)
        {
            Link partner = _links[Rank ^ bit]!;
            long middle = from + (to - from) / 2,
                first = from,
                end = to;
            halved.Push((partner, from, to));
            (from, to) = (Rank & bit) == 0 ? (from, middle) : (middle, to);
            var (givenFrom, givenTo) = from == first ? (to, end) : (first, from);
            Swap(partner, (givenFrom, givenTo), (from, to), add: true);
        }

        foreach (var (partner, first, end) in halved)
        {
            Swap(partner, (from, to), from == first ? (to, end) : (first, from), add: false);
            (from, to) = (first, end);
        }

        void Swap(Link partner, (long From, long To) mine, (long From, long To) theirs, bool add) =>
            Exchange(
                partner,
                () => partner.Send(numbers, mine.From, mine.To),
                () => partner.Receive(numbers, theirs.From, theirs.To, add)
            );
    }

    /// <summary>Σ over the processes of the rows that each has touched; the others are zero.</summary>
    internal void Sum(Tensor table, RowSet touched)
    {
        for (int bit = 1; bit < Size; bit <<= 1)
        {
            Link partner = _links[Rank ^ bit]!;
            SomeRows mine = SomeRows.Of(table, touched);
            Span<int> count = [mine.Rows.Length];
            partner.Send(Frame.Data, MemoryMarshal.AsBytes(count));
            partner.Receive(MemoryMarshal.AsBytes(count));
            if (count[0] < 0 || count[0] > table.Rows)
            {
                throw new LostProcessException(
                    $"Process {Rank ^ bit} says that it touched {count[0]} of {table.Rows} rows; all processes must run the same command on the same files."
                );
            }

            SomeRows theirs = new(
                new int[count[0]],
                new Tensor(Math.Max(1, count[0]), table.Columns)
            );
            Exchange(
                partner,
                () =>
                {
                    partner.Send(Frame.Data, MemoryMarshal.AsBytes(mine.Rows.AsSpan()));
                    partner.Send(mine.Flat, 0, mine.Count);
                },
                () =>
                {
                    partner.Receive(MemoryMarshal.AsBytes(theirs.Rows.AsSpan()));
                    partner.Receive(theirs.Flat, 0, theirs.Count, add: false);
                }
            );
            theirs.Check(table.Rows);
            theirs.AddTo(table, touched, before: (Rank & bit) != 0);
        }
    }

    /// <summary>Sends while it receives, since the other does the same.</summary>
    static void Exchange(Link partner, Action send, Action receive)
    {
        Task sending = Task.Run(send);
        try
        {
            receive();
        }
        catch
        {
            partner.Dispose(); // which ends the sending
            throw;
        }

        sending.GetAwaiter().GetResult();
    }

    public void Dispose()
    {
        _alive.Dispose();
        Others(link => link.Dispose());
    }
}
