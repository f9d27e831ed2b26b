using System.Text;
using Espalier.Checkpoints;

namespace Espalier.Cli.Reports;

/// <summary>Standard output, or the file that --output names.</summary>
static class OutputPlace
{
    /// <summary>A file appears when all of it is written, and what was there before stays until then.</summary>
    public static void Write(Terminal terminal, string? path, Action<Terminal> fill)
    {
        if (path is null)
        {
            fill(terminal);
            terminal.Out.Flush();
            return;
        }

        AtomicFile.Write(
            path,
            stream =>
            {
                using StreamWriter file = new(stream, new UTF8Encoding(false), 1 << 16, true);
                fill(terminal with { Out = file, OutIsTerminal = false, TextWidth = int.MaxValue });
            }
        );
    }
}
