using Espalier.Checkpoints;
using Espalier.Kernels;
using Espalier.Kernels.Int8;
using Espalier.Stored;
using Espalier.Tensors;
using Espalier.Tests.Goldens;

namespace Espalier.Tests.Kernels;

/// <summary>int8 arithmetic against ONNX Runtime's, as recorded in quantization/int8.safetensors.</summary>
[Trait("tier", "golden")]
public sealed class Int8GoldenTests : IDisposable
{
    readonly SafetensorsFile _golden = SafetensorsFile.Open(
        Golden.Path("quantization", "int8.safetensors")
    );
    readonly Workers _workers = new(2);

    public static TheoryData<string> Families =>
        [.. KernelFamily.All.Where(f => f.IsSupported).Select(f => f.Name)];

    public void Dispose()
    {
        _golden.Dispose();
        _workers.Dispose();
    }

    [Fact]
    public void Weights_become_the_golden_bytes_and_scales()
    {
        Tensor weights = _golden.Read("weight");
        float[] scales = _golden.Read("weight.scale").Span.ToArray();
        sbyte[] expected = [.. _golden.ReadInt64("weight.q").Select(q => (sbyte)q)];
        sbyte[] plain = new sbyte[expected.Length],
            vector = new sbyte[expected.Length];
        for (int o = 0; o < weights.Rows; o++)
        {
            Range row = (o * weights.Columns)..((o + 1) * weights.Columns);
            Assert.Equal(scales[o], Int8Rows.Quantize(weights.Row(o), plain.AsSpan(row)));
            Assert.Equal(scales[o], RowQuantizer.Weights(weights.Row(o), vector.AsSpan(row)));
        }

        Assert.Equal(expected, plain);
        Assert.Equal(expected, vector);
    }

    [Theory, MemberData(nameof(Families))]
    public void Activations_become_the_golden_bytes_scale_and_zero_point(string family)
    {
        Int8Gemm int8 = KernelFamily.Choose(family).Int8;
        foreach (string name in Cases("zero_point"))
        {
            // The golden has one scale per tensor: as one row, per tensor and per row are the same.
            Tensor x = _golden.Read($"{name}.x");
            x = x.Reshape(1, x.Count);
            QuantizedRows rows = new(1, x.Columns);
            int8.Quantize(_workers, x, rows);
            Assert.Equal(
                (
                    name,
                    _golden.Read($"{name}.scale").Span[0],
                    (int)_golden.ReadInt64($"{name}.zero_point")[0]
                ),
                (name, rows.Scales[0], rows.ZeroPoints[0])
            );
            Assert.Equal(_golden.ReadBytes($"{name}.q"), rows.Values[..x.Columns]);
        }
    }

    [Theory, MemberData(nameof(Families))]
    public void Integer_products_are_the_golden_ones_exactly(string family)
    {
        Int8Gemm int8 = KernelFamily.Choose(family).Int8;
        // Every row of golden bytes has a ±127 or only zeros: as floats they quantize to themselves, scale 1.
        Tensor weights = new(
            _golden.Read("weight").Shape,
            [.. _golden.ReadInt64("weight.q").Select(q => (float)q)]
        );
        QuantizedMatrix packed = int8.Pack(weights);
        foreach (string name in Cases("matmul_integer"))
        {
            QuantizedRows x = Activations(name);
            Array.Fill(x.Scales, 1f);
            Tensor y = new(x.Rows, packed.Outputs);
            int8.Multiply(_workers, x, packed, y);
            Assert.Equal(
                _golden.ReadInt64($"{name}.matmul_integer"),
                y.Span.ToArray().Select(value => (long)value)
            );
        }
    }

    [Theory, MemberData(nameof(Families))]
    public void Outputs_are_the_golden_ones_bit_for_bit(string family)
    {
        Int8Gemm int8 = KernelFamily.Choose(family).Int8;
        QuantizedMatrix packed = int8.Pack(_golden.Read("weight"));
        foreach (string name in Cases("output"))
        {
            QuantizedRows x = Activations(name);
            Tensor y = new(x.Rows, packed.Outputs);
            int8.Multiply(_workers, x, packed, y);
            Assert.Equal(_golden.Read($"{name}.output").Span.ToArray(), y.Span.ToArray());
        }
    }

    string[] Cases(string field)
    {
        string[] names =
        [
            .. _golden
                .Tensors.Where(t =>
                    t.Name.StartsWith("activation.", StringComparison.Ordinal)
                    && t.Name.EndsWith("." + field, StringComparison.Ordinal)
                )
                .Select(t => t.Name[..^(field.Length + 1)]),
        ];
        Assert.NotEmpty(names);
        return names;
    }

    QuantizedRows Activations(string name)
    {
        Tensor shape = _golden.Read($"{name}.x");
        byte[] q = _golden.ReadBytes($"{name}.q");
        QuantizedRows rows = new(shape.Rows, shape.Columns) { Rows = shape.Rows };
        for (int r = 0; r < shape.Rows; r++)
        {
            q.AsSpan(r * shape.Columns, shape.Columns).CopyTo(rows.Values.AsSpan(r * rows.Stride));
            rows.Scales[r] = _golden.Read($"{name}.scale").Span[0];
            rows.ZeroPoints[r] = (int)_golden.ReadInt64($"{name}.zero_point")[0];
        }

        return rows;
    }
}
