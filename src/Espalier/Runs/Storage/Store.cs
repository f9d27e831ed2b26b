using System.Text;
using Espalier.Checkpoints;
using Espalier.Runs.Studies;
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
    const int LongestFormat = 1 << 10;
    const int LongestModelName = 240;
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
                    || Directory.EnumerateFileSystemEntries(folder).All(Leftovers.IsOne)
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
                try
                {
                    AtomicFile.Write(format, Encoding.UTF8.GetBytes(Format));
                }
                catch (OutputException) when (File.Exists(format))
                {
                    // Another process made the store, and tidied up before it began.
                }
            }
        }

        string found = Encoding.UTF8.GetString(
            RegularFile.ReadAll(format, "a store's file", LongestFormat)
        );
        return found == Format
            ? new Store(folder)
            : throw new InvalidDataException(
                $"{format} says '{Printable.Escape(found.Trim())}'; '{Format.Trim()}' was expected: another Espalier made this store."
            );
    }

    /// <summary>Held shared by whoever adds, alone by whoever removes.</summary>
    public string UseLock => Path.Combine(LocksFolder, "use");

    public string LockOf(StageKey key) => Path.Combine(LocksFolder, key.Hex);

    /// <summary>Where a stage's training saves itself; another process goes on from there.</summary>
    /// <param name="note">Is told why one that was saved is not gone on with.</param>
    public CheckpointPlace Checkpoint(StageKey key, Action<string>? note = null) =>
        new(Path.Combine(UnfinishedFolder, key.Hex), key.Hex, SaveEvery) { Note = note };

    internal string UnfinishedFolder => Path.Combine(Folder, "unfinished");
    internal string TemporaryFolder => Path.Combine(Folder, "tmp");
    internal string StudiesFolder => Path.Combine(Folder, "studies");
    internal string ModelsFolder => Path.Combine(Folder, "models");

    /// <summary>What whoever works here says of it: <see cref="Watching.StoreWatch"/>.</summary>
    internal string DiaryFolder => Path.Combine(Folder, "diary");

    string ActionsFolder => Path.Combine(Folder, "actions");

    /// <summary>Where processes that train together meet, for a while.</summary>
    public static string MeetingsOf(string folder) => Path.Combine(folder, "locks");

    internal string LocksFolder => Path.Combine(Folder, "locks");

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
    public StoredAction? TryRead(StageKey key) =>
        Path.Exists(ActionFile(key.Hex)) ? Look(key).Action : null;

    /// <summary>As <see cref="TryRead(StageKey)"/>, told when there is something that is not whole.</summary>
    /// <param name="damaged">What it was, for a sentence.</param>
    internal StoredAction? TryRead(StageKey key, string what, Action<string>? damaged)
    {
        if (!Path.Exists(ActionFile(key.Hex)))
        {
            return null;
        }

        if (Look(key).Action is { } action && IsWhole(action))
        {
            return action;
        }

        damaged?.Invoke($"{what} was damaged in the store {Folder}; it is made again.");
        return null;
    }

    /// <summary>What an action's file says, or why it counts as not done, in a sentence.</summary>
    internal (StoredAction? Action, string? Problem) Look(StageKey key)
    {
        string path = ActionFile(key.Hex);
        try
        {
            StoredAction action = StoredAction.Read(path);
            return action.Key != key.Hex
                    ? (null, $"{path} is the action of another key, {action.Key}; remove it.")
                : action.Files.FirstOrDefault(f => !Blobs.Has(f)) is { } file
                    ? (
                        null,
                        $"{path} lists {file.Name}, and its blob {file.Sha256} is missing or has another size than {file.Bytes:N0} bytes; "
                            + "it counts as not done and is made again."
                    )
                : (action, null);
        }
        catch (InvalidDataException e)
        {
            return (null, $"{e.Message} Remove the file, and what it stands for is made again.");
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
    /// Stores what an action left: files are filled into a folder, become blobs, and only then the action appears. Where another
    /// has stored the same stage meanwhile, its bytes are compared, and the first stays.
    /// </summary>
    /// <exception cref="InvalidDataException">Two made one stage and their bytes differ.</exception>
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
            if (
                action.Kind == ActionKind.Stage
                && TryRead(new StageKey(action.Key)) is { Kind: ActionKind.Stage } first
            )
            {
                return first.Files.SequenceEqual(action.Files)
                    ? first
                    : throw new InvalidDataException(
                        $"{Folder}: {action.Pipeline} of {action.Task}, seed {action.Seed}, was made twice and the two differ in {first.Files.Except(action.Files).Concat(action.Files.Except(first.Files)).First().Name}; the first was kept. Machines that share a store must give the same bytes: see that all run the same Espalier, and remove {ActionFile(action.Key)} to have it made again."
                    );
            }

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
        StoredFile file =
            action.Files.FirstOrDefault(f => f.Name == name)
            ?? throw new InvalidDataException(
                $"{ActionFile(action.Key)}: lists no {name}; remove the file, and what it stands for is made again."
            );
        byte[] bytes = RegularFile.ReadAll(Blobs.PathOf(file.Sha256), "a blob", Array.MaxLength);
        return Blobs.Hash(bytes) == file.Sha256
            ? bytes
            : throw new InvalidDataException(
                $"{Blobs.PathOf(file.Sha256)} is damaged: its content is not what its name says; 'espalier store verify' finds what else is."
            );
    }

    /// <summary>
    /// The files of a stage under their names, as links, for users to load. It says nothing about what is finished and may
    /// be removed at any time.
    /// </summary>
    public string ModelFolder(StoredAction action)
    {
        string folder = Path.Combine(ModelsFolder, ModelName(action));
        LinkAll(action, folder);
        return folder;
    }

    /// <summary>
    /// The files of a stage as a folder that appears whole and needs the store no more. Where the disk can, they are the same
    /// bytes under a second name.
    /// </summary>
    /// <param name="beside">Adds files of its own.</param>
    public void Export(StoredAction action, string folder, Action<string>? beside = null)
    {
        using AtomicFolder output = AtomicFolder.Begin(folder, overwrite: true);
        Durable.Explaining(
            folder,
            () =>
            {
                foreach (StoredFile file in action.Files)
                {
                    string place = Path.Combine(output.Path, file.Name);
                    HardLink.OrCopy(Blobs.PathOf(file.Sha256), place);
                }

                beside?.Invoke(output.Path);
            }
        );
        output.Commit();
    }

    /// <summary>As <see cref="ModelFolder"/>, of exactly these files, for as long as they are read.</summary>
    public T Reading<T>(StoredAction action, Func<string, T> read)
    {
        string folder = MakeTemporary();
        try
        {
            LinkAll(action, folder);
            return read(folder);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    internal static string ModelName(StoredAction action)
    {
        string letters = string.Concat(action.Pipeline.Where(char.IsLetterOrDigit).Take(24));
        string task = string.Concat(
            action.Task.Where(c => char.IsLetterOrDigit(c) || c is '-').Take(60)
        );
        return $"{letters}-{task}-{action.Seed}-{action.Key[..12]}";
    }

    void LinkAll(StoredAction action, string folder)
    {
        foreach (StoredFile file in action.Files)
        {
            string place = Path.Combine(folder, file.Name);
            if (!IsLinked(place, file))
            {
                Durable.Explaining(
                    folder,
                    () =>
                    {
                        Directory.CreateDirectory(folder);
                        Link(place, Blobs.PathOf(file.Sha256));
                    }
                );
            }
        }
    }

    /// <summary>Whether what is there is the blob, or a copy of it, and not what somebody put in its place.</summary>
    internal bool IsLinked(string place, StoredFile file)
    {
        if (new FileInfo(place).LinkTarget is { } target)
        {
            string folder = Path.GetFullPath(Path.GetDirectoryName(place)!);
            return Path.GetFullPath(target, folder) == Path.GetFullPath(Blobs.PathOf(file.Sha256));
        }

        try
        {
            // Windows has copies, and so has a store that was copied with its links followed.
            return File.Exists(place) && ContentHash.OfFile(place) == file.Sha256;
        }
        catch (InvalidDataException)
        {
            return false;
        }
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

    /// <summary>Sees that everything can be made before any work, however long the way here is.</summary>
    /// <param name="record">The name of a study's file.</param>
    internal void CheckRoom(string record) =>
        Durable.CheckRoom(
            Folder,
            Path.Combine("models", new string('m', LongestModelName)),
            Path.Combine("unfinished", new string('a', 2 * 32)),
            Path.Combine("studies", record)
        );

    /// <summary>Takes away what killed processes left half-written, if no other process is here now.</summary>
    internal void CleanIfAlone()
    {
        using IDisposable? alone = FileLock.Try(UseLock);

        // A disk that knows no locks gives them to everybody, and to us twice.
        using IDisposable? twice = FileLock.Try(UseLock);
        if (alone is not null && twice is null && Lease.All(this).Count == 0)
        {
            Clean();
        }
    }

    /// <summary>As <see cref="CleanIfAlone"/>, by whoever is.</summary>
    internal void Clean()
    {
        if (Directory.Exists(TemporaryFolder))
        {
            Directory.Delete(TemporaryFolder, recursive: true);
        }

        if (Directory.Exists(Lease.FolderOf(this)))
        {
            Directory.Delete(Lease.FolderOf(this), recursive: true);
        }

        foreach (
            string folder in (string[])
                [
                    Folder,
                    ActionsFolder,
                    StudiesFolder,
                    DiaryFolder,
                    WrittenStudy.FolderOf(this),
                    WrittenStudy.InputsFolder(this),
                ]
        )
        {
            Leftovers.Clear(folder);
        }

        if (Directory.Exists(UnfinishedFolder))
        {
            foreach (string training in Directory.EnumerateDirectories(UnfinishedFolder))
            {
                Leftovers.Clear(training);
            }
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
