namespace Espalier.Export;

/// <summary>A model of ONNX as a file: ModelProto of onnx.proto, version 8 of its format, operators of set 17.</summary>
sealed class OnnxFile(OnnxGraph graph)
{
    /// <summary>The first with LayerNormalization, and old enough for every runtime of the last years.</summary>
    const int OperatorSet = 17;
    const int FormatVersion = 8;

    /// <summary>A message of Protocol Buffers ends at 2 GiB; above this numbers lie in a file beside it.</summary>
    public const long MostInside = 1_900_000_000;

    // Shapes and axes are read while a file is loaded, before numbers beside it are.
    const int LeastBeside = 1024;

    // Readers map the numbers into memory where they begin at a page.
    const int Page = 4096;

    public List<OnnxValue> Inputs { get; } = [];
    public List<OnnxValue> Outputs { get; } = [];

    /// <summary>What else is known of the model, as name and text.</summary>
    public List<(string Name, string Text)> Metadata { get; } = [];

    /// <param name="mostInside">Bytes of numbers above which they lie in a file beside it.</param>
    /// <returns>The file of the numbers; null: they are inside.</returns>
    public string? Write(string path, long mostInside = MostInside)
    {
        string? beside =
            graph.Tensors.Sum(t => t.Bytes) > mostInside ? $"{Path.GetFileName(path)}_data" : null;
        ProtoMessage ends = Ends();
        (OnnxTensor Tensor, ProtoMessage Head, long Length)[] tensors = [.. Heads(beside)];
        long length =
            graph.Nodes.Length + ends.Length + tensors.Sum(t => ProtoMessage.Around(5, t.Length));
        using FileStream file = File.Create(path);
        Head().WriteTo(file);
        ProtoMessage.Open(file, 7, length);
        graph.Nodes.WriteTo(file);
        foreach (var (tensor, head, bytes) in tensors)
        {
            ProtoMessage.Open(file, 5, bytes);
            head.WriteTo(file);
            if (beside is null || tensor.Bytes < LeastBeside)
            {
                ProtoMessage.Open(file, 9, tensor.Bytes);
                tensor.Write(file);
            }
        }

        ends.WriteTo(file);
        if (beside is not null)
        {
            WriteBeside(Path.Combine(Path.GetDirectoryName(path)!, beside));
        }

        return beside;
    }

    ProtoMessage Head()
    {
        ProtoMessage head = new ProtoMessage().Number(1, FormatVersion).Text(2, "espalier");
        head.Child(8, Set("", OperatorSet));
        if (graph.HasContrib)
        {
            head.Child(8, Set(OnnxGraph.ContribDomain, 1));
        }

        foreach (var (name, text) in Metadata)
        {
            head.Child(14, Pair(name, text));
        }

        return head;
    }

    ProtoMessage Ends()
    {
        ProtoMessage ends = new ProtoMessage().Text(2, "espalier");
        foreach (OnnxValue input in Inputs)
        {
            ends.Child(11, OnnxGraph.Describe(input));
        }

        foreach (OnnxValue output in Outputs)
        {
            ends.Child(12, OnnxGraph.Describe(output));
        }

        return ends;
    }

    /// <summary>Each tensor with all of its message but the numbers, and the length of the whole message.</summary>
    IEnumerable<(OnnxTensor, ProtoMessage, long)> Heads(string? beside)
    {
        long at = 0;
        foreach (OnnxTensor tensor in graph.Tensors)
        {
            ProtoMessage head = new();
            foreach (long extent in tensor.Shape)
            {
                head.Number(1, extent);
            }

            head.Number(2, (int)tensor.Type).Text(8, tensor.Name);
            if (beside is null || tensor.Bytes < LeastBeside)
            {
                yield return (tensor, head, head.Length + ProtoMessage.Around(9, tensor.Bytes));
                continue;
            }

            head.Child(13, Pair("location", beside))
                .Child(13, Pair("offset", $"{at}"))
                .Child(13, Pair("length", $"{tensor.Bytes}"))
                .Number(14, 1);
            at = Past(at + tensor.Bytes);
            yield return (tensor, head, head.Length);
        }
    }

    void WriteBeside(string path)
    {
        using FileStream file = File.Create(path);
        foreach (OnnxTensor tensor in graph.Tensors.Where(t => t.Bytes >= LeastBeside))
        {
            file.Position = Past(file.Position);
            tensor.Write(file);
        }
    }

    static long Past(long at) => (at + Page - 1) / Page * Page;

    static ProtoMessage Set(string domain, int version)
    {
        ProtoMessage set = new();
        return (domain.Length > 0 ? set.Text(1, domain) : set).Number(2, version);
    }

    static ProtoMessage Pair(string name, string text) =>
        new ProtoMessage().Text(1, name).Text(2, text);
}
