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

    readonly OnnxIntegers _integers = new(graph, int8);

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
            Int8Rows rows => _integers.Multiply(x, part, rows),
            GroupedWeight grouped when HasBlocks(grouped) => MultiplyBlocks(x, part, grouped),
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

    /// <summary>Codes in groups as ONNX Runtime's MatMulNBits has them: w = scale · (code − zero).</summary>
    string MultiplyBlocks(string x, Part part, GroupedWeight weight)
    {
        Lazy<OnnxBlocks> blocks = new(() => new OnnxBlocks(weight));
        int outputs = weight.Rows,
            groups = weight.Groups,
            bytes = weight.Group * weight.Bits / 8;
        List<string> inputs =
        [
            x,
            graph.Tensor(
                $"{part}.codes",
                OnnxType.UInt8,
                [outputs, groups, bytes],
                (long)outputs * groups * bytes,
                to => to.Write(blocks.Value.Codes)
            ),
            Numbers("scale", () => blocks.Value.Scales),
        ];

        // Without zeros they are in the middle. Packed zeros are multiplied with faster, and hold what codes hold.
        if (weight.Zero != 1 << (weight.Bits - 1))
        {
            byte[]? packed = blocks.Value.PackedZeros();
            inputs.Add(
                packed is null
                    ? Numbers("zero", () => blocks.Value.Zeros)
                    : graph.Tensor(
                        $"{part}.zero",
                        OnnxType.UInt8,
                        [packed.Length],
                        packed.Length,
                        to => to.Write(packed)
                    )
            );
        }

        string y = $"MatMulNBits_{part}_{x}";
        graph.Place(
            "MatMulNBits",
            [.. inputs],
            [y],
            [
                ("K", weight.Columns),
                ("N", outputs),
                ("bits", weight.Bits),
                ("block_size", weight.Group),
                ("accuracy_level", Int8Activations),
            ],
            OnnxGraph.ContribDomain
        );
        return y;

        string Numbers(string name, Func<float[]> values) =>
            graph.Tensor(
                $"{part}.{name}",
                OnnxType.Float,
                [(long)outputs * groups],
                4L * outputs * groups,
                to => OnnxGraph.Put<float>(to, values())
            );
    }
}
