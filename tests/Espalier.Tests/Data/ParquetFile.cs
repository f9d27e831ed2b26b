using Parquet;
using Parquet.Schema;

namespace Espalier.Tests.Data;

static class ParquetFile
{
    /// <summary>A file of groups of rows; columns are text, or whole numbers, or fractions.</summary>
    public static void Write(
        string path,
        int rowsOfGroup,
        params (string Name, object Values)[] columns
    )
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        Writing(path, rowsOfGroup, columns).GetAwaiter().GetResult();
    }

    static async Task Writing(string path, int rowsOfGroup, (string Name, object Values)[] columns)
    {
        DataField[] fields =
        [
            .. columns.Select(c => new DataField(
                c.Name,
                c.Values.GetType().GetElementType() is { } type && type != typeof(string)
                    ? Nullable.GetUnderlyingType(type) ?? type
                    : typeof(string),
                isNullable: c.Values is string[]
                    || Nullable.GetUnderlyingType(c.Values.GetType().GetElementType()!) is not null
            )),
        ];
        using FileStream file = File.Create(path);
        await using ParquetWriter writer = await ParquetWriter.CreateAsync(
            new ParquetSchema(fields),
            file
        );
        int rows = ((Array)columns[0].Values).Length;
        for (int from = 0; from < rows; from += rowsOfGroup)
        {
            int count = Math.Min(rowsOfGroup, rows - from);
            using ParquetRowGroupWriter group = writer.CreateRowGroup();
            for (int c = 0; c < fields.Length; c++)
            {
                switch (columns[c].Values)
                {
                    case string[] texts:
                        await group.WriteAsync(fields[c], texts.AsSpan(from, count).ToArray());
                        break;
                    case long[] whole:
                        await group.WriteAsync<long>(fields[c], whole.AsMemory(from, count));
                        break;
                    case long?[] some:
                        await group.WriteAsync<long>(fields[c], some.AsMemory(from, count));
                        break;
                    case float[] fractions:
                        await group.WriteAsync<float>(fields[c], fractions.AsMemory(from, count));
                        break;
                    case bool[] flags:
                        await group.WriteAsync<bool>(fields[c], flags.AsMemory(from, count));
                        break;
                }
            }
        }
    }
}
