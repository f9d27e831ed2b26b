using Espalier.Models;

namespace Espalier.Measuring;

/// <summary>What all exits say to one example, [exits · outputs], and what is true of it.</summary>
/// <param name="Tokens">Length without padding.</param>
public sealed record ExampleExits(float[] Logits, int Tokens, int? Label, double? Score);

/// <summary>What every exit of a model said to every example of a split.</summary>
public sealed class ExitRecord(ModelConfig config, IReadOnlyList<ExampleExits> examples)
{
    public ModelConfig Config { get; } = config;

    public IReadOnlyList<ExampleExits> Examples { get; } = examples;

    public int Count => Examples.Count;

    /// <summary>Logits of one exit for one example.</summary>
    public ReadOnlySpan<float> Logits(int example, int exit) =>
        Examples[example].Logits.AsSpan(exit * Config.Outputs, Config.Outputs);

    /// <summary>The answers that a session gives at this effort: those of the exit at which each example leaves.</summary>
    public EffortAnswers At(Effort effort)
    {
        int[] exits = new int[Count];
        for (int i = 0; i < Count; i++)
        {
            exits[i] = ExitOf(Examples[i].Logits, effort);
        }

        return new EffortAnswers(this, effort, exits);
    }

    int ExitOf(ReadOnlySpan<float> logits, Effort effort)
    {
        int last = Config.ExitCount - 1,
            streak = 0;
        for (int exit = 0; exit < last; exit++)
        {
            ReadOnlySpan<float> soFar = logits[..((exit + 1) * Config.Outputs)];
            if (effort.Leaves(soFar, Config.Outputs, Config.Regression, ref streak))
            {
                return exit;
            }
        }

        return last;
    }
}
