using Espalier.Autograd;
using Espalier.Kernels;
using Espalier.Models.Walk;
using Espalier.Stored;
using Tensor = Espalier.Tensors.Tensor;

namespace Espalier.Models;

/// <summary>
/// The weights of a model as this machine multiplies with them. Nothing changes it any more, so any number of sessions share one,
/// each on a thread of its own.
/// </summary>
public sealed class PackedModel
{
    readonly Dictionary<Part, PackedLinear> _linears = [];
    readonly Dictionary<Part, (Tensor Weight, Tensor? Bias)> _norms = [];

    // Of each layer; layers that share their parameters share one.
    readonly Int8Layer?[] _fused;

    // Of BERT's layer.
    static readonly Role[] Products =
    [
        Role.Query,
        Role.Key,
        Role.Value,
        Role.Attention,
        Role.Up,
        Role.Down,
    ];

    /// <exception cref="InvalidDataException">The weights are too large for int8.</exception>
    public PackedModel(Model model, Workers workers, KernelFamily kernels)
        : this(model, workers, kernels, null) { }

    /// <param name="layer">The only one that is packed, for <see cref="LayerStream"/>; null: all of the model is.</param>
    internal PackedModel(Model model, Workers workers, KernelFamily kernels, int? layer)
    {
        ModelConfig config = model.Config;
        if (model.Traits.Precision != Precision.Fp32 && Int8Range.Problem(model) is { } problem)
        {
            throw new InvalidDataException($"The model cannot answer: {problem}.");
        }

        (Model, Workers, Kernels) = (model, workers, kernels);
        Parameters parameters = model.Parameters;
        Tables = new EmbeddingTables(
            layer is null
                ? Words(parameters.Stored(Part.Word.Weight))
                : parameters.Stored(Part.Word.Weight),
            config.HasPositionTable ? parameters.Stored(Part.Position.Weight) : null,
            config.Types > 0 ? parameters.Stored(Part.Type.Weight) : null
        );
        _fused = new Int8Layer?[config.Layers.Count];
        bool rows = model.Traits is { Precision: Precision.Int8, Group: 0 };
        bool fuses = rows || model.Traits.Precision == Precision.Mixed;
        for (int i = 0; fuses && i < _fused.Length; i++)
        {
            int set = config.SetOf(i),
                first = 0;
            while (config.SetOf(first) != set)
            {
                first++;
            }

            _fused[i] = first < i ? _fused[first] : Fuse(set, config.Layers[i], rows);
        }

        Turns = new Turns(config);
        Packing packing = new(this);
        if (layer is { } only)
        {
            Forward.Layer(packing, 0, config, only);
            return;
        }

        Forward.Run(config, packing);
    }

    public Model Model { get; private set; }

    /// <summary>Lets go of the weights as they were before packing, which no answer needs: of an fp32 model that is half the memory.</summary>
    public PackedModel WithoutParameters()
    {
        Model = Model with { Parameters = new Parameters() };
        return this;
    }

    /// <summary>Memory of the packed weights and the embedding tables.</summary>
    public long Bytes =>
        _fused.Distinct().Sum(l => l?.Bytes ?? 0)
        + _linears.Where(l => l.Key != Part.Word || Tables.Word is Weight).Sum(l => l.Value.Bytes)
        + Tables.Bytes;

    /// <summary>Whether layers multiply integers, as int8 rows and groups do.</summary>
    public bool HasIntegerProducts =>
        _fused.Any(l => l is not null) || _linears.Values.Any(l => l is not Fp32Linear);

    /// <summary>Of what a token that is decoded is multiplied with, which is read whole for each.</summary>
    public long BytesOfProducts =>
        _fused.Distinct().Sum(l => l?.Bytes ?? 0) + _linears.Values.Distinct().Sum(l => l.Bytes);

    internal Workers Workers { get; }
    internal KernelFamily Kernels { get; }
    internal EmbeddingTables Tables { get; }
    internal Turns Turns { get; }

    internal PackedLinear Linear(Part part) => _linears[part];

    internal (Tensor Weight, Tensor? Bias) Norm(Part part) => _norms[part];

    internal Int8Layer? Fused(int layer) => _fused[layer];

    /// <summary>Layers first to past, all of which are one piece each.</summary>
    internal ReadOnlyMemory<Int8Layer> Fused(int first, int past) =>
        _fused.AsMemory(first, past - first)!;

    /// <summary>Null: kernels have no such layer as one piece, or it is none of int8 rows.</summary>
    /// <param name="rows">Whether what is in fp32 is to be int8 rows.</param>
    Int8Layer? Fuse(int set, Block block, bool rows)
    {
        AttentionSpec attention = block.Attention;
        bool isBert =
            block is
            {
                NormsFirst: false,
                Norm: { Bias: true, Kind: NormKind.Layer },
                Mlp: { Gated: false, Bias: true },
                Attention:
                {
                    HeadsPerKey: 1,
                    Causal: false,
                    Reach: null,
                    Rotary: null,
                    Bias: true,
                    OutputBias: true,
                },
            };
        return
            isBert
            && Products.All(r => Stored(r) is Int8Rows || rows && Stored(r) is not GroupedWeight)
            ? Kernels.Int8.Pack(
                new LayerWeights
                {
                    Heads = attention.Heads,
                    HeadWidth = attention.Width,
                    Activation = block.Mlp.Activation,
                    NormEpsilon = block.Norm.Epsilon,
                    Query = Both(Role.Query),
                    Key = Both(Role.Key),
                    Value = Both(Role.Value),
                    Attention = Both(Role.Attention),
                    AttentionNorm = Norm(Role.AttentionNorm),
                    Up = Both(Role.Up),
                    Down = Both(Role.Down),
                    Norm = Norm(Role.Norm),
                }
            )
            : null;

        Weight Stored(Role role) => Model.Parameters.Stored(Part.Layer(set, role).Weight);

        (Weight, Tensor) Both(Role role) =>
            (Stored(role), Model.Parameters[Part.Layer(set, role).Bias]);

        (Tensor, Tensor) Norm(Role role)
        {
            Part part = Part.Layer(set, role);
            return (Model.Parameters[part.Weight], Model.Parameters[part.Bias]);
        }
    }

    void Pack(params ReadOnlySpan<Part> parts)
    {
        if (_linears.ContainsKey(parts[0]))
        {
            return;
        }

        Weight[] weights = new Weight[parts.Length];
        for (int i = 0; i < weights.Length; i++)
        {
            weights[i] = Form(parts[i]);
        }

        Tensor? bias = Model.Parameters.Has(parts[0].Bias)
            ? Stacked(parts, p => p.Bias).Dense()
            : null;
        PackedLinear? grouped =
            parts[0] == Part.Word && Tables.Word is GroupedMatrix words
                ? new GroupedLinear(Kernels, [words], bias)
                : GroupedLinear.Of(Kernels, weights, bias);
        _linears.Add(parts[0], grouped ?? OfRows(Weight.Stacked(weights), parts[0], bias));
    }

    /// <summary>A weight as it is multiplied with: what a layer has in fp32 is rounded as the traits say, in groups already here.</summary>
    Weight Form(Part part)
    {
        Weight weight = Model.Parameters.Stored(part.Weight);
        return part.Stretch == Stretch.Layer && Model.Traits.Group > 0
            ? Model.Traits.Rounded(weight)
            : weight;
    }

    // Classifiers, norms and embeddings stay in fp32 unless they are stored otherwise.
    PackedLinear OfRows(Weight weight, Part part, Tensor? bias) =>
        weight is Int8Rows
        || Model.Traits.Precision == Precision.Int8 && part.Stretch == Stretch.Layer
            ? new Int8Linear(Kernels, weight, bias)
            : new Fp32Linear(Workers, Kernels, weight.Dense(), bias);

    /// <summary>A table in groups is looked up in its packed form, in which the output multiplies with it where the two are one.</summary>
    IRowTable Words(Weight table) =>
        table is GroupedWeight ? Kernels.Grouped.Pack((GroupedWeight)table.Loaded()) : table;

    Weight Stacked(ReadOnlySpan<Part> parts, Func<Part, string> name)
    {
        Weight[] weights = new Weight[parts.Length];
        for (int i = 0; i < parts.Length; i++)
        {
            weights[i] = Model.Parameters.Stored(name(parts[i]));
        }

        return Weight.Stacked(weights);
    }

    (Tensor Weight, Tensor? Bias) WeightAndBias(Part part) =>
        (
            Model.Parameters[part.Weight],
            Model.Parameters.Has(part.Bias) ? Model.Parameters[part.Bias] : null
        );

    /// <summary>Walks the model once and packs what it meets; layers that are one piece are packed already.</summary>
    sealed class Packing(PackedModel packed) : IArithmetic<int>
    {
        public int Embed() => 0;

        public int Linear(int x, LinearPart linear, Activation activation = Activation.None)
        {
            packed.Pack(linear.Part);
            return 0;
        }

        public (int First, int Second) Project(int x, LinearPart first, LinearPart second)
        {
            packed.Pack(first.Part, second.Part);
            return (0, 0);
        }

        public (int Query, int Key, int Value) Project(
            int x,
            LinearPart query,
            LinearPart key,
            LinearPart value
        )
        {
            packed.Pack(query.Part, key.Part, value.Part);
            return (0, 0, 0);
        }

        public int Norm(int x, NormPart norm)
        {
            packed._norms[norm.Part] = packed.WeightAndBias(norm.Part);
            return 0;
        }

        public int NormHeads(int x, NormPart norm, int heads) => Norm(x, norm);

        public int AddNorm(int x, int branch, NormPart norm, float dropout) => Norm(x, norm);

        public int Layer(int x, ModelConfig model, int layer, ISee<int>? see) =>
            packed.Fused(layer) is null ? Forward.Layer(this, x, model, layer, see) : 0;

        public int Add(int x, int branch, float dropout) => 0;

        public int Rotate(int x, AttentionSpec spec, int heads) => 0;

        public int Attend(int q, int k, int v, AttentionSpec spec) => 0;

        public int Gate(int gate, int up, Activation activation) => 0;

        public int Keep(int x, int layer, AttentionSpec spec) => 0;

        public int Dropout(int x, float probability) => 0;

        public int Pool(int x, Pooling pooling) => 0;

        public bool Asks(int layer) => true;

        public bool Answer(int layer, int logits) => true;
    }
}
