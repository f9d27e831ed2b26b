using System.Collections;
using Espalier.Data.Metrics;
using Espalier.Models;

namespace Espalier.Measuring;

/// <summary>What all exits say to one example, [exits · numbers], and what is true of it.</summary>
/// <param name="Tokens">Length without padding.</param>
public sealed record ExampleExits(float[] Logits, int Tokens, int? Label, double? Score);

/// <summary>
/// What every exit of a model said to every example of a split; of millions of examples the numbers alone are kept, and
/// <see cref="Examples"/> are made when asked for. Of a language model an example is a window, and not its logits are kept but what
/// came of them: the sum of −ln p of its tokens behind the first, and how many of these the model had said.
/// </summary>
public sealed class ExitRecord
{
    const int RowsOfBlock = 1024;

    // One behind the other as they were answered, [rows, exits · outputs] a block.
    readonly List<float[]> _logits = [];
    readonly List<int> _tokens = [];
    readonly List<int> _labels = [];
    readonly List<double> _scores = [];
    readonly int _width;

    // The row of each example; null: they were answered in their order.
    int[]? _rows;

    public ExitRecord(ModelConfig config, IReadOnlyList<ExampleExits> examples)
        : this(config)
    {
        foreach (ExampleExits example in examples)
        {
            Add(example.Logits, example.Tokens, example.Label, example.Score);
        }
    }

    internal ExitRecord(ModelConfig config)
    {
        Config = config;
        _width = config.ExitCount * NumbersOf(config);
        Examples = new Made(this);
    }

    public ModelConfig Config { get; }

    public IReadOnlyList<ExampleExits> Examples { get; }

    public int Count => _tokens.Count;

    /// <summary>What an exit says to an example, in numbers.</summary>
    internal static int NumbersOf(ModelConfig config) => config.IsLanguage ? 2 : config.Outputs;

    public ReadOnlySpan<float> Logits(int example, int exit) =>
        Logits(example).Slice(exit * NumbersOf(Config), NumbersOf(Config));

    /// <summary>What a language model made of a window.</summary>
    public TokenCounts Counts(int example, int exit) =>
        Logits(example, exit) is [var loss, var right]
            ? new TokenCounts(loss, right, Tokens(example) - 1)
            : throw new InvalidOperationException("A classifier counts no tokens.");

    /// <summary>Length of an example without padding.</summary>
    public int Tokens(int example) => _tokens[Row(example)];

    /// <summary>Its class; null where nobody labelled it.</summary>
    public int? Label(int example) => _labels[Row(example)] is >= 0 and var label ? label : null;

    /// <summary>Its number; null where there is none.</summary>
    public double? Score(int example) =>
        Config.Regression && _scores[Row(example)] is var score && !double.IsNaN(score)
            ? score
            : null;

    /// <summary>The answers that a session gives at this effort: those of the exit at which each example leaves.</summary>
    public EffortAnswers At(Effort effort)
    {
        int[] exits = new int[Count];
        for (int i = 0; i < Count; i++)
        {
            exits[i] = ExitOf(Logits(i), effort);
        }

        return new EffortAnswers(this, effort, exits);
    }

    /// <summary>Whether everything that was said is a number.</summary>
    public bool IsFinite => _logits.TrueForAll(block => Array.TrueForAll(block, float.IsFinite));

    /// <summary>The record with other names of the outputs and these in another order: output i is what outputs[i] was.</summary>
    public ExitRecord WithOutputs(ModelConfig config, IReadOnlyList<int> outputs)
    {
        ExitRecord turned = new(config);
        for (int example = 0; example < Count; example++)
        {
            ReadOnlySpan<float> from = Logits(example);
            turned.Add(from, Tokens(example), Label(example), Score(example));
            Span<float> to = turned.OfRow(example);
            for (int i = 0; i < to.Length; i++)
            {
                to[i] = from[i / outputs.Count * outputs.Count + outputs[i % outputs.Count]];
            }
        }

        return turned;
    }

    internal void Add(ReadOnlySpan<float> logits, int tokens, int? label, double? score)
    {
        if (Count % RowsOfBlock == 0)
        {
            _logits.Add(new float[RowsOfBlock * _width]);
        }

        _tokens.Add(tokens);
        _labels.Add(label ?? -1);
        if (Config.Regression)
        {
            _scores.Add(score ?? double.NaN);
        }

        logits.CopyTo(OfRow(Count - 1));
    }

    /// <param name="rows">For each example the row, counted as they were added.</param>
    internal void Order(int[] rows) => _rows = rows;

    ReadOnlySpan<float> Logits(int example) => OfRow(Row(example));

    int Row(int example) => _rows is null ? example : _rows[example];

    Span<float> OfRow(int row) =>
        _logits[row / RowsOfBlock].AsSpan(row % RowsOfBlock * _width, _width);

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

    sealed class Made(ExitRecord record) : IReadOnlyList<ExampleExits>
    {
        public int Count => record.Count;

        public ExampleExits this[int index] =>
            new(
                record.Logits(index).ToArray(),
                record.Tokens(index),
                record.Label(index),
                record.Score(index)
            );

        public IEnumerator<ExampleExits> GetEnumerator()
        {
            for (int i = 0; i < Count; i++)
            {
                yield return this[i];
            }
        }

        IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
    }
}
