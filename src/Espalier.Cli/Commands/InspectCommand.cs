using System.CommandLine;
using Espalier.Cli.Parsing;
using Espalier.Cli.Reports;

namespace Espalier.Cli.Commands;

/// <summary>Says what a model's folder holds.</summary>
sealed class InspectCommand : EspalierCommand
{
    readonly CommonOptions _common = new();
    readonly Argument<string> _model = new("model")
    {
        Description = $"A model's folder; without it the built-in {CommonOptions.BuiltInModel}.",
        DefaultValueFactory = _ => "",
    };

    public InspectCommand()
        : base("inspect", "Say what a model is: shape, size, exits, labels, operators applied.")
    {
        Add(_model);
        Add(_common.Model);
        Add(_common.Format);
    }

    public override IReadOnlyList<string> Examples { get; } =
    ["espalier inspect runs/DEPLQ/6-DEPLQ", "espalier inspect my-model --format json"];

    public override void Check(ParseResult parse, Terminal terminal, Problems problems)
    {
        CommonOptions.CheckModel(Wanted(parse), terminal, problems);
        _common.CheckFormat(parse, problems);
        if (parse.Has(_common.Model) && !string.IsNullOrEmpty(parse.GetValue(_model)))
        {
            problems.Usage("A model stands both as an argument and behind --model; name it once.");
        }
    }

    public override int Run(ParseResult parse, Terminal terminal, CancellationToken stop)
    {
        Inspection
            .Of(CommonOptions.FolderOf(Wanted(parse), terminal))
            .Write(terminal, _common.IsJson(parse));
        return ExitCode.Ok;
    }

    string Wanted(ParseResult parse) =>
        parse.GetValue(_model) is { Length: > 0 } name
            ? name
            : parse.ValueOf(_common.Model) ?? CommonOptions.BuiltInModel;
}
