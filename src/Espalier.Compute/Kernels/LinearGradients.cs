using Espalier.Tensors;

namespace Espalier.Kernels;

/// <summary>What the backward pass of y [T, O] = x [T, I] · weightᵀ + bias has, and what it is to write.</summary>
/// <param name="Packed">The weight as right-hand side [O, I].</param>
/// <param name="AddX">Adds to what <paramref name="Dx"/> holds.</param>
/// <param name="AddWeight">Likewise.</param>
/// <param name="BiasSums">Is added to.</param>
public readonly record struct LinearGradients(
    Tensor X,
    Tensor Dy,
    PackedMatrix? Packed,
    Tensor? Dx,
    bool AddX,
    Tensor? WeightGradient,
    bool AddWeight,
    Tensor? BiasSums
);
