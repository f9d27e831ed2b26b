using Espalier.Checkpoints;
using Espalier.Data;

namespace Espalier.Tests.Models;

/// <summary>A padded batch of the reference files, packed.</summary>
static class GoldenBatch
{
    /// <summary>The batch, and for each of its tokens the row in the padded [batch · width] order.</summary>
    public static (Batch Batch, int[] Rows) Read(SafetensorsFile file, string prefix = "")
    {
        long[] ids = file.ReadInt64(prefix + "input_ids"),
            mask = file.ReadInt64(prefix + "attention_mask");
        long[]? types = file.Find(prefix + "token_type_ids") is null
            ? null
            : file.ReadInt64(prefix + "token_type_ids");
        int count = (int)file.Find(prefix + "input_ids")!.Extents[0],
            width = ids.Length / count;
        int[] rows = [.. Enumerable.Range(0, ids.Length).Where(i => mask[i] == 1)];
        int[] starts = new int[count + 1];
        for (int s = 0; s < count; s++)
        {
            starts[s + 1] = starts[s] + rows.Count(r => r / width == s);
        }

        bool scores = file.Find(prefix + "labels")?.Type == Espalier.Tensors.DType.F32;
        return (
            new Batch
            {
                Ids = [.. rows.Select(r => (int)ids[r])],
                TypeIds = [.. rows.Select(r => (int)(types?[r] ?? 0))],
                Starts = starts,
                Labels = scores ? [] : [.. file.ReadInt64(prefix + "labels").Select(l => (int)l)],
                Scores = scores ? file.Read(prefix + "labels").Span.ToArray() : [],
            },
            rows
        );
    }
}
