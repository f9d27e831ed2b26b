namespace Espalier.Tensors;

/// <summary>Number formats that files hold. Tensors in memory are always float32.</summary>
public enum DType
{
    F64,
    F32,
    F16,
    BF16,
    I64,
    I32,
    I16,
    I8,
    U8,
    Bool,
}
