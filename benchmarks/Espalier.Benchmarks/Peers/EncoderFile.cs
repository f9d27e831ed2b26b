using Espalier.Models;
using Espalier.Tensors;

namespace Espalier.Benchmarks.Peers;

/// <summary>
/// A BERT encoder of ours as an ONNX file of the operators that ONNX Runtime fuses such encoders into; the same as in
/// the MiniLM files that ours is compared with. Int8 as its dynamic quantization writes it: per tensor, weights
/// symmetric, activations and embeddings uint8.
/// </summary>
sealed class EncoderFile
{
    readonly OnnxGraph _graph = new();
    readonly Model _model;
    readonly bool _int8;
    readonly (string, object) _epsilon;

    EncoderFile(Model model, bool int8)
    {
        (_model, _int8) = (model, int8);
        _epsilon = ("epsilon", model.Config.EmbeddingNorm!.Epsilon);
    }

    public static void Write(Model model, bool int8, string path)
    {
        EncoderFile file = new(model, int8);
        string state = file.Embed();
        for (int i = 0; i < model.Config.Layers.Count; i++)
        {
            bool last = i == model.Config.Layers.Count - 1;
            state = file.Layer(i, state, last ? "last_hidden_state" : $"z{i}");
        }

        file._graph.Output(state, OnnxGraph.Float, "batch", "sequence", model.Config.Hidden);
        file._graph.Write(path);
    }

    string Embed()
    {
        string[] inputs =
        [
            .. ((string[])["input_ids", "token_type_ids", "attention_mask"]).Select(name =>
                _graph.Node(
                    "Cast",
                    name + "32",
                    [_graph.Input(name, OnnxGraph.Int64, "batch", "sequence")],
                    attributes: [("to", OnnxGraph.Int32)]
                )
            ),
        ];
        string[] tables =
        [
            Part.Word.Weight,
            Part.Position.Weight,
            Part.Type.Weight,
            Part.EmbeddingNorm.Weight,
            Part.EmbeddingNorm.Bias,
        ];
        foreach (string table in tables)
        {
            Table(table);
        }

        return _graph.Node(
            _int8 ? "QEmbedLayerNormalization" : "EmbedLayerNormalization",
            "x0",
            [
                inputs[0],
                inputs[1],
                .. tables,
                inputs[2],
                .. _int8 ? tables.Select(t => t + "_scale") : [],
                .. _int8 ? tables.Select(t => t + "_zero") : [],
            ],
            fused: true,
            [_epsilon],
            "mask_index"
        );
    }

    string Layer(int layer, string x, string output)
    {
        string Name(string part) => $"layers.{layer}.{part}";
        string[] parts = [Name("query"), Name("key"), Name("value")];
        string bias = _graph.Constant<float>(
            Name("qkv.bias"),
            OnnxGraph.Float,
            (float[])[.. parts.SelectMany(p => _model.Parameters[p + ".bias"].Span.ToArray())],
            3 * _model.Config.Layers[layer].Attention.Columns
        );
        string weights = Weights(Name("qkv"), parts);
        (string, object) heads = ("num_heads", _model.Config.Layers[layer].Attention.Heads);
        string context;
        if (_int8)
        {
            var (q, scale, zero) = Quantize(x);
            context = _graph.Node(
                "QAttention",
                Name("context"),
                [
                    q,
                    weights,
                    bias,
                    scale,
                    weights + "_scale",
                    "mask_index",
                    zero,
                    weights + "_zero",
                ],
                fused: true,
                [heads]
            );
        }
        else
        {
            context = _graph.Node(
                "Attention",
                Name("context"),
                [x, weights, bias, "mask_index"],
                fused: true,
                [heads]
            );
        }

        string y = Norm(
            Name("y"),
            Multiply(Name("attention"), context),
            x,
            Name("attention_norm"),
            Name("attention")
        );
        string up = _graph.Node(
            "BiasGelu",
            Name("gelu"),
            [Multiply(Name("up"), y), Bias(Name("up"))],
            fused: true
        );
        return Norm(output, Multiply(Name("down"), up), y, Name("norm"), Name("down"));
    }

    string Norm(string output, string branch, string state, string norm, string linear) =>
        _graph.Node(
            "SkipLayerNormalization",
            output,
            [branch, state, Vector(norm + ".weight"), Vector(norm + ".bias"), Bias(linear)],
            fused: true,
            [_epsilon]
        );

    /// <summary>x · weights, without the bias, which the next operator adds.</summary>
    string Multiply(string part, string x)
    {
        string weights = Weights(part, [part]);
        if (!_int8)
        {
            return _graph.Node("MatMul", part + ".product", [x, weights]);
        }

        var (q, scale, zero) = Quantize(x);
        string scales = _graph.Node("Mul", part + ".scales", [scale, weights + "_scale"]);
        string sums = _graph.Node(
            "MatMulInteger",
            part + ".sums",
            [q, weights, zero, weights + "_zero"]
        );
        string real = _graph.Node(
            "Cast",
            part + ".real",
            [sums],
            attributes: [("to", OnnxGraph.Float)]
        );
        return _graph.Node("Mul", part + ".product", [real, scales]);
    }

    (string Q, string Scale, string Zero) Quantize(string x)
    {
        string q = _graph.Node(
            "DynamicQuantizeLinear",
            x + "_q",
            [x],
            more: [x + "_scale", x + "_zero"]
        );
        return (q, x + "_scale", x + "_zero");
    }

    string Bias(string linear) => Vector(linear + ".bias");

    string Vector(string name) =>
        _graph.Constant<float>(
            name,
            OnnxGraph.Float,
            _model.Parameters[name].Span,
            _model.Parameters[name].Count
        );

    /// <summary>Linears side by side as one matrix [inputs, outputs of all].</summary>
    string Weights(string name, string[] linears)
    {
        Tensor[] all = [.. linears.Select(l => _model.Parameters[l + ".weight"])];
        int inputs = all[0].Shape[1],
            outputs = all.Sum(w => w.Shape[0]),
            column = 0;
        float[] values = new float[inputs * outputs];
        foreach (Tensor weights in all)
        {
            for (int row = 0; row < weights.Shape[0]; row++, column++)
            {
                ReadOnlySpan<float> from = weights.Row(row);
                for (int i = 0; i < inputs; i++)
                {
                    values[i * outputs + column] = from[i];
                }
            }
        }

        name += ".weights";
        if (!_int8)
        {
            return _graph.Constant<float>(name, OnnxGraph.Float, values, inputs, outputs);
        }

        float scale = values.Max(v => MathF.Abs(v)) / 127;
        _graph.Constant<float>(name + "_scale", OnnxGraph.Float, [scale]);
        _graph.Constant<sbyte>(name + "_zero", OnnxGraph.Int8, [0]);
        return _graph.Constant<sbyte>(
            name,
            OnnxGraph.Int8,
            (sbyte[])[.. values.Select(v => (sbyte)MathF.Round(v / scale))],
            inputs,
            outputs
        );
    }

    void Table(string name)
    {
        Tensor table = _model.Parameters[name];
        int[] extents = [.. Enumerable.Range(0, table.Shape.Rank).Select(i => table.Shape[i])];
        if (!_int8)
        {
            _graph.Constant<float>(name, OnnxGraph.Float, table.Span, extents);
            return;
        }

        float low = 0,
            high = 1e-6f;
        foreach (float value in table.Span)
        {
            (low, high) = (Math.Min(low, value), Math.Max(high, value));
        }

        float scale = (high - low) / 255;
        float zero = MathF.Round(-low / scale);
        byte[] bytes = new byte[table.Count];
        for (int i = 0; i < bytes.Length; i++)
        {
            bytes[i] = (byte)Math.Clamp(MathF.Round(table.Span[i] / scale) + zero, 0, 255);
        }

        _graph.Constant<float>(name + "_scale", OnnxGraph.Float, [scale]);
        _graph.Constant<byte>(name + "_zero", OnnxGraph.UInt8, [(byte)zero]);
        _graph.Constant<byte>(name, OnnxGraph.UInt8, bytes, extents);
    }
}
