using System.Text.Json;
using Espalier.Checkpoints;
using Espalier.Kernels;
using Espalier.Operators;
using Espalier.Stored;
using Espalier.Tensors;
using Espalier.Tests.Goldens;
using Espalier.Tests.Models;

namespace Espalier.Tests.Operators;

/// <summary>GPTQ and AWQ of one linear against quantization/gptq_awq.safetensors.</summary>
[Trait("tier", "golden")]
public sealed class CalibratedGoldenTests : IDisposable
{
    readonly Workers _workers = new(2);
    readonly SafetensorsFile _golden = SafetensorsFile.Open(
        Golden.Path("quantization", "gptq_awq.safetensors")
    );
    readonly JsonElement _errors = JsonDocument
        .Parse(File.ReadAllText(Golden.Path("quantization", "gptq_awq.json")))
        .RootElement.GetProperty("mean_squared_output_error");

    public void Dispose()
    {
        _golden.Dispose();
        _workers.Dispose();
    }

    [Theory]
    [InlineData("gptq.row", 96, ColumnOrder.Columns)]
    [InlineData("gptq.row.act_order", 96, ColumnOrder.Activation)]
    [InlineData("gptq.group32", 32, ColumnOrder.Columns)]
    public void Columns_that_make_up_for_others_are_the_golden_ones(
        string name,
        int group,
        ColumnOrder order
    )
    {
        Tensor weight = _golden.Read("weight"),
            inputs = _golden.Read("inputs"),
            rounded = new(weight.Shape);
        byte[] expected = _golden.ReadBytes($"{name}.q"),
            codes = new byte[weight.Columns];
        Gptq gptq = new() { GroupColumns = group };
        InverseHessian inverse = InverseHessian.Of(MomentsOf(inputs), 0.01, order);
        int same = 0;
        for (int r = 0; r < weight.Rows; r++)
        {
            Grid[] grids = new Grid[weight.Columns / group];
            gptq.Row(weight.Row(r), inverse, narrow: false, grids, codes);
            for (int i = 0; i < codes.Length; i++)
            {
                same += codes[i] == expected[r * codes.Length + i] ? 1 : 0;
                rounded.Row(r)[i] = grids[i / group].Value(codes[i]);
            }
        }

        Assert.True(same >= 0.99 * expected.Length, $"{same} of {expected.Length} codes");
        double wanted = _errors.GetProperty(name).GetDouble();
        Assert.InRange(ErrorOf(weight, rounded, inputs), 0.99 * wanted, 1.01 * wanted);
    }

    [Fact]
    public void Every_step_of_the_grid_of_scales_has_the_golden_error()
    {
        Tensor weight = _golden.Read("weight"),
            inputs = _golden.Read("inputs");
        Moments moments = MomentsOf(inputs);
        PackedMatrix products = KernelFamily.Best.Gemm.Pack(_workers, moments.Products, false);
        for (int step = 0; step < 20; step++)
        {
            float[] scales = Awq.Scales(moments.Magnitudes, step / 20.0);
            double[] golden = Doubles($"awq.scales.{step:D2}");
            Assert.All(
                scales.Zip(golden),
                s => Assert.Equal(s.Second, s.First, 1e-5 * (1 + s.Second))
            );
            Tensor delta = new(weight.Shape);
            for (int r = 0; r < weight.Rows; r++)
            {
                Awq.Change(weight.Row(r), scales, delta.Row(r), 4, 32);
            }

            double error =
                    Moments.ErrorOf(delta, _workers, KernelFamily.Best.Gemm, products)
                    / (inputs.Rows * weight.Rows),
                wanted = _errors
                    .GetProperty("awq.grid")[step]
                    .GetProperty("output_error")
                    .GetDouble();
            Assert.InRange(error, 0.99 * wanted, 1.01 * wanted);
        }
    }

    [Fact]
    public void The_best_step_is_the_golden_one()
    {
        Moments moments = MomentsOf(_golden.Read("inputs"));
        Awq awq = new() { GroupColumns = 32 };
        float[] scales = awq.Best([_golden.Read("weight")], moments, Toy.Context(_workers)).Scales;
        int step = _errors.GetProperty("awq.best_step").GetInt32();
        Assert.Equal(Awq.Scales(moments.Magnitudes, step / 20.0), scales);
    }

    Moments MomentsOf(Tensor inputs) =>
        Moments.Of(inputs.Columns).With(inputs, _workers, KernelFamily.Best.Gemm);

    double[] Doubles(string name) =>
        [
            .. System
                .Runtime.InteropServices.MemoryMarshal.Cast<byte, double>(_golden.ReadBytes(name))
                .ToArray(),
        ];

    static double ErrorOf(Tensor weight, Tensor rounded, Tensor inputs)
    {
        double sum = 0;
        for (int t = 0; t < inputs.Rows; t++)
        {
            for (int o = 0; o < weight.Rows; o++)
            {
                double off = 0;
                for (int i = 0; i < weight.Columns; i++)
                {
                    off += (double)inputs.Row(t)[i] * (rounded.Row(o)[i] - weight.Row(o)[i]);
                }

                sum += off * off;
            }
        }

        return sum / (inputs.Rows * weight.Rows);
    }
}
