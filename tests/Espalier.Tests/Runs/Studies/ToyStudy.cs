using System.Text.Json;
using Espalier.Checkpoints;
using Espalier.Kernels;
using Espalier.Measuring;
using Espalier.Models.Storage;
using Espalier.Operators;
using Espalier.Runs;
using Espalier.Runs.Storage;
using Espalier.Runs.Studies;
using Espalier.Tests.Models;
using Espalier.Training;

namespace Espalier.Tests.Runs.Studies;

/// <summary>A folder with the toy model, its data as files, and recipes over them.</summary>
sealed class ToyStudy : IDisposable
{
    public ToyStudy()
    {
        ModelFolder.Save(Toy.Model, this["toy"], Toy.Tokenizer.Files());
        foreach (
            Espalier.Data.Split split in (Espalier.Data.Split[])[Toy.Data.Training, Toy.Data.Test]
        )
        {
            File.WriteAllText(
                this[split.Name + ".csv"],
                "review,stars\n"
                    + string.Concat(split.Examples.Select(e => $"{e.Text},{e.Label}\n"))
            );
        }
    }

    public string Folder { get; } = Directory.CreateTempSubdirectory("espalier-study").FullName;

    public string this[string name] => Path.Combine(Folder, name);

    /// <summary>The model and its data, as a command line names them.</summary>
    public string[] Line(string test = "test.csv") =>
        [
            "--model",
            this["toy"],
            "--train",
            this["train.csv"],
            "--test",
            this[test],
            "--text",
            "review",
            "--label",
            "stars",
        ];

    public const string Task =
        """{"name":"toy","train":"train.csv","test":"test.csv","text":"review","label":"stars"}""";

    /// <returns>The recipe's path.</returns>
    public string Write(string pipelines, string seeds = "[1,2]", string more = "", int epochs = 2)
    {
        string path = this["recipe.json"];
        File.WriteAllText(
            path,
            $$"""
            {"version":1,"model":"toy","tasks":[{{Task}}],"pipelines":{{pipelines}},"seeds":{{seeds}},
             "max_length":16,"efforts":3,"training":{"epochs":{{epochs}},"rate":2e-3,"batch":8}{{more}}}
            """
        );
        return path;
    }

    /// <summary>Of a language model on running text.</summary>
    /// <returns>The recipe's path.</returns>
    public string WriteCorpus(ToyWriter writer, string pipelines)
    {
        foreach (
            var (name, sentences) in ((string, int)[])
                [("train", 60), ("validation", 20), ("test", 20)]
        )
        {
            File.WriteAllText(
                this[name + ".txt"],
                ToyCorpus.Text(sentences, (ulong)sentences + (ulong)name.Length)
            );
        }

        string path = this["corpus.json"];
        File.WriteAllText(
            path,
            $$"""
            {"version":1,"model":"{{JsonEncodedText.Encode(writer.Folder)}}",
             "tasks":[{"name":"text","train":"train.txt","validation":"validation.txt","test":"test.txt"}],
             "pipelines":{{pipelines}},"seeds":[1,2],"max_length":32,"training":{"epochs":2,"rate":3e-3,"batch":8} }
            """
        );
        return path;
    }

    public Study Open(
        string recipe,
        string store = "store",
        KernelFamily? kernels = null,
        TimeProvider? time = null
    ) =>
        new(
            StudyRecipeFile.Read(recipe, _ => null),
            Store.Open(this[store]),
            kernels ?? KernelFamily.Best,
            Machine.Here(kernels ?? KernelFamily.Best, 2),
            time ?? TimeProvider.System
        );

    /// <summary>The stages alone, nothing measured.</summary>
    /// <returns>Each with the hashes of its files.</returns>
    public string[] Make(Study study, Action<string>? note = null)
    {
        MadeStages made = new StageScheduler(
            study.Store,
            study.Here(2, Turn),
            new StudyListener { Note = note }
        ).Run(study.Plan, TestContext.Current.CancellationToken);
        Assert.Empty(made.Failures);
        return
        [
            .. study.Plan.Stages.Select(s =>
                $"{s.Key.Short} {string.Join(' ', made.Done[s.Key].Files.Select(f => $"{f.Name}={f.Sha256}"))}"
            ),
        ];
    }

    /// <summary>A run of the toy model on its files, all defaults of the command line otherwise.</summary>
    public StudyRecipe RunOf(string pipeline) =>
        StudyRecipe.OfRun(
            Pipeline.Parse(pipeline),
            new Espalier.Data.TableFiles(this["test.csv"], "review", "stars")
            {
                Train = this["train.csv"],
            }.Load(),
            this["toy"],
            TrainingOptions.Presets[0].Options with
            {
                Epochs = 2,
                Rate = 2e-3,
            },
            seed: 1
        ) with
        {
            Precision = "fp32",
            MaxLength = 16,
        };

    public static Runner OpenRun(
        StudyRecipe recipe,
        string folder,
        KernelFamily? kernels = null,
        int threads = 2,
        TimeProvider? time = null,
        string? store = null
    ) =>
        Runner.Open(
            recipe,
            folder,
            store,
            kernels ?? KernelFamily.Best,
            Machine.Here(kernels ?? KernelFamily.Best, threads),
            time ?? TimeProvider.System,
            waits: null,
            TestContext.Current.CancellationToken
        );

    /// <summary>The stages of a run, made or read, with the hashes of the folders that show them.</summary>
    public string[] MakeRun(
        StudyRecipe recipe,
        string folder,
        StudyListener? listener = null,
        KernelFamily? kernels = null,
        int threads = 2,
        TimeProvider? time = null,
        CancellationToken? stop = null,
        string? store = null
    )
    {
        using Runner runner = OpenRun(recipe, folder, kernels, threads, time, store);
        runner.Make(
            runner.Here(Turn),
            listener ?? new StudyListener(),
            stop ?? TestContext.Current.CancellationToken
        );
        return Shown(folder);
    }

    /// <summary>The stages that a run's folder shows, by name, with the hashes of their files.</summary>
    public static string[] Shown(string folder) =>
        [
            .. Directory
                .GetDirectories(folder, "*-*-*")
                .Where(d => char.IsAsciiDigit(Path.GetFileName(d)[0]))
                .Order(StringComparer.Ordinal)
                .Select(d =>
                    $"{Path.GetFileName(d)} {ContentHash.OfFolder(d, except: "stage.json")}"
                ),
        ];

    public MachineTurn Turn => new(this["machine.lock"], null);

    public StudyOutcome Run(Study study, StudyListener? listener = null, int jobs = 2) =>
        study.Run(
            study.Here(jobs, Turn),
            Turn,
            listener ?? new StudyListener(),
            TestContext.Current.CancellationToken
        );

    /// <summary>What must be the same whatever happened on the way: files of every stage, and figures that are no times.</summary>
    public static string[] Results(Study study) =>
        [
            .. study.Plan.Stages.Select(s =>
                $"{s.Key.Short} {string.Join(' ', study.Store.TryRead(s.Key)!.Files.Select(f => $"{f.Name}={f.Sha256}"))}"
            ),
            .. Measured(study)
                .Select(m =>
                    $"{m.Pipeline} {m.Task} {m.Seeds[0]} {m.Effort} {m.Metrics[0].Value} {m.AverageLayers} {m.AverageMultiplyAdds} {m.DiskBytes} {m.PackedBytes}"
                ),
        ];

    /// <summary>What the store holds of all models of the plan, compared side by side.</summary>
    public static IReadOnlyList<Measurement> Measured(Study study) =>
        [
            .. study
                .Store.Actions()
                .Where(a =>
                    a.Kind == ActionKind.Measurements
                    && study.Plan.Groups.Any(g =>
                        a.Inputs.SequenceEqual(g.Models.Select(m => m.Key.Hex))
                    )
                )
                .OrderBy(a => a.Seed)
                .SelectMany(a => StudyResults.Read(study.Store, a)),
        ];

    public void Dispose() => Directory.Delete(Folder, recursive: true);
}
