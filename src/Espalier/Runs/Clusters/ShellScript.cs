using System.Text;
using Espalier.Runs.Studies;

namespace Espalier.Runs.Clusters;

/// <summary>A study as a script for any POSIX shell: one line for each stage, inputs first, readable and run by hand.</summary>
public static class ShellScript
{
    /// <param name="graph">What is left of the study.</param>
    /// <param name="command">How Espalier is started, in words.</param>
    /// <param name="store">Its full path, the same on every machine that runs the script.</param>
    public static string Of(StudyGraph graph, IReadOnlyList<string> command, string store)
    {
        StringBuilder text = new(
            $$"""
            #!/bin/sh
            # What is left of the study {{graph.Name}}: {{graph.Items.Count(i => !i.Measures)}} stages to make, {{graph.Items.Count(
                i => i.Measures
            )}} groups of models to measure.
            # Several machines may run this at once on one store: each stage is made by one of them. Run again, it goes on
            # where it stopped; what is done is found.
            set -u
            store={{Quoted(store)}}
            failed=0
            wait=

            espalier() { {{string.Join(' ', command.Select(Quoted))}} "$@"; }

            # A training that diverged (9) is a result, and the store says so. Inputs that are missing (3) may come from another
            # machine: the second round waits for it.
            stage() {
                espalier stage run "$1" --store "$store" $wait
                case $? in
                0 | 9) ;;
                3) [ -z "$wait" ] || failed=$((failed + 1)) ;;
                75) exit 75 ;;
                130) exit 130 ;;
                *) failed=$((failed + 1)) ;;
                esac
            }

            study() {

            """
        );
        foreach (var cell in graph.Items.GroupBy(i => (i.Task, i.Seed)))
        {
            text.Append($"    # {cell.Key.Task}, seed {cell.Key.Seed}\n");
            foreach (GraphItem item in cell)
            {
                text.Append($"    stage {item.Key[..12]} # {Said(item)}\n");
            }
        }

        return text.Append(
                """
                }

                study
                wait=--wait
                failed=0
                study
                [ "$failed" -eq 0 ] || echo "$failed stages could not be made; the lines above say why." >&2
                [ "$failed" -eq 0 ]

                """
            )
            .ToString();

        string Said(GraphItem item) =>
            (item.Measures ? $"measure at {item.Pipeline}" : item.Pipeline)
            + (
                item.Measures ? $", after {item.Needs.Count} stages"
                : item.Needs is [var one] ? $", after {one[..12]}"
                : ""
            );
    }

    /// <summary>As one word of the shell, whatever is in it.</summary>
    public static string Quoted(string word) =>
        word.Length > 0
        && word.All(c =>
            char.IsAsciiLetterOrDigit(c)
            || c is '/' or '.' or '-' or '_' or '=' or ':' or ',' or '%' or '@'
        )
            ? word
            : $"'{word.Replace("'", "'\\''", StringComparison.Ordinal)}'";
}
