using System.Text.Json;
using Espalier.Analysis;
using Espalier.Analysis.Choosing;
using Espalier.Cli.Reports;
using Espalier.Cli.Reports.Pages;
using Espalier.Measuring;
using Espalier.Models;
using Espalier.Runs;
using Espalier.Runs.Storage;
using Espalier.Runs.Studies;
using Espalier.Runs.Watching;
using Espalier.Tests.Analysis;

namespace Espalier.Tests.Fuzzing;

/// <summary>Files that Espalier itself writes, and somebody may have changed since.</summary>
static partial class Readers
{
    static IEnumerable<Reader> Ours()
    {
        byte[] measurements = Measurements();
        yield return InFolder("measurements.json", measurements, null, Draw) with
        {
            Cost = 8,
        };
        yield return InFolder(
            "run.json",
            Utf8(
                $$"""{"version":1,"stages":[{"pipeline":"O","key":"{{Key}}","seconds":1.5,"curve":{{Plain(measurements)}}}]}"""
            ),
            null,
            Draw
        ) with
        {
            Cost = 8,
        };
        yield return InFolder(
            "stages.json",
            """
            [{"task":"mrpc","pipeline":"O","seed":1,"seconds":43.5,"from_store":false},
             {"task":"mrpc","pipeline":"OD","seed":1,"seconds":null,"from_store":true}]
            """,
            new Dictionary<string, byte[]>
            {
                ["measurements.json"] = [(byte)'[', .. OneMeasurement(), (byte)']'],
            },
            Draw
        ) with
        {
            Cost = 2,
        };
        yield return InFolder(
            "one.jsonl",
            OneMeasurement(),
            null,
            folder => _ = MeasurementFiles.ReadAll(Path.Combine(folder, "one.jsonl"))
        );
        yield return InFolder(
            "curves.json",
            ShippedCurves(),
            null,
            folder =>
                Assert.All(
                    MeasurementFiles.ReadCurves(folder),
                    m => Assert.NotNull(EffortCurveOf(m))
                )
        );
        yield return new(
            "answers.json",
            [Answers()],
            (bytes, folder) =>
            {
                // Whoever changes an answer can also write the hash that belongs to it.
                StoredAnswers changed =
                    JsonSerializer.Deserialize(bytes, MeasurementSchema.Default.StoredAnswers)
                    ?? throw new InvalidDataException("null");
                string place = Put(folder, "answers-toy-1.json.gz", changed.ToFile());
                foreach (StoredAnswers read in MeasurementFiles.ReadAnswers(place))
                {
                    foreach (ModelAnswers model in read.Models)
                    {
                        foreach (Effort effort in model.Efforts)
                        {
                            Assert.Equal(
                                read.Examples,
                                read.Labels is null
                                    ? read.NumbersAt(model.Pipeline, effort).Length
                                    : read.RightAt(model.Pipeline, effort).Length
                            );
                        }
                    }
                }
            },
            IsJson: true
        )
        {
            Refusals = [typeof(JsonException), typeof(ArgumentException)],
        };
        yield return Command(
            "plan --replay",
            "measurements.json",
            measurements,
            null,
            folder =>
                ["plan", "--max-ms", "5", "--replay", Path.Combine(folder, "measurements.json")]
        ) with
        {
            Cost = 20,
        };
        yield return InFolder(
            "run.json",
            $$"""{"version":1,"stages":[{"pipeline":"O","key":"{{Key}}"}]}""",
            null,
            folder => RunFolder.CheckFree(folder, [new StageKey(Key)])
        ) with
        {
            Name = "run.json of the same folder",
        };
        yield return InFolder(
            RunFolder.KeyName,
            $$"""{"content":"{{Key}}","key":"{{Key}}"}""",
            null,
            folder => _ = RunFolder.IsAsWritten(folder, new StageKey(Key))
        );
        yield return InFolder(
            "recipe.json",
            """
            {"version":1,"about":"x","model":"toy","tasks":[{"name":"toy","train":"train.csv","test":"test.csv","text":"text","label":"label"}],
             "pipelines":["DEPLQ",{"orders":"EP","first":"D","sizes":[1,2],"then":["","LQ"]}],"seeds":[1,2],"force":false,
             "max_length":16,"efforts":["confidence:0.9"],"effort":"full","batches":[1,8],
             "training":{"preset":"fast","epochs":2,"rate":2e-3,"batch":8,"accumulation":2,"precision":"fp32"}}
            """,
            new Dictionary<string, byte[]>
            {
                ["train.csv"] = Utf8(
                    "text,label\n"
                        + string.Concat(Enumerable.Range(0, 24).Select(i => $"t{i},{i % 2}\n"))
                ),
                ["test.csv"] = "text,label\nx,1\ny,0\n"u8.ToArray(),
                ["toy/vocab.txt"] = ModelFiles["vocab.txt"],
                ["toy/config.json"] = ModelFiles["config.json"],
            },
            folder =>
                _ = StudyRecipeFile.Read(Path.Combine(folder, "recipe.json"), _ => null).Seeds.Count
        ) with
        {
            Refusals = [typeof(ArgumentException)],
            Cost = 3,
        };
    }

    static string EffortCurveOf(Measurement m) => $"{m.Pipeline} {m.Effort} {m.AverageLayers}";

    /// <summary>The first curves of the shipped study.</summary>
    static byte[] ShippedCurves()
    {
        string file = Path.Combine(
            Espalier.Tests.Goldens.Repository.Root,
            "studies/commutativity/sentiment/curves.json"
        );
        using JsonDocument all = JsonDocument.Parse(File.ReadAllBytes(file));
        return JsonSerializer.SerializeToUtf8Bytes(all.RootElement.EnumerateArray().Take(2));
    }

    static byte[] Answers()
    {
        string file = Directory
            .EnumerateFiles(
                Path.Combine(
                    Espalier.Tests.Goldens.Repository.Root,
                    "studies/commutativity/sentiment"
                ),
                "answers-*.json.gz"
            )
            .Order(StringComparer.Ordinal)
            .First();
        StoredAnswers all = StoredAnswers.Read(file, File.ReadAllBytes(file));
        return JsonSerializer.SerializeToUtf8Bytes(
            all with
            {
                Models = [.. all.Models.Take(1)],
            },
            MeasurementSchema.Default.StoredAnswers
        );
    }

    /// <summary>Files of a store with the hash that belongs to them: a hash says that they are unchanged, not who wrote them.</summary>
    static IEnumerable<Reader> Stores()
    {
        (string Name, string File, string Body)[] files =
        [
            (
                "stage",
                $"actions/{Key}.json",
                $$"""{"version":1,"kind":"Stage","key":"{{Key}}","pipeline":"O","task":"toy","seed":1,"inputs":["{{Key}}"],"files":[{"name":"config.json","sha256":"{{Key}}","bytes":7}],"machine":null,"seconds":1.5,"threads":2,"why":null}"""
            ),
            (
                "measurements",
                $"actions/{Key}.json",
                $$"""{"version":1,"kind":"Measurements","key":"{{Key}}","pipeline":"O D","task":"toy","seed":1,"inputs":["{{Key}}"],"files":[],"machine":"m","seconds":0.5,"threads":2,"why":null}"""
            ),
            (
                "study",
                "studies/toy.reference.json",
                $$"""{"version":2,"name":"toy","kernels":"reference","stages":["{{Key}}"],"done":["{{Key}}"]}"""
            ),
        ];
        foreach (var (name, file, body) in files)
        {
            foreach (
                string[] line in (string[][])
                    [
                        ["verify"],
                        ["ls"],
                        ["gc", "--dry-run"],
                    ]
            )
            {
                Reader whole = Command(
                    $"store {line[0]} of a {name}",
                    file,
                    Utf8(body),
                    new Dictionary<string, byte[]>
                    {
                        ["FORMAT"] = "espalier store 1\n"u8.ToArray(),
                        [Path.GetDirectoryName(file) + "/.keep"] = [],
                    },
                    folder => ["store", .. line, folder]
                );
                yield return whole with
                {
                    Read = (bytes, folder) => whole.Read(Sealed(bytes), folder),
                    Cost = 4,
                };
            }
        }
    }

    /// <summary>What those who work on a store say of it, as whoever watches sees it.</summary>
    static IEnumerable<Reader> Diaries()
    {
        foreach (
            var (name, body) in ((string, string)[])
                [
                    (
                        Key,
                        $$"""{"version":1,"key":"{{Key}}","pipeline":"OD","task":"toy","seed":1,"host":"h","process":7,"began":"2026-01-01T00:00:00+00:00","heard":"2026-01-01T00:00:09+00:00","state":"Stopped","step":20,"steps":40,"loss":0.5,"examples_per_second":9.5,"seconds_left":7,"why":null,"losses":[{"step":10,"loss":0.7},{"step":20,"loss":0.5}]}"""
                    ),
                    (
                        "toy.reference",
                        $$"""{"version":1,"name":"toy","kernels":"reference","host":"h","process":7,"threads":2,"began":"2026-01-01T00:00:00+00:00","heard":"2026-01-01T00:00:09+00:00","state":"Failed","measures":"quality","share":0.5,"failures":[{"key":"{{Key}}","why":"no"}]}"""
                    ),
                ]
        )
        {
            yield return new Reader(
                $"watch with the note {name}",
                [Utf8(body)],
                (bytes, folder) =>
                {
                    Directory.CreateDirectory(Path.Combine(folder, "diary"));
                    Put(folder, "FORMAT", "espalier store 1\n"u8.ToArray());
                    Directory.CreateDirectory(Path.Combine(folder, "studies"));
                    Put(
                        folder,
                        "studies/toy.reference.json",
                        Sealed(
                            Utf8(
                                $$"""{"version":2,"name":"toy","kernels":"reference","stages":["{{Key}}"],"done":[],"graph":[{"key":"{{Key}}","parent":null,"pipeline":"OD","task":"toy","seed":1}],"groups":1}"""
                            )
                        )
                    );
                    Put(folder, $"diary/{name}.json", bytes);
                    WatchedStore seen = new StoreWatch(
                        Store.Open(folder),
                        TimeProvider.System
                    ).Look();
                    WatchedStudy study = Assert.Single(seen.Studies);
                    Assert.EndsWith("</html>", new WatchPage().Write(seen, study).TrimEnd());
                    Assert.NotEmpty(WatchJson.Write(seen));
                },
                IsJson: true,
                Cost: 8
            );
        }
    }

    static byte[] Sealed(byte[] body) =>
        [.. "{\"body\":"u8, .. body, .. Utf8($",\"sha256\":\"{Blobs.Hash(body)}\"}}")];

    /// <summary>All that <c>espalier report</c> makes of a folder.</summary>
    static void Draw(string folder)
    {
        ReportInput results = ReportInput.Read(folder);
        IReadOnlyList<StudySection> sections = results.Analysed();
        string page = StudyPage.Write(results, sections);
        Assert.EndsWith("</html>", page.TrimEnd());
        _ = ResultTables.Csv(sections);
        _ = ResultTables.Markdown(results, sections);
        _ = Drawings.Of(sections).Count();
        foreach (Findings findings in sections.Select(s => s.Findings))
        {
            _ = Headline.Of(findings) + Headline.Evidence(findings);
            _ = ResultTables.Of(findings).Rows.Count();
        }
    }

    static byte[] OneMeasurement() => Write(Records.Of("O", 0.8, 5));

    static byte[] Measurements()
    {
        List<byte[]> all = [];
        foreach (ulong seed in (ulong[])[1, 2])
        {
            foreach (
                var (pipeline, effort, quality, ms) in ((string, string, double, double)[])
                    [
                        ("O", "full", 0.85, 10),
                        ("D", "full", 0.83, 5),
                        ("E", "full", 0.84, 10.2),
                        ("E", "confidence:0.9", 0.82, 4),
                        ("DE", "full", 0.82, 5.2),
                        ("ED", "full", 0.81, 5.3),
                    ]
            )
            {
                all.Add(
                    Write(
                        Records.Of(
                            pipeline,
                            quality + 0.001 * seed,
                            ms,
                            seed,
                            effort,
                            joules: ms,
                            bytes: 1000
                        )
                    )
                );
            }
        }

        return [(byte)'[', .. all.SelectMany((m, i) => i == 0 ? m : [(byte)',', .. m]), (byte)']'];
    }

    static byte[] Write(Measurement measurement)
    {
        using MemoryStream stream = new();
        using (Utf8JsonWriter json = new(stream))
        {
            (
                measurement with
                {
                    PeakMemory = new PeakMemory(1000, 900, PeakScope.Work),
                    Absent = [.. measurement.Absent.Where(a => a.Figure != "peak_memory")],
                }
            ).WriteTo(json);
        }

        return stream.ToArray();
    }
}
