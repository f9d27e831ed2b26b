using Espalier.Runs.Watching;

namespace Espalier.Cli.Reports.Pages;

/// <summary>The loss of a training over its steps, as far as it came.</summary>
static class LossChart
{
    static readonly Frame Small = new(360, 190, 46, 24, 22, 44);

    public static Markup Draw(StageNote note)
    {
        Scale x = new(0, Math.Max(1, note.Steps), Small.Left, Small.EndX),
            y = Scale.Around(note.Losses.Select(l => l.Loss), Small.EndY, Small.Top);
        Markup inner = $"""
            {Picture.Axes(Small, x, y, "step", "loss", isNarrow: true)}
            <g class="curve c1"><path class="line" d="{Picture.Path(
                note.Losses.Select(l => (x.At(l.Step), y.At(l.Loss)))
            )}"/>{Picture.Mark(0, x.At(note.Losses[^1].Step), y.At(note.Losses[^1].Loss))}</g>
            """;
        return Picture.Svg(
            Small,
            $"Loss of {note.Pipeline} of {note.Task}, seed {note.Seed}, over {note.Losses[^1].Step} of {note.Steps} steps",
            "small",
            inner
        );
    }
}
