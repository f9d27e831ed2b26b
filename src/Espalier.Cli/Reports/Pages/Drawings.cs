namespace Espalier.Cli.Reports.Pages;

/// <summary>The charts as files of their own, for papers: light, with their style in them.</summary>
static class Drawings
{
    // csharpier-ignore
    const string Style =
        "svg{background:#fff;font-family:Helvetica,Arial,sans-serif}text{font-size:12.5px;fill:#444}.grid line{stroke:#e6e6e6}"
        + ".tick line,.axis line{stroke:#444}.front{fill:none;stroke:#555;stroke-width:1.25;stroke-dasharray:5 4}"
        + ".curve{color:#8b8e94}.c0{color:#000}.c1{color:#0b5fa5}.c2{color:#b34700}.c3{color:#00735a}.c4{color:#97407f}.c5{color:#7d5c00}.c6{color:#5b4fc4}"
        + ".line{fill:none;stroke:currentColor;stroke-width:2}.line.dashed{stroke-dasharray:6 4}.band{fill:currentColor;opacity:.13}"
        + ".marks{fill:currentColor}.marks .cross{stroke:currentColor;stroke-width:2.2}.marks.hollow{fill:#fff;stroke:currentColor;stroke-width:1.8}"
        + ".other .band{opacity:0}.other .line{stroke-width:1;opacity:.65}.zero{stroke:#444;stroke-dasharray:2 3}"
        + ".name{fill:currentColor;font-weight:600;paint-order:stroke;stroke:#fff;stroke-width:4px}[hidden]{display:none}";

    public static IEnumerable<(string Name, string Svg)> Of(IReadOnlyList<StudySection> sections)
    {
        for (int i = 0; i < sections.Count; i++)
        {
            string of = sections.Count > 1 ? $"{i + 1}-" : "";
            if (sections[i].Findings.Curves.Count > 0)
            {
                yield return (
                    $"{of}curves",
                    File(CurveChart.Draw(sections[i].Findings, isNarrow: false))
                );
            }
        }
    }

    /// <summary>With the namespace that a file needs and a page does not.</summary>
    static string File(Markup svg) =>
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n"
        + svg.ToString()
            .TrimStart()
            .Replace(
                "<svg ",
                "<svg xmlns=\"http://www.w3.org/2000/svg\" ",
                StringComparison.Ordinal
            )
            .Replace("role=\"img\"", "role=\"img\" width=\"860\"", StringComparison.Ordinal)
            .Insert(
                svg.ToString().TrimStart().IndexOf('>') + 1
                    + " xmlns=\"http://www.w3.org/2000/svg\"".Length
                    + " width=\"860\"".Length,
                $"<style>{Style}</style>"
            );
}
