namespace Espalier.Cli.Reports;

/// <summary>
/// How far something is, on stderr: a line that redraws itself on a terminal, else a plain line now and then.
/// </summary>
sealed class ProgressLine(Terminal terminal) : IDisposable
{
    const int BarWidth = 20;

    static readonly TimeSpan Redraw = TimeSpan.FromMilliseconds(100);
    static readonly TimeSpan PlainEvery = TimeSpan.FromSeconds(15);

    long _start = terminal.Time.GetTimestamp();
    string _what = "";
    TimeSpan _last = TimeSpan.Zero;
    int _drawn;

    /// <param name="share">0 to 1.</param>
    /// <param name="detail">What else there is to say: a loss, a rate.</param>
    /// <param name="remaining">Time left, where the work knows it better than the share tells.</param>
    public void Report(string what, double share, string detail = "", TimeSpan? remaining = null)
    {
        if (what != _what)
        {
            // The first thing began when the line was made; each later one begins now.
            if (_what.Length > 0)
            {
                (_start, _last) = (terminal.Time.GetTimestamp(), TimeSpan.Zero);
            }

            _what = what;
        }

        TimeSpan elapsed = terminal.Time.GetElapsedTime(_start);
        if (elapsed - _last < (terminal.ErrorIsTerminal ? Redraw : PlainEvery))
        {
            return;
        }

        _last = elapsed;
        share = Math.Clamp(share, 0, 1);
        string left =
            remaining is { } known ? $", {Shown.Duration(known)} left"
            : share > 0 && elapsed < TimeSpan.FromDays(1)
                ? $", {Shown.Duration((1 - share) / share * elapsed)} left"
            : "";
        string text =
            $"{100 * share, 3:0} % after {Shown.Duration(elapsed)}{left}{(detail.Length > 0 ? $"; {detail}" : "")}";
        if (terminal.ErrorIsTerminal)
        {
            int full = (int)(share * BarWidth);
            string bar = new string('#', full) + new string('.', BarWidth - full);
            string line = Cut($"{what} {bar} {text}");
            terminal.Error.Write($"\r{line.PadRight(_drawn)}");
            _drawn = line.Length;
        }
        else
        {
            terminal.Error.WriteLine($"espalier: {what} {text.TrimStart()}");
        }
    }

    /// <summary>Takes the line away, so that what follows starts on a clean one.</summary>
    public void Clear()
    {
        if (_drawn > 0)
        {
            terminal.Error.Write($"\r{new string(' ', _drawn)}\r");
            _drawn = 0;
        }
    }

    public void Dispose() => Clear();

    string Cut(string line) =>
        line.Length < terminal.ErrorWidth ? line : line[..(terminal.ErrorWidth - 1)];
}
