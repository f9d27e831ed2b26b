namespace Espalier.Tests.Runs;

/// <summary>A clock that interrupts a stage after it was looked at so many times.</summary>
sealed class StopAt(string stage, int looks, CancellationTokenSource stop) : TimeProvider
{
    string _now = "";
    int _looked;

    public void Begin(string name) => (_now, _looked) = (name, 0);

    public override long GetTimestamp()
    {
        if (_now == stage && ++_looked == 3 + 3 * looks)
        {
            stop.Cancel();
        }

        return base.GetTimestamp();
    }
}
