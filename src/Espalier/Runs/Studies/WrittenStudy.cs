using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Espalier.Checkpoints;
using Espalier.Data;
using Espalier.Kernels;
using Espalier.Measuring;
using Espalier.Operators;
using Espalier.Runs.Storage;

namespace Espalier.Runs.Studies;

/// <summary>
/// A study as its store holds it, so that a machine that sees the store alone can make any stage of it from the stage's key:
/// the recipe, the files it names under the hashes of their content, and the graph.
/// </summary>
/// <param name="File">Where it was read from.</param>
public sealed record WrittenStudy(string File, StudyGraph Graph, JsonElement Recipe)
{
    const int Version = 1;
    const string Plans = "plans";
    const string Inputs = "inputs";

    // What a folder of data holds beside these is not read, and may be large.
    static readonly string[] DataFiles =
    [
        ".tsv",
        ".csv",
        ".txt",
        ".tokens",
        ".json",
        ".jsonl",
        ".parquet",
    ];

    /// <summary>Writes all of it, the graph last; what is there already stays.</summary>
    /// <param name="recipeFile">That the study's recipe was read from.</param>
    public static WrittenStudy Write(Study study, StudyGraph graph, string recipeFile)
    {
        Store store = study.Store;
        using IDisposable use = study.Enter(new StudyListener(), CancellationToken.None);
        JsonObject recipe = Placed(
            study.Recipe,
            JsonNode.Parse(System.IO.File.ReadAllBytes(recipeFile))!.AsObject(),
            Path.GetDirectoryName(Path.GetFullPath(recipeFile))!,
            (path, isData) => Keep(store, path, isData)
        );
        string file = Path.Combine(
            FolderOf(store),
            StudyRecord.FileName(graph.Name, study.TrainingKernels)
        );
        AtomicFile.Write(
            file,
            SealedJson.Write(
                JsonOutput.Document(
                    json =>
                    {
                        json.WriteNumber("version", Version);
                        json.WriteString("name", graph.Name);
                        json.WriteString("kernels", graph.Kernels);
                        json.WritePropertyName("recipe");
                        recipe.WriteTo(json);
                        graph.WriteTo(json);
                    },
                    indented: false
                )[..^1]
            )
        );
        study.Record();
        return Read(file);
    }

    /// <summary>All that the store holds, by name.</summary>
    /// <exception cref="InvalidDataException">One is damaged.</exception>
    public static IReadOnlyList<WrittenStudy> All(Store store) => [.. Files(store).Select(Read)];

    internal static IEnumerable<string> Files(Store store) =>
        Directory.Exists(FolderOf(store))
            ? Directory
                .EnumerateFiles(FolderOf(store), "*.json")
                .Where(f => !Leftovers.IsOne(f))
                .Order(StringComparer.Ordinal)
            : [];

    /// <summary>One that asks for the item of a key.</summary>
    /// <param name="key">Whole, or enough of its beginning to tell it from others.</param>
    /// <exception cref="InvalidDataException">The store knows none.</exception>
    public static (WrittenStudy Study, GraphItem Item) Find(Store store, string key)
    {
        var found = All(store)
            .SelectMany(s => s.Graph.Items.Select(i => (Study: s, Item: i)))
            .Where(f => f.Item.Key.StartsWith(key, StringComparison.Ordinal))
            .DistinctBy(f => f.Item.Key)
            .Take(2)
            .ToArray();
        return found switch
        {
            [var one] => one,
            [] => throw new InvalidDataException(
                $"{store.Folder}: no study written there asks for '{Printable.Escape(key)}'; its recipe may have changed since, submit it again."
            ),
            _ => throw new InvalidDataException(
                $"{store.Folder}: several stages begin with '{Printable.Escape(key)}'; give more of the key."
            ),
        };
    }

    /// <summary>The study, read from the store alone.</summary>
    /// <param name="threads">That this machine gives to it.</param>
    /// <exception cref="InvalidDataException">The store lacks an input, or it is not what the keys were made of.</exception>
    /// <exception cref="ArgumentException">This machine lacks the kernels.</exception>
    public Study Open(Store store, int threads, TimeProvider time)
    {
        KernelFamily kernels = KernelFamily.Choose(Graph.Kernels);
        StudyRecipe recipe = StudyRecipeFile.Read(
            JsonFile.Fields(File, Recipe),
            Path.GetDirectoryName(File)!,
            Graph.Name
        );
        Study study = new(recipe, store, kernels, Machine.Here(kernels, threads), time);
        HashSet<string> mine = [.. study.Plan.Stages.Select(s => s.Key.Hex)];
        return Graph.Items.All(i => i.Measures || mine.Contains(i.Key))
            ? study
            : throw new InvalidDataException(
                $"{File}: the recipe and inputs in the store give other stages than the plan names; another version of Espalier wrote it, or {Path.Combine(store.Folder, Inputs)} was changed. Submit the study again."
            );
    }

    /// <summary>Names of the folders of inputs that any plan needs.</summary>
    internal static IReadOnlySet<string> InputsOf(IEnumerable<WrittenStudy> plans) =>
        new HashSet<string>(
            plans
                .SelectMany(p => p.Recipe.GetRawText().Split($"../{Inputs}/").Skip(1))
                .Where(rest => rest.Length >= 64)
                .Select(rest => rest[..64])
        );

    internal static string FolderOf(Store store) => Path.Combine(store.Folder, Plans);

    internal static string InputsFolder(Store store) => Path.Combine(store.Folder, Inputs);

    internal static WrittenStudy Read(string path)
    {
        JsonFields body = SealedJson.Read(JsonFile.Read(path)).Fields;
        body.Integer("version", Version, Version);
        return new WrittenStudy(
            path,
            new StudyGraph(body.String("name"), body.String("kernels"), StudyGraph.ReadItems(body)),
            body.Required("recipe", "an object")
        );
    }

    /// <summary>The recipe with every file that it names in the store, and its pipelines written out.</summary>
    static JsonObject Placed(
        StudyRecipe read,
        JsonObject recipe,
        string folder,
        Func<string, bool, string> keep
    )
    {
        recipe["name"] = read.Name;
        recipe["model"] = keep(read.ModelFolder, false);
        recipe.Remove("original");
        recipe["force"] = true; // what is wrong with an order was told when the recipe was read
        recipe["pipelines"] = new JsonArray([
            .. read.Pipelines.Select(p => (JsonNode)Text(p, input => keep(input, false))),
        ]);
        foreach (JsonObject task in recipe["tasks"]!.AsArray().OfType<JsonObject>())
        {
            foreach (string field in (string[])["data", "train", "test", "validation"])
            {
                if (task[field] is { } path)
                {
                    string place = path.GetValue<string>();
                    task[field] = keep(
                        field != "data"
                            ? DataPlace.File(DataPlace.FileIn(folder, place), null)
                            : Tasks.FolderOf(
                                Tasks.Find(task["name"]!.GetValue<string>()),
                                DataPlace.In(folder, place),
                                null
                            ),
                        true
                    );
                }
            }
        }

        return recipe;
    }

    /// <summary>With the original named, so that nothing but the text says what it begins with.</summary>
    static string Text(Pipeline pipeline, Func<string, string> keep) =>
        string.Concat(
            pipeline.Operators.Select(o =>
                o.Options.Where(option => o.Inputs.Contains(option.Get(o)))
                    .Aggregate(o, (placed, option) => option.With(placed, keep(option.Get(o))))
            )
        );

    /// <summary>Files as a folder of the store that is named by their names and content.</summary>
    /// <returns>Where it, or the file alone, lies from the plan.</returns>
    static string Keep(Store store, string path, bool isData)
    {
        bool isFile = System.IO.File.Exists(path);
        (string Name, string Path)[] files = isFile
            ? [(NameOf(path), path)]
            :
            [
                .. Directory
                    .EnumerateFiles(
                        path,
                        "*",
                        isData ? SearchOption.TopDirectoryOnly : SearchOption.AllDirectories
                    )
                    .Where(f =>
                        !isData || DataFiles.Contains(Path.GetExtension(f).ToLowerInvariant())
                    )
                    .Select(f => (Path.GetRelativePath(path, f), f))
                    .OrderBy(f => f.Item1, StringComparer.Ordinal),
            ];
        string hash = Blobs.Hash(
                Encoding.UTF8.GetBytes(
                    string.Join('\n', files.Select(f => $"{ContentHash.OfFile(f.Path)} {f.Name}"))
                )
            ),
            kept = Path.Combine(InputsFolder(store), hash);
        if (!Directory.Exists(kept))
        {
            using AtomicFolder output = AtomicFolder.Begin(kept, overwrite: true);
            foreach (var (name, file) in files)
            {
                string place = Path.Combine(output.Path, name);
                Directory.CreateDirectory(Path.GetDirectoryName(place)!);
                System.IO.File.Copy(file, place);
            }

            output.Commit();
        }

        string way = $"../{Inputs}/{hash}";
        return isFile ? $"{way}/{files[0].Name}" : way;
    }

    /// <summary>Without what means something in a pipeline.</summary>
    static string NameOf(string path) =>
        string.Concat(
            Path.GetFileName(path)
                .Select(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_' ? c : '_')
        );
}
