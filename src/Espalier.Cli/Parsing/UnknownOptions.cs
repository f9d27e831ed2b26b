using System.CommandLine;
using System.CommandLine.Parsing;
using Espalier.Data;

namespace Espalier.Cli.Parsing;

/// <summary>Options that a command does not have, with those that were likely meant.</summary>
static class UnknownOptions
{
    /// <summary>
    /// Tells what the parser found. Unknown options are told alone: the line is read again with the likely ones in their
    /// place, or without them, so that their values are not taken for something else.
    /// </summary>
    /// <returns>The line to look for further problems in.</returns>
    public static ParseResult Corrected(
        RootCommand root,
        ParseResult parse,
        Command command,
        Problems problems
    )
    {
        string[] unknown =
        [
            // The parser takes an unknown option for an argument where the command has one left.
            .. parse
                .Tokens.TakeWhile(t => t.Type != TokenType.DoubleDash)
                .Where(t => t.Type == TokenType.Argument && t.Value.Length > 2)
                .Select(t => t.Value)
                .Where(t => t.StartsWith("--", StringComparison.Ordinal))
                .Union(parse.UnmatchedTokens.Where(t => t.Length > 1 && t[0] == '-' && t != "--")),
        ];
        List<string> line = [.. parse.Tokens.Select(t => t.Value)];
        foreach (string token in unknown)
        {
            int end = token.IndexOfAny(['=', ':']);
            string name = end < 0 ? token : token[..end];
            int at = line.IndexOf(token);
            if (at > 0 && line[at - 1].StartsWith('-') && command.Options.Any(o => o.Name == name))
            {
                // An option whose value was forgotten took the next option for it.
                problems.Usage(
                    $"{line[at - 1]} stands without its value, and {name} follows; write the value between them."
                );
                line.RemoveAt(at - 1);
                continue;
            }

            Option? meant = Nearest.Likely(
                name,
                command.Options.Where(o => !o.Hidden).Select(o => o.Name)
            )
                is { } likely
                ? command.Options.First(o => o.Name == likely)
                : null;
            problems.Usage(
                meant is null
                    ? $"There is no option '{name}' in 'espalier {command.Name}'; 'espalier {command.Name} --help' lists them."
                    : $"There is no option '{name}' in 'espalier {command.Name}'; did you mean '{meant.Name}'?"
            );
            if (at < 0)
            {
                continue;
            }

            line.RemoveAt(at);
            if (meant is not null && !parse.Has(meant))
            {
                line.InsertRange(at, end < 0 ? [meant.Name] : [meant.Name, token[(end + 1)..]]);
            }
        }

        ParseResult corrected = unknown.Length == 0 ? parse : root.Parse(line);
        if (corrected.CommandResult.Command is not EspalierCommand)
        {
            return parse;
        }

        string[] extra = [.. corrected.UnmatchedTokens];
        foreach (ParseError error in corrected.Errors)
        {
            string? word = extra.FirstOrDefault(e => error.Message.Contains($"'{e}'"));
            if (word is null)
            {
                problems.Usage(Sentence(error, command));
            }
            else if (unknown.Length == 0)
            {
                problems.Usage(
                    $"'{word}' is one argument too many for 'espalier {command.Name}'; 'espalier {command.Name} --help' shows what it takes."
                );
            }
        }

        return corrected;
    }

    static string Sentence(ParseError error, Command command)
    {
        const string Missing = "Required argument missing for ";
        if (!error.Message.StartsWith(Missing, StringComparison.Ordinal))
        {
            return error.Message;
        }

        return
            error.SymbolResult is OptionResult option
            || error.SymbolResult?.Parent is OptionResult above && (option = above) is not null
            ? $"{option.Option.Name} stands without its value ({option.Option.HelpName}); write it behind the option."
            : $"'espalier {command.Name}' needs {string.Join(" and ", command.Arguments.Select(a => a.Name))}; 'espalier {command.Name} --help' shows examples.";
    }
}
