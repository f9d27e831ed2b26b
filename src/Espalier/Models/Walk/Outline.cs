using Espalier.Autograd;
using Espalier.Kernels;
using Espalier.Tensors;

namespace Espalier.Models.Walk;

/// <summary>Sizes alone: the shape of every parameter, and what the layers multiply. T is a number of columns.</summary>
sealed class Outline : IArithmetic<int>
{
    readonly ModelConfig _model;
    readonly int? _exit;
    long _tokens;
    readonly List<(Part Part, string Name, Shape Shape)> _shapes = [];
    readonly HashSet<Part> _seen = [];

    public Outline(ModelConfig model, int tokens = 0, int? exit = null)
    {
        (_model, _tokens, _exit) = (model, tokens, exit);
        Forward.Run(model, this);
    }

    /// <summary>In file order: classifiers last.</summary>
    public IEnumerable<(string Name, Shape Shape)> Shapes =>
        _shapes.OrderBy(s => s.Part.Stretch).Select(s => (s.Name, s.Shape));

    /// <summary>Of one example on the way to its exit.</summary>
    public long MultiplyAdds { get; private set; }

    public int Embed()
    {
        int width = _model.EmbeddingWidth;
        _seen.Add(Part.Word);
        Declare(Part.Word, _model.Vocabulary, width);
        if (_model.HasPositionTable)
        {
            Declare(Part.Position, _model.Positions, width);
        }

        if (_model.Types > 0)
        {
            Declare(Part.Type, _model.Types, width);
        }

        return width;
    }

    public int Linear(int x, LinearPart linear, Activation activation = Activation.None)
    {
        if (linear.Part.Stretch == Stretch.Layer || _model.IsLanguage)
        {
            MultiplyAdds += _tokens * linear.Outputs * x;
        }

        if (_seen.Add(linear.Part))
        {
            Declare(linear.Part, linear.Outputs, x);
            Vector(linear.Bias, linear.Part, linear.Part.Bias, linear.Outputs);
        }

        return linear.Outputs;
    }

    public int Norm(int x, NormPart norm)
    {
        if (_seen.Add(norm.Part))
        {
            Vector(true, norm.Part, norm.Part.Weight, x);
            Vector(norm.Spec.Bias, norm.Part, norm.Part.Bias, x);
        }

        return x;
    }

    public int NormHeads(int x, NormPart norm, int heads)
    {
        Norm(x / heads, norm);
        return x;
    }

    public int Attend(int q, int k, int v, AttentionSpec spec)
    {
        int tokens = (int)_tokens;
        long pairs = spec.Form.Causal
            ? (spec.Form with { Heads = 1 }).Pairs(new Sequences([0, tokens], 1))
            : _tokens * (spec.Reach is { } reach ? Math.Min(_tokens, 2L * reach + 1) : _tokens);
        MultiplyAdds += 2 * pairs * spec.Columns;
        return spec.Columns;
    }

    public (int X, int Context) Asked(int x, int context)
    {
        _tokens = _model.ReadsFirst ? Math.Min(_tokens, 1) : _tokens;
        return (x, context);
    }

    public int Keep(int x, int layer, AttentionSpec spec)
    {
        _tokens = Math.Min(_tokens, spec.Keeps!.Value);
        return x;
    }

    public int AddNorm(int x, int branch, NormPart norm, float dropout) => Norm(x, norm);

    public int Add(int x, int branch, float dropout) => x;

    public int Rotate(int x, AttentionSpec spec, int heads) => x;

    public int Gate(int gate, int up, Activation activation) => up;

    public int Dropout(int x, float probability) => x;

    public int Pool(int x, Pooling pooling) => x;

    /// <summary>Exits share the head, and are asked at some efforts alone.</summary>
    public bool Predict(int layer, int x, LinearPart head)
    {
        long layers = MultiplyAdds;
        Linear(x, head);
        MultiplyAdds = layer == _model.Layers.Count - 1 ? MultiplyAdds : layers;
        return true;
    }

    public bool Asks(int layer) => true;

    public bool Answer(int layer, int logits) =>
        _exit is null || layer + 1 < _model.LayersAt(_exit.Value);

    void Declare(Part part, int rows, int columns) =>
        _shapes.Add((part, part.Weight, new Shape(rows, columns)));

    void Vector(bool isThere, Part part, string name, int count)
    {
        if (isThere)
        {
            _shapes.Add((part, name, new Shape(count)));
        }
    }
}
