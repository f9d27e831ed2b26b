using System.Text;
using Espalier.Cli.Reports.Pages;

namespace Espalier.Cli.Reports;

enum ColumnKind
{
    Word,

    /// <summary>Somebody's word, which may hold anything: in quotes in CSV.</summary>
    Name,

    /// <summary>Set to the right.</summary>
    Number,
}

sealed record Column(string Title, ColumnKind Kind = ColumnKind.Word)
{
    public bool IsNumber => Kind == ColumnKind.Number;
}

/// <summary>A table as a value; how it looks is the writer's: a terminal, CSV, Markdown or HTML.</summary>
sealed record TextTable(IReadOnlyList<Column> Columns, IEnumerable<IReadOnlyList<string>> Rows)
{
    public static Column[] Words(params ReadOnlySpan<string> titles) => Of(titles, default);

    public static Column[] Numbers(params ReadOnlySpan<string> titles) =>
        Of(titles, ColumnKind.Number);

    public void Write(Terminal terminal) => terminal.Write([.. Columns.Select(c => c.Title)], Rows);

    public string Csv() =>
        Lines(
            "",
            ",",
            "",
            [string.Join(',', Columns.Select(c => c.Title))],
            (text, i) =>
                Columns[i].Kind == ColumnKind.Name
                    ? $"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\""
                    : text
        );

    public string Markdown() =>
        Lines(
            "| ",
            " | ",
            " |",
            [
                $"| {string.Join(" | ", Columns.Select(c => Cell(c.Title)))} |",
                $"|{string.Concat(Columns.Select(c => c.IsNumber ? "---:|" : "---|"))}",
            ],
            (text, _) => Cell(text)
        );

    /// <param name="head">The column that names a row.</param>
    public Markup Html(string label, int head = 0) =>
        $"""
            <div class="scroll" tabindex="0" role="region" aria-label="{label}">
            <table><thead><tr>{Columns.Select(c =>
                (Markup)$"<th scope=\"col\"{Class(c)}>{c.Title}</th>"
            )}</tr></thead><tbody>
            {Rows.Select(row =>
                (Markup)
                    $"<tr>{row.Select((text, i) => i == head ? (Markup)$"<th scope=\"row\">{text}</th>" : (Markup)$"<td{Class(Columns[i])}>{text}</td>")}</tr>"
            )}
            </tbody></table></div>
            """;

    /// <summary>A word of a file that cannot end its cell or begin markup.</summary>
    public static string Cell(string text) =>
        string.Concat(Shown.Whole(text).Select(c => "|<>*_`[]\\".Contains(c) ? $"\\{c}" : $"{c}"));

    static Markup Class(Column column) =>
        column.IsNumber ? Markup.Trusted(" class=\"number\"") : Markup.Empty;

    string Lines(
        string before,
        string between,
        string after,
        IEnumerable<string> head,
        Func<string, int, string> cell
    )
    {
        StringBuilder text = new();
        foreach (
            string line in head.Concat(
                Rows.Select(r => before + string.Join(between, r.Select(cell)) + after)
            )
        )
        {
            text.Append(line).Append('\n');
        }

        return text.ToString();
    }

    static Column[] Of(ReadOnlySpan<string> titles, ColumnKind kind)
    {
        Column[] columns = new Column[titles.Length];
        for (int i = 0; i < titles.Length; i++)
        {
            columns[i] = new Column(titles[i], kind);
        }

        return columns;
    }
}
