using System.Globalization;
using Espalier.Checkpoints;
using Espalier.Tensors;

namespace Espalier.Training;

/// <summary>
/// Where a training saves itself: weights, both moments and the number of steps; all else follows from
/// the key. The file is replaced in one rename, so the last good state is there whatever happens to the next.
/// </summary>
/// <param name="key">Names the run: a state of another key is not resumed.</param>
public sealed class CheckpointPlace(string folder, string key, TimeSpan interval)
{
    const string FileName = "training.safetensors";
    long _saved;

    public string Folder { get; } = folder;

    string File => Path.Combine(Folder, FileName);

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

    public void Save(AdamW optimizer)
    {
        optimizer.CatchUp();
        Directory.CreateDirectory(Folder);
        SafetensorsWriter writer = new([
            new("espalier.training", "1"),
            new("key", key),
            new("steps", optimizer.Steps.ToString(CultureInfo.InvariantCulture)),
        ]);
        foreach (AdamW.Slot slot in optimizer.Slots)
        {
            writer.Add("value." + slot.Name, slot.Variable.Value);
            writer.Add("first." + slot.Name, slot.First);
            writer.Add("second." + slot.Name, slot.Second);
        }

        writer.Write(File);
    }

    /// <summary>Reads the state back if there is one of this key; a damaged one counts as none.</summary>
    public bool TryRestore(AdamW optimizer)
    {
        if (!System.IO.File.Exists(File))
        {
            return false;
        }

        List<(Tensor To, Tensor From)> copies = [];
        int steps;
        try
        {
            using SafetensorsFile saved = SafetensorsFile.Open(File);
            if (
                saved.Metadata.GetValueOrDefault("key") != key
                || !Numeral.TryWhole(saved.Metadata.GetValueOrDefault("steps"), out steps)
                || steps < 0
            )
            {
                return false;
            }

            foreach (AdamW.Slot slot in optimizer.Slots)
            {
                copies.Add((slot.Variable.Value, saved.Read("value." + slot.Name)));
                copies.Add((slot.First, saved.Read("first." + slot.Name)));
                copies.Add((slot.Second, saved.Read("second." + slot.Name)));
            }
        }
        catch (InvalidDataException)
        {
            return false;
        }

        if (copies.Any(c => !c.To.Shape.Equals(c.From.Shape)))
        {
            return false;
        }

        foreach (var (to, from) in copies)
        {
            from.Span.CopyTo(to.Span);
        }

        optimizer.Steps = steps;
        return true;
    }
}
