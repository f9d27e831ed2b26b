using Espalier.Operators;

namespace Espalier.Analysis.Choosing;

/// <summary>Names of pipelines for a picture: letters, and of the options those alone that tell one from another.</summary>
public static class BriefNames
{
    /// <summary>One for each pipeline; where no short ones would be distinct, and of what is no pipeline, the whole name.</summary>
    public static string[] Of(IReadOnlyList<string> pipelines)
    {
        Pipeline?[] parsed = [.. pipelines.Select(Pipeline.TryParse)];
        var groups = parsed.OfType<Pipeline>().ToLookup(p => p.Letters);
        string[] brief =
        [
            .. parsed.Select((p, i) => p is null ? pipelines[i] : Brief(p, [.. groups[p.Letters]])),
        ];
        return brief.Distinct().Count() == pipelines.Distinct().Count() ? brief : [.. pipelines];
    }

    static string Brief(Pipeline pipeline, IReadOnlyList<Pipeline> alike)
    {
        if (pipeline.IsOriginal)
        {
            return pipeline.Letters;
        }

        Operator[][] others = [.. alike.Select(p => p.Steps.ToArray())];
        return string.Concat(pipeline.Steps.Select((step, i) => Step(step, others, i)));
    }

    static string Step(Operator step, Operator[][] others, int at)
    {
        Operator usual = Operator.Of(step.Letter)!;
        List<string> told = [];
        if (step.Method != usual.Method && others.Any(o => o[at].Method != step.Method))
        {
            told.Add(step.Method);
        }

        told.AddRange(
            step.Options.Where(o =>
                    o.Get(step) != o.Get(step.Plain)
                    && others.Any(other => ValueOf(other[at], o.Name) != o.Get(step))
                )
                .Select(o => $"{o.Name}={o.Get(step)}")
        );
        return step.Letter + (told.Count > 0 ? $"({string.Join(',', told)})" : "");
    }

    static string? ValueOf(Operator step, string option) =>
        step.Options.FirstOrDefault(o => o.Name == option)?.Get(step);
}
