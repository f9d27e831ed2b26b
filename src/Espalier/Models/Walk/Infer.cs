using Espalier.Autograd;
using Espalier.Data;
using Espalier.Kernels;
using Espalier.Tensors;

namespace Espalier.Models.Walk;

/// <summary>Behind which tokens a language model's scores are wanted.</summary>
enum Wanted
{
    All,

    /// <summary>The last of each sequence.</summary>
    Last,
}

/// <summary>The arithmetic of answering: packed weights, buffers that are reused. What it gives is good until an operation of its kind runs again.</summary>
/// <remarks>Queries, keys and values (and a gate with what it gates) are columns of one product.</remarks>
sealed class Infer(PackedModel model) : IArithmetic<Columns>
{
    readonly ModelConfig _config = model.Model.Config;
    Flow _flow = null!;
    Batch _batch = null!;
    IAnswers _answers = null!;
    Wanted _wanted;
    int _from;
    int _layer;
    bool _narrows;

    // Layers before this one are done; the one behind the last that may be.
    int _past;
    int _end;

    // Of a language model whose tokens may leave.
    TokenExits? _exits;
    int[]? _places;
    Func<Tensor, Tensor>? _score;
    Part _head;

    Buffers Buffers => _flow.Buffers;
    RowKernels Rows => _flow.Kernels.Rows;

    /// <summary>Answers a batch that has begun to flow; nothing is allocated, so the object serves every batch of a session.</summary>
    /// <param name="wanted">Of a language model: behind which tokens.</param>
    /// <param name="from">Where all are wanted: the first row.</param>
    public void Run(
        Flow flow,
        Batch batch,
        IAnswers answers,
        ISee<Columns>? see = null,
        Wanted wanted = Wanted.All,
        int from = 0
    )
    {
        (_flow, _batch, _answers, _exits) = (flow, batch, answers, null);
        (_wanted, _from) = (wanted, from);

        // Who looks on wants to see all rows.
        _narrows = see is null && (_config.ReadsFirst || wanted == Wanted.Last);
        (_past, _end) = (0, _config.Layers.Count);
        Forward.Run(_config, this, see);
    }

    /// <summary>
    /// Reads new tokens of sequences, of which each leaves where the exits let it. All of them are in the cache of every layer
    /// when it returns.
    /// </summary>
    public void Run(Flow flow, Batch batch, TokenExits exits)
    {
        (_flow, _batch, _exits, _narrows) = (flow, batch, exits, false);
        (_past, _end) = (0, _config.Layers.Count);
        Forward.Run(_config, this);
        for (int layer = _layer + 1; layer < _config.Layers.Count; layer++)
        {
            Fill(layer);
        }
    }

    /// <summary>Keys and values of those who left before a layer.</summary>
    void Fill(int layer)
    {
        if (_exits is not { Count: > 0 and var count } left)
        {
            return;
        }

        _places = left.Places;
        var (k, v) = Forward.Keys(this, new Columns(left.States), _config, layer);
        _places = null;
        Attention.Write(
            new PastRows(k, v, count, left.SequenceOf, left.Places, _flow.Pasts!, layer)
        );
    }

    Action<Part, Tensor>? _watch;

    /// <summary>One layer over states of a batch that has begun to flow; they are replaced.</summary>
    /// <param name="watch">Is shown what each product of the layer is made of, by the first part of it; the tensor is used again.</param>
    public void RunLayer(
        Flow flow,
        Batch batch,
        int layer,
        Tensor states,
        Action<Part, Tensor>? watch
    )
    {
        (_flow, _batch, _watch, _exits, _narrows) = (flow, batch, watch, null, false);
        (_past, _end) = (0, layer + 1);
        states.Span.CopyTo(flow.State(_config.Hidden).Span);
        flow.Unquantize();
        Layer(new Columns(flow.State()), _config, layer, null).Tensor.Span.CopyTo(states.Span);
        _watch = null;
    }

    public Columns Embed()
    {
        Tensor state = _flow.State(_config.EmbeddingWidth);
        _flow.Workers.Run(_flow.Count, new Embedding(_flow, _config, model.Tables, _batch, state));
        return new Columns(state);
    }

    public Columns Linear(Columns x, LinearPart linear, Activation activation = Activation.None) =>
        Multiply(x, linear.Part, activation);

    public (Columns First, Columns Second) Project(Columns x, LinearPart first, LinearPart second)
    {
        Columns both = Multiply(x, first.Part);
        return (both, both with { Offset = first.Outputs });
    }

    public (Columns Query, Columns Key, Columns Value) Project(
        Columns x,
        LinearPart query,
        LinearPart key,
        LinearPart value
    )
    {
        Columns all = Multiply(x, query.Part);
        return (
            all,
            all with
            {
                Offset = query.Outputs,
            },
            all with
            {
                Offset = query.Outputs + key.Outputs,
            }
        );
    }

    Columns Multiply(Columns x, Part part, Activation activation = Activation.None)
    {
        _watch?.Invoke(part, x.Tensor);
        PackedLinear linear = model.Linear(part);
        bool projection = part.Role == Role.Projection;
        Tensor y = projection
            ? _flow.State(linear.Outputs, other: true)
            : Buffers.Matrix(NameOf(part.Role), x.Tensor.Rows, linear.Outputs);
        linear.Multiply(_flow, x.Tensor, y, activation);
        return new Columns(y);
    }

    static string NameOf(Role role) =>
        role switch
        {
            Role.Attention or Role.Down => "branch",
            Role.Query => "qkv",
            Role.Key => "key",
            Role.Value => "value",
            Role.Gate or Role.Up => "up",
            Role.Dense => "dense",
            _ => TokenExits.Scores,
        };

    public Columns Attend(Columns q, Columns k, Columns v, AttentionSpec spec)
    {
        Tensor context = Buffers.Matrix("context", _flow.Rows, spec.Columns);
        if (_flow.Pasts is { } pasts)
        {
            _flow.Kernels.Attention.Continue(
                _flow.Workers,
                new PastCall(q, k, v, _flow.Sequences, spec.Form, pasts, _layer)
                {
                    Places = _exits is null ? null : _flow.Places(),
                },
                context
            );
            return new Columns(context);
        }

        _flow.Kernels.Attention.Forward(
            _flow.Workers,
            new AttentionCall(q, k, v, _flow.Sequences, spec.Form),
            context,
            keySums: Significance(spec)
        );
        return new Columns(context);
    }

    /// <summary>Of each row: what all heads of all rows attended to it.</summary>
    Tensor? Significance(AttentionSpec spec) =>
        spec.Keeps is null ? null : Buffers.Matrix("significance", _flow.Rows, 1);

    public (Columns X, Columns Context) Asked(Columns x, Columns context)
    {
        if (!_narrows)
        {
            return (x, context);
        }

        _flow.Keep(_config.IsLanguage, context.Tensor);
        return (
            new Columns(_flow.State()),
            new Columns(Buffers.Matrix("context", _flow.Rows, context.Tensor.Columns))
        );
    }

    public Columns Keep(Columns x, int layer, AttentionSpec spec)
    {
        if (Narrows(layer))
        {
            // One row of each is left already.
            return x;
        }

        _flow.Keep(Significance(spec)!, spec.Keeps!.Value);
        return new Columns(_flow.State());
    }

    public Columns Norm(Columns x, NormPart norm)
    {
        // The norm of the embeddings and that of a classifier replace what nobody reads again.
        bool replaces =
            norm.Part.Stretch is not (Stretch.Layer or Stretch.Final)
            && (norm.Part.Stretch != Stretch.Exit || !_config.IsLanguage);
        Tensor y = replaces ? x.Tensor : Buffers.Matrix("normed", x.Tensor.Rows, x.Tensor.Columns);
        Normed(x.Tensor, null, norm, y);
        return new Columns(y);
    }

    public Columns NormHeads(Columns x, NormPart norm, int heads)
    {
        // Views of one name share memory, so heads become rows without a copy.
        string name = NameOf(norm.Part.Role == Role.QueryNorm ? Role.Query : Role.Key);
        int rows = x.Tensor.Rows * heads;
        Tensor view = Buffers.Matrix(name, rows, x.Tensor.Count / Math.Max(1, rows));
        Normed(view, null, norm, view);
        return x;
    }

    public Columns AddNorm(Columns x, Columns branch, NormPart norm, float dropout)
    {
        Normed(branch.Tensor, x.Tensor, norm, x.Tensor);
        return x;
    }

    void Normed(Tensor x, Tensor? residual, NormPart norm, Tensor y)
    {
        var (weight, bias) = model.Norm(norm.Part);
        var (epsilon, _, kind) = norm.Spec;
        Rows.AddNorm(_flow.Workers, x, residual, new Norm(weight, bias, epsilon, kind), y);
    }

    public Columns Add(Columns x, Columns branch, float dropout)
    {
        Rows.Add(_flow.Workers, branch.Tensor, x.Tensor, x.Tensor);
        return x;
    }

    public Columns Rotate(Columns x, AttentionSpec spec, int heads)
    {
        Rotation rotation = new(
            model.Turns.Of(spec, _flow.Longest),
            _places ?? _flow.Places(),
            heads,
            spec.Width
        );
        Rows.Rotate(_flow.Workers, rotation, x, x);
        return x;
    }

    public Columns Gate(Columns gate, Columns up, Activation activation)
    {
        Tensor y = Buffers.Matrix("gated", _flow.Rows, gate.Tensor.Columns / 2);
        Rows.Gate(_flow.Workers, new Gated(activation, gate, up), y);
        return new Columns(y);
    }

    public Columns Dropout(Columns x, float probability) => x;

    public Columns Pool(Columns x, Pooling pooling)
    {
        Tensor pooled = Buffers.Matrix("pooled", _flow.Count, x.Tensor.Columns);
        Autograd.Pool.Rows(x.Tensor, _flow.Sequences, pooling, pooled);
        return new Columns(pooled);
    }

    /// <summary>In int8 kernels have BERT's layer as one piece, and layers that nobody looks between as one run.</summary>
    public Columns Layer(Columns x, ModelConfig config, int layer, ISee<Columns>? see)
    {
        Fill(layer);
        _layer = layer;

        // Sequences may have left since x was computed.
        x = new Columns(_flow.State());
        if (layer < _past)
        {
            // It was part of a run.
            return x;
        }

        if (model.Fused(layer) is not { } fused)
        {
            _flow.Unquantize();
            return Forward.Layer(this, x, config, layer, see);
        }

        QuantizedRows bytes = _flow.Bytes ?? _flow.Quantize();
        if (!Shrinks(layer))
        {
            _past = layer + 1;
            while (
                _past < _end
                && see is null
                && !Leaves(_past - 1)
                && !Shrinks(_past)
                && model.Fused(_past) is not null
            )
            {
                _past++;
            }

            Int8Layer.Run(
                _flow.Workers,
                model.Fused(layer, _past),
                _flow.Sequences,
                x.Tensor,
                bytes
            );
            return x;
        }

        AttentionSpec spec = config.Layers[layer].Attention;
        Tensor context = Buffers.Matrix("context", _flow.Rows, spec.Columns);
        bool narrows = Narrows(layer);

        // What follows attention is done row by row, so rows may leave before it.
        Tensor? sums = narrows ? null : Significance(spec);
        fused.Attend(_flow.Workers, _flow.Sequences, bytes, context, sums, firstRows: narrows);
        if (narrows)
        {
            _flow.Keep(last: false, context);
        }
        else
        {
            _flow.Keep(sums!, spec.Keeps!.Value, context);
        }

        x = new Columns(_flow.State());
        context = Buffers.Matrix("context", _flow.Rows, spec.Columns);
        fused.Feed(_flow.Workers, x.Tensor, bytes, context);
        return x;
    }

    /// <summary>Whether rows go in the middle of a layer.</summary>
    bool Shrinks(int layer) => _config.Layers[layer].Attention.Keeps is not null || Narrows(layer);

    /// <summary>Whether the rows that the head reads go on alone.</summary>
    bool Narrows(int layer) => _narrows && layer == _config.Layers.Count - 1;

    /// <summary>Whether sequences may leave behind a layer.</summary>
    bool Leaves(int layer) => _config.ExitBehind(layer) is not null && Asks(layer);

    // Of a long text's at once they would take more memory than the model.
    const int RowsAtOnce = TokenExits.RowsAtOnce;

    public bool Predict(int layer, Columns x, LinearPart head)
    {
        Tensor states = x.Tensor;
        if (_exits is not null)
        {
            _head = head.Part;
            return _exits.Answer(
                layer,
                states,
                _score ??= asked => Multiply(new Columns(asked), _head).Tensor
            );
        }

        int rows = _wanted == Wanted.All ? _flow.Rows : _flow.Count;
        for (int first = _from; first < rows; first += RowsAtOnce)
        {
            int count = Math.Min(RowsAtOnce, rows - first);
            Tensor asked = Buffers.Matrix("asked", count, states.Columns);
            for (int r = 0; r < count; r++)
            {
                int asks = first + r,
                    row = _wanted == Wanted.All
                        ? asks
                        : _flow.Starts[asks] + _flow.Lengths[asks] - 1;
                states.Row(row).CopyTo(asked.Row(r));
            }

            _answers.Answer(layer, Multiply(new Columns(asked), head.Part).Tensor);
        }

        return true;
    }

    public bool Asks(int layer) => _exits?.Asks(layer) ?? _answers.Asks(layer);

    public bool Answer(int layer, Columns logits) => _answers.Answer(layer, logits.Tensor);
}
