using System.Diagnostics;
using System.Text;

namespace Espalier.Tests.Fuzzing;

/// <summary>An input that a reader did not take as it should.</summary>
sealed record Fault(string Reader, ulong Input, string What, byte[] Bytes)
{
    public override string ToString() =>
        $"{Reader}, input {Input}: {What}\n  {Convert.ToBase64String(Bytes)}";
}

/// <summary>
/// Gives readers damaged inputs. Input n of a reader depends on nothing but n and the seed, so that every fault can be had
/// again. Plain mutations in this process, and no coverage: they are the same on every machine, need no instrumented
/// build, and a hundred thousand take less time than such a build.
/// </summary>
sealed class Fuzzer(ulong seed)
{
    // Far above what any input takes; only what never ends, or grows with something else than the input, reaches them.
    static readonly TimeSpan Slowest = TimeSpan.FromSeconds(30);
    const long FreeBytes = 64 << 20;
    const long BytesForEach = 4096;
    const int MostFaults = 25;

    readonly List<Fault> _faults = [];
    readonly HashSet<string> _kinds = [];
    readonly Dictionary<string, (int Taken, int Refused)> _counts = [];

    /// <summary>How many inputs each reader took and refused: one that only refuses was not tried beyond its first line.</summary>
    public IReadOnlyDictionary<string, (int Taken, int Refused)> Counts
    {
        get
        {
            lock (_faults)
            {
                return new Dictionary<string, (int, int)>(_counts);
            }
        }
    }

    /// <summary>The first input of each kind of fault.</summary>
    public IReadOnlyList<Fault> Faults
    {
        get
        {
            lock (_faults)
            {
                return [.. _faults];
            }
        }
    }

    public byte[] Input(Reader reader, ulong number)
    {
        Chance chance = new(seed ^ (number * 0xD1B54A32D192ED03) ^ Hash(reader.Name));
        return Mutator.Damage(chance.Of(reader.Sound), reader.Sound, reader.IsJson, chance);
    }

    /// <summary>Inputs from <paramref name="first"/> on, in a folder of this thread.</summary>
    public void Run(Reader reader, ulong first, int count, string folder)
    {
        int taken = 0,
            refused = 0;
        for (ulong n = first; n < first + (ulong)count && Faults.Count < MostFaults; n++)
        {
            byte[] input = Input(reader, n);
            long began = Stopwatch.GetTimestamp(),
                start = GC.GetAllocatedBytesForCurrentThread();
            try
            {
                reader.Read(input, folder);
                taken++;
            }
            catch (Exception e)
                when (e.Message.Length > 0
                    && (e is InvalidDataException || reader.Refusals.Contains(e.GetType()))
                )
            {
                refused++;
            }
            catch (Exception e)
            {
                string where =
                    e.StackTrace?.Split('\n').FirstOrDefault(l => l.Contains("Espalier")) ?? "";
                Add(
                    new Fault(
                        reader.Name,
                        n,
                        $"{e.GetType().Name}: {e.Message} {where.Trim()}",
                        input
                    ),
                    $"{e.GetType().Name} {where}"
                );
            }

            long allocated = GC.GetAllocatedBytesForCurrentThread() - start;
            if (allocated > FreeBytes + BytesForEach * input.Length)
            {
                Add(
                    new Fault(reader.Name, n, $"{allocated:N0} bytes for {input.Length:N0}", input),
                    "memory"
                );
            }

            TimeSpan took = Stopwatch.GetElapsedTime(began);
            if (took > Slowest)
            {
                Add(new Fault(reader.Name, n, $"took {took}", input), "time");
            }
        }

        lock (_faults)
        {
            var (before, more) = _counts.GetValueOrDefault(reader.Name);
            _counts[reader.Name] = (before + taken, more + refused);
        }
    }

    void Add(Fault fault, string kind)
    {
        lock (_faults)
        {
            if (_kinds.Add($"{fault.Reader} {kind}"))
            {
                _faults.Add(fault);
            }
        }
    }

    static ulong Hash(string text) =>
        Encoding
            .UTF8.GetBytes(text)
            .Aggregate(14695981039346656037, (h, b) => (h ^ b) * 1099511628211);
}
