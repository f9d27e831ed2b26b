using System.Numerics.Tensors;
using Espalier.Autograd;
using Espalier.Kernels;
using Espalier.Models.Walk;
using Tensor = Espalier.Tensors.Tensor;

namespace Espalier.Models;

/// <summary>
/// Whether every number on the way through a model's int8 layers stays within float32, whatever the text: a bound from
/// norm to norm. Beyond it a row's scale overflows, the infinity is quantized away, and kernels that round otherwise
/// answer otherwise, where fp32 says that the answer is no number. T is the largest magnitude that a column can reach.
/// </summary>
sealed class Int8Range : IArithmetic<double>
{
    readonly Model _model;
    string? _problem;
    int _layer;

    Int8Range(Model model) => _model = model;

    /// <summary>The first part that may overflow, and its largest weight; null: none may. Sound models stay below by 1e20.</summary>
    public static string? Problem(Model model)
    {
        Int8Range range = new(model);
        Forward.Run(model.Config, range);
        return range._problem;
    }

    public double Embed()
    {
        double state = 0;
        foreach (Part table in (ReadOnlySpan<Part>)[Part.Word, Part.Position, Part.Type])
        {
            state += _model.Parameters.Has(table.Weight) ? Largest(table.Weight) : 0;
        }

        return Summed(state * _model.Config.EmbeddingScale, "embeddings", Part.Word);
    }

    public double Linear(double x, LinearPart linear, Activation activation = Activation.None)
    {
        Tensor weight = _model.Parameters[linear.Part.Weight];
        double most = 0;
        for (int o = 0; o < weight.Rows; o++)
        {
            double sum = 0;

            // In double: the sum of float's largest numbers is none of float's.
            foreach (float w in weight.Row(o))
            {
                sum += Math.Abs(w);
            }

            most = Math.Max(most, sum);
        }

        double y = most * x + (linear.Bias ? Largest(linear.Part.Bias) : 0);
        return linear.Part.Role is Role.Up or Role.Gate
            ? Bounded(y, y < float.MaxValue, Widest(Role.Up, Role.Down))
            : y;
    }

    public double Attend(double q, double k, double v, AttentionSpec spec) =>
        Bounded(v, q * k * spec.Width < float.MaxValue, InLayer(q > k ? Role.Query : Role.Key));

    public double Gate(double gate, double up, Activation activation) =>
        Bounded(gate * up, gate * up < float.MaxValue, InLayer(Role.Up));

    // A normed row has squares that sum to its width.
    public double Norm(double x, NormPart norm)
    {
        int columns = _model.Parameters[norm.Part.Weight].Count;
        double largest = Math.Sqrt(columns) * Largest(norm.Part.Weight);
        return largest + (norm.Spec.Bias ? Largest(norm.Part.Bias) : 0);
    }

    public double NormHeads(double x, NormPart norm, int heads) => Norm(x, norm);

    public double AddNorm(double x, double branch, NormPart norm, float dropout)
    {
        bool attention = norm.Part.Role == Role.AttentionNorm;
        Summed(
            x + branch,
            $"layer {_layer}",
            attention ? InLayer(Role.Attention) : Widest(Role.Up, Role.Down)
        );
        return Norm(x, norm);
    }

    public double Add(double x, double branch, float dropout) =>
        Summed(x + branch, $"layer {_layer}", InLayer(Role.Down));

    public double Layer(double x, ModelConfig model, int layer, ISee<double>? see)
    {
        _layer = layer;
        return Forward.Layer(this, x, model, layer, see);
    }

    public double Rotate(double x, AttentionSpec spec, int heads) => 2 * x;

    public double Keep(double x, int layer, AttentionSpec spec) => x;

    public double Dropout(double x, float probability) => x;

    public double Pool(double x, Pooling pooling) => x;

    public bool Asks(int layer) => false;

    public bool Answer(int layer, double logits) => true;

    Part InLayer(Role role) => _model.Config.PartOf(_layer, role);

    Part Widest(Role one, Role other) =>
        Largest(InLayer(one).Weight) > Largest(InLayer(other).Weight)
            ? InLayer(one)
            : InLayer(other);

    /// <summary>A sum that a norm squares and adds up.</summary>
    double Summed(double x, string where, Part part) =>
        Bounded(x, x * x * _model.Config.Hidden < float.MaxValue, part, where);

    double Bounded(double x, bool holds, Part part, string? where = null)
    {
        if (!holds)
        {
            _problem ??=
                $"in int8 an answer is not a number; the weights are damaged or too large ({where ?? $"layer {_layer}"}: '{part.Weight}' reaches {Largest(part.Weight)})";
        }

        return x;
    }

    double Largest(string name) =>
        Math.Abs(TensorPrimitives.MaxMagnitude(_model.Parameters[name].Span));
}
