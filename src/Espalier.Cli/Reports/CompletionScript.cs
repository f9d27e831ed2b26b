using System.CommandLine;
using System.Text;
using Espalier.Cli.Parsing;

namespace Espalier.Cli.Reports;

/// <summary>
/// The command tree as a script of a shell. It is complete in itself: pressing tab starts no process.
/// </summary>
static class CompletionScript
{
    public static IReadOnlyList<string> Shells { get; } = ["bash", "zsh", "fish", "pwsh"];

    public static string For(string shell, RootCommand root) =>
        shell switch
        {
            "bash" => Bash(root),
            "zsh" => Zsh(root),
            "fish" => Fish(root),
            "pwsh" => PowerShell(root),
            _ => throw new ArgumentException(OptionValues.NoneOf("SHELL", shell, Shells)),
        };

    static string Bash(RootCommand root) =>
        Cases(
            root,
            """
            # Completion of espalier for bash. In ~/.bashrc: eval "$(espalier completion bash)"
            _espalier() {
                local word="${COMP_WORDS[COMP_CWORD]}" before="${COMP_WORDS[COMP_CWORD-1]}" command="" i IFS=$' \t\n'
                COMPREPLY=()
                # --option=value comes as three words.
                if [[ $word == "=" ]]; then word=""
                elif [[ $before == "=" ]]; then before="${COMP_WORDS[COMP_CWORD-2]}"; fi
                for ((i = 1; i < COMP_CWORD; i++)); do
                    case "${COMP_WORDS[i]}" in -*) ;; *) command="${COMP_WORDS[i]}"; break ;; esac
                done
                case "$command $before" in

            """,
            words => $"COMPREPLY=($(compgen -W '{words}' -- \"$word\"))",
            "compopt -o filenames 2>/dev/null; IFS=$'\\n'; COMPREPLY=($(compgen -f -- \"$word\"))",
            "compopt -o filenames 2>/dev/null; IFS=$'\\n'; COMPREPLY=($(compgen -d -- \"$word\"))",
            """
                esac
                case "$command $word" in

            """,
            """
                esac
            }
            complete -F _espalier espalier

            """
        );

    static string Zsh(RootCommand root) =>
        Cases(
            root,
            """
            #compdef espalier
            # Completion of espalier for zsh. In ~/.zshrc, behind compinit: eval "$(espalier completion zsh)"
            _espalier() {
                local word="${words[CURRENT]}" before="${words[CURRENT-1]}" command="" i
                if [[ $word == --*=* ]]; then before="${word%%=*}"; compset -P '*='; word=""; fi
                for ((i = 2; i < CURRENT; i++)); do
                    case "${words[i]}" in -*) ;; *) command="${words[i]}"; break ;; esac
                done
                case "$command $before" in

            """,
            words => $"compadd -- {words}",
            "_files",
            "_files -/",
            """
                esac
                case "$command $word" in

            """,
            """
                esac
            }
            if (( $+functions[compdef] )); then compdef _espalier espalier; fi

            """
        );

    /// <summary>bash and zsh: first what follows an option, then what the word itself begins.</summary>
    static string Cases(
        RootCommand root,
        string head,
        Func<string, string> among,
        string files,
        string folders,
        string between,
        string tail
    )
    {
        StringBuilder script = new(head);
        foreach (Command command in root.Subcommands)
        {
            foreach (Option option in Options(command).Where(o => !Completable.IsFlag(o)))
            {
                string pattern = string.Join(
                    '|',
                    Names(option).Select(n => $"\"{command.Name} {n}\"")
                );
                script.Append($"        {pattern}) {Of(Completable.Of(option))}return ;;\n");
            }
        }

        script.Append(between);
        foreach (Command command in root.Subcommands)
        {
            string options = string.Join(' ', Options(command).SelectMany(Names));
            script.Append($"        \"{command.Name} -\"*) {among(options)} ;;\n");
            Completable argument =
                command.Arguments.Count > 0
                    ? Completable.Of(command.Arguments[0])
                    : Completable.None;

            // A choice comes first; what stands behind it, a file or options, is completed once the choice is made.
            string behind = command.Arguments.Skip(1).Any(a => Completable.Of(a).IsFile)
                ? files
                : among(options);
            script.Append(
                argument.Words.Count > 0
                    ? $"        \"{command.Name} \"*) if [[ $before == {command.Name} ]]; then {Of(argument)}else {behind}; fi ;;\n"
                    : $"        \"{command.Name} \"*) {Of(argument)};;\n"
            );
        }

        string all = string.Join(' ', root.Subcommands.Select(c => c.Name));
        script.Append($"        \" -\"*) {among("--help --version")} ;;\n");
        script.Append($"        \" \"*) {among(all)} ;;\n");
        return script.Append(tail).ToString().ReplaceLineEndings("\n");

        string Of(Completable what) =>
            what.Words.Count > 0 ? $"{among(string.Join(' ', what.Words))}; "
            : what.IsFile ? $"{files}; "
            : what.IsFolder ? $"{folders}; "
            : "";
    }

    static string Fish(RootCommand root)
    {
        StringBuilder script = new(
            "# Completion of espalier for fish. In ~/.config/fish/config.fish: espalier completion fish | source\n"
                + "complete -c espalier -f\n"
                + "complete -c espalier -n __fish_use_subcommand -l help -d 'Show help'\n"
                + "complete -c espalier -n __fish_use_subcommand -l version -d 'Show the version'\n"
        );
        foreach (Command command in root.Subcommands)
        {
            script.Append(
                $"complete -c espalier -n __fish_use_subcommand -a {command.Name} -d {Quoted(command.Description)}\n"
            );
            string here = $"complete -c espalier -n '__fish_seen_subcommand_from {command.Name}'";
            foreach (Option option in Options(command))
            {
                string names = string.Concat(
                    Names(option)
                        .Select(n =>
                            n.StartsWith("--", StringComparison.Ordinal)
                                ? $" -l {n[2..]}"
                                : $" -s {n[1..]}"
                        )
                );
                string value = Completable.IsFlag(option) ? "" : $" -x{Of(Completable.Of(option))}";
                script.Append($"{here}{names}{value} -d {Quoted(option.Description)}\n");
            }

            foreach (Completable what in command.Arguments.Select(Completable.Of))
            {
                script.Append(Of(what) is { Length: > 0 } words ? $"{here}{words}\n" : "");
            }
        }

        return script.ToString();

        static string Of(Completable what) =>
            what.Words.Count > 0 ? $" -a '{string.Join(' ', what.Words)}'"
            : what.IsFile ? " -a '(__fish_complete_path)'"
            : what.IsFolder ? " -a '(__fish_complete_directories)'"
            : "";

        static string Quoted(string? text) =>
            $"'{(text ?? "").Replace("\\", "\\\\").Replace("'", "\\'")}'";
    }

    static string PowerShell(RootCommand root)
    {
        StringBuilder script = new(
            """
            # Completion of espalier for PowerShell. In $PROFILE: espalier completion pwsh | Out-String | Invoke-Expression
            Register-ArgumentCompleter -Native -CommandName espalier -ScriptBlock {
                param($word, $ast, $at)
                $before = @($ast.CommandElements | Where-Object { $_.Extent.EndOffset -lt $at } | ForEach-Object { "$_" })
                $command = @($before | Select-Object -Skip 1 | Where-Object { $_ -notlike '-*' })[0]
                $last = if ($before.Count -gt 1) { $before[-1] } else { '' }
                # Nothing here means that PowerShell completes files.
                $words = switch ("$command $last") {

            """
        );
        foreach (Command command in root.Subcommands)
        {
            foreach (Option option in Options(command).Where(o => !Completable.IsFlag(o)))
            {
                foreach (string name in Names(option))
                {
                    script.Append(
                        $"        '{command.Name} {name}' {{ @({List(Completable.Of(option).Words)}); $value = $true }}\n"
                    );
                }
            }
        }

        script.Append("    }\n    if (-not $value) {\n        $words = switch (\"$command\") {\n");
        foreach (Command command in root.Subcommands)
        {
            IEnumerable<string> all =
            [
                .. command.Arguments.Select(Completable.Of).SelectMany(a => a.Words),
                .. Options(command).SelectMany(Names),
            ];
            script.Append($"            '{command.Name}' {{ @({List(all)}) }}\n");
        }

        script.Append(
            $"            '' {{ @({List([.. root.Subcommands.Select(c => c.Name), "--help", "--version"])}) }}\n"
        );
        return script
            .Append(
                """
                        }
                    }
                    $words | Where-Object { $_ -like "$word*" } | ForEach-Object {
                        [System.Management.Automation.CompletionResult]::new($_, $_, 'ParameterValue', $_)
                    }
                }

                """
            )
            .ToString()
            .ReplaceLineEndings("\n");

        static string List(IEnumerable<string> words) =>
            string.Join(", ", words.Select(w => $"'{w}'"));
    }

    static IEnumerable<Option> Options(Command command) =>
        [
            .. command.Options.Where(o => !o.Hidden),
            new System.CommandLine.Help.HelpOption("--help"),
        ];

    static IEnumerable<string> Names(Option option) =>
        [
            option.Name,
            .. option.Aliases.Where(a => a.Length == 2 && a[0] == '-' && char.IsAsciiLetter(a[1])),
        ];
}
