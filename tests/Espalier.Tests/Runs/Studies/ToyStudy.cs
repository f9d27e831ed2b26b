using Espalier.Kernels;
using Espalier.Measuring;
using Espalier.Models.Storage;
using Espalier.Runs.Storage;
using Espalier.Runs.Studies;
using Espalier.Tests.Models;

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

    public const string Task =
        """{"name":"toy","train":"train.csv","test":"test.csv","text":"review","label":"stars"}""";

    /// <returns>The recipe's path.</returns>
    public string Write(string pipelines, string seeds = "[1,2]", string more = "")
    {
        string path = this["recipe.json"];
        File.WriteAllText(
            path,
            $$"""
            {"version":1,"model":"toy","tasks":[{{Task}}],"pipelines":{{pipelines}},"seeds":{{seeds}},
             "max_length":16,"efforts":3,"training":{"epochs":2,"rate":2e-3,"batch":8}{{more}}}
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
        StudyModels models = new(
            study.Store,
            KernelFamily.Best.In(study.Recipe.Precision),
            TimeProvider.System
        );
        var (done, failures) = new StudyExecutor(study.Store, models, Turn, 2, 2).Run(
            study.Plan,
            new StudyListener { Note = note },
            TestContext.Current.CancellationToken
        );
        Assert.Empty(failures);
        return
        [
            .. study.Plan.Stages.Select(s =>
                $"{s.Key.Short} {string.Join(' ', done[s.Key].Files.Select(f => $"{f.Name}={f.Sha256}"))}"
            ),
        ];
    }

    public MachineTurn Turn => new(this["machine.lock"], null);

    public StudyOutcome Run(Study study, StudyListener? listener = null, int jobs = 2) =>
        study.Run(
            jobs,
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
