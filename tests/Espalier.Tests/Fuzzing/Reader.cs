namespace Espalier.Tests.Fuzzing;

/// <summary>A reader of files or texts of others.</summary>
/// <param name="Read">Takes an input, in a folder of its own thread; what it may throw is listed.</param>
/// <param name="Cost">About how many times as long as the quickest an input takes; it gets so many fewer.</param>
sealed record Reader(
    string Name,
    IReadOnlyList<byte[]> Sound,
    Action<byte[], string> Read,
    bool IsJson = false,
    int Cost = 1
)
{
    /// <summary>How it may refuse; InvalidDataException always.</summary>
    public IReadOnlyList<Type> Refusals { get; init; } = [];

    public override string ToString() => Name;
}
