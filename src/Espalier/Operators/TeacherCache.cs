using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using Espalier.Checkpoints;
using Espalier.Data;
using Espalier.Tensors;

namespace Espalier.Operators;

/// <summary>
/// What a frozen teacher said of the training examples, a record of each, in the folder where the stage saves itself: a teacher is asked
/// once about an example, also where the stage is killed and goes on. What does not fit into <see cref="OperatorContext.TeacherBytes"/> is asked
/// anew each time, which gives the same, as a row never depends on its batch. The folder is removed when the stage is stored.
/// </summary>
sealed class TeacherCache : IDisposable
{
    const string Pattern = "said-*.bin";

    readonly EncodedSplit _data;
    readonly RecordFile _records;
    readonly float[] _record;

    /// <param name="asked">All that decides the records, but the stage.</param>
    /// <param name="numbers">Of an example.</param>
    /// <param name="ofToken">And of each of its tokens.</param>
    public TeacherCache(OperatorContext context, string asked, int numbers, int ofToken)
    {
        _data = context.Task.Training;
        asked += $"/{_data.Name}/{_data.Count}/{_data.Tokens}/{numbers}/{ofToken}";
        int[] lengths =
        [
            .. Enumerable
                .Range(0, _data.Count)
                .Select(e => sizeof(float) * checked(numbers + ofToken * _data.Length(e))),
        ];
        string name = Pattern.Replace(
            "*",
            Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(asked)))[..12]
        );

        // Where nothing is saved it is held in memory, which is not to be filled up.
        long room = context.Checkpoint is { } place
            ? context.TeacherBytes - Others(place.Folder, name)
            : Math.Min(context.TeacherBytes, GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 2);
        _records = context.Records(name, asked, lengths, room);
        _record = new float[lengths.Max() / sizeof(float)];
    }

    /// <summary>Examples that the teacher was asked about.</summary>
    public int Asked { get; private set; }

    /// <summary>The numbers of a sequence in one of the things that are said of a batch.</summary>
    public delegate Span<float> Part(int sequence);

    /// <summary>Fills what is said of a batch; the teacher is asked about those examples that are not here, together.</summary>
    public void Read(Batch batch, IReadOnlyList<Part> into, Func<Batch, IReadOnlyList<Part>> ask)
    {
        List<int> missing = [];
        for (int s = 0; s < batch.Count; s++)
        {
            Span<float> record = Record(batch.Examples[s]);
            if (_records.TryRead(batch.Examples[s], MemoryMarshal.AsBytes(record)))
            {
                foreach (Part part in into)
                {
                    Span<float> numbers = part(s);
                    record[..numbers.Length].CopyTo(numbers);
                    record = record[numbers.Length..];
                }
            }
            else
            {
                missing.Add(s);
            }
        }

        if (missing.Count == 0)
        {
            return;
        }

        Asked += missing.Count;
        int[] examples = [.. missing.Select(s => batch.Examples[s])];
        IReadOnlyList<Part> said = ask(missing.Count == batch.Count ? batch : _data.Take(examples));
        for (int i = 0; i < examples.Length; i++)
        {
            Span<float> record = Record(examples[i]),
                rest = record;
            foreach (var (part, own) in said.Zip(into))
            {
                Span<float> numbers = part(i);
                numbers.CopyTo(own(missing[i]));
                numbers.CopyTo(rest);
                rest = rest[numbers.Length..];
            }

            _records.Write(examples[i], MemoryMarshal.AsBytes(record));
        }
    }

    /// <summary>The rows of a sequence.</summary>
    public static Span<float> Rows(Tensor of, Batch batch, int sequence) =>
        of.Span[(batch.Starts[sequence] * of.Columns)..(batch.Starts[sequence + 1] * of.Columns)];

    public void Dispose() => _records.Dispose();

    Span<float> Record(int example) =>
        _record.AsSpan(0, _records.LengthOf(example) / sizeof(float));

    /// <summary>Bytes of what was said in other phases of the stage.</summary>
    static long Others(string folder, string name) =>
        Directory.Exists(folder)
            ? new DirectoryInfo(folder)
                .EnumerateFiles(Pattern)
                .Where(f => f.Name != name)
                .Sum(f => f.Length)
            : 0;
}
