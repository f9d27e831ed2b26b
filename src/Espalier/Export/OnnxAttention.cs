using Espalier.Models;

namespace Espalier.Export;

/// <summary>
/// What a graph knows of the tokens on their way: which are real, where they stand in their text, what came before; and attention
/// among them. Sequences are rows of [batch, tokens, columns] and are padded behind their last token.
/// </summary>
sealed class OnnxAttention(OnnxGraph graph, ModelConfig config)
{
    // Far below every score, and finite, so that a row that sees nothing is no NaN.
    const float Unseen = -3.4028234e38f;

    readonly Dictionary<(bool, int?, bool, string), string> _biases = [];
    readonly Dictionary<(Rotary, int, string), (string, string)> _turns = [];
    string _mask = "";
    string _tokens = "";
    string? _before;
    string _significance = "";

    /// <summary>int64 [batch or 1, tokens].</summary>
    public string Positions { get; private set; } = "";

    /// <summary>fp32 [batch, tokens, 1]: 1 where a token is real.</summary>
    public string Real => Unsqueezed(Cast(_mask, OnnxType.Float), -1);

    /// <param name="ids">int64 [batch, tokens].</param>
    /// <param name="mask">int64 [batch, tokens that came before and these]: 0 for padding.</param>
    /// <param name="past">Keys of the first layer that came before, [batch, heads, tokens, width]; null: there are none.</param>
    public void Begin(string ids, string mask, string? past)
    {
        _mask = Cast(mask, OnnxType.Bool);
        _tokens = Extent(ids, 1);
        _before = past is null ? null : Extent(past, 2);
        if (config.IsLanguage)
        {
            Positions = "position_ids";
            return;
        }

        Positions = Unsqueezed(Count(graph.Constant(0L), _tokens), 0);
        if (config.Family.PositionOffset(config.PadId) > 0)
        {
            // RoBERTa's: tokens that are not padding are counted, from the id of padding on.
            string pad = graph.Constant((long)config.PadId),
                counts = Cast(Op("Not", Op("Equal", ids, pad)), OnnxType.Int64),
                counted = Op("CumSum", counts, graph.Constant(1L));
            Positions = Op("Add", Op("Mul", counted, counts), pad);
        }
    }

    /// <summary>Each head's columns turned: numbers i and i + half are a point that moves about 0 by position · frequency.</summary>
    public string Rotate(string x, AttentionSpec spec, int heads)
    {
        var (cosine, sine) = Turns(spec);
        string split = Heads(x, heads, spec.Width);
        int half = spec.Width / 2;
        string[] points = graph.Add("Split", [split, graph.Vector(half, half)], 2, [("axis", -1)]);
        string first = Op("Sub", Op("Mul", points[0], cosine), Op("Mul", points[1], sine)),
            second = Op("Add", Op("Mul", points[1], cosine), Op("Mul", points[0], sine));
        return Joined(graph.Add("Concat", [first, second], ("axis", -1)), heads * spec.Width);
    }

    (string Cosine, string Sine) Turns(AttentionSpec spec)
    {
        var key = (spec.Rotary!, spec.Width, Positions);
        if (_turns.TryGetValue(key, out var known))
        {
            return known;
        }

        float[] frequencies = spec.Rotary!.Frequencies(spec.Width);
        string step = graph.Floats(
                $"frequencies_{_turns.Count}",
                [frequencies.Length],
                frequencies
            ),
            angles = Op(
                "Mul",
                graph.Add("Unsqueeze", [Cast(Positions, OnnxType.Float), graph.Vector(2, 3)]),
                step
            );
        return _turns[key] = (Wave("Cos"), Wave("Sin"));

        string Wave(string op)
        {
            float magnitude = spec.Rotary!.Scaling?.Magnitude ?? 1;
            string wave = Op(op, angles);
            return magnitude == 1 ? wave : Op("Mul", wave, graph.Constant(magnitude));
        }
    }

    /// <summary>softmax(scale · q kᵀ) v; heads of queries that share one of keys stand together.</summary>
    /// <param name="layer">Where keys and values are kept for the tokens that follow; null: they are not.</param>
    public string Attend(string q, string k, string v, AttentionSpec spec, int? layer)
    {
        bool shared = spec.HeadsPerKey > 1;
        string keys = Transposed(Heads(k, spec.KeyHeads, spec.Width), 0, 2, 1, 3),
            values = Transposed(Heads(v, spec.KeyHeads, spec.Width), 0, 2, 1, 3);
        if (layer is { } kept)
        {
            keys = Kept(kept, "key", keys);
            values = Kept(kept, "value", values);
        }

        string queries = shared
            ? Transposed(
                Reshaped(q, 0, 0, spec.KeyHeads, spec.HeadsPerKey, spec.Width),
                0,
                2,
                3,
                1,
                4
            )
            : Transposed(Heads(q, spec.Heads, spec.Width), 0, 2, 1, 3);
        string turned = Transposed(keys, 0, 1, 3, 2);
        if (shared)
        {
            turned = Unsqueezed(turned, 2);
            values = Unsqueezed(values, 2);
        }

        float scale = spec.Scale ?? 1 / MathF.Sqrt(spec.Width);
        string scores = Op("Mul", Op("MatMul", queries, turned), graph.Constant(scale)),
            shares = graph.Add("Softmax", [Op("Add", scores, Bias(spec))], ("axis", -1));
        if (spec.Keeps is not null)
        {
            // Goyal et al. 2020, section 3.2: what all heads of all real tokens attended to each.
            string asked = Op("Mul", shares, Unsqueezed(Real, 1));
            _significance = graph.Add("ReduceSum", [asked, graph.Vector(1, 2)], ("keepdims", 0));
        }

        string context = Op("MatMul", shares, values);
        return Joined(
            shared ? Transposed(context, 0, 3, 1, 2, 4) : Transposed(context, 0, 2, 1, 3),
            spec.Columns
        );
    }

    /// <summary>
    /// The tokens that were attended to most, in their order; the first is one of them. Where a text has fewer, padding fills up.
    /// </summary>
    public string Keep(string x, int most)
    {
        string first = Op("Equal", Count(graph.Constant(0L), _tokens), graph.Constant(0L)),
            sums = Op("Where", _mask, _significance, graph.Constant(-1f)),
            ranked = Op("Where", first, graph.Constant(float.MaxValue), sums),
            count = Op("Min", _tokens, graph.Constant((long)most)),
            wanted = Reshaped(count, 1);
        string[] best = graph.Add("TopK", [ranked, wanted], 2, [("axis", 1)]),
            ordered = graph.Add("TopK", [best[1], wanted], 2, [("axis", 1), ("largest", 0)]);
        string places = ordered[0];
        Positions = graph.Add(
            "GatherElements",
            [Op("Expand", Positions, Op("Shape", _mask)), places],
            ("axis", 1)
        );
        string mask = graph.Add(
            "GatherElements",
            [Cast(_mask, OnnxType.Int32), places],
            ("axis", 1)
        );
        (_mask, _tokens) = (Cast(mask, OnnxType.Bool), count);
        return graph.Add("GatherND", [x, Unsqueezed(places, -1)], ("batch_dims", 1));
    }

    /// <summary>What came before and these, which is an output for the tokens that follow.</summary>
    string Kept(int layer, string name, string now)
    {
        string all = $"present.{layer}.{name}";
        graph.Place("Concat", [$"past_key_values.{layer}.{name}", now], [all], [("axis", 2)]);
        return all;
    }

    /// <summary>What is added to scores: 0 for keys that a query sees.</summary>
    string Bias(AttentionSpec spec)
    {
        var key = (spec.Causal, spec.Reach, spec.HeadsPerKey > 1, _mask);
        if (_biases.TryGetValue(key, out string? known))
        {
            return known;
        }

        // [batch, heads, queries, keys], and one axis more where heads share keys.
        string seen = graph.Add(
            "Unsqueeze",
            [_mask, spec.HeadsPerKey > 1 ? graph.Vector(1, 2, 3) : graph.Vector(1, 2)]
        );
        if (spec.Form.Masks)
        {
            string before = _before ?? graph.Constant(0L),
                all = Op("Add", before, _tokens),
                query = Unsqueezed(Count(before, all), 1),
                distance = Op("Sub", query, Count(graph.Constant(0L), all));
            if (spec.Reach is { } reach)
            {
                string far = spec.Causal ? distance : Op("Abs", distance);
                seen = Op("And", seen, Op("LessOrEqual", far, graph.Constant((long)reach)));
            }

            if (spec.Causal)
            {
                seen = Op("And", seen, Op("GreaterOrEqual", distance, graph.Constant(0L)));
            }
        }

        return _biases[key] = Op("Where", seen, graph.Constant(0f), graph.Constant(Unseen));
    }

    string Heads(string x, int heads, int width) => Reshaped(x, 0, 0, heads, width);

    string Joined(string heads, int columns) => Reshaped(heads, 0, 0, columns);

    string Reshaped(string x, params long[] extents) =>
        graph.Add("Reshape", [x, graph.Vector(extents)]);

    string Transposed(string x, params long[] axes) => graph.Add("Transpose", [x], ("perm", axes));

    string Unsqueezed(string x, int axis) => graph.Add("Unsqueeze", [x, graph.Vector(axis)]);

    /// <summary>A number: how far a value extends.</summary>
    string Extent(string x, long axis) =>
        graph.Add("Gather", [Op("Shape", x), graph.Constant(axis)], ("axis", 0));

    string Count(string from, string past) => Op("Range", from, past, graph.Constant(1L));

    string Cast(string x, OnnxType type) => graph.Add("Cast", [x], ("to", (int)type));

    string Op(string op, params string[] inputs) => graph.Add(op, inputs);
}
