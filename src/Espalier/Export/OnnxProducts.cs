using Espalier.Models;
using Espalier.Stored;
using Espalier.Tensors;

namespace Espalier.Export;

/// <summary>x · weightᵀ in ONNX, as the form of the weight asks for.</summary>
/// <param name="weightsAlone">int8 weights become fp32 again in front of a product of fp32 (DequantizeLinear), instead of integer products.</param>
sealed class OnnxProducts(OnnxGraph graph, Model model, bool weightsAlone)
{
    // MatMulNBits computes with activations of int8, as kernels here do.
    const int Int8Activations = 4;

    // What was rounded once, of one input of several products.
    readonly Dictionary<string, (string Codes, string Scale, string Zero)> _rounded = [];

    /// <summary>A weight as it is multiplied with: what a layer has in fp32 is rounded as the traits say.</summary>
    public static Weight FormOf(Model model, Part part)
    {
        Weight weight = model.Parameters.Stored(part.Weight);
        return part.Stretch == Stretch.Layer ? model.Traits.Rounded(weight) : weight;
    }

    /// <summary>Whether MatMulNBits has this form: groups of 16 columns or a power of two above.</summary>
    public static bool HasBlocks(GroupedWeight weight) =>
        weight.Group >= 16 && int.IsPow2(weight.Group);

    public string Multiply(string x, Part part, int outputs)
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
            Int8Rows rows when weightsAlone => graph.Add("MatMul", [x, Dequantized(part, rows)]),
            Int8Rows rows => MultiplyIntegers(x, part, rows),
            GroupedWeight grouped when HasBlocks(grouped) => MultiplyBlocks(
                x,
                part,
                outputs,
                grouped
            ),
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

    string Dequantized(Part part, Int8Rows rows) =>
        graph.Add(
            "DequantizeLinear",
            [Codes(part, rows), graph.Floats($"{part}.scale", [rows.Rows], rows.Scales)],
            ("axis", 1)
        );

    /// <summary>
    /// The integers of each row of x, exact, times both scales. ONNX Runtime's MatMulInteger takes one zero point for all rows, so it
    /// is taken out of the sums: Σ (a − z) w = Σ a w − z Σ w.
    /// </summary>
    string MultiplyIntegers(string x, Part part, Int8Rows rows)
    {
        var (codes, scale, zero) = Rounded(x);
        int[] sums = new int[rows.Rows];
        for (int r = 0; r < sums.Length; r++)
        {
            foreach (sbyte w in rows.Row(r))
            {
                sums[r] += w;
            }
        }

        string sum = graph.Tensor(
            $"{part}.sum",
            OnnxType.Int32,
            [sums.Length],
            4L * sums.Length,
            to => OnnxGraph.Put<int>(to, sums)
        );
        string product = graph.Add("MatMulInteger", [codes, Codes(part, rows)]),
            exact = graph.Add("Sub", [product, graph.Add("Mul", [zero, sum])]),
            both = graph.Add(
                "Mul",
                [scale, graph.Floats($"{part}.scale", [rows.Rows], rows.Scales)]
            );
        return graph.Add("Mul", [Cast(exact, OnnxType.Float), both]);
    }

    /// <summary>
    /// Each row of x as bytes, as DynamicQuantizeLinear makes them of a whole tensor: the range includes 0, scale = (max − min) / 255,
    /// zero = round(−min / scale), and rounding goes to even. Rows that stand beside others, or padding, so change nothing.
    /// </summary>
    (string Codes, string Scale, string Zero) Rounded(string x)
    {
        if (_rounded.TryGetValue(x, out var known))
        {
            return known;
        }

        string none = graph.Constant(0f),
            most = graph.Constant(255f),
            low = graph.Add("Min", [Reduced("ReduceMin", x), none]),
            high = graph.Add("Max", [Reduced("ReduceMax", x), none]),
            range = graph.Add("Div", [graph.Add("Sub", [high, low]), most]),
            scale = graph.Add(
                "Where",
                [graph.Add("Equal", [range, none]), graph.Constant(1f), range]
            ),
            zero = Clip(graph.Add("Round", [graph.Add("Div", [graph.Add("Neg", [low]), scale])])),
            steps = graph.Add("Round", [graph.Add("Div", [x, scale])]),
            codes = Cast(Clip(graph.Add("Add", [steps, zero])), OnnxType.UInt8);
        return _rounded[x] = (codes, scale, Cast(zero, OnnxType.Int32));

        string Clip(string value) => graph.Add("Clip", [value, none, most]);
    }

    string Reduced(string op, string x) =>
        graph.Add(op, [x], ("axes", new long[] { -1 }), ("keepdims", 1));

    string Cast(string x, OnnxType type) => graph.Add("Cast", [x], ("to", (int)type));

    /// <summary>[inputs, outputs].</summary>
    string Codes(Part part, Int8Rows rows) =>
        graph.Tensor(
            $"{part}.codes",
            OnnxType.Int8,
            [rows.Columns, rows.Rows],
            rows.Shape.Count,
            to =>
            {
                sbyte[] turned = new sbyte[rows.Shape.Count];
                for (int r = 0; r < rows.Rows; r++)
                {
                    ReadOnlySpan<sbyte> row = rows.Row(r);
                    for (int c = 0; c < row.Length; c++)
                    {
                        turned[c * rows.Rows + r] = row[c];
                    }
                }

                OnnxGraph.Put<sbyte>(to, turned);
            }
        );

    /// <summary>Codes in groups as ONNX Runtime's MatMulNBits has them: w = scale · (code − zero).</summary>
    string MultiplyBlocks(string x, Part part, int outputs, GroupedWeight weight)
    {
        Lazy<OnnxBlocks> blocks = new(() => new OnnxBlocks(weight));
        int groups = weight.Groups,
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
