using Espalier.Models;
using Espalier.Stored;

namespace Espalier.Export;

/// <summary>Products with rows of int8 in ONNX.</summary>
sealed class OnnxIntegers(OnnxGraph graph, Int8Form form)
{
    // Of QDQ: bytes of -127 to 127, lifted, since runtimes multiply unsigned ones with signed ones.
    const float Step = 1 / 127f;
    const byte Middle = 128;

    // A row of zeros is divided by it.
    const float Least = 1e-30f;

    // What was rounded once, of one input of several products.
    readonly Dictionary<string, (string Codes, string Scale, string Zero)> _rounded = [];
    readonly Dictionary<string, (string Units, string Sizes)> _units = [];

    public string Multiply(string x, Part part, Int8Rows rows) =>
        form switch
        {
            Int8Form.Products => MultiplyIntegers(x, part, rows),
            Int8Form.Qdq => MultiplyUnits(x, part, rows),
            _ => graph.Add("MatMul", [x, Dequantized(part, rows)]),
        };

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

    string MultiplyUnits(string x, Part part, Int8Rows rows)
    {
        var (units, sizes) = Units(x);
        return graph.Add("Mul", [graph.Add("MatMul", [units, Dequantized(part, rows)]), sizes]);
    }

    /// <summary>
    /// Each row of x over its largest magnitude, as bytes and back; and those magnitudes. The bytes have one scale for all rows, so that a
    /// runtime multiplies them as they are, and what stands beside a row, or padding, changes nothing. These are six nodes where rows with
    /// zeros of their own take seventeen, and of short texts the number of nodes is what ONNX Runtime spends its time on.
    /// </summary>
    (string Units, string Sizes) Units(string x)
    {
        if (_units.TryGetValue(x, out var known))
        {
            return known;
        }

        string largest = Reduced("ReduceMax", graph.Add("Abs", [x])),
            sizes = graph.Add("Max", [largest, graph.Constant(Least)]),
            step = graph.Constant(Step),
            middle = graph.Tensor("uint8_128", OnnxType.UInt8, [], 1, to => to.WriteByte(Middle)),
            codes = graph.Add("QuantizeLinear", [graph.Add("Div", [x, sizes]), step, middle]);
        return _units[x] = (graph.Add("DequantizeLinear", [codes, step, middle]), sizes);
    }

    // Left out, the zeros would mean the same; ONNX Runtime takes the nodes together where they stand there.
    string Dequantized(Part part, Int8Rows rows) =>
        graph.Add(
            "DequantizeLinear",
            [
                Codes(part, rows),
                graph.Floats($"{part}.scale", [rows.Rows], rows.Scales),
                graph.Tensor(
                    $"int8s_0_{rows.Rows}",
                    OnnxType.Int8,
                    [rows.Rows],
                    rows.Rows,
                    to => to.Write(new byte[rows.Rows])
                ),
            ],
            ("axis", 1)
        );

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
}
