using Espalier.Runs.Studies;

namespace Espalier.Cli.Reports;

/// <summary>What one item of a study is doing, as one line.</summary>
sealed class StageProgress(Terminal terminal, ProgressLine line, GraphItem item)
{
    readonly Lock _one = new();

    public StudyListener Listener() =>
        new()
        {
            Note = Tell,
            Stage = (stage, state) =>
            {
                if (state == StageState.Began)
                {
                    Tell($"{stage} ({stage.Key.Short}) …");
                }
            },
            Training = (stage, p) =>
            {
                lock (_one)
                {
                    line.Report(
                        $"{item}",
                        (double)p.Step / p.Steps,
                        $"step {p.Step}/{p.Steps}, loss {p.Loss:0.0000}"
                    );
                }
            },
            Measuring = (what, share) =>
            {
                lock (_one)
                {
                    line.Report(what, share);
                }
            },
        };

    public void Tell(string sentence)
    {
        lock (_one)
        {
            line.Clear();
            terminal.Tell(sentence);
        }
    }
}
