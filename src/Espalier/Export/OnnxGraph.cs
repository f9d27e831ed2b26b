using System.Runtime.InteropServices;
using Espalier.Tensors;

namespace Espalier.Export;

/// <summary>Types of elements, numbered as in onnx.proto.</summary>
enum OnnxType
{
    Float = 1,
    UInt8 = 2,
    Int8 = 3,
    Int32 = 6,
    Int64 = 7,
    Bool = 9,
}

/// <summary>An input or output of a graph.</summary>
/// <param name="Shape">Extents; what is no number is the name of an extent that may be any.</param>
sealed record OnnxValue(string Name, OnnxType Type, IReadOnlyList<string> Shape);

/// <summary>Numbers that are written when the file is; nothing keeps them all in memory.</summary>
/// <param name="Bytes">As many as <paramref name="Write"/> writes: little-endian, row by row.</param>
sealed record OnnxTensor(
    string Name,
    OnnxType Type,
    IReadOnlyList<long> Shape,
    long Bytes,
    Action<Stream> Write
);

/// <summary>
/// A graph of ONNX while it is built, node behind node. Branches may be opened in it: what is added then belongs to the innermost,
/// which sees all that was computed before. Numbers of all branches are the outermost graph's.
/// </summary>
sealed class OnnxGraph
{
    public const string ContribDomain = "com.microsoft";

    readonly Stack<ProtoMessage> _outer = new();
    readonly Dictionary<string, OnnxTensor> _tensors = [];
    ProtoMessage _nodes = new();
    int _count;

    /// <summary>Fields of GraphProto for the nodes so far; no branch is open.</summary>
    public ProtoMessage Nodes => _nodes;

    /// <summary>In the order in which they were asked for first.</summary>
    public List<OnnxTensor> Tensors { get; } = [];

    /// <summary>Whether an operator that is not of ONNX's own set was added.</summary>
    public bool HasContrib { get; private set; }

    /// <summary>Adds a node of one output.</summary>
    /// <param name="attributes">Of int, long[], float or a branch.</param>
    /// <returns>The name of the output.</returns>
    public string Add(
        string op,
        string[] inputs,
        params ReadOnlySpan<(string Name, object Value)> attributes
    ) => Add(op, inputs, 1, attributes)[0];

    /// <param name="outputs">How many.</param>
    /// <inheritdoc cref="Add(string, string[], ReadOnlySpan{ValueTuple{string, object}})"/>
    public string[] Add(
        string op,
        string[] inputs,
        int outputs,
        ReadOnlySpan<(string Name, object Value)> attributes
    )
    {
        string name = $"{op}_{_count++}";
        string[] names =
        [
            .. Enumerable.Range(0, outputs).Select(i => i == 0 ? name : $"{name}_{i}"),
        ];
        Place(op, inputs, names, attributes);
        return names;
    }

    /// <summary>Gives a value another name, such as that of an output of the graph.</summary>
    public void Name(string value, string name) => Place("Identity", [value], [name], []);

    /// <summary>Adds a node whose outputs have these names.</summary>
    public void Place(
        string op,
        string[] inputs,
        string[] outputs,
        ReadOnlySpan<(string Name, object Value)> attributes,
        string domain = ""
    )
    {
        HasContrib |= domain == ContribDomain;
        ProtoMessage node = new();
        foreach (string input in inputs)
        {
            node.Text(1, input);
        }

        foreach (string output in outputs)
        {
            node.Text(2, output);
        }

        node.Text(3, $"/{outputs[0]}").Text(4, op);
        foreach (var (name, value) in attributes)
        {
            node.Child(5, Attribute(name, value));
        }

        if (domain.Length > 0)
        {
            node.Text(7, domain);
        }

        _nodes.Child(1, node);
    }

    /// <summary>From here on nodes belong to a branch.</summary>
    public void BeginBranch()
    {
        _outer.Push(_nodes);
        _nodes = new ProtoMessage();
    }

    /// <summary>Ends the innermost branch.</summary>
    /// <returns>For an attribute of a node.</returns>
    public ProtoMessage EndBranch(string name, params ReadOnlySpan<OnnxValue> outputs)
    {
        ProtoMessage branch = _nodes.Text(2, name);
        foreach (OnnxValue output in outputs)
        {
            branch.Child(12, Describe(output));
        }

        _nodes = _outer.Pop();
        return branch;
    }

    /// <summary>Numbers with a name; asked for again they are not written again.</summary>
    public string Tensor(
        string name,
        OnnxType type,
        IReadOnlyList<long> shape,
        long bytes,
        Action<Stream> write
    )
    {
        if (!_tensors.ContainsKey(name))
        {
            OnnxTensor tensor = new(name, type, shape, bytes, write);
            _tensors.Add(name, tensor);
            Tensors.Add(tensor);
        }

        return name;
    }

    public string Floats(string name, IReadOnlyList<long> shape, ReadOnlySpan<float> values)
    {
        float[] copy = values.ToArray();
        return Tensor(name, OnnxType.Float, shape, 4L * copy.Length, to => Put<float>(to, copy));
    }

    /// <summary>A number.</summary>
    public string Constant(float value) => Floats($"float_{Word($"{value:R}")}", [], [value]);

    public string Constant(int value) =>
        Tensor($"int32_{Word($"{value}")}", OnnxType.Int32, [], 4, to => Put<int>(to, [value]));

    public string Constant(long value) =>
        Tensor($"int64_{Word($"{value}")}", OnnxType.Int64, [], 8, to => Put<long>(to, [value]));

    /// <summary>A vector of whole numbers: a shape, or axes.</summary>
    public string Vector(params long[] values) =>
        Tensor(
            $"int64s_{Word(string.Join('_', values))}",
            OnnxType.Int64,
            [values.Length],
            8L * values.Length,
            to => Put<long>(to, values)
        );

    public static void Put<T>(Stream to, ReadOnlySpan<T> values)
        where T : unmanaged => to.Write(MemoryMarshal.AsBytes(values));

    public static ProtoMessage Describe(OnnxValue value)
    {
        ProtoMessage shape = new();
        foreach (string extent in value.Shape)
        {
            ProtoMessage dimension = new();
            shape.Child(
                1,
                Numeral.TryWhole(extent, out long known)
                    ? dimension.Number(1, known)
                    : dimension.Text(2, extent)
            );
        }

        ProtoMessage tensor = new ProtoMessage().Number(1, (int)value.Type).Child(2, shape);
        return new ProtoMessage().Text(1, value.Name).Child(2, new ProtoMessage().Child(1, tensor));
    }

    static ProtoMessage Attribute(string name, object value)
    {
        ProtoMessage attribute = new ProtoMessage().Text(1, name);
        switch (value)
        {
            case float real:
                return attribute.Real(2, real).Number(20, 1);
            case int whole:
                return attribute.Number(3, whole).Number(20, 2);
            case ProtoMessage branch:
                return attribute.Child(6, branch).Number(20, 5);
            default:
                foreach (long one in (long[])value)
                {
                    attribute.Number(8, one);
                }

                return attribute.Number(20, 7);
        }
    }

    /// <summary>A number within a name.</summary>
    static string Word(string number) =>
        number.Replace('-', 'm').Replace('.', 'p').Replace('+', 'e');
}
