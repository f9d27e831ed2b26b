using Espalier.Models;
using Espalier.Stored;

namespace Espalier.Export;

/// <summary>
/// Products with rows of int8 in ONNX. ONNX Runtime spends its time on the number of nodes here, since texts are short: rows are rounded
/// around 0, in five, where our kernels' zero points would take twelve, and four more behind each product.
/// </summary>
sealed class OnnxIntegers(OnnxGraph graph, Int8Form form)
{
    // Bytes of -127 to 127, lifted, since runtimes multiply unsigned ones with signed ones.
    const float Step = 1 / 127f;
    const byte Middle = 128;

    // A row of zeros is divided by it.
    const float Least = 1e-30f;

    // What was rounded once, of one input of several products.
    readonly Dictionary<string, (string Codes, string Sizes)> _rounded = [];
    readonly Dictionary<string, string> _restored = [];

    string Zero => graph.Tensor("uint8_128", OnnxType.UInt8, [], 1, to => to.WriteByte(Middle));

    public string Multiply(string x, Part part, Int8Rows rows)
    {
        if (form == Int8Form.Weights)
        {
            return graph.Add("MatMul", [x, Dequantized(part, rows)]);
        }

        var (codes, sizes) = Rounded(x);
        string product =
            form == Int8Form.Qdq
                ? graph.Add("MatMul", [Restored(codes), Dequantized(part, rows)])
                : MultiplyCodes(codes, part, rows);
        return graph.Add("Mul", [product, sizes]);
    }

    /// <summary>The exact sums of integers, times the scales of both; in this order ONNX Runtime computes it as one node.</summary>
    string MultiplyCodes(string codes, Part part, Int8Rows rows)
    {
        string sums = graph.Add("MatMulInteger", [codes, Codes(part, rows), Zero]),
            scales = graph.Add("Mul", [graph.Constant(Step), Scales(part, rows)]);
        return graph.Add("Mul", [graph.Add("Cast", [sums], ("to", (int)OnnxType.Float)), scales]);
    }

    /// <summary>
    /// Each row of x over its largest magnitude, as bytes; and those magnitudes. The scale of the bytes is the same for all rows, and what
    /// stands beside a row, or padding, changes nothing.
    /// </summary>
    (string Codes, string Sizes) Rounded(string x)
    {
        if (_rounded.TryGetValue(x, out var known))
        {
            return known;
        }

        string largest = graph.Add(
                "ReduceMax",
                [graph.Add("Abs", [x])],
                ("axes", new long[] { -1 }),
                ("keepdims", 1)
            ),
            sizes = graph.Add("Max", [largest, graph.Constant(Least)]),
            units = graph.Add("Div", [x, sizes]);
        return _rounded[x] = (
            graph.Add("QuantizeLinear", [units, graph.Constant(Step), Zero]),
            sizes
        );
    }

    string Restored(string codes)
    {
        if (!_restored.TryGetValue(codes, out string? known))
        {
            _restored[codes] = known = graph.Add(
                "DequantizeLinear",
                [codes, graph.Constant(Step), Zero]
            );
        }

        return known;
    }

    // Left out, the zeros would mean the same; ONNX Runtime takes the nodes together where they stand there.
    string Dequantized(Part part, Int8Rows rows) =>
        graph.Add(
            "DequantizeLinear",
            [
                Codes(part, rows),
                Scales(part, rows),
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

    string Scales(Part part, Int8Rows rows) =>
        graph.Floats($"{part}.scale", [rows.Rows], rows.Scales);

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
