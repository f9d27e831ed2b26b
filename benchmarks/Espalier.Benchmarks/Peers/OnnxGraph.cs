using System.Runtime.InteropServices;

namespace Espalier.Benchmarks.Peers;

/// <summary>An ONNX graph that is being written; the field numbers are those of <c>onnx.proto</c>.</summary>
sealed class OnnxGraph
{
    public const int Float = 1;
    public const int UInt8 = 2;
    public const int Int8 = 3;
    public const int Int32 = 6;
    public const int Int64 = 7;

    /// <summary>The domain of ONNX Runtime's fused operators.</summary>
    const string Fused = "com.microsoft";

    readonly ProtoMessage _graph = new ProtoMessage().Text(2, "encoder");

    /// <returns>The name of the first output, which is the node's too.</returns>
    public string Node(
        string op,
        string output,
        IEnumerable<string> inputs,
        bool fused = false,
        (string Name, object Value)[]? attributes = null,
        params string[] more
    )
    {
        ProtoMessage node = new ProtoMessage()
            .Texts(1, inputs)
            .Texts(2, [output, .. more])
            .Text(3, output)
            .Text(4, op);
        foreach (var (name, value) in attributes ?? [])
        {
            ProtoMessage attribute = new ProtoMessage().Text(1, name);
            node.Message(
                5,
                value is float real
                    ? attribute.Float(2, real).Number(20, 1)
                    : attribute.Number(3, (int)value).Number(20, 2)
            );
        }

        _graph.Message(1, fused ? node.Text(7, Fused) : node);
        return output;
    }

    /// <param name="extents">None: a scalar.</param>
    public string Constant<T>(string name, int type, ReadOnlySpan<T> values, params int[] extents)
        where T : unmanaged
    {
        ProtoMessage tensor = new();
        foreach (int extent in extents)
        {
            tensor.Number(1, extent);
        }

        tensor.Number(2, type).Text(8, name).Bytes(9, MemoryMarshal.AsBytes(values));
        _graph.Message(5, tensor);
        return name;
    }

    /// <param name="extents">A number, or the name of an extent that is known at run time.</param>
    public string Input(string name, int type, params object[] extents) =>
        Declare(11, name, type, extents);

    public string Output(string name, int type, params object[] extents) =>
        Declare(12, name, type, extents);

    public void Write(string path)
    {
        ProtoMessage model = new ProtoMessage()
            .Number(1, 8)
            .Message(8, new ProtoMessage().Text(1, "").Number(2, 14))
            .Message(8, new ProtoMessage().Text(1, Fused).Number(2, 1))
            .Message(7, _graph);
        using FileStream file = File.Create(path);
        model.WriteTo(file);
    }

    string Declare(int field, string name, int type, object[] extents)
    {
        ProtoMessage shape = new();
        foreach (object extent in extents)
        {
            shape.Message(
                1,
                extent is int fixedExtent
                    ? new ProtoMessage().Number(1, fixedExtent)
                    : new ProtoMessage().Text(2, (string)extent)
            );
        }

        ProtoMessage tensor = new ProtoMessage().Number(1, type).Message(2, shape);
        _graph.Message(
            field,
            new ProtoMessage().Text(1, name).Message(2, new ProtoMessage().Message(1, tensor))
        );
        return name;
    }
}
