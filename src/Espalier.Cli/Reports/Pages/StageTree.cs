using Espalier.Operators;

namespace Espalier.Cli.Reports.Pages;

/// <summary>Which stages the pipelines share, what each took, and which were read from the store.</summary>
static class StageTree
{
    static readonly string Original = $"{Pipeline.Original}";

    sealed record Node<T>(string Name, string Letter)
    {
        public List<Node<T>> After { get; } = [];
        public List<T> Made { get; } = [];
    }

    public static Markup Write(ReportInput results)
    {
        if (results.Stages.Count == 0)
        {
            return Markup.Empty;
        }

        double seconds = results.Stages.Sum(s => s.Seconds ?? 0);
        int read = results.Stages.Count(s => s.FromStore);
        Markup inner = $"""
            <p class="note">A stage is one operator on one known input. {Figures.Counted(
                results.Stages.Count,
                "stage"
            )} took {Duration(seconds)} of their own time, several at once; {Figures.Counted(
                read,
                "of them was",
                "of them were"
            )} there before the last call and read from the store.</p>
            {results.Stages.GroupBy(s => s.Task).Select(g => Tree(g.Key, g, s => s.Pipeline, Made))}
            """;
        return Markup.Section("stages", "Stages", inner);
    }

    /// <summary>Pipelines below those that they begin with.</summary>
    /// <param name="made">What is said of the stage of one seed, on the line of its pipeline.</param>
    public static Markup Tree<T>(
        string task,
        IEnumerable<T> stages,
        Func<T, string> pipelineOf,
        Func<T, Markup> made
    )
    {
        Dictionary<string, Node<T>> nodes = [];
        List<Node<T>> roots = [];
        foreach (T stage in stages.OrderBy(s => pipelineOf(s).Length))
        {
            string pipeline = pipelineOf(stage);
            if (!nodes.TryGetValue(pipeline, out Node<T>? node))
            {
                // The longest pipeline that this one begins with is the model it was made from.
                Node<T>? parent =
                    nodes
                        .Values.Where(n =>
                            pipeline.StartsWith(n.Name, StringComparison.Ordinal)
                            // D(layers=0.34) is another operator than D, and nothing is made of D there.
                            && pipeline[n.Name.Length] != '('
                        )
                        .MaxBy(n => n.Name.Length)
                    ?? (
                        Pipeline.TryParse(pipeline)?.Operators[0] == Operator.Original
                            ? nodes.GetValueOrDefault(Original)
                            : null
                    );
                node = new Node<T>(
                    pipeline,
                    parent is null || parent.Name == Original
                        ? pipeline
                        : pipeline[parent.Name.Length..]
                );
                nodes.Add(pipeline, node);
                (parent?.After ?? roots).Add(node);
            }

            node.Made.Add(stage);
        }

        return $"<ul class=\"tree\" aria-label=\"Stages of {task}\">{roots.Select(
            Item
        )}</ul>";

        Markup Item(Node<T> node)
        {
            Markup inner =
                node.After.Count > 0 ? $"<ul>{node.After.Select(Item)}</ul>" : Markup.Empty;
            return $"""
                <li><span class="stage"><b>{node.Letter}</b> <span class="made">{node.Made.Select(
                    made
                )}</span></span>{inner}</li>
                """;
        }
    }

    static Markup Made(MadeStage stage) =>
        (stage.Seconds is { } seconds ? Duration(seconds) : "from the store") switch
        {
            var what when stage.FromStore => (Markup)
                $"<span class=\"hit\">seed {stage.Seed.ToString()}: {what}</span>",
            var what => (Markup)$"<span>seed {stage.Seed.ToString()}: {what}</span>",
        };

    public static string Duration(double seconds) =>
        seconds < 60 ? $"{seconds:0.0} s"
        : seconds < 3600 ? $"{Math.Floor(seconds / 60):0} min {seconds % 60:00} s"
        : $"{Math.Floor(seconds / 3600):0} h {seconds % 3600 / 60:00} min";
}
