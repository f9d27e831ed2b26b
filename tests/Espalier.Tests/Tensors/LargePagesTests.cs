using Espalier.Tensors;

namespace Espalier.Tests.Tensors;

public sealed class LargePagesTests
{
    // Sizes below a large page, of several, and one whose last page is shared with what comes behind it.
    [Theory]
    [InlineData(1)]
    [InlineData(5000)]
    [InlineData(1 << 21)]
    [InlineData((5 << 20) + 77)]
    public void Gathering_leaves_every_byte_of_all_memory_around_as_it_was(int count)
    {
        int[][] arrays = [.. Enumerable.Range(0, 5).Select(_ => LargePages.Allocate<int>(count))];
        foreach (var (array, number) in arrays.Select((array, number) => (array, number)))
        {
            Assert.DoesNotContain(array, x => x != 0);
            for (int i = 0; i < array.Length; i++)
            {
                array[i] = i * 31 + number;
            }
        }

        LargePages.Gather(arrays[1]);
        LargePages.Gather(arrays[3]);
        for (int number = 0; number < arrays.Length; number++)
        {
            for (int i = 0; i < count; i++)
            {
                Assert.True(
                    arrays[number][i] == i * 31 + number,
                    $"array {number} has {arrays[number][i]} at {i}"
                );
            }
        }
    }
}
