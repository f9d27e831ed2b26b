using System.Globalization;
using Espalier.Checkpoints;
using Espalier.Tensors;

namespace Espalier.Training;

/// <summary>
/// Where a training saves itself: weights, both moments and the number of steps; all else follows from
/// the key. The file is replaced in one rename, so the last good state is there whatever happens to the next, and it carries
/// a hash: one that is not whole is never gone on with.
/// </summary>
/// <param name="key">Names the run: a state of another key is not resumed.</param>
public sealed class CheckpointPlace(string folder, string key, TimeSpan interval)
{
    public const string FileName = "training.safetensors";

    /// <summary>2 since it carries a hash.</summary>
    const string Version = "2";

    // Also what is asked for when the folder of a training is looked through.
    internal const string Pattern = "training*.safetensors";
    readonly HashSet<string> _phases = [];
    long _saved;

    public string Folder { get; } = folder;

    public string Key { get; } = key;

    string File { get; init; } = Path.Combine(folder, FileName);

    /// <summary>Where a phase of this training saves itself: the first here, others under their names.</summary>
    /// <exception cref="InvalidOperationException">The name was given before: the second would go on where the first ended.</exception>
    public CheckpointPlace Of(string phase) =>
        !_phases.Add(phase)
            ? throw new InvalidOperationException(
                $"Two phases of one training are called '{phase}'; each needs a name of its own."
            )
        : phase.Length == 0 ? this
        : new CheckpointPlace(Folder, $"{Key}/{phase}", interval)
        {
            File = Path.Combine(Folder, $"training-{phase}.safetensors"),
            Note = Note,
        };

    public void SaveWhenDue(AdamW optimizer, TimeProvider time)
    {
        long now = time.GetTimestamp();
        if (_saved == 0)
        {
            _saved = now;
        }
        else if (time.GetElapsedTime(_saved, now) >= interval)
        {
            Save(optimizer);
            _saved = now;
        }
    }

    /// <summary>Is told in a sentence why a training that was saved is not gone on with.</summary>
    public Action<string>? Note { get; init; }

    public void Save(AdamW optimizer)
    {
        optimizer.CatchUp();
        SafetensorsWriter writer = new([
            new("espalier.training", Version),
            new("key", Key),
            new("steps", optimizer.Steps.ToString(CultureInfo.InvariantCulture)),
        ]);
        foreach (AdamW.Slot slot in optimizer.Slots)
        {
            writer.Add("value." + slot.Name, slot.Variable.Value);
            writer.Add("first." + slot.Name, slot.First);
            writer.Add("second." + slot.Name, slot.Second);
        }

        writer.WriteSealed(File);
    }

    /// <summary>Reads the state back if there is one of this key and it is whole; else the training begins anew.</summary>
    public bool TryRestore(AdamW optimizer)
    {
        if (!Path.Exists(File))
        {
            return false;
        }

        try
        {
            if (Problem(File) is { } problem)
            {
                throw new InvalidDataException(problem);
            }

            Restore(optimizer);
            return true;
        }
        catch (Exception e)
            when (e is InvalidDataException or IOException or UnauthorizedAccessException)
        {
            Note?.Invoke($"{e.Message.TrimEnd('.')}. The training starts over.");
            return false;
        }
    }

    /// <summary>Why a saved training is not to be trusted, in a sentence; null for one that is whole.</summary>
    /// <exception cref="InvalidDataException">It cannot be read.</exception>
    public static string? Problem(string file) =>
        TensorSeal.Holds(file) switch
        {
            true => null,
            false => $"{file} is damaged: its content is not what its hash says.",
            null => $"{file} carries no hash of its content (an older Espalier saved it).",
        };

    void Restore(AdamW optimizer)
    {
        using SafetensorsFile saved = SafetensorsFile.Open(File);
        if (
            saved.Metadata.GetValueOrDefault("key") != Key
            || saved.Metadata.GetValueOrDefault("espalier.training") != Version
            || !Numeral.TryWhole(saved.Metadata.GetValueOrDefault("steps"), out int steps)
            || steps < 0
        )
        {
            throw new InvalidDataException($"{File} is of another training.");
        }

        List<(Tensor To, Tensor From)> copies = [];
        foreach (AdamW.Slot slot in optimizer.Slots)
        {
            copies.Add((slot.Variable.Value, saved.Read("value." + slot.Name)));
            copies.Add((slot.First, saved.Read("first." + slot.Name)));
            copies.Add((slot.Second, saved.Read("second." + slot.Name)));
        }

        if (copies.Any(c => !c.To.Shape.Equals(c.From.Shape)))
        {
            throw new InvalidDataException(
                $"{File} has tensors of other shapes than this training."
            );
        }

        foreach (var (to, from) in copies)
        {
            from.Span.CopyTo(to.Span);
        }

        optimizer.Steps = steps;
    }
}
