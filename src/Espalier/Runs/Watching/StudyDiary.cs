using Espalier.Runs.Storage;
using Espalier.Runs.Studies;

namespace Espalier.Runs.Watching;

/// <summary>
/// Tells in the store that a process runs a study and what it measures, or on a cluster that it measures one group of it.
/// Interrupted where it did not end.
/// </summary>
sealed class StudyDiary : IDisposable
{
    readonly Lock _one = new();
    readonly TimeProvider _time;
    readonly Diary _diary;
    readonly string _group = "";
    StudyNote _note;

    /// <param name="group">What is measured where that is all that is done; null: the whole study is run.</param>
    public StudyDiary(
        Store store,
        string name,
        string kernels,
        int threads,
        TimeProvider time,
        GraphItem? group = null
    )
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
        string note = StudyRecord.NameOf(name, kernels);
        if (group is not null)
        {
            note = Notes.NameOfGroup(note, group.Key);
            _group = $"{group}, {Environment.MachineName}: ";
            _note = _note with { State = WorkState.Measuring, Measures = $"{_group}begins" };
        }

        _diary = new Diary(Notes.FileOf(store, note), Content, time);
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
                        Measures = _group + what,
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

    byte[]? Content()
    {
        lock (_one)
        {
            // Of a group that is measured the store says all.
            return _group.Length > 0 && _note.State == WorkState.Done
                ? null
                : Notes.Write(_note with { Heard = _time.GetUtcNow() });
        }
    }
}
