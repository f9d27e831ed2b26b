using Espalier.Checkpoints;
using Espalier.Stored;
using Espalier.Tensors;
using Espalier.Tests.Goldens;

namespace Espalier.Tests.Stored;

/// <summary>Rounding to nearest in groups against quantization/rtn4.safetensors.</summary>
[Trait("tier", "golden")]
public sealed class GridGoldenTests
{
    [Theory]
    [InlineData(32)]
    [InlineData(128)]
    public void A_group_in_4_bits_has_the_golden_scale_zero_and_codes(int group)
    {
        using SafetensorsFile golden = SafetensorsFile.Open(
            Golden.Path("quantization", "rtn4.safetensors")
        );
        Tensor weight = golden.Read("weight"),
            scales = golden.Read($"group{group}.scale"),
            zeros = golden.Read($"group{group}.zero"),
            dense = golden.Read($"group{group}.dequantized");
        byte[] codes = golden.ReadBytes($"group{group}.q");
        for (int r = 0; r < weight.Rows; r++)
        {
            for (int c = 0; c < weight.Columns; c++)
            {
                int first = c / group * group;
                Grid grid = Grid.Of(weight.Row(r).Slice(first, group), 4);
                Assert.Equal(scales.Row(r)[c / group], grid.Scale);
                Assert.Equal(zeros.Row(r)[c / group], grid.Zero);
                byte code = grid.Code(weight.Row(r)[c]);
                Assert.Equal((r, c, codes[r * weight.Columns + c]), (r, c, code));
                Assert.Equal(dense.Row(r)[c], grid.Value(code));
            }
        }
    }
}
