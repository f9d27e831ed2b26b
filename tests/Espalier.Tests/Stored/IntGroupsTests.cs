using Espalier.Stored;
using Espalier.Tensors;

namespace Espalier.Tests.Stored;

/// <summary>Weights in groups of columns, each with a scale and an offset.</summary>
public sealed class IntGroupsTests
{
    [Theory]
    [InlineData(4, 32, 64)]
    [InlineData(4, 64, 100)]
    [InlineData(4, 128, 7)]
    [InlineData(8, 32, 45)]
    public void Numbers_are_half_a_step_off_at_most_and_0_stays_0(int bits, int group, int columns)
    {
        Tensor weight = Weights(9, columns);
        weight.Row(3).Clear();
        weight.Row(4)[5] = 0;
        IntGroups stored = IntGroups.Of(weight, bits, group);
        Tensor dense = stored.Dense();
        Assert.Equal(0, dense.Row(4)[5]);
        Assert.All(dense.Row(3).ToArray(), w => Assert.Equal(0, w));
        byte[] codes = new byte[group];
        for (int r = 0; r < weight.Rows; r++)
        {
            for (int c = 0; c < columns; c++)
            {
                int g = c / group;
                float scale = stored.Read(r, g, codes.AsSpan(0, stored.LengthOf(g))).Scale;

                // A rounded zero and a scale of eight bits take up to half a step more from the ends.
                float step = bits == 4 ? 1.1f : 0.8f;
                Assert.InRange(dense.Row(r)[c] - weight.Row(r)[c], -step * scale, step * scale);
            }
        }
    }

    [Theory]
    [InlineData(4)]
    [InlineData(8)]
    public void Cut_and_joined_again_it_is_what_it_was(int bits)
    {
        IntGroups whole = IntGroups.Of(Weights(10, 72), bits, 32);
        IntGroups joined = (IntGroups)
            Weight.Stacked(whole.Slice(0, 3), whole.Slice(3, 1), whole.Slice(4, 6));
        Assert.Equal(whole.Codes.ToArray(), joined.Codes.ToArray());
        Assert.Equal(whole.Dense().Span.ToArray(), joined.Dense().Span.ToArray());
    }

    [Theory]
    [InlineData(8, 1 << 16)]
    [InlineData(4, 1 << 17)]
    public void A_table_of_so_many_numbers_that_their_bits_are_no_int_has_room_for_the_last(
        int bits,
        int rows
    )
    {
        const int Columns = 1 << 12;
        IntGroups.Builder builder = new(new Shape(rows, Columns), bits, 128);
        builder.Set(rows - 1, Columns - 1, 1);
    }

    [Fact]
    public void Groups_of_another_size_are_joined_in_fp32()
    {
        Tensor weight = Weights(4, 64);
        Weight joined = Weight.Stacked(
            IntGroups.Of(weight, 4, 32),
            IntGroups.Of(weight, 4, 64),
            IntGroups.Of(weight, 8, 64)
        );
        Assert.IsType<Fp32>(joined);
        Assert.Equal(12, joined.Rows);
    }

    internal static Tensor Weights(int rows, int columns)
    {
        Tensor weight = new(rows, columns);
        Rng rng = new(7);
        for (int i = 0; i < weight.Count; i++)
        {
            weight.Span[i] = rng.Normal((ulong)i) * 0.05f;
        }

        return weight;
    }
}
