using System.Text.Json;
using Espalier.Checkpoints;
using Espalier.Measuring;

namespace Espalier.Analysis;

/// <summary>
/// Measurements out of files, wherever in them they stand: one alone, a list, run.json, one on each line, or a table of others. A record
/// is told by its fields <c>pipeline</c>, <c>effort</c> and <c>metrics</c>; nothing else of the file is looked at.
/// </summary>
public static class MeasurementFiles
{
    const long MostBytes = 256 << 20;

    /// <exception cref="InvalidDataException">It is no JSON, holds no measurement, or one that cannot be read.</exception>
    public static IReadOnlyList<Measurement> Read(string path)
    {
        if (Path.GetExtension(path) == PublishedTable.Ending)
        {
            return PublishedTable.Read(path);
        }

        List<Measurement> found = [];
        byte[] bytes = RegularFile.ReadAll(path, "a file of measurements", MostBytes);
        if (Path.GetExtension(path) == ".jsonl")
        {
            int number = 0;
            for (int from = 0; from < bytes.Length; )
            {
                int length = bytes.AsSpan(from).IndexOf((byte)'\n');
                ReadOnlyMemory<byte> line = bytes.AsMemory(
                    from,
                    length < 0 ? bytes.Length - from : length
                );
                number++;
                if (!line.Span.Trim(" \t\r"u8).IsEmpty)
                {
                    Parse($"{path} line {number}", line, found);
                }

                from += line.Length + 1;
            }
        }
        else
        {
            Parse(path, bytes, found);
        }

        return found.Count > 0
            ? found
            : throw new InvalidDataException(
                $"{path}: there is no measurement in it; a run.json or records as a run writes them were expected."
            );
    }

    /// <summary>
    /// Of a file or, in the order of their names, of every run.json and every file under a folder whose name ends with
    /// measurements.json or measurements.jsonl.
    /// </summary>
    /// <exception cref="InvalidDataException">The folder has no such file, or one of them cannot be read.</exception>
    public static IReadOnlyList<Measurement> ReadAll(string path)
    {
        if (!Directory.Exists(path))
        {
            return Read(path);
        }

        string[] files =
        [
            .. Directory
                .EnumerateFiles(path, "*.json*", SearchOption.AllDirectories)
                .Where(f => Path.GetFileName(f) == "run.json" || IsRecords(f))
                .Order(StringComparer.Ordinal),
        ];
        return files.Length > 0
            ? [.. files.SelectMany(Read)]
            : throw new InvalidDataException(
                $"{path}: neither run.json nor measurements.json is in it or in its folders; name the output of 'espalier study' or 'espalier run'."
            );
    }

    /// <summary>
    /// The points of the curves of quality, without time, of a file curves.json or of every one under a folder; none where there
    /// is none, as beside results made before they were kept.
    /// </summary>
    /// <exception cref="InvalidDataException">A file cannot be read.</exception>
    public static IReadOnlyList<Measurement> ReadCurves(string path)
    {
        const string name = "curves.json";
        string[] files = Directory.Exists(path)
            ?
            [
                .. Directory
                    .EnumerateFiles(path, name, SearchOption.AllDirectories)
                    .Order(StringComparer.Ordinal),
            ]
            : [path];
        return [.. files.SelectMany(Curves)];

        static IEnumerable<Measurement> Curves(string file)
        {
            using JsonDocument document = JsonFile.ReadAny(file, MostBytes);
            JsonElement root = document.RootElement;
            return root.ValueKind != JsonValueKind.Array
                ? throw new InvalidDataException(
                    $"{file}: an array of curves was expected; name {name} of a study or run."
                )
                :
                [
                    .. root.EnumerateArray()
                        .SelectMany((c, i) => QualityCurve.Read($"{file}[{i}]", c).Points()),
                ];
        }
    }

    /// <summary>
    /// Of every file of answers under a folder: what every model said to every example, by task and seed.
    /// </summary>
    /// <exception cref="InvalidDataException">A file cannot be read, or is damaged.</exception>
    public static IReadOnlyList<StoredAnswers> ReadAnswers(string path) =>
        [
            .. (
                Directory.Exists(path)
                    ? Directory
                        .EnumerateFiles(path, "answers*.json.gz", SearchOption.AllDirectories)
                        .Order(StringComparer.Ordinal)
                    : (IEnumerable<string>)[path]
            ).Select(file =>
                StoredAnswers.Read(file, RegularFile.ReadAll(file, "a file of answers", MostBytes))
            ),
        ];

    /// <summary>Models lie beside results, with JSON files of their own.</summary>
    static bool IsRecords(string path) =>
        Path.GetFileName(path)
            .EndsWith("measurements" + Path.GetExtension(path), StringComparison.Ordinal);

    static void Parse(string name, ReadOnlyMemory<byte> utf8, List<Measurement> found)
    {
        using JsonDocument document = JsonFile.ParseAny(name, utf8);
        Collect(name, document.RootElement, found);
    }

    static void Collect(string name, JsonElement element, List<Measurement> found)
    {
        if (element.ValueKind == JsonValueKind.Array)
        {
            int i = 0;
            foreach (JsonElement item in element.EnumerateArray())
            {
                Collect($"{name}[{i++}]", item, found);
            }
        }
        else if (element.ValueKind == JsonValueKind.Object)
        {
            if (
                element.TryGetProperty("pipeline", out _)
                && element.TryGetProperty("effort", out _)
                && element.TryGetProperty("metrics", out _)
            )
            {
                found.Add(Measurement.Read(name, element));
                return;
            }

            foreach (JsonProperty property in element.EnumerateObject())
            {
                Collect($"{name}.{Printable.Escape(property.Name)}", property.Value, found);
            }
        }
    }
}
