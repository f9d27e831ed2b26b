using Espalier.Checkpoints;
using Espalier.Runs.Storage;

namespace Espalier.Runs.Studies;

/// <summary>One thing to do, on whatever machine: a stage to make, or the models of a task and seed to measure side by side.</summary>
/// <param name="Key">What <c>espalier stage run</c> is told: of a stage its key; of what is measured a name that no machine decides.</param>
/// <param name="Needs">Keys of the items that come before.</param>
/// <param name="Pipeline">Of a stage, its operators so far; of what is measured how many are handed over at once, as <c>batch 1</c>.</param>
/// <param name="CoreSeconds">That it will take, as far as the store tells; 0 of a stage that trains nothing.</param>
public sealed record GraphItem(
    string Key,
    bool Measures,
    IReadOnlyList<string> Needs,
    string Pipeline,
    string Task,
    ulong Seed,
    double CoreSeconds
)
{
    /// <summary>Of what is measured: <see cref="StudyMeasuring.How"/>.</summary>
    public string How { get; init; } = "";

    public override string ToString() =>
        $"{(Measures ? $"times of {Task} at {Pipeline}" : $"{Pipeline} of {Task}")}, seed {Seed}";
}

/// <summary>
/// What a study asks for and what comes after what, for whoever lends machines: stages, inputs first, and behind them what is
/// measured. Slurm, Kubernetes and the shell read the same.
/// </summary>
/// <param name="Kernels">That measure, by name; every machine that works on the study needs them.</param>
public sealed record StudyGraph(string Name, string Kernels, IReadOnlyList<GraphItem> Items)
{
    /// <param name="estimate">Of the same study.</param>
    public static StudyGraph Of(Study study, StudyEstimate estimate) =>
        new(
            study.Recipe.Name,
            study.Kernels,
            [
                .. estimate.Stages.Select(s => new GraphItem(
                    s.Stage.Key.Hex,
                    false,
                    s.Stage.Parent is { } parent ? [parent.Hex] : [],
                    $"{s.Stage.Pipeline}",
                    s.Stage.Recipe.Data.Task.Name,
                    s.Stage.Recipe.Seed,
                    s.CoreSeconds
                )),
                .. study.Plan.Groups.Select(g => new GraphItem(
                    StudyMeasuring.NameOf(g, study.Recipe).Hex,
                    true,
                    [.. g.Models.Select(m => m.Key.Hex)],
                    $"batch {g.Recipe.BatchSize}",
                    g.Recipe.Data.Task.Name,
                    g.Recipe.Seed,
                    StudyEstimate.SecondsToMeasure(g)
                )
                {
                    How = StudyMeasuring.How(g, study.Recipe),
                }),
            ]
        );

    /// <summary>What is not done yet, without what it need not wait for.</summary>
    public StudyGraph Left(Func<GraphItem, bool> isDone)
    {
        GraphItem[] left = [.. Items.Where(i => !isDone(i))];
        HashSet<string> keys = [.. left.Select(i => i.Key)];
        return this with
        {
            Items = [.. left.Select(i => i with { Needs = [.. i.Needs.Where(keys.Contains)] })],
        };
    }

    internal void WriteTo(System.Text.Json.Utf8JsonWriter json) =>
        json.Objects(
            "items",
            Items,
            item =>
            {
                json.WriteString("key", item.Key);
                json.WriteBoolean("measures", item.Measures);
                json.Array("needs", item.Needs, json.WriteStringValue);
                json.WriteString("pipeline", item.Pipeline);
                json.WriteString("task", item.Task);
                json.WriteNumber("seed", item.Seed);
                json.WriteNumber("core_seconds", item.CoreSeconds);
                json.WriteString("how", item.How);
            }
        );

    internal static IReadOnlyList<GraphItem> ReadItems(JsonFields fields) =>
        [
            .. fields
                .Objects("items")
                .Select(i => new GraphItem(
                    Key(i, i.String("key")),
                    i.Flag("measures"),
                    [.. i.Strings("needs").Select(n => Key(i, n))],
                    i.String("pipeline"),
                    i.String("task"),
                    (ulong)i.Long("seed", 0, long.MaxValue),
                    i.Number("core_seconds", 0, double.MaxValue)
                )
                {
                    How = i.String("how"),
                }),
        ];

    static string Key(JsonFields item, string key) =>
        Blobs.IsHash(key) ? key : throw item.Refuse("key", "64 lower-case hex digits");
}
