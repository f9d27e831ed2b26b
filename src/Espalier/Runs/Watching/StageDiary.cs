using Espalier.Runs.Storage;
using Espalier.Runs.Studies;
using Espalier.Training;

namespace Espalier.Runs.Watching;

/// <summary>Tells in the store how the making of a stage goes. Interrupted where nobody said how it ended.</summary>
sealed class StageDiary : IDisposable
{
    const int MostLosses = 240;

    readonly Lock _one = new();
    readonly TimeProvider _time;
    readonly Diary _diary;
    readonly List<LossPoint> _losses;
    StageNote _note;
    int _together = 1,
        _pending;
    double _sum;

    public StageDiary(Store store, PlannedStage stage, TimeProvider time)
    {
        _time = time;
        DateTimeOffset now = time.GetUtcNow();

        // A training that goes on goes on with its curve.
        _losses = [.. Notes.OfStage(store, stage.Key.Hex)?.Losses ?? []];
        _note = new StageNote
        {
            Key = stage.Key.Hex,
            Pipeline = $"{stage.Pipeline}",
            Task = stage.Recipe.Data.Task.Name,
            Seed = stage.Recipe.Seed,
            Host = Environment.MachineName,
            Process = Environment.ProcessId,
            Began = now,
            Heard = now,
        };
        _diary = new Diary(Notes.FileOf(store, stage.Key.Hex), Content, time);
    }

    /// <summary>Called by the training; nothing is written here.</summary>
    public void Add(TrainingProgress progress)
    {
        lock (_one)
        {
            // Another phase counts from the beginning, a resumed one from where it was saved.
            while (_losses is [.., var last] && last.Step >= progress.Step)
            {
                _losses.RemoveAt(_losses.Count - 1);
            }

            _sum += progress.Loss;
            if (++_pending >= _together || progress.Step == progress.Steps)
            {
                _losses.Add(new LossPoint(progress.Step, _sum / _pending));
                (_sum, _pending) = (0, 0);
            }

            if (_losses.Count >= MostLosses)
            {
                Thin();
            }

            _note = _note with
            {
                Step = progress.Step,
                Steps = progress.Steps,
                Loss = progress.Loss,
                ExamplesPerSecond = double.IsFinite(progress.ExamplesPerSecond)
                    ? progress.ExamplesPerSecond
                    : null,
                SecondsLeft = progress.Left.TotalSeconds,
            };
        }

        _diary.Changed();
    }

    public void Done() => End(WorkState.Done, null);

    public void Failed(string why) => End(WorkState.Failed, why);

    public void Dispose()
    {
        lock (_one)
        {
            if (_note.State == WorkState.Working)
            {
                _note = _note with { State = WorkState.Stopped };
            }
        }

        _diary.Dispose();
    }

    void End(WorkState state, string? why)
    {
        lock (_one)
        {
            _note = _note with { State = state, Why = why, SecondsLeft = null };
        }
    }

    /// <summary>Pairs become one; from now on twice as many reports make a point.</summary>
    void Thin()
    {
        int kept = 0;
        for (int i = 0; i + 1 < _losses.Count; i += 2)
        {
            _losses[kept++] = new LossPoint(
                _losses[i + 1].Step,
                (_losses[i].Loss + _losses[i + 1].Loss) / 2
            );
        }

        _losses.RemoveRange(kept, _losses.Count - kept);
        _together *= 2;
    }

    byte[] Content()
    {
        lock (_one)
        {
            return Notes.Write(_note with { Heard = _time.GetUtcNow(), Losses = [.. _losses] });
        }
    }
}
