using Espalier.Autograd;
using Espalier.Checkpoints;
using Espalier.Cli;
using Espalier.Cli.Input;
using Espalier.Data;
using Espalier.Kernels;
using Espalier.Measuring;
using Espalier.Models;
using Espalier.Models.Storage;
using Espalier.Operators;
using Espalier.Tensors;
using Espalier.Tests.Checkpoints;
using Espalier.Tests.Cli;
using Espalier.Tests.Models;

namespace Espalier.Tests.Fuzzing;

/// <summary>Every place where bytes that Espalier did not just make become something it trusts.</summary>
static partial class Readers
{
    const string Key = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

    static readonly Dictionary<string, byte[]> ModelFiles = SmallModel();

    public static IReadOnlyList<Reader> All { get; } =
    [
        .. Weights(),
        .. Tokenizers(),
        .. Conversations(),
        .. Rows(),
        .. Ours(),
        .. Stores(),
        .. Diaries(),
        .. Texts(),
        .. Procfs(),
    ];

    static IEnumerable<Reader> Weights()
    {
        byte[] weights = ModelFiles["model.safetensors"];
        yield return new(
            "safetensors",
            [SafetensorsFileTests.Sound(), weights],
            (bytes, folder) =>
            {
                using SafetensorsFile file = SafetensorsFile.Open(
                    Put(folder, "any.safetensors", bytes)
                );
                foreach (TensorEntry tensor in file.Tensors)
                {
                    _ = file.ReadBytes(tensor.Name);
                    _ = tensor.Type is DType.F16 or DType.F32 or DType.F64 or DType.BF16
                        ? file.Read(tensor.Name).Count
                        : file.ReadInt64(tensor.Name).Length;
                }
            }
        );
        yield return new(
            "gguf",
            [GgufFileTests.Sound(), GgufBytes.Sound()],
            (bytes, folder) =>
            {
                using GgufFile file = GgufFile.Open(Put(folder, "any.gguf", bytes));
                foreach (string key in file.Fields.Names)
                {
                    Assert.EndsWith(".", file.Fields.Refuse(key, "anything else").Message);
                }

                foreach (TensorEntry tensor in file.Tensors)
                {
                    Assert.Equal(tensor.Length, file.ReadBytes(tensor.Name).Length);
                }
            }
        );
        yield return new(
            "model in a GGUF",
            [Gguf(DType.Q4_0)],
            (bytes, folder) =>
            {
                Model model = ModelFolder.Load(Put(folder, "any.gguf", bytes)).Model;
                Assert.All(model.Parameters.Names, n => _ = model.Parameters[n]);
            }
        )
        {
            Cost = 8,
        };
        yield return InFolder(
            "model.safetensors.index.json",
            """{"metadata":{"total_size":8},"weight_map":{"a":"one.safetensors","b":"one.safetensors"}}""",
            new Dictionary<string, byte[]>
            {
                ["one.safetensors"] = TemporaryFolder.Safetensors(
                    """{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}""",
                    8
                ),
            },
            folder =>
            {
                using WeightFiles files = WeightFiles.Open(folder);
                foreach (string name in (string[])["a", "b"])
                {
                    _ = files.Read(name).Count;
                }
            }
        ) with
        {
            Refusals = [typeof(KeyNotFoundException)],
        };
        foreach (
            string name in (string[])
                [ModelFolder.ConfigName, ModelFolder.OursName, "model.safetensors"]
        )
        {
            yield return InFolder(
                name,
                ModelFiles[name],
                ModelFiles,
                folder => _ = ModelFolder.Load(folder).Model.Parameters.Count
            ) with
            {
                Cost = 3,
            };
        }

        foreach (
            string name in (string[])[ModelFolder.ConfigName, ModelFolder.OursName, "vocab.txt"]
        )
        {
            yield return Command(
                "predict with " + name,
                name,
                ModelFiles[name],
                ModelFiles,
                folder => ["predict", "-m", folder, "--threads", "1"]
            ) with
            {
                Cost = 8,
            };
        }
    }

    static byte[] Gguf(DType type)
    {
        using TemporaryFolder folder = new();
        GgufModel.Save(ToyLlama.Model(), folder["a.gguf"], type);
        return File.ReadAllBytes(folder["a.gguf"]);
    }

    static IEnumerable<Reader> Rows()
    {
        (string File, string Rows)[] tables =
        [
            ("train.csv", "text,label\ngood film,1\n\"a \"\"bad\"\" one, really\",0\nfine,1\n"),
            ("train.tsv", "text\tlabel\ngood film\t1\nbad\t0\n"),
            (
                "train.jsonl",
                "{\"text\":\"good\",\"label\":1}\n\n{\"text\":\"b\\u00e4d\",\"label\":0}\n{\"text\":\"x\",\"label\":\"1\"}\n"
            ),
        ];
        foreach (var (file, rows) in tables)
        {
            foreach (bool numbers in (bool[])[false, true])
            {
                Dictionary<string, byte[]> test = new()
                {
                    ["test.csv"] = "text,label\nx,1\ny,0\n"u8.ToArray(),
                };
                yield return InFolder(
                    file,
                    rows,
                    test,
                    folder =>
                        _ = new TableFiles(Path.Combine(folder, "test.csv"), "text", "label")
                        {
                            Train = Path.Combine(folder, file),
                            IsRegression = numbers,
                        }.Load()
                ) with
                {
                    Name = file + (numbers ? " of numbers" : ""),
                    IsJson = false,
                };
            }
        }

        Dictionary<string, byte[]> glue = new()
        {
            ["dev.tsv"] =
                "Quality\t#1 ID\t#2 ID\t#1 String\t#2 String\n1\t1\t2\tA b.\tB a.\n0\t3\t4\tC \"d\tD\n"u8.ToArray(),
        };
        glue["train.tsv"] = glue["dev.tsv"];
        glue["test.tsv"] = glue["dev.tsv"];
        yield return InFolder(
            "train.tsv",
            glue["dev.tsv"],
            glue,
            folder => _ = Tasks.Load("mrpc", folder)
        ) with
        {
            Name = "train.tsv of GLUE",
        };
        yield return new(
            "texts of predict",
            [
                "one\n\ntwo\n"u8.ToArray(),
                """
                {"text":"a","text_pair":"b"}

                {"text":"\u00e9"}
                """u8.ToArray(),
            ],
            (bytes, _) =>
            {
                TextInput input = new(
                    new ByteLines(new MemoryStream(bytes), "here", default),
                    TextFields.Of(null, null),
                    null
                );
                while (input.TryNext(out InputText text))
                {
                    Assert.InRange(text.Line, 0, bytes.Length + 1);
                }
            },
            IsJson: true
        );
    }

    static IEnumerable<Reader> Texts()
    {
        yield return Text(
            "pipeline",
            [
                "DEPLQ",
                "O(pool=mean)D(layers=0.5)E(pool=mean)P(heads=8,ffn=0.5)LQ",
                "V(first=4000,corpus=a.txt)O",
            ],
            text =>
            {
                Pipeline pipeline = Pipeline.Parse(text);
                Assert.NotNull(pipeline.Problems());
                Assert.Equal($"{pipeline}", $"{Pipeline.Parse($"{pipeline}")}");
            }
        );
        yield return Text(
            "effort",
            ["full", "confidence:0.9", "entropy:0.3", "patience:2"],
            text => _ = Effort.Parse(text)
        );
        (string Name, string[] Line)[] lines =
        [
            (
                "options of run",
                [
                    "run",
                    "DEPLQ",
                    "--epochs",
                    "3",
                    "--rate",
                    "1e-3",
                    "--seed",
                    "7",
                    "--batch",
                    "16",
                    "--max-length",
                    "64",
                ]
            ),
            (
                "options of evaluate",
                ["evaluate", "--effort", "confidence:0.9", "--batch", "1,8", "--threads", "2"]
            ),
            (
                "options of plan",
                [
                    "plan",
                    "--max-ms",
                    "2.5",
                    "--min-accuracy",
                    "0.8",
                    "--max-mb",
                    "30",
                    "--seeds",
                    "1,2,3",
                    "--first",
                    "O",
                ]
            ),
            (
                "options of bench",
                ["bench", "--batch", "1,8", "--max-length", "128", "--threads", "2"]
            ),
        ];
        foreach (var (name, line) in lines)
        {
            yield return new(
                name,
                [Utf8(string.Join('\n', line))],
                (bytes, folder) =>
                {
                    string[] args = [.. Plain(bytes).Split('\n')];
                    CheckOnly(args);
                }
            )
            {
                Cost = 4,
            };
        }
    }

    static IEnumerable<Reader> Procfs()
    {
        foreach (
            var (name, text) in ((string, string)[])
                [
                    (
                        "cpuinfo",
                        "processor\t: 0\nvendor_id\t: GenuineIntel\ncpu family\t: 6\nmodel\t\t: 143\nmodel name\t: Xeon\nflags\t\t: avx2 hypervisor\n"
                    ),
                    ("meminfo", "MemTotal:       16318480 kB\nMemFree: 1 kB\n"),
                    ("loadavg", "0.52 0.58 0.59 1/467 12345\n"),
                    ("status", "Name:\tx\nVmHWM:\t   29276 kB\nVmRSS:\t   29000 kB\n"),
                ]
        )
        {
            yield return InFolder(
                name,
                text,
                null,
                folder =>
                {
                    Machine machine = Machine.Here(KernelFamily.Best, 1, folder);
                    Assert.True(machine.LoadAverage is not { } load || double.IsFinite(load));
                    Assert.True(machine.MemoryBytes is not < 0);
                    PeakMemory? peak = new MemoryMeter(folder).During(() => { });
                    Assert.True(peak is not { Bytes: < 0 });
                }
            ) with
            {
                Name = "/proc/" + name,
                IsJson = false,
                Cost = 3,
            };
        }
    }

    static Reader Text(string name, string[] sound, Action<string> parse) =>
        new(name, [.. sound.Select(Utf8)], (bytes, _) => parse(Plain(bytes)))
        {
            Refusals = [typeof(ArgumentException)],
        };

    /// <summary>As the command does before any work, which none of these lines may start.</summary>
    static void CheckOnly(string[] args)
    {
        using StringWriter output = new(),
            error = new();
        Terminal terminal = new(Stream.Null, output, error) { Environment = _ => null };
        var parse = Program.Root().Parse(Espalier.Cli.Parsing.Spelling.Ours(args));
        Espalier.Cli.Parsing.Problems problems = new();
        bool writes = args.Any(a =>
            a.StartsWith("-o") || a.StartsWith("--o") || a.StartsWith("--s")
        );
        if (parse.CommandResult.Command is Espalier.Cli.Parsing.EspalierCommand command && !writes)
        {
            command.Check(parse, terminal, problems);
        }
    }

    static Reader Command(
        string name,
        string file,
        byte[] sound,
        Dictionary<string, byte[]>? others,
        Func<string, string[]> line
    ) =>
        InFolder(
            file,
            sound,
            others,
            folder =>
            {
                Outcome outcome = CommandLine.Run(line(folder), "good film\nbad\n");
                Assert.True(
                    outcome.Code
                        is ExitCode.Ok
                            or ExitCode.Usage
                            or ExitCode.Refused
                            or ExitCode.OverBudget,
                    $"exit code {outcome.Code}: {outcome.Error}"
                );
            }
        ) with
        {
            Name = name,
        };

    static Reader InFolder(
        string file,
        string sound,
        Dictionary<string, byte[]>? others,
        Action<string> use
    ) => InFolder(file, [Utf8(sound)], others, use);

    static Reader InFolder(
        string file,
        byte[] sound,
        Dictionary<string, byte[]>? others,
        Action<string> use
    ) => InFolder(file, (byte[][])[sound], others, use);

    /// <summary>The input as one file of a folder whose other files are sound.</summary>
    static Reader InFolder(
        string file,
        byte[][] sound,
        Dictionary<string, byte[]>? others,
        Action<string> use
    )
    {
        string own = Guid(file, others);
        return new(
            file,
            sound,
            (bytes, folder) =>
            {
                string place = Path.Combine(folder, own);
                if (!Directory.Exists(place))
                {
                    foreach (var (name, content) in others ?? [])
                    {
                        string path = Path.Combine(place, name);
                        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
                        File.WriteAllBytes(path, content);
                    }

                    Directory.CreateDirectory(place);
                }

                Put(place, file, bytes);
                use(place);
            },
            IsJson: Path.GetExtension(file) is ".json" or ".jsonl"
        );
    }

    static byte[] Utf8(string text) => System.Text.Encoding.UTF8.GetBytes(text);

    static string Plain(byte[] utf8) => System.Text.Encoding.UTF8.GetString(utf8);

    static int _places;

    /// <summary>A folder of its own for each reader.</summary>
    static string Guid(string file, Dictionary<string, byte[]>? others) =>
        $"{_places++}-{file}-{others?.Count}";

    static string Put(string folder, string name, byte[] bytes)
    {
        string path = Path.Combine(folder, name);
        File.WriteAllBytes(path, bytes);
        return path;
    }

    /// <summary>Two layers of a width of eight: a few kilobytes.</summary>
    static Dictionary<string, byte[]> SmallModel()
    {
        ModelConfig config = Toy.Config with
        {
            Hidden = 8,
            Layers = [Block.Bert(2, 4, 8), Block.Bert(1, 4, 4)],
            ExitPooling = Pooling.Mean,
        };
        using TemporaryFolder folder = new();
        string place = folder["model"];
        ModelFolder.Save(Toy.Make(config), place, Toy.Tokenizer.Files());
        return Directory.GetFiles(place).ToDictionary(f => Path.GetFileName(f)!, File.ReadAllBytes);
    }
}
