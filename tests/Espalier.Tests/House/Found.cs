namespace Espalier.Tests.House;

/// <summary>Asserts that a search came back empty, and tells all that it found, each on a line and none cut short.</summary>
static class Found
{
    public static void Nothing<T>(IEnumerable<T> found)
    {
        string[] lines = [.. found.Select(one => $"{one}")];
        Assert.True(lines.Length == 0, string.Join('\n', lines));
    }
}
