using Espalier.Checkpoints;
using Espalier.Runs.Storage;
using Espalier.Tensors;

namespace Espalier.Runs.Clusters;

/// <summary>An array that was submitted: its number, and the keys that each of its tasks was given.</summary>
public sealed record SubmittedArray(
    int Id,
    string Name,
    IReadOnlyDictionary<int, IReadOnlyList<string>> Tasks
);

/// <summary>How a task ended, as its script wrote it down.</summary>
/// <param name="Code">Of <c>espalier stage run</c>, or above 128 of the signal that ended it.</param>
public sealed record TaskEnd(int Array, int Index, int Restarts, string Node, int Code)
{
    // What a node does wrong: it lacks the kernels or a file, is full, or its processor refuses an instruction.
    static readonly int[] OfNodes = [2, 6, 126, 127, 132, 135];

    public bool IsNodes => OfNodes.Contains(Code);
}

/// <summary>
/// What was submitted of a study, in a folder of its store where its jobs write: one script and one file of keys for each call.
/// </summary>
public sealed class SlurmSubmission(Store store, string study)
{
    const int Version = 1;
    const string Jobs = "jobs";

    /// <summary>Scripts, logs and ends of all jobs of the study.</summary>
    public string Folder { get; } = Path.GetFullPath(Path.Combine(store.Folder, Jobs, study));

    /// <summary>Names of the studies that were submitted from this store.</summary>
    public static IReadOnlyList<string> Studies(Store store)
    {
        string folder = Path.Combine(store.Folder, Jobs);
        return Directory.Exists(folder)
            ?
            [
                .. Directory
                    .EnumerateDirectories(folder)
                    .Select(d => Path.GetFileName(d))
                    .Order(StringComparer.Ordinal),
            ]
            : [];
    }

    /// <summary>All that were submitted, the last first.</summary>
    public IReadOnlyList<SubmittedArray> Arrays() =>
        Directory.Exists(Folder)
            ?
            [
                .. Directory
                    .EnumerateFiles(Folder, "*.json")
                    .Where(f => !Leftovers.IsOne(f))
                    .SelectMany(Read)
                    .OrderByDescending(a => a.Id),
            ]
            : [];

    /// <summary>How tasks ended, the last last.</summary>
    public IReadOnlyList<TaskEnd> Ends() =>
        File.Exists(Path.Combine(Folder, "ends"))
            ?
            [
                .. File.ReadLines(Path.Combine(Folder, "ends"))
                    .Select(l => l.Split(' '))
                    .Where(f =>
                        f.Length == 5
                        && ((int[])[0, 1, 2, 4]).All(i => Numeral.TryWhole(f[i], out int _))
                    )
                    .Select(f => new TaskEnd(N(f[0]), N(f[1]), N(f[2]), f[3], N(f[4]))),
            ]
            : [];

    /// <summary>Nodes that did wrong when they were last heard of.</summary>
    public IReadOnlyList<string> BadNodes() =>
        [
            .. Ends()
                .GroupBy(e => e.Node)
                .Where(n => n.Last().IsNodes)
                .Select(n => n.Key)
                .Order(StringComparer.Ordinal),
        ];

    public string LogOf(int array, int index) => Path.Combine(Folder, $"{array}_{index}.log");

    /// <summary>Submits arrays, each behind those it waits for, and writes down what each was given.</summary>
    /// <returns>Ids in the order of the arrays.</returns>
    public IReadOnlyList<int> Submit(
        Slurm slurm,
        IReadOnlyList<JobArray> arrays,
        SlurmOptions options,
        IReadOnlyList<string> command
    )
    {
        Durable.MakeFolders(Folder);
        IReadOnlyList<string> bad = BadNodes();
        List<int> ids = [];
        try
        {
            foreach (JobArray array in arrays)
            {
                string script = Path.Combine(
                    Folder,
                    $"{Environment.MachineName}-{Environment.ProcessId}-{ids.Count}.sh"
                );
                AtomicFile.Write(
                    script,
                    System.Text.Encoding.UTF8.GetBytes(
                        SlurmScript.Of(
                            array,
                            study,
                            options,
                            command,
                            Path.GetFullPath(store.Folder),
                            Folder,
                            bad
                        )
                    )
                );
                int id = slurm.Submit(script, [.. array.After.Select(a => ids[a])]);
                ids.Add(id);
                Write(id, array);
                File.Move(script, Path.Combine(Folder, $"{id}.sh"), overwrite: true);
            }
        }
        catch when (ids.Count > 0)
        {
            // Half a study would run, and nobody be told.
            slurm.Cancel([.. ids.Select(i => $"{i}")]);
            throw;
        }

        return ids;
    }

    void Write(int id, JobArray array) =>
        AtomicFile.Write(
            Path.Combine(Folder, $"{id}.json"),
            JsonOutput.Document(json =>
            {
                json.WriteNumber("version", Version);
                json.WriteNumber("id", id);
                json.WriteString("name", array.Name);
                json.Objects(
                    "tasks",
                    array.Tasks,
                    task =>
                    {
                        json.WriteNumber("index", task.Index);
                        json.Array("keys", task.Items.Select(i => i.Key), json.WriteStringValue);
                    }
                );
            })
        );

    static IEnumerable<SubmittedArray> Read(string path)
    {
        JsonFields fields = JsonFile.Read(path);
        fields.Integer("version", Version, Version);
        yield return new SubmittedArray(
            fields.Integer("id", 0, int.MaxValue),
            fields.String("name"),
            fields
                .Objects("tasks")
                .ToDictionary(t => t.Integer("index", 0, int.MaxValue), t => t.Strings("keys"))
        );
    }

    static int N(string text) => Numeral.TryWhole(text, out int number) ? number : 0;
}
