using System.Globalization;
using System.Text.RegularExpressions;
using Espalier.Checkpoints;
using Parquet;
using Parquet.Schema;

namespace Espalier.Data.Files;

/// <summary>Parquet, as the Hugging Face hub has data sets. One group of rows after the other is read, and of it the columns that are asked for.</summary>
static partial class ParquetRows
{
    /// <summary>More rows than any writer puts into one group are a number that was made up.</summary>
    const int MostRowsOfGroup = 1 << 24;

    const string Extension = ".parquet";

    /// <summary>The library's type of texts.</summary>
    static readonly Type Text = typeof(ReadOnlyMemory<char>);

    public static bool Is(string path) =>
        Path.GetExtension(path).Equals(Extension, StringComparison.OrdinalIgnoreCase);

    /// <summary>Whether a file is a shard of one of the splits: <c>train-00000-of-00001.parquet</c>.</summary>
    public static bool IsShardOf(string name, params ReadOnlySpan<string> splits) =>
        Shard().Match(name) is { Success: true } match && splits.Contains(match.Groups[1].Value);

    /// <summary>The shards of a split in a folder, in their order.</summary>
    public static string[] Shards(string folder, string split) =>
        Directory.Exists(folder)
            ?
            [
                .. Directory
                    .EnumerateFiles(folder, split + "-*" + Extension)
                    .Where(f => IsShardOf(Path.GetFileName(f), split))
                    .Order(StringComparer.Ordinal),
            ]
            : [];

    /// <summary>Numbers and truth values stand for their text, null for the empty one. A row's line is its number in all files, from 1.</summary>
    public static PackedRows Read(
        IReadOnlyList<string> paths,
        IReadOnlyList<string> columns,
        DataProblems problems
    )
    {
        PackedRows rows = new(columns.Count);
        foreach (string path in paths)
        {
            if (!Path.Exists(path))
            {
                problems.Add($"{path} does not exist; a file of data was expected there.");
                continue;
            }

            try
            {
                using FileStream file = RegularFile.OpenStream(path, "a Parquet file");
                Read(path, file, columns, rows, problems).GetAwaiter().GetResult();
            }
            catch (InvalidDataException e)
            {
                problems.Add(e.Message);
            }
            catch (Exception e) when (e is not OutOfMemoryException)
            {
                // A damaged file ends in whatever the reader stumbles over.
                problems.Add(
                    $"{path}: no Parquet file that can be read ({Printable.Escape(e.Message).TrimEnd('.')}); fetch it again."
                );
            }
        }

        return rows;
    }

    static async Task Read(
        string path,
        Stream file,
        IReadOnlyList<string> columns,
        PackedRows rows,
        DataProblems problems
    )
    {
        await using ParquetReader reader = await ParquetReader
            .CreateAsync(file, leaveStreamOpen: true)
            .ConfigureAwait(false);
        IReadOnlyList<Field> fields = reader.Schema.Fields;
        if (
            Columns.Find(path, columns, [.. fields.Select(f => f.Name)], problems) is not { } places
        )
        {
            return;
        }

        int before = problems.Count;
        DataField[] wanted =
        [
            .. places
                .Select(p => fields[p])
                .Where(f => IsPlain(path, f, problems))
                .Cast<DataField>(),
        ];
        if (problems.Count > before)
        {
            return;
        }

        for (int g = 0; g < reader.RowGroupCount; g++)
        {
            using ParquetRowGroupReader group = reader.OpenRowGroupReader(g);
            if (group.RowCount is < 0 or > MostRowsOfGroup)
            {
                throw new InvalidDataException(
                    $"{path}: group {g + 1} says that it has {group.RowCount} rows; at most {MostRowsOfGroup} were expected."
                );
            }

            string[][] values = new string[wanted.Length][];
            for (int c = 0; c < values.Length; c++)
            {
                values[c] = await Column(group, wanted[c]).ConfigureAwait(false);
            }

            for (int r = 0; r < group.RowCount; r++)
            {
                rows.Begin(rows.Count + 1);
                foreach (string[] column in values)
                {
                    rows.Add(column[r]);
                }
            }
        }

        if (rows.Count == 0)
        {
            problems.Add($"{path} has no rows of data.");
        }
    }

    static bool IsPlain(string path, Field field, DataProblems problems)
    {
        bool plain =
            field is DataField { IsArray: false } data
            && (data.ClrType == Text || data.ClrType.IsPrimitive);
        if (!plain)
        {
            problems.Add(
                $"{path}: column {DataProblems.Quote(field.Name)} holds {(field is DataField { IsArray: false } other ? other.ClrType.Name : "lists or records")}; texts or numbers were expected."
            );
        }

        return plain;
    }

    static Task<string[]> Column(ParquetRowGroupReader group, DataField field)
    {
        Type type = field.ClrType;
        return type == Text ? Texts(group, field)
            : type == typeof(bool) ? Numbers<bool>(group, field, b => b ? "true" : "false")
            : type == typeof(float)
                ? Numbers<float>(group, field, x => x.ToString("R", CultureInfo.InvariantCulture))
            : type == typeof(double)
                ? Numbers<double>(group, field, x => x.ToString("R", CultureInfo.InvariantCulture))
            : type == typeof(long) ? Whole<long>(group, field)
            : type == typeof(ulong) ? Whole<ulong>(group, field)
            : type == typeof(int) ? Whole<int>(group, field)
            : type == typeof(uint) ? Whole<uint>(group, field)
            : type == typeof(short) ? Whole<short>(group, field)
            : type == typeof(ushort) ? Whole<ushort>(group, field)
            : type == typeof(sbyte) ? Whole<sbyte>(group, field)
            : Whole<byte>(group, field);
    }

    static async Task<string[]> Texts(ParquetRowGroupReader group, DataField field)
    {
        string?[] values = new string?[group.RowCount];
        await group.ReadAsync(field, values.AsMemory()!).ConfigureAwait(false);
        return [.. values.Select(v => v ?? "")];
    }

    static Task<string[]> Whole<T>(ParquetRowGroupReader group, DataField field)
        where T : struct, IFormattable =>
        Numbers<T>(group, field, n => n.ToString(null, CultureInfo.InvariantCulture));

    static async Task<string[]> Numbers<T>(
        ParquetRowGroupReader group,
        DataField field,
        Func<T, string> text
    )
        where T : struct
    {
        if (!field.IsNullable)
        {
            T[] values = new T[group.RowCount];
            await group.ReadAsync<T>(field, values.AsMemory()).ConfigureAwait(false);
            return [.. values.Select(text)];
        }

        T?[] some = new T?[group.RowCount];
        await group.ReadAsync<T>(field, some.AsMemory()).ConfigureAwait(false);
        return [.. some.Select(v => v is { } value ? text(value) : "")];
    }

    [GeneratedRegex(@"^(\w+)-\d{5}-of-\d{5}\.parquet\z")]
    private static partial Regex Shard();
}
