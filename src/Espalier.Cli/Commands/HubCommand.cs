using System.CommandLine;
using Espalier.Cli.Parsing;
using Espalier.Cli.Reports;
using Espalier.Data;
using Espalier.Hub;
using Espalier.Models.Storage;

namespace Espalier.Cli.Commands;

/// <summary>Fetches models and data sets from the Hugging Face hub, and sends model folders there.</summary>
sealed class HubCommand : EspalierCommand
{
    static readonly string[] Verbs = ["download", "push"];

    readonly Argument<string> _verb = new Argument<string>("ACTION")
    {
        Description =
            "download NAME: fetch what is missing of a model (or of hf://datasets/owner/name/path) and say where it is; push FOLDER NAME: send a model's folder.",
    }.Among(Verbs);
    readonly Argument<string[]> _names = new("NAMES")
    {
        Description = "owner/name, owner/name@revision or hf://…; with push a folder first.",
        Arity = ArgumentArity.OneOrMore,
    };
    readonly Option<bool> _public = new("--public")
    {
        Description =
            "With push: a repository that is made is for everybody; without, for its owner.",
    };
    readonly Option<string?> _message = OptionValues.Text(
        "--message",
        "text",
        "With push: what the commit is called."
    );
    readonly Option<bool> _dryRun = new("--dry-run")
    {
        Description = "With push: tell what would be sent.",
    };

    public HubCommand()
        : base("hub", "Fetch from the Hugging Face hub, or send a model there.")
    {
        Add(_verb);
        Add(_names);
        AddAll([_public, _message, _dryRun]);
    }

    public override IReadOnlyList<string> Examples { get; } =
    [
        "espalier hub download sentence-transformers/all-MiniLM-L6-v2",
        "espalier hub download hf://datasets/nyu-mll/glue/mrpc",
        "espalier hub push runs/DEPLQ/6-DEPLQ my-name/my-model --dry-run",
        "espalier hub push runs/DEPLQ/6-DEPLQ my-name/my-model --public",
    ];

    public override void Check(ParseResult parse, Terminal terminal, Problems problems)
    {
        string? verb = parse.ValueOf(_verb);
        if (verb is null)
        {
            return;
        }

        string[] names = parse.ValueOf(_names) ?? [];
        int expected = verb == "push" ? 2 : 1;
        if (!Verbs.Contains(verb))
        {
            problems.Usage(OptionValues.NoneOf("ACTION", verb, Verbs));
        }
        else if (names.Length != expected)
        {
            problems.Usage(
                expected == 2
                    ? $"push takes a folder and the owner/name that it shall have, and {names.Length} names were given."
                    : $"download takes one owner/name, and {names.Length} names were given."
            );
        }
        else if (verb == "push")
        {
            HubClient hub = terminal.Hub();
            foreach (string problem in HubModel.ProblemsOf(names[0], names[1], hub))
            {
                problems.Refuse(problem);
            }
        }

        foreach (Option option in (ReadOnlySpan<Option>)[_public, _message, _dryRun])
        {
            if (verb == "download" && parse.Has(option))
            {
                problems.Usage($"{option.Name} belongs to push; leave it out.");
            }
        }
    }

    public override int Run(ParseResult parse, Terminal terminal, CancellationToken stop)
    {
        string[] names = parse.GetValue(_names)!;
        HubClient hub = terminal.Hub();
        if (parse.GetValue(_verb) == "download")
        {
            terminal.Out.WriteLine(
                names[0].StartsWith("hf://datasets/", StringComparison.Ordinal)
                    ? DataPlace.Download(names[0], hub)
                    : HubModel.Download(names[0], hub)
            );
            return ExitCode.Ok;
        }

        var (folder, name) = (names[0], names[1]);
        IReadOnlyList<string> files = HubModel.FilesOf(folder);
        string[] others =
        [
            .. Directory
                .EnumerateFiles(folder, "*", SearchOption.AllDirectories)
                .Select(f =>
                    Path.GetRelativePath(folder, f).Replace(Path.DirectorySeparatorChar, '/')
                )
                .Except(files)
                .Order(StringComparer.Ordinal),
        ];
        if (others.Length > 0)
        {
            terminal.Tell($"Not of the model, and not sent: {string.Join(", ", others)}.");
        }

        if (!files.Contains("README.md"))
        {
            terminal.Tell(
                "There is no README.md, so the hub will show no card; 'espalier export --to hf' writes one."
            );
        }

        if (parse.GetValue(_dryRun))
        {
            terminal.Write(
                ["file", "MB"],
                files.Select(f =>
                    new[]
                    {
                        f,
                        $"{ModelFolder.BytesOf(new FileInfo(Path.Combine(folder, f))) / 1e6:0.000}",
                    }
                )
            );
            return ExitCode.Ok;
        }

        terminal.Out.WriteLine(
            Shown.Whole(
                parse.GetValue(_message) is { } message
                    ? HubModel.Push(folder, name, hub, !parse.GetValue(_public), message)
                    : HubModel.Push(folder, name, hub, !parse.GetValue(_public))
            )
        );
        return ExitCode.Ok;
    }
}
