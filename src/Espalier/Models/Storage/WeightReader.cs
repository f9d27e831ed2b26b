using System.Runtime.InteropServices;
using Espalier.Checkpoints;
using Espalier.Models.Families;
using Espalier.Stored;
using Espalier.Tensors;

namespace Espalier.Models.Storage;

/// <summary>Reads the parameters that a config asks for; nothing is read before all shapes are proven to fit.</summary>
sealed class WeightReader
{
    const int MostUnusedShown = 3;
    readonly WeightFiles _weights;
    readonly Answers? _answers;
    readonly string _configPath;
    readonly CheckpointNames _names;
    readonly bool _keepsOut;

    // For each class that was asked for, the row of the checkpoint's classifier; null: they stand in this order.
    readonly int[]? _rows;

    /// <exception cref="InvalidDataException">The checkpoint has no classifier, and none was asked to be drawn.</exception>
    public WeightReader(
        ModelConfig config,
        WeightFiles weights,
        Answers? answers,
        string configPath,
        bool asStored = false
    )
    {
        _asStored = asStored;
        (_weights, _answers, _configPath) = (weights, answers, configPath);
        _names = new CheckpointNames(weights, config.Family);
        Config = config;
        if (config.IsLanguage)
        {
            _keepsOut = true;
            Notes.AddRange(_names.Notes);
            if (answers is not null)
            {
                throw new InvalidDataException(
                    $"{configPath}: a {config.Family.ModelType} model says which token comes next, and nothing here makes a classifier of it; "
                        + "name an encoder, such as google-bert/bert-base-uncased."
                );
            }

            return;
        }

        string head = config.Family.FileName(Part.Head(Role.Out).Weight);
        long? outputs = _names.Find(head)?.Extents is [var rows, _, ..] ? rows : null;
        if (outputs is null && answers is null)
        {
            throw _names.HasEncoder
                ? new InvalidDataException(
                    $"{weights.Path} has no classifier ('{head}' is missing): it is an encoder that was not fine-tuned; "
                        + "fine-tune it with 'espalier run O', or name a folder that a run saved."
                )
                : _names.Foreign();
        }

        _keepsOut = answers is null || outputs == answers.Labels.Count;
        Notes.AddRange(_names.Notes);
        if (answers is not null && _keepsOut && !answers.Regression)
        {
            _rows = RowsOf(config.Labels, answers.Labels);
        }

        if (answers is not null)
        {
            Config = config with { Labels = answers.Labels, Regression = answers.Regression };
        }
    }

    /// <summary>The classifier's rows by the classes' names, so that none answers under another's.</summary>
    int[]? RowsOf(IReadOnlyList<string> has, IReadOnlyList<string> wanted)
    {
        if (ClassOrder.Of(has, wanted) is { } rows)
        {
            if (rows.SequenceEqual(Enumerable.Range(0, rows.Length)))
            {
                return null;
            }

            Notes.Add(
                $"The classifier of {_weights.Path} has the classes in the order {ClassOrder.Show(has)}; "
                    + $"its rows were put into that of the task, {ClassOrder.Show(wanted)}."
            );
            return rows;
        }

        if (!ClassOrder.AreUnnamed(has))
        {
            Notes.Add(
                $"The classifier of {_weights.Path} knows the classes {ClassOrder.Show(has)}; training begins with it as it is, "
                    + $"for {ClassOrder.Show(wanted)} in this order."
            );
        }

        return null;
    }

    /// <summary>With the labels that were asked for.</summary>
    public ModelConfig Config { get; }

    public List<string> Notes { get; } = [];

    public Parameters Read()
    {
        List<(string Name, Shape Shape, TensorEntry? Entry)> plan =
        [
            .. Checked(Config, _configPath).Select(p => Plan(p.Name, p.Shape)),
        ];
        Parameters parameters = new();
        foreach (var (name, shape, entry) in plan)
        {
            parameters.Add(
                name,
                entry is null
                    ? Drawing.Of(name, shape, Config, _answers!.Rng)
                    : Ordered(name, Piece(name, entry))
            );
        }

        string[] drawn = [.. plan.Where(p => p.Entry is null).Select(p => FileName(p.Name))];
        if (drawn.Length > 0)
        {
            Notes.Add(
                $"New classifier: {string.Join(", ", drawn)} drawn at random "
                    + $"(normal, standard deviation {Config.InitializerRange}; biases 0), as transformers does."
            );
        }

        NoteUnused([
            .. plan.Select(p => p.Entry?.Name ?? _names.Find(FileName(p.Name))?.Name)
                .OfType<string>(),
        ]);
        return parameters;
    }

    // Parts that share a tensor stand one behind the other.
    (string Name, Weight Weight)? _last;

    /// <summary>A parameter, which may be some of the rows of its tensor.</summary>
    Weight Piece(string name, TensorEntry entry)
    {
        Part part = Part.Of(name);
        PartName place = Config.Family.NameOf(part);
        if (place.Pieces == 1)
        {
            return Config.Family.FromFile(part, Turned(place, entry));
        }

        if (_last?.Name != entry.Name)
        {
            _last = (entry.Name, Turned(place, entry));
        }

        Weight whole = _last!.Value.Weight;
        int rows = whole.Shape[0] / place.Pieces;
        return whole.Slice(place.Piece * rows, rows);
    }

    /// <summary>Codes of 4 bits, which have zeros, or of 8; nothing here can fail, as <see cref="IsGroups"/> looked at all of it.</summary>
    IntGroups Groups(TensorEntry entry)
    {
        string scale = entry.Name + ModelFolder.ScaleSuffix,
            zero = entry.Name + ModelFolder.ZeroSuffix;
        bool four = _weights.Find(zero) is not null;
        _scales.UnionWith([scale, zero]);
        return new IntGroups(
            new Shape((int)entry.Extents[0], _columns[entry.Name]),
            four ? 4 : 8,
            (int)entry.Extents[2] * (four ? 2 : 1),
            _weights.ReadBytes(entry.Name),
            Halves(scale),
            four ? Halves(zero) : null
        );
    }

    HalfWidth Halves(string name) =>
        new(
            _weights.ReadFinite(name).Shape,
            [.. MemoryMarshal.Cast<byte, ushort>(_weights.ReadBytes(name))],
            DType.BF16
        );

    /// <summary>Whether a tensor holds a matrix as Espalier writes it in groups: [rows, groups, bytes of a group].</summary>
    bool IsGroups(TensorEntry entry, ReadOnlySpan<long> wanted)
    {
        if (entry is not { Type: DType.U8, Extents: [var rows, var groups, var bytes] })
        {
            return false;
        }

        TensorEntry? scale = _weights.Find(entry.Name + ModelFolder.ScaleSuffix),
            zero = _weights.Find(entry.Name + ModelFolder.ZeroSuffix);
        long group = bytes * (zero is null ? 1 : 2);
        return
            wanted is [var outputs, var inputs]
            && rows == outputs
            && bytes > 0
            && group % 8 == 0
            && groups == (inputs + group - 1) / group
            && Fits(scale)
            && (zero is null || Fits(zero))
            ? true
            : throw new InvalidDataException(
                $"{_weights.Path}: tensor '{entry.Name}' holds codes in groups, {Show(entry)}, and its scales are {Show(scale)}; the sizes in {_configPath} ask for "
                    + $"[{string.Join(", ", wanted.ToArray())}], with a bfloat16 scale for each group of a row. The file is damaged or not Espalier's."
            );

        bool Fits(TensorEntry? numbers) =>
            numbers is { Type: DType.BF16, Extents: [var r, var g] } && r == rows && g == groups;

        static string Show(TensorEntry? entry) =>
            entry is null ? "missing" : $"{entry.Type} [{string.Join(", ", entry.Extents)}]";
    }

    // Of matrices in groups, whose shapes do not say it.
    readonly Dictionary<string, int> _columns = [];

    Weight Turned(PartName place, TensorEntry entry) =>
        IsTurned(place, entry) ? Stored(entry).Transposed() : Stored(entry);

    /// <summary>Int8 rows are Espalier's own and lie as they are computed with.</summary>
    static bool IsTurned(PartName place, TensorEntry entry) =>
        place.Transposed && entry is { Type: not DType.I8, Extents.Length: 2 };

    Weight Stored(TensorEntry entry)
    {
        if (_columns.ContainsKey(entry.Name))
        {
            return Groups(entry);
        }

        if (entry.Type != DType.I8)
        {
            Tensor dense = _weights.ReadFinite(entry.Name);
            return _asStored && entry.Type is (DType.BF16 or DType.F16)
                ? new HalfWidth(
                    dense.Shape,
                    [.. MemoryMarshal.Cast<byte, ushort>(_weights.ReadBytes(entry.Name))],
                    entry.Type
                )
                : dense;
        }

        string scale = entry.Name + ModelFolder.ScaleSuffix;
        Shape shape = new([.. entry.Extents.Select(e => (int)e)]);
        if (_weights.Find(scale)?.Extents is not [var rows] || rows != shape[0])
        {
            throw new InvalidDataException(
                $"{_weights.Path}: tensor '{entry.Name}' holds int8 rows, and '{scale}' with a scale for each of its {shape[0]} rows is missing."
            );
        }

        _scales.Add(scale);
        return new Int8Rows(
            shape,
            [.. MemoryMarshal.Cast<byte, sbyte>(_weights.ReadBytes(entry.Name))],
            _weights.ReadFinite(scale).Span.ToArray()
        );
    }

    readonly HashSet<string> _scales = [];
    readonly bool _asStored;

    /// <summary>The last linear of each classifier with a row for each class in the order asked for.</summary>
    Weight Ordered(string name, Weight weight)
    {
        if (_rows is null || Part.Of(name).Role != Role.Out)
        {
            return weight;
        }

        Tensor read = weight.Dense(),
            ordered = new(read.Shape);
        int width = read.Count / _rows.Length;
        for (int i = 0; i < _rows.Length; i++)
        {
            read.Span.Slice(_rows[i] * width, width).CopyTo(ordered.Span[(i * width)..]);
        }

        return ordered;
    }

    /// <summary>Where a parameter comes from; null: it is drawn.</summary>
    (string, Shape, TensorEntry?) Plan(string name, Shape shape)
    {
        string file = FileName(name);
        Part part = Part.Of(name);
        bool isOut = part.Role == Role.Out;
        TensorEntry? entry = !isOut || _keepsOut ? _names.Find(file) : null;
        bool mayBeDrawn =
            _answers is not null && (part.Stretch == Stretch.Head || !_keepsOut && isOut);
        if (entry is null)
        {
            return mayBeDrawn ? (name, shape, null)
                : !_names.HasEncoder ? throw _names.Foreign()
                : throw new InvalidDataException(
                    $"{_weights.Path}: tensor '{file}' {shape} is missing; {_configPath} asks for it."
                );
        }

        long[] wanted = [.. shape.Extents.ToArray().Select(e => (long)e)];
        PartName place = Config.Family.NameOf(part);
        wanted[0] *= place.Pieces;
        if (IsGroups(entry, wanted))
        {
            _columns[entry.Name] = (int)wanted[^1];
            return (name, shape, entry);
        }

        if (IsTurned(place, entry))
        {
            Array.Reverse(wanted);
        }

        return entry.Extents.AsSpan().SequenceEqual(wanted)
            ? (name, shape, entry)
            : throw new InvalidDataException(
                $"{_weights.Path}: tensor '{file}' is [{string.Join(", ", entry.Extents)}]; the sizes in {_configPath} ask for [{string.Join(", ", wanted)}]."
            );
    }

    string FileName(string name) => Config.Family.FileName(name);

    /// <summary>All parameters of a config whose sizes are not absurd.</summary>
    /// <param name="path">Of what says so.</param>
    internal static IEnumerable<(string Name, Shape Shape)> Checked(ModelConfig config, string path)
    {
        long tables = Math.Max((long)config.Vocabulary, config.Positions) * config.Hidden,
            layer =
                config.Layers.Max(l =>
                    Math.Max((long)l.Attention.Heads * l.Attention.Width, l.Mlp.Width)
                ) * config.Hidden,
            largest = Math.Max(tables, layer);
        return largest < Array.MaxLength
            ? config.Shapes()
            : throw new InvalidDataException(
                $"{path}: a tensor of these sizes would have {largest} elements; at most {Array.MaxLength} are possible."
            );
    }

    /// <summary>What older versions of transformers saved beside the weights and compute anew: positions, masks, angles, a tied head.</summary>
    bool IsComputed(string name) =>
        name.EndsWith("position_ids", StringComparison.Ordinal)
        || Config.IsLanguage
            && (
                name.EndsWith(".attn.bias", StringComparison.Ordinal)
                || name.EndsWith(".attn.masked_bias", StringComparison.Ordinal)
                || name.EndsWith("rotary_emb.inv_freq", StringComparison.Ordinal)
                || name == FileName(Part.Head(Role.Out).Weight)
            );

    void NoteUnused(HashSet<string> used)
    {
        string[] unused =
        [
            .. _weights
                .Tensors.Select(t => t.Name)
                .Where(n => !used.Contains(n) && !_scales.Contains(n) && !IsComputed(n)),
        ];
        if (unused.Length > 0)
        {
            string shown = string.Join(", ", unused.Take(MostUnusedShown).Select(Printable.Escape));
            Notes.Add(
                $"{unused.Length} tensors of the checkpoint are not used: {shown}{(unused.Length > MostUnusedShown ? " …" : "")}."
            );
        }
    }
}
