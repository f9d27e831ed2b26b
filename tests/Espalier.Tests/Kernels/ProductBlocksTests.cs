using Espalier.Kernels;

namespace Espalier.Tests.Kernels;

public sealed class ProductBlocksTests
{
    [Theory]
    [InlineData(1, 1, 6, 100)]
    [InlineData(40, 6, 6, 1536)]
    [InlineData(424, 6, 6, 768)]
    [InlineData(424, 24, 6, 768)]
    [InlineData(1536, 6, 6, 3072)]
    [InlineData(5000, 3, 48, 3072)]
    [InlineData(300, 12, 14, 1 << 20)]
    public void Every_row_of_every_panel_is_in_one_block(
        int rows,
        int panels,
        int stripRows,
        int rowBytes
    )
    {
        ProductBlocks blocks = new(rows, panels, stripRows, rowBytes);
        int[,] seen = new int[panels, rows];
        int half = 0;
        for (int block = 0; block < blocks.Count; block++)
        {
            var (panel, row, past) = blocks.At(block);
            Assert.Equal(0, row % stripRows);
            for (int r = row; r < past; r++)
            {
                seen[panel, r]++;
            }

            half = Math.Max(half, block < blocks.Count / 2 ? past : 0);
        }

        Assert.All(seen.Cast<int>(), times => Assert.Equal(1, times));

        // With an even number of chunks the front half of the blocks has the front rows alone, or of few rows the front panels.
        int chunks = blocks.Count / panels;
        if (rows < 16 * stripRows)
        {
            for (int block = 1; block < blocks.Count; block++)
            {
                Assert.True(blocks.At(block).Panel >= blocks.At(block - 1).Panel);
            }
        }
        else if (chunks % 2 == 0)
        {
            for (int block = blocks.Count / 2; block < blocks.Count; block++)
            {
                Assert.True(blocks.At(block).Row >= half);
            }
        }
    }

    [Fact]
    public void From_both_ends_the_panels_come_in_the_same_order()
    {
        ProductBlocks blocks = new(424, 6, 6, 768);
        for (int block = 0; block < blocks.Count / 2; block++)
        {
            Assert.Equal(blocks.At(block).Panel, blocks.At(blocks.Count - 1 - block).Panel);
        }
    }

    [Theory]
    [InlineData(0, 4)]
    [InlineData(4, 0)]
    public void Without_rows_or_columns_there_is_no_block(int rows, int panels) =>
        Assert.Equal(0, new ProductBlocks(rows, panels, 6, 768).Count);
}
