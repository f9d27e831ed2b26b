using Espalier.Data;
using Espalier.Models;

namespace Espalier.Measuring;

/// <summary>Which output of a model stands for which class of a task, or why the model answers another question.</summary>
public static class LabelAlignment
{
    /// <summary>For each class of the task the model's output; null where a model was saved without names and the order is all there is.</summary>
    /// <exception cref="InvalidDataException">The model answers another question.</exception>
    public static int[]? Of(ModelConfig config, string folder, TaskDefinition task)
    {
        if (config.Regression != task.IsRegression)
        {
            throw new InvalidDataException(
                $"{folder} {(config.Regression ? "predicts a number" : $"knows the classes {ClassOrder.Show(config.Labels)}")}, and {task.Name} "
                    + $"{(task.IsRegression ? "asks for a number" : $"has the classes {ClassOrder.Show(task.Labels)}")}; "
                    + "take a model that was trained on the task."
            );
        }

        if (task.IsRegression)
        {
            return [0];
        }

        return ClassOrder.Of(config.Labels, task.Labels)
            ?? (
                config.Outputs == task.Labels.Count && ClassOrder.AreUnnamed(config.Labels)
                    ? null
                    : throw new InvalidDataException(
                        $"{folder} knows the classes {ClassOrder.Show(config.Labels)}, and {task.Name} has {ClassOrder.Show(task.Labels)}; "
                            + "take a model that was trained on the task."
                    )
            );
    }

    /// <summary>The record with the outputs in the order of the task's classes.</summary>
    public static ExitRecord Reorder(ExitRecord record, TaskDefinition task, int[] outputs)
    {
        ModelConfig ordered = task.IsRegression
            ? record.Config
            : record.Config with
            {
                Labels = task.Labels,
            };
        return outputs.SequenceEqual(Enumerable.Range(0, outputs.Length))
            ? record
            : record.WithOutputs(ordered, outputs);
    }
}
