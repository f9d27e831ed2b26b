using System.CommandLine;
using Espalier.Checkpoints;
using Espalier.Cli.Parsing;
using Espalier.Cli.Reports;
using Espalier.Operators;

namespace Espalier.Cli.Commands;

/// <summary>Lists the operators with their options, and in which order they make sense.</summary>
sealed class OperatorsCommand : EspalierCommand
{
    static readonly string[] Rules =
    [
        "A pipeline is letters in order, method and options in brackets: DEP(heads=6,ffn=0.4)LQ; the first method of a letter needs no name.",
        .. OrderRule.All,
        "--force runs a refused order all the same, for study.",
    ];

    readonly CommonOptions _common = new();

    public OperatorsCommand()
        : base("operators", "List the operators, their options and the rules of order.") =>
        Add(_common.Format);

    public override IReadOnlyList<string> Examples { get; } =
    ["espalier operators", "espalier operators --format json"];

    public override void Check(ParseResult parse, Terminal terminal, Problems problems) =>
        _common.CheckFormat(parse, problems);

    public override int Run(ParseResult parse, Terminal terminal, CancellationToken stop)
    {
        if (_common.IsJson(parse))
        {
            WriteJson(terminal.Out);
            return ExitCode.Ok;
        }

        terminal.Write(
            ["letter", "method", "operator", "group", "option", "default", "values", "meaning"],
            Operator.All.SelectMany(Rows)
        );
        terminal.Say(Rules);

        return ExitCode.Ok;
    }

    static IEnumerable<IReadOnlyList<string>> Rows(Operator one)
    {
        string[] head = [$"{one.Letter}", one.Method, one.Title, NameOf(one.Group)];
        return one.Options.Count == 0
            ?
            [
                [.. head, "none", "", "", ""],
            ]
            : one.Options.Select(
                (option, i) =>
                    (IReadOnlyList<string>)
                        [
                            .. i == 0 ? head : head.Select(_ => ""),
                            option.Name,
                            option.Get(one),
                            option.Expected,
                            option.Meaning,
                        ]
            );
    }

    static void WriteJson(TextWriter output) =>
        JsonText.Document(
            output,
            json =>
            {
                json.Objects(
                    "operators",
                    Operator.All,
                    one =>
                    {
                        json.WriteString("letter", $"{one.Letter}");
                        json.WriteString("method", one.Method);
                        json.WriteBoolean("default", one.Name.Length == 1);
                        json.WriteBoolean("trains", one.Trains);
                        json.WriteString("title", one.Title);
                        json.WriteString("group", NameOf(one.Group));
                        json.WriteNumber("version", one.Version);
                        json.Objects(
                            "options",
                            one.Options,
                            option =>
                            {
                                json.WriteString("name", option.Name);
                                json.WriteString("default", option.Get(one));
                                json.WriteString("expected", option.Expected);
                                json.WriteString("meaning", option.Meaning);
                            }
                        );
                    }
                );

                json.Array("rules", Rules, json.WriteStringValue);
            }
        );

    static string NameOf(Group group) => group == Group.Start ? "start" : $"{group}";
}
