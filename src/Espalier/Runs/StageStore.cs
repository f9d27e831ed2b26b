using System.Text.Json;
using Espalier.Checkpoints;
using Espalier.Models;
using Espalier.Models.Storage;
using Espalier.Tensors;
using Espalier.Text;
using Espalier.Training;

namespace Espalier.Runs;

/// <summary>
/// The finished stages of a run folder, each a model folder named after its place, its letters and its key. A stage appears in
/// one rename; what a reader finds is complete, or it is not there.
/// </summary>
public sealed class StageStore(string folder)
{
    internal const string KeyName = "stage.json";
    static readonly TimeSpan SaveEvery = TimeSpan.FromSeconds(60);

    public string FolderOf(int place, string name, StageKey key) =>
        Path.Combine(folder, FolderName(place, name, key));

    internal static string FolderName(int place, string name, StageKey key) =>
        $"{place}-{name}-{key.Short}";

    /// <summary>Where the training of a stage saves itself.</summary>
    /// <param name="note">Is told why one that was saved is not gone on with.</param>
    public CheckpointPlace Checkpoint(StageKey key, Action<string>? note = null) =>
        new(Path.Combine(folder, "unfinished-" + key.Short), key.Hex, SaveEvery) { Note = note };

    /// <summary>The stage if it is there, whole and unchanged since it was written.</summary>
    /// <param name="note">Is told of one that is there and is not that.</param>
    public static Model? TryRead(string stage, StageKey key, Action<string>? note = null)
    {
        if (!Path.Exists(stage))
        {
            return null;
        }

        Model? model = ReadWhole(stage, key);
        if (model is null)
        {
            note?.Invoke($"{stage} is not as it was written; it is made again.");
        }

        return model;
    }

    static Model? ReadWhole(string stage, StageKey key)
    {
        string file = Path.Combine(stage, KeyName);

        try
        {
            JsonFields facts = JsonFile.Read(file);
            bool same =
                facts.String("key") == key.Hex
                && facts.String("content") == ContentHash.OfFolder(stage, except: KeyName);
            return same
                ? ModelFolder.Load(stage).Model with
                {
                    Tokenizer = Tokenizer.Load(stage),
                }
                : null;
        }
        catch (Exception e)
            when (e is InvalidDataException or IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    public void Write(Model model, string stage, StageKey key)
    {
        using AtomicFolder output = AtomicFolder.Begin(stage, overwrite: true);
        ModelFolder.Write(model, output.Path, model.Tokenizer!.Files(), DType.F32);
        string content = ContentHash.OfFolder(output.Path);
        File.WriteAllBytes(
            Path.Combine(output.Path, KeyName),
            JsonSerializer.SerializeToUtf8Bytes(
                new SortedDictionary<string, string> { ["key"] = key.Hex, ["content"] = content }
            )
        );
        output.Commit();
        CleanUp(key);
    }

    /// <summary>Removes what a training kept to be resumed; the stage is stored.</summary>
    public void CleanUp(StageKey key)
    {
        string unfinished = Checkpoint(key).Folder;
        if (Directory.Exists(unfinished))
        {
            Directory.Delete(unfinished, recursive: true);
        }
    }
}
