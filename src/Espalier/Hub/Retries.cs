using System.Globalization;

namespace Espalier.Hub;

/// <summary>How often one thing is asked for again, and after what pause: a second, doubled each time, or as long as the hub says.</summary>
/// <param name="what">For sentences.</param>
/// <param name="second">The first pause.</param>
/// <param name="tell">Hears why there is a pause.</param>
sealed class Retries(string what, TimeSpan second, Action<string> tell, CancellationToken stop)
{
    const int MostInARow = 5;
    const int MostInAll = 100;

    /// <summary>Seconds that a hub may ask one to wait; whoever has more to wait is told instead.</summary>
    const int MostSeconds = 60;

    int _inARow;
    int _inAll;

    /// <summary>Something came; the next failure is a first one.</summary>
    public void Came() => _inARow = 0;

    /// <summary>Waits, or gives up.</summary>
    /// <param name="why">What happened, as the end of a sentence.</param>
    /// <param name="asked">How long the hub wants one to wait; null: it does not say.</param>
    /// <param name="isEnough">There is nothing to wait for.</param>
    /// <exception cref="HubException">It was often enough, or the hub asks for a longer wait than anybody would.</exception>
    public async Task Again(
        string why,
        TimeSpan? asked = null,
        Exception? cause = null,
        bool isEnough = false
    )
    {
        if (asked is { TotalSeconds: > MostSeconds } long_)
        {
            throw new HubException(
                $"{what}: {why} and asks to come again in {long_.TotalSeconds.ToString("0", CultureInfo.InvariantCulture)} seconds; do so, or log in, since the hub lets those it knows ask more often.",
                cause
            );
        }

        if (++_inARow == MostInARow || ++_inAll == MostInAll || isEnough)
        {
            throw new HubException(
                $"{what}: {why}{(_inARow > 1 ? $", {_inARow} times in a row" : "")}; check the network (HF_ENDPOINT, proxies) and try again later; if a folder of this machine was meant, look at its path.",
                cause
            );
        }

        TimeSpan pause = asked ?? second * (1 << (_inARow - 1));
        tell($"{what}: {why}; asking again.");
        await Task.Delay(pause, stop).ConfigureAwait(false);
    }
}
