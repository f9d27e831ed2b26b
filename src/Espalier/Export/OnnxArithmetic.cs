using Espalier.Autograd;
using Espalier.Kernels;
using Espalier.Models;
using Espalier.Models.Walk;

namespace Espalier.Export;

/// <summary>The arithmetic of ONNX: each operation of the walk becomes nodes, and T is the name of a value of [batch, tokens, columns].</summary>
sealed class OnnxArithmetic(
    OnnxGraph graph,
    Model model,
    OnnxAttention attention,
    OnnxProducts products,
    OnnxExits exits
) : IArithmetic<string>
{
    const string Ids = "input_ids";

    readonly ModelConfig _config = model.Config;
    int _layer;

    public string Embed()
    {
        attention.Begin(Ids, "attention_mask", _config.IsLanguage ? "past_key_values.0.key" : null);
        string x = Op("Gather", Table(Part.Word), Ids);
        if (_config.EmbeddingScale != 1)
        {
            x = Op("Mul", x, graph.Constant(_config.EmbeddingScale));
        }

        if (_config.HasPositionTable)
        {
            int offset = _config.IsLanguage ? _config.Family.PositionOffset(_config.PadId) : 0;
            string places = attention.Positions;
            places = offset == 0 ? places : Op("Add", places, graph.Constant((long)offset));
            x = Op("Add", x, Op("Gather", Table(Part.Position), places));
        }

        // A table of one row is added as it is, since tokenizers of such families give no types.
        return _config.Types switch
        {
            0 => x,
            1 => Op("Add", x, Table(Part.Type)),
            _ => Op("Add", x, Op("Gather", Table(Part.Type), "token_type_ids")),
        };
    }

    public string Linear(string x, LinearPart linear, Activation activation = Activation.None)
    {
        string y = products.Multiply(x, linear.Part);
        return Activated(linear.Bias ? Op("Add", y, Table(linear.Part.Bias)) : y, activation);
    }

    public string Rotate(string x, AttentionSpec spec, int heads) =>
        attention.Rotate(x, spec, heads);

    public string Attend(string q, string k, string v, AttentionSpec spec) =>
        attention.Attend(q, k, v, spec, _config.IsLanguage ? _layer : null);

    public (string X, string Context) Asked(string x, string context) =>
        _config.ReadsFirst ? (First(x), First(context)) : (x, context);

    string First(string x) => graph.Add("Gather", [x, graph.Vector(0)], ("axis", 1));

    // Behind the last attention of a classifier one row is left already.
    public string Keep(string x, int layer, AttentionSpec spec) =>
        layer == _config.Layers.Count - 1 && _config.ReadsFirst
            ? x
            : attention.Keep(x, spec.Keeps!.Value);

    public string Gate(string gate, string up, Activation activation) =>
        Op("Mul", Activated(gate, activation), up);

    public string Norm(string x, NormPart norm)
    {
        string weight = Table(norm.Part.Weight);
        if (norm.Spec.Kind == NormKind.Layer)
        {
            string[] inputs = norm.Spec.Bias ? [x, weight, Table(norm.Part.Bias)] : [x, weight];
            return graph.Add(
                "LayerNormalization",
                inputs,
                ("axis", -1),
                ("epsilon", norm.Spec.Epsilon)
            );
        }

        string square = graph.Add(
                "ReduceMean",
                [Op("Mul", x, x)],
                ("axes", new long[] { -1 }),
                ("keepdims", 1)
            ),
            size = Op("Sqrt", Op("Add", square, graph.Constant(norm.Spec.Epsilon))),
            y = Op("Mul", Op("Div", x, size), weight);
        return norm.Spec.Bias ? Op("Add", y, Table(norm.Part.Bias)) : y;
    }

    public string NormHeads(string x, NormPart norm, int heads)
    {
        int width = model.Parameters.Stored(norm.Part.Weight).Columns;
        string split = Op("Reshape", x, graph.Vector(0, 0, heads, width));
        return Op("Reshape", Norm(split, norm), graph.Vector(0, 0, heads * width));
    }

    public string AddNorm(string x, string branch, NormPart norm, float dropout) =>
        Norm(Op("Add", branch, x), norm);

    public string Add(string x, string branch, float dropout) => Op("Add", branch, x);

    public string Dropout(string x, float probability) => x;

    public string Pool(string x, Pooling pooling)
    {
        if (pooling == Pooling.First)
        {
            return graph.Add("Gather", [x, graph.Constant(0L)], ("axis", 1));
        }

        string real = attention.Real,
            total = Sum(Op("Mul", x, real));
        return Op("Div", total, Sum(real));

        string Sum(string rows) => graph.Add("ReduceSum", [rows, graph.Vector(1)], ("keepdims", 0));
    }

    public string Layer(string x, ModelConfig config, int layer, ISee<string>? see)
    {
        _layer = layer;
        return Forward.Layer(this, x, config, layer, see);
    }

    public bool Asks(int layer) => exits.Asks(layer);

    public bool Answer(int layer, string logits) => exits.Answer(layer, logits);

    string Activated(string x, Activation activation) =>
        activation switch
        {
            Activation.Gelu => Gelu(x, Op("Erf", Op("Div", x, graph.Constant(MathF.Sqrt(2))))),
            Activation.GeluTanh => Gelu(x, Op("Tanh", Bent(x))),
            Activation.Relu => Op("Relu", x),
            Activation.Silu => Op("Mul", x, Op("Sigmoid", x)),
            Activation.Tanh => Op("Tanh", x),
            _ => x,
        };

    /// <summary>x (1 + curve) / 2, in the order that ONNX Runtime knows and computes as one.</summary>
    string Gelu(string x, string curve) =>
        Op("Mul", Op("Mul", x, Op("Add", curve, graph.Constant(1f))), graph.Constant(0.5f));

    /// <summary>√(2/π) (x + 0.044715 x³).</summary>
    string Bent(string x)
    {
        string cube = Op("Mul", Op("Mul", Op("Mul", x, x), x), graph.Constant(0.044715f));
        return Op("Mul", Op("Add", x, cube), graph.Constant(MathF.Sqrt(2 / MathF.PI)));
    }

    string Table(Part part) => Table(part.Weight);

    string Table(string name) => products.Dense(name);

    string Op(string op, params string[] inputs) => graph.Add(op, inputs);
}
