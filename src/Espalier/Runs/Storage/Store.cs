using System.Text;
using Espalier.Checkpoints;
using Espalier.Training;

namespace Espalier.Runs.Storage;

/// <summary>
/// Finished work by its key: blobs named by content, and actions that list them. Whoever reads finds all of an action or
/// nothing; what is damaged counts as not done. Several processes may work on one store.
/// </summary>
public sealed class Store
{
    /// <summary>What the file FORMAT says.</summary>
    const string Format = "espalier store 1\n";
    const string FormatName = "FORMAT";
    static readonly TimeSpan SaveEvery = TimeSpan.FromSeconds(60);

    Store(string folder)
    {
        Folder = folder;
        Blobs = new Blobs(Path.Combine(folder, "blobs"));
    }

    public string Folder { get; }
    public Blobs Blobs { get; }

    /// <summary>The store in a folder, made where there is none.</summary>
    /// <param name="create">Whether there may be none yet.</param>
    /// <param name="write">False to look only: a store that is not there is empty then, and stays not there.</param>
    /// <exception cref="InvalidDataException">The folder holds something else.</exception>
    public static Store Open(string folder, bool create = true, bool write = true)
    {
        string format = Path.Combine(folder, FormatName);
        if (!File.Exists(format))
        {
            bool free =
                create
                && !File.Exists(folder)
                && (
                    !Directory.Exists(folder)
                    || Directory
                        .EnumerateFileSystemEntries(folder)
                        .All(e =>
                            Path.GetFileName(e).StartsWith(".espalier-", StringComparison.Ordinal)
                        )
                );

            // Another process may have made the store while we looked.
            if (!free && !File.Exists(format))
            {
                throw new InvalidDataException(
                    $"{folder} is no store (it has no file {FormatName}); name the folder of one{(create ? ", or one that is empty" : "")}."
                );
            }

            if (free && !write)
            {
                return new Store(folder);
            }

            if (free)
            {
                AtomicFile.Write(format, Encoding.UTF8.GetBytes(Format));
            }
        }

        string found = File.ReadAllText(format);
        return found == Format
            ? new Store(folder)
            : throw new InvalidDataException(
                $"{format} says '{Printable.Escape(found.Trim())}'; '{Format.Trim()}' was expected: another Espalier made this store."
            );
    }

    /// <summary>Held shared by whoever adds, alone by whoever removes.</summary>
    public string UseLock => Path.Combine(Folder, "locks", "use");

    public string LockOf(StageKey key) => Path.Combine(Folder, "locks", key.Hex);

    /// <summary>Where a stage's training saves itself; another process goes on from there.</summary>
    public CheckpointPlace Checkpoint(StageKey key) =>
        new(Path.Combine(UnfinishedFolder, key.Hex), key.Hex, SaveEvery);

    internal string UnfinishedFolder => Path.Combine(Folder, "unfinished");
    internal string TemporaryFolder => Path.Combine(Folder, "tmp");
    internal string StudiesFolder => Path.Combine(Folder, "studies");
    internal string ModelsFolder => Path.Combine(Folder, "models");

    string ActionsFolder => Path.Combine(Folder, "actions");

    internal string ActionFile(string key) => Path.Combine(ActionsFolder, key + ".json");

    /// <summary>Keys of all actions, damaged ones too, in order.</summary>
    public IReadOnlyList<string> Keys() =>
        Directory.Exists(ActionsFolder)
            ?
            [
                .. Directory
                    .EnumerateFiles(ActionsFolder, "*.json")
                    .Select(f => Path.GetFileNameWithoutExtension(f))
                    .Where(n => !n.StartsWith('.'))
                    .Order(StringComparer.Ordinal),
            ]
            : [];

    /// <summary>All actions that can be read.</summary>
    public IReadOnlyList<StoredAction> Actions() =>
        [.. Keys().Select(k => TryRead(new StageKey(k))).OfType<StoredAction>()];

    /// <summary>The action if it is finished: its file is whole and every blob is there with its size.</summary>
    public StoredAction? TryRead(StageKey key)
    {
        string path = ActionFile(key.Hex);
        if (!File.Exists(path))
        {
            return null;
        }

        try
        {
            StoredAction action = StoredAction.Read(path);
            return action.Key == key.Hex && action.Files.All(Blobs.Has) ? action : null;
        }
        catch (InvalidDataException)
        {
            return null;
        }
    }

    /// <summary>Every byte is looked at. What is damaged is removed, so that it is made again.</summary>
    public bool IsWhole(StoredAction action)
    {
        bool whole = true;
        foreach (StoredFile file in action.Files)
        {
            if (!Blobs.IsWhole(file))
            {
                Blobs.Remove(file.Sha256);
                whole = false;
            }
        }

        return whole;
    }

    /// <summary>
    /// Stores what an action left: files are filled into a folder, become blobs, and only then the action appears.
    /// </summary>
    public StoredAction Put(StoredAction action, Action<string>? fill = null)
    {
        string temporary = MakeTemporary();
        try
        {
            fill?.Invoke(temporary);
            action = action with
            {
                Files =
                [
                    .. Directory
                        .EnumerateFiles(temporary)
                        .Order(StringComparer.Ordinal)
                        .Select(Blobs.Take),
                ],
            };
            AtomicFile.Write(ActionFile(action.Key), action.ToJson());
            return action;
        }
        finally
        {
            Directory.Delete(temporary, recursive: true);
        }
    }

    /// <summary>Nobody else's: processes in containers may have our number and share the store.</summary>
    string MakeTemporary() =>
        Durable.Explaining(
            TemporaryFolder,
            () =>
            {
                Directory.CreateDirectory(TemporaryFolder);
                return AtomicFolder.MakeBeside(TemporaryFolder);
            }
        );

    /// <summary>The bytes of one file of an action.</summary>
    public byte[] Read(StoredAction action, string name)
    {
        StoredFile file = action.Files.First(f => f.Name == name);
        byte[] bytes = File.ReadAllBytes(Blobs.PathOf(file.Sha256));
        return Blobs.Hash(bytes) == file.Sha256
            ? bytes
            : throw new InvalidDataException(
                $"{Blobs.PathOf(file.Sha256)} is damaged: its content is not what its name says; 'espalier store verify' finds what else is."
            );
    }

    /// <summary>
    /// The files of a stage under their names, as links: what loads a model, here and for users. It says nothing about what
    /// is finished and may be removed at any time.
    /// </summary>
    public string ModelFolder(StoredAction action)
    {
        string letters = string.Concat(action.Pipeline.Where(char.IsLetterOrDigit).Take(24));
        string task = string.Concat(action.Task.Where(c => char.IsLetterOrDigit(c) || c is '-'));
        string folder = Path.Combine(
            ModelsFolder,
            $"{letters}-{task}-{action.Seed}-{action.Key[..12]}"
        );
        if (action.Files.All(f => File.Exists(Path.Combine(folder, f.Name))))
        {
            return folder;
        }

        Durable.Explaining(
            folder,
            () =>
            {
                Directory.CreateDirectory(folder);
                foreach (StoredFile file in action.Files)
                {
                    Link(Path.Combine(folder, file.Name), Blobs.PathOf(file.Sha256));
                }
            }
        );
        return folder;
    }

    /// <summary>In one rename: whoever reads the folder meanwhile finds the file, by the old link or the new one.</summary>
    void Link(string from, string blob)
    {
        string folder = MakeTemporary(),
            temporary = Path.Combine(folder, "link");
        try
        {
            if (OperatingSystem.IsWindows())
            {
                File.Copy(blob, temporary);
            }
            else
            {
                File.CreateSymbolicLink(
                    temporary,
                    Path.GetRelativePath(Path.GetDirectoryName(from)!, blob)
                );
            }

            File.Move(temporary, from, overwrite: true);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>Removes what a training kept to be resumed.</summary>
    public void CleanUp(StageKey key)
    {
        string unfinished = Checkpoint(key).Folder;
        if (Directory.Exists(unfinished))
        {
            Directory.Delete(unfinished, recursive: true);
        }
    }
}
