namespace Espalier.Autograd;

/// <summary>What the forward pass of an operation takes.</summary>
/// <param name="MultiplyAdds">Multiply-adds of its products; element-wise work is not counted.</param>
/// <param name="Bytes">Bytes read and written once each, as if caches held nothing.</param>
public readonly record struct Cost(long MultiplyAdds, long Bytes)
{
    public static Cost operator +(Cost left, Cost right) =>
        new(left.MultiplyAdds + right.MultiplyAdds, left.Bytes + right.Bytes);

    /// <summary>Element-wise: that many numbers pass through memory.</summary>
    public static Cost Elements(long numbers) => new(0, numbers * sizeof(float));
}
