using Espalier.Tensors;

namespace Espalier.Autograd;

/// <summary>
/// Memory of one training step: handed out front to back, taken back all at once, so that after
/// the longest batch nothing is allocated any more. What is handed out holds arbitrary numbers.
/// </summary>
sealed class Arena
{
    const int SlabFloats = 8 << 20;
    const int Line = 16;
    readonly List<Tensor> _slabs = [];
    int _slab;
    int _used;

    public Tensor Rent(Shape shape)
    {
        int floats = (shape.Count + Line - 1) / Line * Line;
        while (_slab < _slabs.Count && floats > _slabs[_slab].Count - _used)
        {
            _slab++;
            _used = 0;
        }

        if (_slab == _slabs.Count)
        {
            _slabs.Add(new Tensor(Math.Max(SlabFloats, floats)));
            _used = 0;
        }

        Tensor rented = _slabs[_slab].Part(_used, shape);
        _used += floats;
        return rented;
    }

    public long Bytes => _slabs.Sum(s => (long)s.Count * sizeof(float));

    public void Reset() => (_slab, _used) = (0, 0);
}
