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
/// came of them: the sum of −ln p of its tokens behind the first, and how many of these the model had said. Where its tokens may leave
/// early, later ones see what is left of them, so that each effort is a pass of its own and stands where an exit does elsewhere.
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

    /// <param name="efforts">Of a language model with exits: those that it ran at.</param>
    internal ExitRecord(ModelConfig config, IReadOnlyList<Effort>? efforts = null)
    {
        (Config, Efforts) = (config, efforts);
        _width = Places * NumbersOf(config);
        Examples = new Made(this);
    }

    public ModelConfig Config { get; }

    /// <summary>That a language model with exits ran at; null of all others, whose answers at any effort follow from those of their exits.</summary>
    public IReadOnlyList<Effort>? Efforts { get; }

    /// <summary>Answers to each example: of exits, or of efforts.</summary>
    public int Places => Efforts?.Count ?? Config.ExitCount;

    public IReadOnlyList<ExampleExits> Examples { get; }

    public int Count => _tokens.Count;

    /// <summary>What an exit says to an example, in numbers.</summary>
    internal static int NumbersOf(ModelConfig config) =>
        !config.IsLanguage ? config.Outputs
        : config.HasExits ? 4
        : 2;

    public ReadOnlySpan<float> Logits(int example, int exit) =>
        Logits(example).Slice(exit * NumbersOf(Config), NumbersOf(Config));

    /// <summary>What a language model made of a window.</summary>
    public TokenCounts Counts(int example, int exit) =>
        Logits(example, exit) is [var loss, var right, ..] && Config.IsLanguage
            ? new TokenCounts(loss, right, Tokens(example) - 1)
            : throw new InvalidOperationException("A classifier counts no tokens.");

    /// <summary>Layers that an example passed; of a window, its tokens on average.</summary>
    public double Layers(int example, int place) =>
        Efforts is null ? Config.LayersAt(place) : Logits(example, place)[2];

    /// <summary>Multiply-adds of a window whose tokens leave early; null: they follow from its layers.</summary>
    public double? MultiplyAdds(int example, int place) =>
        Efforts is null ? null : Logits(example, place)[3];

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
    /// <exception cref="ArgumentException">A language model with exits did not run at it.</exception>
    public EffortAnswers At(Effort effort)
    {
        int[] exits = new int[Count];
        if (Efforts is not null)
        {
            int place = Efforts.ToList().IndexOf(effort);
            exits.AsSpan().Fill(place);
            return place >= 0
                ? new EffortAnswers(this, effort, exits)
                : throw new ArgumentException(
                    $"The model did not run at {effort}; it did at {string.Join(", ", Efforts)}."
                );
        }

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
