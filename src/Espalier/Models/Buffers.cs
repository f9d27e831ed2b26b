using Espalier.Data;
using Espalier.Kernels;
using Espalier.Tensors;

namespace Espalier.Models;

/// <summary>Memory of a session, made for the largest batch seen and then reused.</summary>
sealed class Buffers
{
    // Of a server's batches there are as many sizes as their tokens have sums.
    const int MostViews = 4096;

    readonly Dictionary<(string, int, int), Tensor> _views = [];
    readonly Dictionary<string, Tensor> _owners = [];
    readonly Dictionary<(int Columns, bool OfState), QuantizedRows> _quantized = [];
    readonly Dictionary<(int, int, int), GroupedRows> _grouped = [];
    Flow? _flow;

    /// <summary>A matrix of that name; views of one name share memory, and none is made twice.</summary>
    public Tensor Matrix(string name, int rows, int columns)
    {
        if (_views.TryGetValue((name, rows, columns), out Tensor? view))
        {
            return view;
        }

        Shape shape = new(rows, columns);
        if (!_owners.TryGetValue(name, out Tensor? owner) || owner.Count < shape.Count)
        {
            owner = new Tensor(shape.Count);
            _owners[name] = owner;
            Forget(name);
        }

        if (_views.Count >= MostViews)
        {
            _views.Clear(); // those that are in use stay good
        }

        view = owner.Part(0, shape);
        _views.Add((name, rows, columns), view);
        return view;
    }

    // Apart from Matrix, which would make what the lambda captures at each call.
    void Forget(string name)
    {
        foreach (var key in _views.Keys.Where(k => k.Item1 == name).ToArray())
        {
            _views.Remove(key);
        }
    }

    /// <param name="ofState">Those of the state stay while products quantize other rows of that width.</param>
    public QuantizedRows Quantized(int rows, int columns, bool ofState = false)
    {
        var kind = (columns, ofState);
        if (!_quantized.TryGetValue(kind, out QuantizedRows? found) || found.Capacity < rows)
        {
            _quantized[kind] = found = new QuantizedRows(rows, columns);
        }

        return found;
    }

    /// <param name="weights">That they meet.</param>
    public GroupedRows Grouped(int rows, GroupedMatrix weights)
    {
        var form = (weights.Inputs, weights.Group, weights.Digits);
        if (!_grouped.TryGetValue(form, out GroupedRows? found) || found.Capacity < rows)
        {
            _grouped[form] = found = new GroupedRows(rows, weights);
        }

        return found;
    }

    /// <param name="pasts">Of each sequence of a batch that goes on from what a cache holds; null: each begins.</param>
    public Flow Begin(
        Workers workers,
        KernelFamily kernels,
        Batch batch,
        int? padTo,
        Past[]? pasts = null
    )
    {
        if (_flow is null || _flow.Capacity < batch.Count)
        {
            _flow = new Flow(this, workers, kernels, batch.Count);
        }

        _flow.Begin(batch, padTo, pasts);
        return _flow;
    }
}
