using System.Buffers.Binary;
using System.IO.Compression;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;
using Espalier.Data.Metrics;
using Espalier.Models;

namespace Espalier.Measuring;

/// <summary>What one model said to every example: at each exit its answer, and for each effort the exit taken.</summary>
/// <param name="Exits">Places where examples may leave.</param>
/// <param name="Answers">
/// [exit · example]: a class in one byte (in two where there are more than 256), or a number as fp32; of a window of a text the sum of
/// −ln p of its tokens as fp32, and behind it how many of them were right, in four bytes.
/// </param>
/// <param name="Efforts">Those that were judged, timed or not.</param>
/// <param name="Left">[effort · example]: the exit, counted from 0, a byte.</param>
public sealed record ModelAnswers(
    string Pipeline,
    int Exits,
    byte[] Answers,
    IReadOnlyList<Effort> Efforts,
    byte[] Left
);

/// <summary>
/// The answers of all models of one task and seed to every example of the test split, so that models can be compared example by
/// example years later. Examples stand in the order of the test file. On disk gzip over JSON, with a hash of its content.
/// </summary>
public sealed record StoredAnswers
{
    public const int CurrentVersion = 1;
    const int MostExits = 256;
    const int NumberBytes = 4;
    const int WindowBytes = 2 * NumberBytes;

    // A file of a few bytes may unpack to any size; no study comes near.
    const long MostBytes = 1L << 30;

    public int Version { get; init; } = CurrentVersion;
    public required string Task { get; init; }
    public required string Split { get; init; }
    public required IReadOnlyList<ulong> Seeds { get; init; }

    /// <summary>Of all splits' content, as run.json has it: answers of one data set stand for no other.</summary>
    public required string DataSha256 { get; init; }

    /// <summary>Null for a task that predicts numbers, and for a text.</summary>
    public required IReadOnlyList<string>? Labels { get; init; }

    /// <summary>Whether examples are windows of a text.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool OfText { get; init; }
    public required int Examples { get; init; }

    /// <summary>Right class or number of each example, in the form of the answers; of a window its tokens behind the first, in four bytes.</summary>
    public required byte[] Truth { get; init; }
    public required IReadOnlyList<ModelAnswers> Models { get; init; }

    /// <summary>Over the document with this field empty.</summary>
    public string Sha256 { get; init; } = "";

    /// <summary>Bytes of one answer.</summary>
    int Width => OfText ? WindowBytes : WidthOf(Labels?.Count);

    int TruthWidth => OfText ? NumberBytes : Width;

    static int WidthOf(int? classes) =>
        classes is not { } count ? NumberBytes
        : count > 256 ? 2
        : 1;

    public int[] TrueClasses() => Classes(Truth, 0);

    public float[] TrueNumbers() => Numbers(Truth, 0);

    /// <summary>At which exit, counted from 0, each example left.</summary>
    /// <exception cref="ArgumentException">The model or the effort is not in it.</exception>
    public int[] ExitsAt(string pipeline, Effort effort)
    {
        ModelAnswers model = Of(pipeline);
        int place = model.Efforts.ToList().IndexOf(effort);
        return place >= 0
            ? [.. model.Left.AsSpan(place * Examples, Examples).ToArray().Select(b => (int)b)]
            : throw new ArgumentException(
                $"{pipeline} was not judged at {effort}; there are {string.Join(", ", model.Efforts)}."
            );
    }

    /// <summary>The class that each example got.</summary>
    public int[] ClassesAt(string pipeline, Effort effort)
    {
        ModelAnswers model = Of(pipeline);
        int[][] exits =
        [
            .. Enumerable.Range(0, model.Exits).Select(e => Classes(model.Answers, e)),
        ];
        return [.. ExitsAt(pipeline, effort).Select((exit, i) => exits[exit][i])];
    }

    /// <summary>The number that each example got.</summary>
    public float[] NumbersAt(string pipeline, Effort effort)
    {
        ModelAnswers model = Of(pipeline);
        float[][] exits =
        [
            .. Enumerable.Range(0, model.Exits).Select(e => Numbers(model.Answers, e)),
        ];
        return [.. ExitsAt(pipeline, effort).Select((exit, i) => exits[exit][i])];
    }

    /// <summary>What was counted in each window.</summary>
    /// <exception cref="ArgumentException">It is no text, or the model or the effort is not in it.</exception>
    public TokenCounts[] WindowsAt(string pipeline, Effort effort)
    {
        if (!OfText)
        {
            throw new ArgumentException(
                $"{Task} is no text; its examples have no tokens to count."
            );
        }

        byte[] answers = Of(pipeline).Answers;
        return
        [
            .. ExitsAt(pipeline, effort)
                .Select(
                    (exit, i) =>
                    {
                        ReadOnlySpan<byte> at = answers.AsSpan(
                            (exit * Examples + i) * WindowBytes,
                            WindowBytes
                        );
                        return new TokenCounts(
                            BinaryPrimitives.ReadSingleLittleEndian(at),
                            BinaryPrimitives.ReadInt32LittleEndian(at[NumberBytes..]),
                            BinaryPrimitives.ReadInt32LittleEndian(Truth.AsSpan(i * NumberBytes))
                        );
                    }
                ),
        ];
    }

    /// <summary>Whether each example was answered right.</summary>
    public bool[] RightAt(string pipeline, Effort effort) =>
        [.. ClassesAt(pipeline, effort).Zip(TrueClasses(), (said, right) => said == right)];

    ModelAnswers Of(string pipeline) =>
        Models.FirstOrDefault(m => m.Pipeline == pipeline)
        ?? throw new ArgumentException(
            $"There are no answers of {pipeline}; there are those of {string.Join(", ", Models.Select(m => m.Pipeline))}."
        );

    int[] Classes(byte[] bytes, int row)
    {
        if (Labels is null)
        {
            throw new ArgumentException($"{Task} predicts numbers, not classes.");
        }

        int[] classes = new int[Examples];
        for (int i = 0; i < Examples; i++)
        {
            int at = (row * Examples + i) * Width;
            classes[i] =
                Width == 1 ? bytes[at] : BinaryPrimitives.ReadUInt16LittleEndian(bytes.AsSpan(at));
        }

        return classes;
    }

    float[] Numbers(byte[] bytes, int row)
    {
        if (Labels is not null || OfText)
        {
            throw new ArgumentException(
                $"{Task} predicts {(OfText ? "tokens" : "classes")}, not numbers."
            );
        }

        float[] numbers = new float[Examples];
        for (int i = 0; i < Examples; i++)
        {
            numbers[i] = BinaryPrimitives.ReadSingleLittleEndian(
                bytes.AsSpan((row * Examples + i) * NumberBytes)
            );
        }

        return numbers;
    }

    /// <summary>What a record of all exits says at these efforts.</summary>
    public static ModelAnswers Of(string pipeline, ExitRecord record, IReadOnlyList<Effort> efforts)
    {
        ModelConfig config = record.Config;
        if (record.Places > MostExits)
        {
            throw new ArgumentException(
                $"{pipeline} has {record.Places} exits; answers are stored for up to {MostExits}."
            );
        }

        int width = WidthOf(config);
        byte[] answers = new byte[record.Places * record.Count * width];
        for (int exit = 0; exit < record.Places; exit++)
        {
            for (int i = 0; i < record.Count; i++)
            {
                Span<byte> place = answers.AsSpan((exit * record.Count + i) * width, width);
                ReadOnlySpan<float> logits = record.Logits(i, exit);
                if (config.IsLanguage)
                {
                    BinaryPrimitives.WriteSingleLittleEndian(place, logits[0]);
                    BinaryPrimitives.WriteInt32LittleEndian(place[NumberBytes..], (int)logits[1]);
                    continue;
                }

                Put(place, config.Regression ? logits[0] : null, Effort.Largest(logits));
            }
        }

        return new ModelAnswers(
            pipeline,
            record.Places,
            answers,
            efforts,
            [.. efforts.SelectMany(e => record.At(e).Exits.Select(exit => (byte)exit))]
        );
    }

    /// <summary>The right answers, in the form of the answers.</summary>
    public static byte[] TruthOf(ExitRecord record)
    {
        bool text = record.Config.IsLanguage;
        int width = text ? NumberBytes : WidthOf(record.Config);
        byte[] truth = new byte[record.Count * width];
        for (int i = 0; i < record.Count; i++)
        {
            if (text)
            {
                BinaryPrimitives.WriteInt32LittleEndian(
                    truth.AsSpan(i * width),
                    record.Tokens(i) - 1
                );
                continue;
            }

            ExampleExits example = record.Examples[i];
            Put(
                truth.AsSpan(i * width, width),
                record.Config.Regression ? (float)(example.Score ?? 0) : null,
                example.Label ?? 0
            );
        }

        return truth;
    }

    static int WidthOf(ModelConfig config) =>
        config.IsLanguage ? WindowBytes : WidthOf(config.Regression ? null : config.Outputs);

    static void Put(Span<byte> place, float? number, int label)
    {
        if (number is { } value)
        {
            BinaryPrimitives.WriteSingleLittleEndian(place, value);
        }
        else if (place.Length == 1)
        {
            place[0] = (byte)label;
        }
        else
        {
            BinaryPrimitives.WriteUInt16LittleEndian(place, (ushort)label);
        }
    }

    /// <summary>The file: gzip over JSON with its hash.</summary>
    public byte[] ToFile()
    {
        using MemoryStream stream = new();
        using (GZipStream gzip = new(stream, CompressionLevel.Optimal))
        {
            gzip.Write(Bytes(this with { Sha256 = Hash() }));
        }

        return stream.ToArray();
    }

    /// <param name="name">Of the file, for messages.</param>
    /// <exception cref="InvalidDataException">It is no such file, or its content is not what its hash says.</exception>
    public static StoredAnswers Read(string name, byte[] file)
    {
        StoredAnswers read;
        try
        {
            using GZipStream gzip = new(new MemoryStream(file), CompressionMode.Decompress);
            using MemoryStream whole = new();
            byte[] piece = new byte[1 << 16];
            for (int count; (count = gzip.Read(piece)) > 0; )
            {
                whole.Write(piece, 0, count);
                if (whole.Length > MostBytes)
                {
                    throw new InvalidDataException($"more than {MostBytes >> 20} MB");
                }
            }

            read =
                JsonSerializer.Deserialize(whole.ToArray(), MeasurementSchema.Default.StoredAnswers)
                ?? throw new InvalidDataException("null");
        }
        catch (Exception e) when (e is InvalidDataException or JsonException or ArgumentException)
        {
            throw new InvalidDataException(
                $"{name}: not a file of answers ({e.Message.Split(" Path: $")[0].TrimEnd('.')}); measure again.",
                e
            );
        }

        if (read.Version != CurrentVersion)
        {
            throw new InvalidDataException(
                $"{name}: answers of version {read.Version}; {CurrentVersion} was expected. Measure again or take the Espalier that wrote it."
            );
        }

        if (read.Sha256 != read.Hash())
        {
            throw new InvalidDataException(
                $"{name}: its content has the SHA-256 {read.Hash()}, and '{read.Sha256}' stands in it; it is damaged, measure again."
            );
        }

        return read.Problem() is { } problem
            ? throw new InvalidDataException($"{name}: {problem}; measure again.")
            : read;
    }

    string? Problem()
    {
        if (OfText && Labels is not null)
        {
            return "a text has labels";
        }

        if (Examples < 0 || Truth.Length != (long)Examples * TruthWidth)
        {
            return $"{Examples} examples have {Truth.Length} bytes of right answers; {(long)Examples * TruthWidth} were expected";
        }

        foreach (ModelAnswers model in Models)
        {
            if (model is null || model.Efforts.Any(e => e is null))
            {
                return "a model or one of its efforts is null";
            }

            bool fits =
                model.Exits is >= 1 and <= MostExits
                && model.Answers.Length == (long)model.Exits * Examples * Width
                && model.Left.Length == (long)model.Efforts.Count * Examples
                && model.Left.All(exit => exit < model.Exits);
            if (!fits)
            {
                return $"the answers of {model.Pipeline} do not fit {model.Exits} exits, {model.Efforts.Count} efforts and {Examples} examples";
            }
        }

        return OfText ? ProblemOfWindows() : null;
    }

    string? ProblemOfWindows() =>
        (
            from model in Models
            from effort in model.Efforts.Take(1)
            where
                WindowsAt(model.Pipeline, effort)
                    .Any(w =>
                        !(w.LogLoss >= 0) || w.Scored < 1 || w.Right < 0 || w.Right > w.Scored
                    )
            select $"a window of {model.Pipeline} counts what no text has"
        ).FirstOrDefault();

    string Hash() => Convert.ToHexStringLower(SHA256.HashData(Bytes(this with { Sha256 = "" })));

    static byte[] Bytes(StoredAnswers answers) =>
        JsonSerializer.SerializeToUtf8Bytes(answers, MeasurementSchema.Default.StoredAnswers);
}
