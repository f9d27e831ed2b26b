using CsvHelper;
using Espalier.Checkpoints;
using Espalier.Measuring;
using Espalier.Models;
using Espalier.Tensors;

namespace Espalier.Analysis;

/// <summary>
/// Figures that others measured, as a CSV with the columns of report.csv: a row for each pipeline, of which <c>pipeline</c>,
/// <c>metric</c> and <c>quality</c> must be there. Rows with one <c>seed</c> started from one original; of a table over models and
/// data sets each of these may be a seed. Times and energies may be in any unit, since ratios to O are what is analysed.
/// </summary>
public static class PublishedTable
{
    public const string Ending = ".csv";

    /// <summary>What stands for the processor: nobody said where it was measured.</summary>
    public const string Unknown = "unknown";

    const long MostBytes = 16 << 20;
    const int MostExamples = 1 << 30;

    static readonly string[] Needed = ["pipeline", "metric", "quality"];

    /// <summary>Rows of figures that were predicted are left out.</summary>
    /// <exception cref="InvalidDataException">A column is missing, or a field is not what its column says.</exception>
    public static IReadOnlyList<Measurement> Read(string path)
    {
        using CsvReader reader = CsvReader.Create(
            RegularFile.ReadAll(path, "a table of measurements", MostBytes),
            CsvReaderOptions.Default with
            {
                HasHeader = false,
                TrackLineNumbers = true,
                // A quote amid an unquoted field is text, as nothing else can be meant.
                OnMalformedRecord = record =>
                {
                    if (record.Reason != CsvMalformedReason.StrayQuote)
                    {
                        throw new InvalidDataException(
                            $"{path}: a quoted field is not closed, or text follows its end; quotes inside a quoted field are doubled (RFC 4180)."
                        );
                    }
                },
            }
        );
        string[]? names = null;
        List<Measurement> found = [];
        while (reader.Read())
        {
            string[] fields = [.. Enumerable.Range(0, reader.FieldCount).Select(reader.GetString)];
            string at = $"{path}:{reader.LineNumber}";
            if (names is null)
            {
                names = fields;
                if (Needed.Except(names).ToArray() is [_, ..] missing)
                {
                    throw new InvalidDataException(
                        $"{path} has no column {string.Join(" and no column ", missing)}; {string.Join(", ", Needed)} were expected, as report.csv has them."
                    );
                }
            }
            else if (fields.Length != names.Length)
            {
                throw new InvalidDataException(
                    $"{at} has {fields.Length} fields and the first line {names.Length}; correct the file."
                );
            }
            else
            {
                Row row = new(
                    at,
                    names
                        .Zip(fields)
                        .DistinctBy(p => p.First)
                        .ToDictionary(p => p.First, p => p.Second)
                );
                if (row.Text("origin", "") != "predicted")
                {
                    found.Add(Of(row, row.Text("task", Path.GetFileNameWithoutExtension(path))));
                }
            }
        }

        return found.Count > 0
            ? found
            : throw new InvalidDataException(
                $"{path}: there is no measurement in it; a row for each pipeline was expected."
            );
    }

    static Measurement Of(Row row, string task)
    {
        double quality =
            row.Number("quality")
            ?? throw row.Refuse("quality", "a number was expected in every row");
        string pipeline = row.Text("pipeline", "");
        Measurement measurement = new()
        {
            Pipeline = pipeline,
            Stage = pipeline,
            Task = task,
            Split = "test",
            Effort = row.Effort(),
            Seeds = [(ulong)(row.Number("seed", 0, ulong.MaxValue) ?? 1)],
            Examples = (int)(
                row.Number("examples", 0, MostExamples)
                ?? row.Number("windows", 0, MostExamples)
                ?? 0
            ),
            Metrics =
            [
                new Quality(
                    row.Text("metric", ""),
                    quality,
                    row.Number("quality_low"),
                    row.Number("quality_high"),
                    1,
                    null
                ),
            ],
            BatchSize = 1,
            EnergySource = "as the table has it",
            Machine = new Machine
            {
                Processor = Unknown,
                LogicalProcessors = 1,
                OperatingSystem = Unknown,
                Runtime = Unknown,
                Kernels = Unknown,
                Threads = 1,
                Espalier = "none",
            },
        };
        foreach (
            var (column, figure, share) in (ReadOnlySpan<(string, string, double)>)
                [
                    ("ms_per_example", Figure.Milliseconds, 1),
                    ("ms_per_token", Figure.MillisecondsPerToken, 1),
                    ("mj_per_example", Figure.Joules, 1e-3),
                    ("mj_per_token", Figure.JoulesPerToken, 1e-3),
                    ("packed_mb", Figure.PackedBytes, 1e6),
                    ("disk_mb", Figure.DiskBytes, 1e6),
                    ("layers", Figure.Layers, 1),
                ]
        )
        {
            if (row.Number(column, 0) is { } value)
            {
                bool isTime = column.StartsWith("ms_", StringComparison.Ordinal);
                measurement = measurement.With(
                    figure,
                    new Estimate(
                        value,
                        isTime ? row.Number("ms_low", 0) : null,
                        isTime ? row.Number("ms_high", 0) : null,
                        1,
                        column.StartsWith("mj_", StringComparison.Ordinal)
                        && row.Text("energy", "") == "modelled"
                            ? Origin.Modelled
                            : Origin.Measured
                    ),
                    share
                );
            }
        }

        return measurement;
    }

    sealed record Row(string At, IReadOnlyDictionary<string, string> Fields)
    {
        /// <summary>What stands in place of a field that is empty or not there.</summary>
        public string Text(string name, string other) =>
            Fields.GetValueOrDefault(name) is { Length: > 0 } text ? text : other;

        public double? Number(
            string name,
            double least = double.MinValue,
            double most = double.MaxValue
        ) =>
            Text(name, "") is not { Length: > 0 } text ? null
            : Numeral.TryReal(text, out double value) && value >= least && value <= most ? value
            : throw Refuse(name, $"a number{(least == 0 ? " of 0 or more" : "")} was expected");

        public Effort Effort()
        {
            try
            {
                return Models.Effort.Parse(Text("effort", "full"));
            }
            catch (ArgumentException e)
            {
                throw new InvalidDataException($"{At}: {e.Message}", e);
            }
        }

        public InvalidDataException Refuse(string name, string expected) =>
            new($"{At}: {name} is '{Printable.Escape(Text(name, ""))}'; {expected}.");
    }
}
