using System.Diagnostics;
using System.Globalization;

namespace Espalier.Tests.Fuzzing;

/// <summary>
/// Every reader takes every damaged input or refuses it with a sentence: no other exception, no memory out of proportion, no
/// wait. About half a minute by default; ESPALIER_FUZZ_INPUTS gives the number of inputs, ESPALIER_FUZZ_SEED other ones.
/// </summary>
public sealed class FuzzTests
{
    const int Usual = 40_000;
    const int Piece = 200;
    static readonly TimeSpan Hang = TimeSpan.FromMinutes(2);

    [Fact]
    public void Damaged_inputs_are_taken_or_refused_with_a_sentence()
    {
        int inputs = (int)Number("ESPALIER_FUZZ_INPUTS", Usual);
        Fuzzer fuzzer = new(Number("ESPALIER_FUZZ_SEED", 20260601));
        double shares = Readers.All.Sum(r => 1.0 / r.Cost);
        Queue<(Reader Reader, ulong First, int Count)> pieces = new(
            Readers
                .All.SelectMany(r => Pieces(r, Math.Max(10, (int)(inputs / (r.Cost * shares)))))
                .OrderBy(p => p.First)
        );
        Worker[] workers =
        [
            .. Enumerable
                .Range(0, Math.Min(2, Environment.ProcessorCount))
                .Select(_ => new Worker()),
        ];
        Thread[] threads =
        [
            .. workers.Select(w => new Thread(() => w.Run(fuzzer, pieces)) { IsBackground = true }),
        ];
        foreach (Thread thread in threads)
        {
            thread.Start();
        }

        foreach (Thread thread in threads)
        {
            while (!thread.Join(TimeSpan.FromSeconds(1)))
            {
                string? stuck = workers
                    .Select(w => w.StuckFor(Hang))
                    .FirstOrDefault(s => s is not null);
                Assert.True(stuck is null, $"nothing ends {stuck}");
            }
        }

        Assert.True(
            fuzzer.Faults.Count == 0 && workers.All(w => w.Failure is null),
            string.Join(
                '\n',
                fuzzer.Faults.Select(f => $"{f}").Concat(workers.Select(w => $"{w.Failure}"))
            )
        );
        string counts = string.Join(
            '\n',
            fuzzer.Counts.Select(c => $"{c.Key}: {c.Value.Taken} taken, {c.Value.Refused} refused")
        );
        TestContext.Current.TestOutputHelper!.WriteLine(
            $"{workers.Sum(w => w.Inputs)} inputs\n{counts}"
        );
    }

    [Fact]
    public void Sound_inputs_are_taken_so_that_damages_are_seen_against_something()
    {
        string folder = Place();
        try
        {
            foreach (Reader reader in Readers.All)
            {
                // Those of a tokenizer of the other kind are refused, as they should be.
                Assert.True(
                    reader.Sound.Any(sound => Takes(reader, sound, folder))
                        || reader.Name.Contains(" with "),
                    $"{reader} refuses its sound input"
                );
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public void An_input_follows_from_its_number_and_the_seed_alone()
    {
        foreach (Reader reader in Readers.All)
        {
            Assert.Equal(new Fuzzer(1).Input(reader, 77), new Fuzzer(1).Input(reader, 77));
        }

        Assert.NotEqual(
            Enumerable
                .Range(0, 20)
                .Select(n => Convert.ToHexString(new Fuzzer(1).Input(Readers.All[0], (ulong)n))),
            Enumerable
                .Range(0, 20)
                .Select(n => Convert.ToHexString(new Fuzzer(2).Input(Readers.All[0], (ulong)n)))
        );
    }

    static bool Takes(Reader reader, byte[] sound, string folder)
    {
        try
        {
            reader.Read(sound, folder);
            return true;
        }
        catch (InvalidDataException)
        {
            return false;
        }
    }

    static IEnumerable<(Reader Reader, ulong First, int Count)> Pieces(Reader reader, int count)
    {
        for (int first = 0; first < count; first += Piece)
        {
            yield return (reader, (ulong)first, Math.Min(Piece, count - first));
        }
    }

    static ulong Number(string variable, ulong usual) =>
        ulong.TryParse(
            Environment.GetEnvironmentVariable(variable),
            NumberStyles.None,
            CultureInfo.InvariantCulture,
            out ulong given
        )
            ? given
            : usual;

    /// <summary>In memory where there is such a place: millions of small files are no work for a disk.</summary>
    static string Place() =>
        Directory.Exists("/dev/shm")
            ? Directory
                .CreateDirectory($"/dev/shm/espalier-fuzz-{Path.GetRandomFileName()}")
                .FullName
            : Directory.CreateTempSubdirectory("espalier-fuzz-").FullName;

    sealed class Worker
    {
        string _now = "";
        long _began = Stopwatch.GetTimestamp();

        public Exception? Failure { get; private set; }
        public long Inputs { get; private set; }

        public void Run(Fuzzer fuzzer, Queue<(Reader, ulong, int)> pieces)
        {
            string folder = Place();
            try
            {
                while (true)
                {
                    (Reader Reader, ulong First, int Count) piece;
                    lock (pieces)
                    {
                        if (!pieces.TryDequeue(out piece))
                        {
                            return;
                        }
                    }

                    Volatile.Write(ref _now, $"{piece.Reader}, inputs {piece.First} and on");
                    Volatile.Write(ref _began, Stopwatch.GetTimestamp());
                    fuzzer.Run(piece.Reader, piece.First, piece.Count, folder);
                    Inputs += piece.Count;
                }
            }
            catch (Exception e)
            {
                Failure = e;
            }
            finally
            {
                Directory.Delete(folder, recursive: true);
            }
        }

        public string? StuckFor(TimeSpan most) =>
            Stopwatch.GetElapsedTime(Volatile.Read(ref _began)) > most
                ? Volatile.Read(ref _now)
                : null;
    }
}
