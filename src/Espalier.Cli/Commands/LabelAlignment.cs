using System.Text.RegularExpressions;
using Espalier.Data;
using Espalier.Measuring;
using Espalier.Models;

namespace Espalier.Cli.Commands;

/// <summary>Which output of a model stands for which class of a task: by name, because two of them may count differently.</summary>
static partial class LabelAlignment
{
    /// <summary>For each class of the task the model's output; null where a model was saved without names and the order is all there is.</summary>
    /// <exception cref="InvalidDataException">The model answers another question.</exception>
    public static int[]? Of(ModelConfig config, string folder, TaskDefinition task)
    {
        if (config.Regression != task.IsRegression)
        {
            throw new InvalidDataException(
                $"{folder} {(config.Regression ? "predicts a number" : $"knows the classes {Names(config.Labels)}")}, and {task.Name} "
                    + $"{(task.IsRegression ? "asks for a number" : $"has the classes {Names(task.Labels)}")}; "
                    + "take a model that was trained on the task."
            );
        }

        if (task.IsRegression)
        {
            return [0];
        }

        int[] outputs =
        [
            .. task.Labels.Select(label =>
                config
                    .Labels.ToList()
                    .FindIndex(l => l.Equals(label, StringComparison.OrdinalIgnoreCase))
            ),
        ];
        if (
            outputs.Length == config.Outputs
            && outputs.Order().SequenceEqual(Enumerable.Range(0, outputs.Length))
        )
        {
            return outputs;
        }

        return config.Outputs == task.Labels.Count && config.Labels.All(l => Unnamed().IsMatch(l))
            ? null
            : throw new InvalidDataException(
                $"{folder} knows the classes {Names(config.Labels)}, and {task.Name} has {Names(task.Labels)}; "
                    + "take a model that was trained on the task."
            );
    }

    /// <summary>The record with the outputs in the order of the task's classes.</summary>
    public static ExitRecord Reorder(
        IReadOnlyList<ExampleExits> examples,
        ModelConfig config,
        TaskDefinition task,
        int[] outputs
    )
    {
        ModelConfig ordered = task.IsRegression ? config : config with { Labels = task.Labels };
        return new ExitRecord(
            ordered,
            [
                .. examples.Select(e =>
                    e with
                    {
                        Logits =
                        [
                            .. e.Logits.Select(
                                (_, i) =>
                                    e.Logits[
                                        i / outputs.Length * outputs.Length
                                            + outputs[i % outputs.Length]
                                    ]
                            ),
                        ],
                    }
                ),
            ]
        );
    }

    static string Names(IReadOnlyList<string> labels) =>
        string.Join(", ", labels.Take(5)) + (labels.Count > 5 ? $" … ({labels.Count})" : "");

    /// <summary>What transformers calls a class that nobody named.</summary>
    [GeneratedRegex("^LABEL_[0-9]+$")]
    private static partial Regex Unnamed();
}
