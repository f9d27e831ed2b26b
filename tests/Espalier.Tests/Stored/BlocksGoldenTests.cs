using Espalier.Checkpoints;
using Espalier.Stored;
using Espalier.Stored.Formats;
using Espalier.Tensors;
using Espalier.Tests.Goldens;

namespace Espalier.Tests.Stored;

/// <summary>Blocks of GGUF against those of the gguf package, as recorded in quantization/gguf.safetensors, bit for bit.</summary>
[Trait("tier", "golden")]
public sealed class BlocksGoldenTests
{
    /// <summary>Q5_K, which the other set lacks, is llama.cpp's own (tools/goldens/gguf_q5k.py).</summary>
    static SafetensorsFile Open(DType type = DType.Q8_0) =>
        SafetensorsFile.Open(
            type == DType.Q5_K
                ? Golden.Own("quantization", "gguf-q5k.safetensors")
                : Golden.Path("quantization", "gguf.safetensors")
        );

    static Blocks Recorded(SafetensorsFile file, string name, DType type, Shape shape) =>
        new(shape, BlockFormat.Find(type)!, file.ReadBytes(name + ".bytes"));

    [Theory]
    [InlineData("Q8_0", DType.Q8_0)]
    [InlineData("Q4_0", DType.Q4_0)]
    [InlineData("Q4_1", DType.Q4_1)]
    [InlineData("Q5_0", DType.Q5_0)]
    [InlineData("Q5_1", DType.Q5_1)]
    [InlineData("Q4_K", DType.Q4_K)]
    [InlineData("Q5_K", DType.Q5_K)]
    [InlineData("Q6_K", DType.Q6_K)]
    [InlineData("smollm2.blk.0.attn_q.weight.Q4_1.first4rows", DType.Q4_1)]
    [InlineData("smollm2.blk.29.ffn_down.weight.Q4_1.first4rows", DType.Q4_1)]
    [InlineData("smollm2.token_embd.weight.Q8_0.first4rows", DType.Q8_0)]
    public void Every_number_of_every_format_is_that_of_the_gguf_package(string name, DType type)
    {
        using SafetensorsFile file = Open(type);
        Tensor expected = file.Read(name + ".dequantized");
        Blocks blocks = Recorded(file, name, type, expected.Shape);
        Assert.Equal(expected.Span.ToArray(), blocks.Dense().Span.ToArray());
        Assert.Equal(file.ReadBytes(name + ".bytes").Length, blocks.Bytes);
    }

    [Theory]
    [InlineData(DType.Q8_0)]
    [InlineData(DType.Q4_0)]
    public void Weights_are_rounded_to_the_same_bytes(DType type)
    {
        using SafetensorsFile file = Open();
        Blocks rounded = Blocks.Of(file.Read("weight"), BlockFormat.Find(type)!);
        byte[] bytes = new byte[rounded.Bytes];
        rounded.CopyBytes(0, bytes);
        Assert.Equal(file.ReadBytes($"{type}.bytes"), bytes);
    }

    [Theory]
    [InlineData(DType.Q8_0)]
    [InlineData(DType.Q4_0)]
    [InlineData(DType.Q4_1)]
    [InlineData(DType.Q5_0)]
    [InlineData(DType.Q5_1)]
    [InlineData(DType.Q4_K)]
    [InlineData(DType.Q5_K)]
    [InlineData(DType.Q6_K)]
    public void Rows_are_cut_and_joined_without_becoming_other_numbers(DType type)
    {
        using SafetensorsFile file = Open(type);
        Tensor dense = file.Read($"{type}.dequantized");
        Blocks all = Recorded(file, $"{type}", type, dense.Shape);
        byte[] bytes = file.ReadBytes($"{type}.bytes");

        // What stays in its file must be the same as what is in memory.
        foreach (
            Blocks blocks in (Blocks[])
                [
                    all,
                    new(
                        all.Shape,
                        BlockFormat.Find(type)!,
                        (from, to) => bytes.AsSpan((int)from, to.Length).CopyTo(to)
                    ),
                ]
        )
        {
            Assert.Equal(dense.Span.ToArray(), blocks.Dense().Span.ToArray());
            Assert.Equal(Rows(dense, 2, 3), blocks.Slice(2, 2).Dense().Span.ToArray());
            Weight joined = Weight.Stacked(blocks.Slice(3, 1), blocks, blocks.Slice(0, 1));
            Assert.IsType<Blocks>(joined);
            Assert.Equal(all.Bytes / dense.Rows * (dense.Rows + 2), joined.Bytes);
            int[] order = [3, .. Enumerable.Range(0, dense.Rows), 0];
            Assert.Equal(Rows(dense, order), joined.Dense().Span.ToArray());
            Assert.Equal(Rows(dense, order), joined.Loaded().Dense().Span.ToArray());
            float[] sum = [.. Rows(dense, 1)];
            joined.AddRow(1, sum);
            Assert.Equal(Rows(dense, 1).Zip(Rows(dense, 0), (a, b) => a + b), sum);
            byte[] codes = new byte[blocks.Group];
            var (scale, offset) = blocks.Read(2, 1, codes);
            Assert.Equal(
                Rows(dense, 2)[blocks.Group..(2 * blocks.Group)],
                codes.Select(c => scale * c + offset)
            );
            Assert.All(codes, c => Assert.InRange(c, 0, blocks.Bits == 4 ? 15 : 255));
            if (blocks.Zero is { } zero)
            {
                Assert.Equal(0, scale * zero + offset);
            }
        }
    }

    static float[] Rows(Tensor dense, params int[] rows) =>
        [.. rows.SelectMany(r => dense.Row(r).ToArray())];
}
