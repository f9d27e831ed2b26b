using Espalier.Runs;
using Espalier.Runs.Studies;
using Espalier.Training;

namespace Espalier.Cli.Reports;

/// <summary>What a study is doing, from several threads, as one line and a sentence for each stage.</summary>
sealed class StudyProgress(Terminal terminal, ProgressLine line, StudyEstimate estimate)
{
    readonly Lock _one = new();
    readonly int _all = estimate.Stages.Count(s => !s.Done);
    readonly Dictionary<StageKey, double> _shares = [];
    readonly Dictionary<StageKey, double> _costs = estimate
        .Stages.Where(s => !s.Done)
        .ToDictionary(s => s.Stage.Key, s => Math.Max(0.1, s.CoreSeconds));
    int _ended;

    public StudyListener Listener() =>
        new()
        {
            Note = Tell,
            Stage = Stage,
            Training = Training,
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

    void Stage(PlannedStage stage, StageState state)
    {
        if (state == StageState.Found)
        {
            return;
        }

        lock (_one)
        {
            if (state != StageState.Began)
            {
                _shares[stage.Key] = 1;
                _ended++;
            }
        }

        Tell(
            state switch
            {
                StageState.Began => $"{stage} …",
                StageState.Done => $"{stage}: done ({_ended} of {_all})",
                StageState.Failed => $"{stage}: failed",
                _ => $"{stage}: skipped, as what it builds on failed",
            }
        );
    }

    void Training(PlannedStage stage, TrainingProgress p)
    {
        lock (_one)
        {
            _shares[stage.Key] = (double)p.Step / p.Steps;
            double all = _costs.Values.Sum(),
                done = _costs.Sum(c => c.Value * _shares.GetValueOrDefault(c.Key));
            line.Report(
                "study",
                done / all,
                $"{_ended} of {_all} stages; {stage.Pipeline} seed {stage.Recipe.Seed}: step {p.Step}/{p.Steps}, loss {p.Loss:0.0000}"
            );
        }
    }
}
