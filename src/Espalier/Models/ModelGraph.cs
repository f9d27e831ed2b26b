using Espalier.Autograd;
using Espalier.Data;
using Espalier.Kernels;
using Espalier.Models.Walk;
using Espalier.Tensors;

namespace Espalier.Models;

/// <summary>What a pass of the graph computed; valid until the tape begins anew.</summary>
/// <param name="Embedding">Output of the embeddings, [T, D].</param>
/// <param name="Layers">Output of each layer, [T, D].</param>
/// <param name="Contexts">
/// Heads' outputs of each layer before the output projection, [T, heads · width]; no numbers where only <see cref="Retained.Inputs"/> are held.
/// </param>
/// <param name="Rows">Rows of the batch that are left behind the last layer, in order; null: all.</param>
/// <param name="Logits">Of each exit in order, the last layer's last, [sequences, outputs]; of a language model [T, vocabulary].</param>
public sealed record GraphOutput(
    IReadOnlyList<Sequences> Sequences,
    Variable Embedding,
    IReadOnlyList<Variable> Layers,
    IReadOnlyList<Variable> Contexts,
    IReadOnlyList<Variable> Logits,
    int[]? Rows
)
{
    public Variable LastLogits => Logits[^1];
}

/// <summary>A model as a graph that can be trained. It works on the model's own tensors.</summary>
public sealed class ModelGraph
{
    readonly Dictionary<string, Variable> _variables = [];
    readonly Dictionary<Part, (Variable Weight, Variable? Bias)> _parts = [];

    /// <param name="frozen">Parameters that get no gradient; null: none.</param>
    /// <param name="followRows">Whether the rows of the word table that a batch touches are noted down.</param>
    public ModelGraph(Model model, Predicate<string>? frozen = null, bool followRows = true)
    {
        Model = model;
        Turns = new Turns(model.Config);
        string words = Part.Word.Weight;

        // As the matrix of a tied head every row of the table has a gradient.
        followRows &= model.Config.Head is not LanguageSpec { Tied: true };
        foreach (string name in model.Parameters.Names)
        {
            Tensor value = model.Parameters[name];
            Tensor? gradient = frozen?.Invoke(name) == true ? null : new Tensor(value.Shape);
            _variables.Add(
                name,
                new Variable(value, gradient)
                {
                    Rows =
                        name == words && gradient is not null && followRows
                            ? new RowSet(value.Rows)
                            : null,
                }
            );
        }

        foreach (Part part in model.Parameters.Names.Select(Part.Of).Distinct())
        {
            _parts.Add(part, (this[part.Weight], _variables.GetValueOrDefault(part.Bias)));
        }
    }

    public Model Model { get; }

    internal Turns Turns { get; }

    public Variable this[string name] => _variables[name];

    /// <summary>Weight and bias of a part.</summary>
    public (Variable Weight, Variable? Bias) this[Part part] => _parts[part];

    /// <summary>Parameters that are trained, in file order.</summary>
    public IEnumerable<(string Name, Variable Variable)> Trained =>
        from name in Model.Parameters.Names
        where _variables[name].NeedsGradient
        select (name, _variables[name]);

    public void ClearGradients()
    {
        foreach (var (_, variable) in Trained)
        {
            variable.ClearGradient();
            if (variable.Rows is { } touched)
            {
                variable.Gradient!.Span.Clear();
                touched.Clear();
            }
        }
    }

    /// <param name="allExits">Whether classifiers behind earlier layers run too.</param>
    public GraphOutput Forward(
        Tape tape,
        Batch batch,
        bool allExits = false,
        ISee<Variable>? see = null,
        Extract? extract = null,
        Retained retained = Retained.Everything
    )
    {
        Recording run = new(this, tape, batch, allExits, see, extract, retained);
        Walk.Forward.Run(Model.Config, run, run);
        return run.Finish();
    }
}

/// <summary>What a pass holds in memory of each layer.</summary>
public enum Retained
{
    /// <summary>All, until the tape begins anew: for whoever reads gradients of contexts.</summary>
    Everything,

    /// <summary>All values, and gradients while the backward pass is in the layer.</summary>
    Values,

    /// <summary>
    /// Its input, from which the backward pass makes the values anew: gradient checkpointing (Chen et al. 2016). A layer that is
    /// looked into, or that takes rows out, keeps its values.
    /// </summary>
    Inputs,
}

/// <summary>What is done instead of taking rows out, while it is learned how many may go.</summary>
/// <param name="ranks">Of each row of x: its place within its sequence by significance, 0 the first.</param>
public delegate Variable Extract(Tape tape, int layer, Variable x, int[] ranks);

/// <summary>The arithmetic of training: every operation is recorded on the tape.</summary>
sealed class Recording(
    ModelGraph graph,
    Tape tape,
    Batch batch,
    bool allExits,
    ISee<Variable>? other,
    Extract? extract,
    Retained retained
) : IArithmetic<Variable>, ISee<Variable>
{
    readonly ModelConfig _model = graph.Model.Config;
    readonly List<Sequences> _attended = [];
    readonly List<Variable> _layers = [];
    readonly List<Variable> _contexts = [];
    readonly List<Variable> _logits = [];
    Variable? _embedding;
    int[]? _places;
    Sequences _sequences = new(batch.Starts, batch.Count);
    Tensor? _significance;
    int[]? _rows;
    bool _passed;

    public GraphOutput Finish()
    {
        _passed = true;
        return new(_attended, _embedding!, _layers, _contexts, _logits, _rows);
    }

    public Variable Embed()
    {
        Variable words = graph[Part.Word].Weight;
        if (_model.EmbeddingScale != 1)
        {
            return tape.Embed(batch.Tokens, words, batch.Ids, _model.EmbeddingScale);
        }

        List<(Variable, int[])> tables = [(words, batch.Ids)];
        if (_model.HasPositionTable)
        {
            tables.Add((graph[Part.Position].Weight, Positions()));
        }

        if (_model.Types > 0)
        {
            tables.Add((graph[Part.Type].Weight, batch.TypeIds));
        }

        return tape.Embed(batch.Tokens, [.. tables]);
    }

    int[] Positions()
    {
        int[] positions = new int[batch.Tokens];
        for (int s = 0; s < batch.Count; s++)
        {
            int counted = 0;
            for (int t = batch.Starts[s]; t < batch.Starts[s + 1]; t++)
            {
                positions[t] = _model.Family.Position(batch.Ids[t], _model.PadId, ref counted);
            }
        }

        return positions;
    }

    public Variable Linear(Variable x, LinearPart linear, Activation activation = Activation.None)
    {
        var (weight, bias) = graph[linear.Part];
        return tape.Linear(x, weight, bias, activation);
    }

    public Variable Attend(Variable q, Variable k, Variable v, AttentionSpec spec) =>
        tape.SelfAttention(
            q,
            k,
            v,
            _sequences,
            spec.Form,
            spec.Dropout,
            _significance = spec.Keeps is null ? null : new Tensor(_sequences.Rows, 1)
        );

    public Variable Keep(Variable x, int layer, AttentionSpec spec)
    {
        int[] ranks = new int[_sequences.Rows],
            starts = new int[_sequences.Count + 1];
        List<int> kept = [];
        for (int s = 0; s < _sequences.Count; s++)
        {
            int start = _sequences.Starts[s],
                rows = _sequences.RowsOf(s);
            ulong[] order = new ulong[rows];
            Significance.Rank(_significance!.Span.Slice(start, rows), order);
            for (int rank = 0; rank < rows; rank++)
            {
                ranks[start + Significance.Position(order[rank])] = rank;
            }

            kept.AddRange(Enumerable.Range(start, rows).Where(r => ranks[r] < spec.Keeps!.Value));
            starts[s + 1] = kept.Count;
        }

        if (extract is not null)
        {
            return extract(tape, layer, x, ranks);
        }

        int[] from = [.. kept];
        _sequences = new Sequences(starts, _sequences.Count);
        _places = _places is null ? null : [.. from.Select(r => _places[r])];
        _rows = _rows is null ? from : [.. from.Select(r => _rows[r])];
        return tape.Embed(from.Length, (x, from));
    }

    public Variable Layer(Variable x, ModelConfig model, int layer, ISee<Variable>? see)
    {
        if (retained == Retained.Everything)
        {
            return Walk.Forward.Layer(this, x, model, layer, see);
        }

        var (sequences, places) = (_sequences, _places);
        bool again =
            retained == Retained.Inputs
            && other is null
            && model.Layers[layer].Attention.Keeps is null;
        return tape.Segment(
            x,
            input =>
            {
                // The second time layers come in their opposite order, and what is shown on the way was shown.
                if (_passed)
                {
                    (_sequences, _places) = (sequences, places);
                }

                return Walk.Forward.Layer(this, input, model, layer, _passed ? null : see);
            },
            again
        );
    }

    public void Predict(int layer, Variable x, LinearPart head) =>
        Answer(layer, tape.Scores(x, graph[head.Part].Weight));

    public Variable Norm(Variable x, NormPart norm) => Normed(x, null, norm, 0);

    public Variable AddNorm(Variable x, Variable branch, NormPart norm, float dropout) =>
        Normed(branch, x, norm, dropout);

    Variable Normed(Variable x, Variable? residual, NormPart norm, float dropout)
    {
        var (weight, bias) = graph[norm.Part];
        var (epsilon, _, kind) = norm.Spec;
        return tape.AddNorm(x, residual, weight, bias, epsilon, dropout, kind);
    }

    public Variable NormHeads(Variable x, NormPart norm, int heads)
    {
        var (weight, bias) = graph[norm.Part];
        return tape.NormHeads(x, heads, weight, bias, norm.Spec.Epsilon, norm.Spec.Kind);
    }

    public Variable Rotate(Variable x, AttentionSpec spec, int heads)
    {
        _places ??= Positions();
        int longest = _places.Length == 0 ? 0 : _places.Max() + 1;
        return tape.Rotate(
            x,
            new Rotation(graph.Turns.Of(spec, longest), _places, heads, spec.Width)
        );
    }

    public Variable Gate(Variable gate, Variable up, Activation activation) =>
        tape.Gate(gate, up, activation);

    public Variable Add(Variable x, Variable branch, float dropout) => tape.Add(branch, x, dropout);

    public Variable Dropout(Variable x, float probability) => tape.Dropout(x, probability);

    public Variable Pool(Variable x, Pooling pooling) => tape.Pool(x, _sequences, pooling);

    public bool Asks(int layer) => allExits;

    public bool Answer(int layer, Variable logits)
    {
        _logits.Add(logits);
        return true;
    }

    public void Embedding(Variable x)
    {
        _embedding = x;
        other?.Embedding(x);
    }

    public void Scores(int layer, Variable q, Variable k) => other?.Scores(layer, q, k);

    public void Context(int layer, Variable context)
    {
        _contexts.Add(context);
        _attended.Add(_sequences);
        other?.Context(layer, context);
    }

    public void State(int layer, Variable x)
    {
        _layers.Add(x);
        other?.State(layer, x);
    }
}
