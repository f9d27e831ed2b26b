using Espalier.Measuring;
using Espalier.Operators;
using Espalier.Runs.Storage;
using Espalier.Runs.Studies;

namespace Espalier.Runs.Watching;

/// <summary>
/// What a store says of its studies at a moment, whoever works on them and on whatever machine. It reads alone: finished work as
/// it lies there, and the notes that running processes leave. What was read once and cannot change is not read again.
/// </summary>
public sealed class StoreWatch(Store store, TimeProvider time)
{
    readonly Dictionary<string, StoredAction> _actions = [];
    readonly Dictionary<string, IReadOnlyList<Measurement>> _measured = [];
    readonly Dictionary<string, string> _lasts = [];
    ILookup<string, StoredAction> _alike = Enumerable.Empty<StoredAction>().ToLookup(a => a.Key);

    public Store Store { get; } = store;

    /// <summary>Every study of the store, the one that was heard of last in front.</summary>
    public WatchedStore Look()
    {
        List<NotedStudy> noted = [];
        List<string> problems = [];
        foreach (string file in StudyRecord.Files(Store))
        {
            try
            {
                noted.Add(Noted(StudyRecord.Read(file)));
            }
            catch (InvalidDataException e)
            {
                problems.Add(e.Message);
            }
        }

        // Behind the notes: what one calls done is found.
        ReadActions();
        WatchedStudy[] studies = [.. noted.Select(Of)];

        return new WatchedStore(
            [
                .. studies
                    .OrderByDescending(s => s.IsRunning)
                    .ThenByDescending(s => s.Heard)
                    .ThenBy(s => s.Id, StringComparer.Ordinal),
            ],
            _actions.Values.Count(a => a.Kind == ActionKind.Stage),
            problems
        );
    }

    void ReadActions()
    {
        IReadOnlyList<string> keys = Store.Keys();
        foreach (string gone in _actions.Keys.Except(keys).ToArray())
        {
            _actions.Remove(gone);
            _measured.Remove(gone);
        }

        foreach (string key in keys.Where(k => !_actions.ContainsKey(k)))
        {
            if (Store.TryRead(new StageKey(key)) is { } action)
            {
                _actions.Add(key, action);
            }
        }

        _alike = _actions
            .Values.Where(a => a.Kind == ActionKind.Stage && a.Seconds > 0)
            .ToLookup(a => LastOf(a.Pipeline));
    }

    NotedStudy Noted(StudyRecord record)
    {
        string id = StudyRecord.NameOf(record.Name, record.Kernels);
        return new(
            record,
            id,
            Notes.OfStudy(Store, id),
            [.. Notes.OfGroups(Store, id)],
            (record.Stages.Count > 0 ? record.Stages.Select(s => s.Key) : record.Keys)
                .Distinct()
                .ToDictionary(k => k, k => Notes.OfStage(Store, k))
        );
    }

    WatchedStudy Of(NotedStudy noted)
    {
        var (record, id, note, groupNotes, stageNotes) = noted;
        Dictionary<string, string> failed =
            note?.Failures.DistinctBy(f => f.Key).ToDictionary(f => f.Key, f => f.Why) ?? [];
        Dictionary<string, WatchedStage> stages = [];
        foreach (RecordedStage stage in Stages(record))
        {
            // Inputs stand in front of what is made of them.
            WatchedStage? parent = stage.Parent is null
                ? null
                : stages.GetValueOrDefault(stage.Parent);
            stages[stage.Key] = Of(
                stage,
                stageNotes[stage.Key],
                parent,
                failed.GetValueOrDefault(stage.Key)
            );
        }

        StoredAction[] groups =
        [
            .. _actions.Values.Where(a =>
                a.Kind == ActionKind.Measurements && a.Inputs.All(stages.ContainsKey)
            ),
        ];
        return new WatchedStudy(id, record.Name, record.Kernels, [.. stages.Values])
        {
            Note = note,
            IsAlive =
                note is { State: WorkState.Working or WorkState.Measuring } && IsHeard(note.Heard),
            Measuring =
            [
                .. groupNotes
                    .Prepend(note)
                    .OfType<StudyNote>()
                    .Where(n => n.State == WorkState.Measuring && IsHeard(n.Heard)),
            ],
            Groups = record.Groups,
            Measured = [.. groups.OrderBy(a => a.Task).ThenBy(a => a.Seed).Select(a => a.Key)],
            Measurements = [.. groups.OrderBy(a => a.Seed).SelectMany(Read)],
        };
    }

    /// <summary>Older records say no more than keys; of those that are finished the store knows the rest.</summary>
    IEnumerable<RecordedStage> Stages(StudyRecord record) =>
        record.Stages.Count > 0
            ? record.Stages
            : record.Keys.Select(key =>
                _actions.TryGetValue(key, out StoredAction? action)
                    ? new RecordedStage(
                        key,
                        action.Inputs.Count > 0 ? action.Inputs[0] : null,
                        action.Pipeline,
                        action.Task,
                        action.Seed
                    )
                    : new RecordedStage(key, null, key[..12], "", 0)
            );

    WatchedStage Of(RecordedStage stage, StageNote? note, WatchedStage? parent, string? why)
    {
        WatchedStage waiting = new(stage, StageStanding.Waiting)
        {
            Expected = Expected(stage),
            Note = note,
        };
        if (_actions.TryGetValue(stage.Key, out StoredAction? action))
        {
            return action.Kind == ActionKind.Failure
                ? waiting with
                {
                    Standing = StageStanding.Failed,
                    Why = action.Why,
                }
                : waiting with
                {
                    Standing = StageStanding.Done,
                    Seconds = action.Seconds,
                };
        }

        return note switch
        {
            { State: WorkState.Failed, Why: { } reason } => waiting with
            {
                Standing = StageStanding.Failed,
                Why = reason,
            },
            { State: WorkState.Working } when IsHeard(note.Heard) => waiting with
            {
                Standing = StageStanding.Running,
            },
            { State: WorkState.Working or WorkState.Stopped } => waiting with
            {
                Standing = StageStanding.Interrupted,
            },
            _ when parent?.Standing is StageStanding.Failed or StageStanding.Skipped => waiting with
            {
                Standing = StageStanding.Skipped,
                Why = $"{parent.Stage.Pipeline} failed",
            },
            _ when why is not null => waiting with { Standing = StageStanding.Failed, Why = why },
            _ => waiting,
        };
    }

    /// <summary>Seconds that stages with this operator took, of this task where there are any; null: none is finished.</summary>
    double? Expected(RecordedStage stage)
    {
        IEnumerable<StoredAction> alike = _alike[LastOf(stage.Pipeline)];
        double[] all = [.. alike.Select(a => a.Seconds)],
            same = [.. alike.Where(a => a.Task == stage.Task).Select(a => a.Seconds)];
        return all.Length == 0 ? null
            : same.Length > 0 ? same.Average()
            : all.Average();
    }

    string LastOf(string pipeline)
    {
        if (!_lasts.TryGetValue(pipeline, out string? last))
        {
            last = Pipeline.TryParse(pipeline) is { Operators: [.., var end] }
                ? $"{end}"
                : pipeline;
            _lasts.Add(pipeline, last);
        }

        return last;
    }

    IReadOnlyList<Measurement> Read(StoredAction action)
    {
        if (!_measured.TryGetValue(action.Key, out IReadOnlyList<Measurement>? read))
        {
            try
            {
                read = StudyResults.Read(Store, action);
            }
            catch (InvalidDataException)
            {
                read = []; // 'espalier store verify' says what it is
            }

            _measured.Add(action.Key, read);
        }

        return read;
    }

    bool IsHeard(DateTimeOffset when) => time.GetUtcNow() - when < Diary.Silence;

    /// <summary>What a store says of a study, and what those who work on it say.</summary>
    readonly record struct NotedStudy(
        StudyRecord Record,
        string Id,
        StudyNote? Note,
        IReadOnlyList<StudyNote> GroupNotes,
        IReadOnlyDictionary<string, StageNote?> StageNotes
    );
}
