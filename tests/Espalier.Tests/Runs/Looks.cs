namespace Espalier.Tests.Runs;

/// <summary>A clock that stops whoever listens after it was looked at so often.</summary>
sealed class Looks(int most) : TimeProvider
{
    public CancellationTokenSource Stop { get; } = new();

    public int Count { get; private set; }

    public override long GetTimestamp()
    {
        if (++Count == most)
        {
            Stop.Cancel();
        }

        return base.GetTimestamp();
    }
}
