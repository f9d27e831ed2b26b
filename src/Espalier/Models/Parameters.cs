using Espalier.Tensors;

namespace Espalier.Models;

/// <summary>Named tensors in a fixed order. The names are ours; a <c>Family</c> knows those of its files.</summary>
public sealed class Parameters
{
    readonly List<string> _names = [];
    readonly Dictionary<string, Tensor> _tensors = [];

    public IReadOnlyList<string> Names => _names;

    public Tensor this[string name] =>
        _tensors.TryGetValue(name, out Tensor? tensor)
            ? tensor
            : throw new KeyNotFoundException($"The model has no parameter '{name}'.");

    /// <summary>Number of weights.</summary>
    public long Count => _names.Sum(name => (long)_tensors[name].Count);

    public void Add(string name, Tensor tensor)
    {
        _tensors.Add(name, tensor);
        _names.Add(name);
    }

    public bool Has(string name) => _tensors.ContainsKey(name);

    /// <summary>The same tensors in the order of the config.</summary>
    public Parameters InOrder(ModelConfig config)
    {
        Parameters ordered = new();
        foreach (var (name, _) in config.Shapes())
        {
            ordered.Add(name, this[name]);
        }

        return ordered;
    }

    /// <summary>A copy of every tensor whose name does not begin so; nothing begins with the empty prefix.</summary>
    public Parameters Without(string prefix)
    {
        Parameters copy = new();
        foreach (string name in _names)
        {
            if (prefix.Length == 0 || !name.StartsWith(prefix, StringComparison.Ordinal))
            {
                copy.Add(name, _tensors[name].Clone());
            }
        }

        return copy;
    }

    /// <summary>A copy of every tensor.</summary>
    public Parameters Clone()
    {
        Parameters copy = new();
        foreach (string name in _names)
        {
            copy.Add(name, _tensors[name].Clone());
        }

        return copy;
    }
}
