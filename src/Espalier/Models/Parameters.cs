using Espalier.Stored;
using Espalier.Tensors;

namespace Espalier.Models;

/// <summary>Named weights in a fixed order. The names are ours; a <c>Family</c> knows those of its files.</summary>
public sealed class Parameters
{
    readonly OrderedDictionary<string, Weight> _weights = [];

    public IReadOnlyList<string> Names => _weights.Keys;

    /// <summary>As fp32: the tensor itself, or made from the form in which it is stored.</summary>
    public Tensor this[string name] => Stored(name).Dense();

    /// <summary>Number of weights.</summary>
    public long Count => _weights.Values.Sum(w => (long)w.Shape.Count);

    public Weight Stored(string name) =>
        _weights.TryGetValue(name, out Weight? weight)
            ? weight
            : throw new KeyNotFoundException($"The model has no parameter '{name}'.");

    public void Add(string name, Weight weight) => _weights.Add(name, weight);

    public bool Has(string name) => _weights.ContainsKey(name);

    /// <summary>The same weights in the order of the config.</summary>
    public Parameters InOrder(ModelConfig config) =>
        Of(config.Shapes().Select(p => p.Name), Stored);

    /// <summary>The same weights but for some.</summary>
    public Parameters With(Func<string, Weight?> other) =>
        Of(Names, name => other(name) ?? Stored(name));

    /// <summary>A copy in fp32 of every weight whose name does not begin so; nothing begins with the empty prefix.</summary>
    public Parameters Without(string prefix) =>
        Of(
            Names.Where(n => prefix.Length == 0 || !n.StartsWith(prefix, StringComparison.Ordinal)),
            name => this[name].Clone()
        );

    /// <summary>A copy in fp32 of every weight, which may be trained.</summary>
    public Parameters Clone() => Without("");

    static Parameters Of(IEnumerable<string> names, Func<string, Weight> weight)
    {
        Parameters made = new();
        foreach (string name in names)
        {
            made.Add(name, weight(name));
        }

        return made;
    }
}
