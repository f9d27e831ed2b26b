using System.CommandLine;
using System.Net;
using System.Text;
using Espalier.Answering;
using Espalier.Checkpoints;
using Espalier.Cli.Parsing;
using Espalier.Models;
using Espalier.Models.Storage;
using Espalier.Server;
using Espalier.Server.Batching;

namespace Espalier.Cli.Commands;

/// <summary>Answers over HTTP until it is told to stop.</summary>
sealed class ServeCommand : EspalierCommand
{
    const string KeyVariable = "ESPALIER_KEY";
    const int MostKeyBytes = 4096;

    static readonly string[] CollectorVariables =
    [
        "OTEL_EXPORTER_OTLP_ENDPOINT",
        "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT",
    ];

    // What runs has so long to end; the process is given up a little later.
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    static readonly ServerOptions Usual = new();

    readonly CommonOptions _common = new();
    readonly Argument<string[]> _models = new("models")
    {
        Description =
            "Classifiers, other encoders and language models: folders, .gguf files or owner/name; NAME=FOLDER gives one a name for clients.",
        Arity = ArgumentArity.OneOrMore,
    };
    readonly Option<string> _host = new("--host")
    {
        Description = "Address to listen on; any but this machine's own demands a key.",
        HelpName = "address",
        DefaultValueFactory = _ => $"{Usual.Address}",
    };
    readonly Option<int> _port = OptionValues.Number(
        "--port",
        "Port to listen on; 0: one that is free.",
        0,
        65535
    );
    readonly Option<string?> _keyFile = OptionValues.Text(
        "--key-file",
        "file",
        $"File with the key that clients must bring; without it, what {KeyVariable} holds."
    );
    readonly Option<string> _effort = new("--effort")
    {
        Description = "How sure an early exit must be, for requests that do not say.",
        HelpName = "rule",
        DefaultValueFactory = _ => $"{Usual.Effort}",
    };
    readonly Option<double> _target = OptionValues.Number(
        "--latency-target",
        "Milliseconds that 95 of 100 answers take at most: under load texts leave earlier.",
        0.1,
        1e6
    );
    readonly Option<string> _least = new("--least-effort")
    {
        Description = "How far --latency-target may lower effort.",
        HelpName = "rule",
        DefaultValueFactory = _ => $"{Usual.LeastEffort}",
    };
    readonly Option<int> _queue = OptionValues.Number(
        "--queue",
        "Texts that wait for a model at most; whoever comes then is told to come again (429).",
        1,
        1 << 20
    );
    readonly Option<double> _timeout = OptionValues.Number(
        "--timeout",
        "Seconds that a request may take, its waiting included.",
        0.1,
        86400
    );

    public ServeCommand()
        : base("serve", "Answer over HTTP, as OpenAI and Text Embeddings Inference do.")
    {
        _port.DefaultValueFactory = _ => 8080;
        _queue.DefaultValueFactory = _ => Usual.MostWaiting;
        _timeout.DefaultValueFactory = _ => Usual.TimeLimit.TotalSeconds;
        Add(_models);
        AddAll([
            _host,
            _port,
            _keyFile,
            _effort,
            _target,
            _least,
            _queue,
            _timeout,
            _common.MaxLength,
            _common.AnswerPrecision(),
            _common.Threads,
        ]);
    }

    public override IReadOnlyList<string> Examples { get; } =
    [
        "espalier serve runs/DEPLQ/6-DEPLQ",
        "espalier serve reviews=runs/DEPLQ/6-DEPLQ SmolLM2-135M-Instruct.gguf --port 9000",
        "espalier serve my-model --latency-target 50 --least-effort confidence:0.8",
        "ESPALIER_KEY=$(cat key.txt) espalier serve my-model --host 0.0.0.0",
    ];

    public override void Check(ParseResult parse, Terminal terminal, Problems problems)
    {
        (string Name, string Model)[] models = Models(parse);
        foreach (var (_, model) in models)
        {
            CommonOptions.CheckModel(model, terminal, problems);
        }

        foreach (var twice in models.GroupBy(m => m.Name).Where(g => g.Count() > 1))
        {
            problems.Usage(
                $"Two models are called '{Printable.Escape(twice.Key)}'; give one another name: NAME={twice.Last().Model}."
            );
        }

        _common.CheckPrecision(parse, terminal, problems);
        int before = problems.Sentences.Count;
        problems.Try(() => Effort.Parse(parse.ValueOf(_effort) ?? "full"));
        problems.Try(() => Effort.Parse(parse.ValueOf(_least) ?? "full"));
        if (!IPAddress.TryParse(parse.ValueOf(_host), out _))
        {
            problems.Usage(
                $"--host is '{parse.ValueOf(_host)}'; an address was expected, such as {Usual.Address}, or 0.0.0.0 for all of this machine."
            );
        }

        foreach (var (name, place) in Collectors(terminal))
        {
            if (
                !Uri.TryCreate(place, UriKind.Absolute, out Uri? uri)
                || uri.Scheme is not ("http" or "https")
            )
            {
                problems.Usage(
                    $"{name} is '{Printable.Escape(place)}'; the address of an OpenTelemetry collector was expected, such as http://127.0.0.1:4317."
                );
            }
        }

        if (parse.ValueOf(_keyFile) is { } file)
        {
            problems.NeedFile(_keyFile.Name, file);
        }

        if (problems.Sentences.Count == before && OptionsOf(parse, terminal).Problem is { } problem)
        {
            problems.Usage(
                $"{char.ToUpperInvariant(problem[0])}{problem[1..]} (--host, --key-file or {KeyVariable}, --effort, --latency-target, --least-effort)."
            );
        }
    }

    public override int Run(ParseResult parse, Terminal terminal, CancellationToken stop) =>
        Serve(parse, terminal, stop).GetAwaiter().GetResult();

    async Task<int> Serve(ParseResult parse, Terminal terminal, CancellationToken stop)
    {
        List<ServedModel> models = [];
        foreach (var (name, model) in Models(parse))
        {
            stop.ThrowIfCancellationRequested();
            models.Add(Load(name, CommonOptions.FolderOf(model, terminal), parse, terminal));
        }

        await using ModelServer server = await ModelServer.Start(
            OptionsOf(parse, terminal),
            models
        );
        terminal.Out.WriteLine(server.Address.ToString().TrimEnd('/'));
        terminal.Out.Flush();
        terminal.Tell(
            $"{string.Join(", ", models.Select(m => m.Name))} can be asked now; Ctrl-C or SIGTERM ends what runs and then the server."
        );
        TaskCompletionSource asked = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await using CancellationTokenRegistration registration = stop.Register(asked.SetResult);
        await asked.Task;
        await server.Stop(Patience);
        return ExitCode.Ok;
    }

    ServedModel Load(string name, string folder, ParseResult parse, Terminal terminal)
    {
        if (ModelFolder.Config(folder).IsLanguage)
        {
            LanguageModel writer = LanguageModel.Load(
                folder,
                parse.GetValue(_common.Threads),
                CommonOptions.KernelsOf(terminal)
            );
            terminal.Tell(writer.Notes);
            return new ServedWriter(name, writer);
        }

        Classifier classifier = UsageException.Of(() =>
            Classifier.LoadEncoder(
                folder,
                new ClassifierOptions
                {
                    MaxLength = _common.AskedLength(parse),
                    Threads = parse.GetValue(_common.Threads),
                    Kernels = _common.PreciseKernels(parse, terminal),
                }
            )
        );
        terminal.Tell(classifier.Notes);
        if (!classifier.IsFineTuned)
        {
            terminal.Tell($"{name} was not fine-tuned; it gives embeddings and labels nothing.");
        }

        return new ServedClassifier(name, classifier);
    }

    ServerOptions OptionsOf(ParseResult parse, Terminal terminal) =>
        new()
        {
            Address = IPAddress.Parse(parse.ValueOf(_host)!),
            Port = parse.ValueOf(_port),
            Key = Key(parse, terminal),
            Effort = Effort.Parse(parse.ValueOf(_effort)!),
            LeastEffort = Effort.Parse(parse.ValueOf(_least)!),
            LatencyTarget = parse.Has(_target)
                ? TimeSpan.FromMilliseconds(parse.ValueOf(_target))
                : null,
            MostWaiting = parse.ValueOf(_queue),
            TimeLimit = TimeSpan.FromSeconds(parse.ValueOf(_timeout)),
            Collects = Collectors(terminal).Any(),
            Time = terminal.Time,
            Tell = terminal.Tell,
        };

    static IEnumerable<(string Name, string Place)> Collectors(Terminal terminal) =>
        CollectorVariables
            .Select(name => (name, terminal.Environment(name) ?? ""))
            .Where(found => found.Item2.Length > 0);

    string? Key(ParseResult parse, Terminal terminal) =>
        parse.ValueOf(_keyFile) is { } path
            ? Encoding.UTF8.GetString(RegularFile.ReadAll(path, "a key", MostKeyBytes)).Trim()
        : terminal.Environment(KeyVariable) is { Length: > 0 } key ? key
        : null;

    /// <summary>The name of a model is what stands in front of '=', or the last part of its path; one of the hub is called as it is there.</summary>
    (string Name, string Model)[] Models(ParseResult parse) =>
        [
            .. (parse.ValueOf(_models) ?? []).Select(word =>
            {
                int at = word.IndexOf('=');
                if (at > 0 && !Path.Exists(word))
                {
                    return (word[..at], word[(at + 1)..]);
                }

                string path = Path.TrimEndingDirectorySeparator(word);
                return (
                    File.Exists(path) ? Path.GetFileNameWithoutExtension(path)
                    : Directory.Exists(path) ? Path.GetFileName(Path.GetFullPath(path))
                    : word,
                    word
                );
            }),
        ];
}
