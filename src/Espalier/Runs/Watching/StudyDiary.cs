using Espalier.Runs.Storage;
using Espalier.Runs.Studies;

namespace Espalier.Runs.Watching;

/// <summary>Tells in the store that a process runs a study, and what it measures. Interrupted where it did not end.</summary>
sealed class StudyDiary : IDisposable
{
    readonly Lock _one = new();
    readonly TimeProvider _time;
    readonly Diary _diary;
    StudyNote _note;

    public StudyDiary(Store store, string name, string kernels, int threads, TimeProvider time)
    {
        _time = time;
        DateTimeOffset now = time.GetUtcNow();
        _note = new StudyNote
        {
            Name = name,
            Kernels = kernels,
            Host = Environment.MachineName,
            Process = Environment.ProcessId,
            Threads = threads,
            Began = now,
            Heard = now,
        };
        _diary = new Diary(Notes.FileOf(store, StudyRecord.NameOf(name, kernels)), Content, time);
    }

    /// <summary>The listener, who hears all that he heard.</summary>
    public StudyListener With(StudyListener listener) =>
        listener with
        {
            Measuring = (what, share) =>
            {
                // Told with the next sign of life: while times are taken nothing more is written than that.
                lock (_one)
                {
                    _note = _note with
                    {
                        State = WorkState.Measuring,
                        Measures = what,
                        Share = share,
                    };
                }

                listener.Measuring?.Invoke(what, share);
            },
        };

    public void Ended(IReadOnlyList<StageFailure> failures)
    {
        lock (_one)
        {
            _note = _note with
            {
                State = failures.Count == 0 ? WorkState.Done : WorkState.Failed,
                Measures = null,
                Failures = [.. failures.Select(f => new FailureNote(f.Stage.Key.Hex, f.Why))],
            };
        }
    }

    public void Dispose()
    {
        lock (_one)
        {
            if (_note.State is WorkState.Working or WorkState.Measuring)
            {
                _note = _note with { State = WorkState.Stopped };
            }
        }

        _diary.Dispose();
    }

    byte[] Content()
    {
        lock (_one)
        {
            return Notes.Write(_note with { Heard = _time.GetUtcNow() });
        }
    }
}
