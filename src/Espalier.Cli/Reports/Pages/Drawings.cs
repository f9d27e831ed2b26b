using Espalier.Analysis;
using Espalier.Analysis.Orders;
using Espalier.Data.Metrics;

namespace Espalier.Cli.Reports.Pages;

/// <summary>The charts as files of their own, for papers: light, with their style in them. Numbered as in Xin et al. 2022.</summary>
static class Drawings
{
    const double PanelWidth = 390;
    const int PanelsInRow = 3;

    // csharpier-ignore
    const string Style =
        "svg{background:#fff;font-family:Helvetica,Arial,sans-serif}text{font-size:12.5px;fill:#444}.grid line{stroke:#e6e6e6}"
        + ".tick line,.axis line{stroke:#444}.front{fill:none;stroke:#555;stroke-width:1.25;stroke-dasharray:5 4}"
        + ".curve{color:#8b8e94}.c0{color:#000}.c1{color:#0b5fa5}.c2{color:#b34700}.c3{color:#00735a}.c4{color:#97407f}.c5{color:#7d5c00}.c6{color:#5b4fc4}"
        + ".line{fill:none;stroke:currentColor;stroke-width:2}.line.dashed{stroke-dasharray:6 4}.line.mean{stroke-width:3}.band{fill:currentColor;opacity:.13}"
        + ".marks,.dots{fill:currentColor}.dots{opacity:.55}.marks .cross{stroke:currentColor;stroke-width:2.2}.marks.hollow{fill:#fff;stroke:currentColor;stroke-width:1.8}"
        + ".doubt line{stroke:#fff;stroke-width:2}.margin{fill:#555;opacity:.1}.zero line{stroke:#555}.other .band{opacity:0}.other .line{stroke-width:1;opacity:.65}.title{font-weight:600;fill:#000}"
        + ".name{fill:currentColor;font-weight:600;paint-order:stroke;stroke:#fff;stroke-width:4px}[hidden]{display:none}";

    public static IEnumerable<(string Name, string Svg)> Of(IReadOnlyList<StudySection> sections)
    {
        for (int i = 0; i < sections.Count; i++)
        {
            StudySection section = sections[i];
            string of = sections.Count > 1 ? $"{i + 1}-" : "";
            Metric metric = section.Findings.Metric;
            if (section.Findings.Curves.Count > 0)
            {
                yield return (
                    $"{of}curves",
                    File(Frame.Wide, CurveChart.Draw(section.Findings, isNarrow: false))
                );
            }

            if (CostAxis.Energy(section.Findings) is { } energy)
            {
                yield return (
                    $"{of}energy",
                    File(Frame.Wide, CurveChart.Draw(section.Findings, isNarrow: false, energy))
                );
            }

            OrderComparison[] drawn = [.. section.Orders.Where(o => o.Runs.Count > 0)];
            if (drawn.Length > 0)
            {
                yield return (
                    $"{of}figure2",
                    Panels(
                        OrderChart.CurveFrame,
                        [.. drawn.Select(o => (o.Operators, OrderChart.Curves(o)))]
                    )
                );
                yield return (
                    $"{of}figure3",
                    File(
                        OrderChart.FrameOf(section.Orders, isNarrow: false),
                        OrderChart.Draw(section.Orders, metric, isNarrow: false)
                    )
                );
            }

            if (section.Checks.Count > 0)
            {
                yield return (
                    $"{of}figure4",
                    Panels(
                        PredictionChart.Frame,
                        [
                            .. section.Checks.Select(c =>
                                (c.Pipeline, PredictionChart.Draw(c, metric))
                            ),
                        ]
                    )
                );
            }
        }
    }

    /// <summary>Small charts side by side, each with its title.</summary>
    static string Panels(Frame f, IReadOnlyList<(string Title, Markup Svg)> panels)
    {
        int columns = Math.Min(PanelsInRow, panels.Count),
            rows = (panels.Count + columns - 1) / columns;
        double height = f.Height + 34;
        Markup inner = Markup.All(
            panels.Select(
                (p, i) =>
                {
                    double x = i % columns * PanelWidth,
                        y = i / columns * height;
                    return (Markup)
                        $"<text class=\"title\" x=\"{x + 4}\" y=\"{y + 18}\">{p.Title}</text><svg x=\"{x}\" y=\"{y + 26}\" width=\"{f.Width}\" height=\"{f.Height}\">{p.Svg}</svg>\n";
                }
            )
        );
        return File(f with { Width = columns * PanelWidth, Height = rows * height }, inner);
    }

    static string File(Frame f, Markup inner)
    {
        Markup file =
            $"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{f.Width}\" height=\"{f.Height}\" viewBox=\"0 0 {f.Width} {f.Height}\"><style>{Markup.Trusted(Style)}</style>{inner}</svg>\n";
        return file.ToString();
    }
}
