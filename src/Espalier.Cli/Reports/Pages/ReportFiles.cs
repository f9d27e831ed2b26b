using System.Text;
using Espalier.Analysis;
using Espalier.Checkpoints;

namespace Espalier.Cli.Reports.Pages;

/// <summary>The page and what lies beside it. All of it is made before any of it is written, and the page is written last.</summary>
static class ReportFiles
{
    /// <returns>The files, the page first.</returns>
    public static IReadOnlyList<string> Write(
        string page,
        ReportInput results,
        IReadOnlyList<StudySection> sections,
        CancellationToken stop
    )
    {
        string stem = Path.Combine(
            Path.GetDirectoryName(page) ?? "",
            Path.GetFileNameWithoutExtension(page)
        );
        List<(string Path, string Text)> files =
        [
            (page, StudyPage.Write(results, sections)),
            (stem + ".csv", ResultTables.Csv(sections)),
            (stem + ".md", ResultTables.Markdown(results, sections)),
            .. Drawings.Of(sections).Select(d => ($"{stem}-{d.Name}.svg", d.Svg)),
        ];
        stop.ThrowIfCancellationRequested();
        foreach (var (path, text) in files.AsEnumerable().Reverse())
        {
            AtomicFile.Write(path, Encoding.UTF8.GetBytes(text));
        }

        return [.. files.Select(f => f.Path)];
    }
}
