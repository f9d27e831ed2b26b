using Espalier.Models;
using Espalier.Stored;
using Espalier.Tensors;

namespace Espalier.Export;

/// <summary>x · weightᵀ in ONNX, as the form of the weight asks for.</summary>
/// <param name="int8">How rows of int8 are multiplied.</param>
sealed class OnnxProducts(OnnxGraph graph, Model model, Int8Form int8)
{
    // MatMulNBits computes with activations of int8, as kernels here do.
    const int Int8Activations = 4;

    // Columns of a row of int8 that are rounded together where it is multiplied in blocks; the weights' scale is the row's.
    const int Block = 128;
    const byte MiddleOf8 = 128;

    readonly OnnxIntegers _integers = new(graph);

    /// <summary>A weight as it is multiplied with: what a layer has in fp32 is rounded as the traits say.</summary>
    public static Weight FormOf(Model model, Part part)
    {
        Weight weight = model.Parameters.Stored(part.Weight);
        return part.Stretch == Stretch.Layer ? model.Traits.Rounded(weight) : weight;
    }

    /// <summary>Whether MatMulNBits has this form: groups of 16 columns or a power of two above.</summary>
    public static bool HasBlocks(GroupedWeight weight) =>
        weight.Group >= 16 && int.IsPow2(weight.Group);

    public string Multiply(string x, Part part)
    {
        // The table of words, as the head's matrix: one of them is written.
        if (part == Part.Word)
        {
            string table = Dense(part.Weight, turned: false);
            return graph.Add(
                "MatMul",
                [x, graph.Add("Transpose", [table], ("perm", new long[] { 1, 0 }))]
            );
        }

        return FormOf(model, part) switch
        {
            Int8Rows rows when int8 == Int8Form.Blocks => MultiplyRows(x, part, rows),
            Int8Rows rows => _integers.Multiply(x, part, rows, int8),
            GroupedWeight grouped when HasBlocks(grouped) => MultiplyGroups(x, part, grouped),
            _ => graph.Add("MatMul", [x, Dense(part.Weight, turned: true)]),
        };
    }

    /// <summary>A parameter in fp32.</summary>
    /// <param name="turned">A matrix as [inputs, outputs].</param>
    public string Dense(string name, bool turned = false)
    {
        Shape shape = model.Parameters.Stored(name).Shape;
        long[] extents =
            shape.Rank == 1 ? [shape[0]]
            : turned ? [shape[1], shape[0]]
            : [shape[0], shape[1]];
        return graph.Tensor(
            name,
            OnnxType.Float,
            extents,
            4L * shape.Count,
            to =>
            {
                Tensor values = model.Parameters[name];
                OnnxGraph.Put<float>(to, (turned ? values.Transposed() : values).Span);
            }
        );
    }

    /// <summary>Rows of int8 as blocks whose codes have their zero in the middle and that share the row's scale.</summary>
    string MultiplyRows(string x, Part part, Int8Rows rows)
    {
        int groups = (rows.Columns + Block - 1) / Block;
        return MultiplyBlocks(
            x,
            part,
            rows,
            8,
            Block,
            to =>
            {
                byte[] codes = new byte[groups * Block];
                codes.AsSpan().Fill(MiddleOf8);
                for (int r = 0; r < rows.Rows; r++)
                {
                    ReadOnlySpan<sbyte> row = rows.Row(r);
                    for (int c = 0; c < row.Length; c++)
                    {
                        codes[c] = (byte)(row[c] + MiddleOf8);
                    }

                    to.Write(codes);
                }
            },
            () =>
            {
                float[] scales = new float[rows.Rows * groups];
                for (int i = 0; i < scales.Length; i++)
                {
                    scales[i] = rows.Scales[i / groups];
                }

                return scales;
            }
        );
    }

    string MultiplyGroups(string x, Part part, GroupedWeight weight)
    {
        Lazy<OnnxBlocks> blocks = new(() => new OnnxBlocks(weight));

        // Without zeros they are in the middle. Packed zeros are multiplied with faster, and hold what codes hold.
        string[] zeros = [];
        if (weight.Zero != 1 << (weight.Bits - 1))
        {
            byte[]? packed = blocks.Value.PackedZeros();
            zeros =
            [
                packed is null
                    ? Numbers(part, "zero", weight.Rows * weight.Groups, () => blocks.Value.Zeros)
                    : graph.Tensor(
                        $"{part}.zero",
                        OnnxType.UInt8,
                        [packed.Length],
                        packed.Length,
                        to => to.Write(packed)
                    ),
            ];
        }

        return MultiplyBlocks(
            x,
            part,
            weight,
            weight.Bits,
            weight.Group,
            to => to.Write(blocks.Value.Codes),
            () => blocks.Value.Scales,
            zeros
        );
    }

    /// <summary>
    /// Codes in blocks as ONNX Runtime's MatMulNBits has them: w = scale · (code − zero). It rounds each row of x in blocks of the same
    /// size, to int8 around 0, so that what stands beside a row changes nothing.
    /// </summary>
    string MultiplyBlocks(
        string x,
        Part part,
        Weight weight,
        int bits,
        int block,
        Action<Stream> codes,
        Func<float[]> scales,
        params ReadOnlySpan<string> zeros
    )
    {
        int outputs = weight.Rows,
            blocks = (weight.Columns + block - 1) / block,
            bytes = block * bits / 8;
        string y = $"MatMulNBits_{part}_{x}";
        graph.Place(
            "MatMulNBits",
            [
                x,
                graph.Tensor(
                    $"{part}.codes",
                    OnnxType.UInt8,
                    [outputs, blocks, bytes],
                    (long)outputs * blocks * bytes,
                    codes
                ),
                Numbers(part, "scale", outputs * blocks, scales),
                .. zeros,
            ],
            [y],
            [
                ("K", weight.Columns),
                ("N", outputs),
                ("bits", bits),
                ("block_size", block),
                ("accuracy_level", Int8Activations),
            ],
            OnnxGraph.ContribDomain
        );
        return y;
    }

    string Numbers(Part part, string name, int count, Func<float[]> values) =>
        graph.Tensor(
            $"{part}.{name}",
            OnnxType.Float,
            [count],
            4L * count,
            to => OnnxGraph.Put<float>(to, values())
        );
}
