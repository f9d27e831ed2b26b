using Espalier.Checkpoints;
using Espalier.Models.Families;

namespace Espalier.Models.Storage;

/// <summary>
/// Finds a family's tensors under the names that a checkpoint has for them: with or without the family's prefix, with
/// TensorFlow's names of norms, and behind what wrappers put in front when they save (DataParallel's <c>module.</c>,
/// compile's <c>_orig_mod.</c>, Lightning's <c>model.</c>).
/// </summary>
sealed class CheckpointNames
{
    // csharpier-ignore
    static readonly string[] Wrappers =
        ["module", "_orig_mod", "_forward_module", "model", "base_model", "net", "network", "backbone", "encoder", "auto_model", "0"];

    readonly WeightFiles _weights;
    readonly Family _family;
    readonly string _wrapper;
    readonly bool _isBare;

    /// <exception cref="InvalidDataException">The checkpoint holds an adapter that was not merged.</exception>
    public CheckpointNames(WeightFiles weights, Family family)
    {
        (_weights, _family) = (weights, family);
        if (weights.Tensors.FirstOrDefault(t => IsAdapter(t.Name)) is { } adapter)
        {
            throw new InvalidDataException(
                $"{weights.Path}: tensor '{Printable.Escape(adapter.Name)}' belongs to an adapter beside the weights, which is not applied here; "
                    + "merge it first (merge_and_unload in peft) and save the whole model."
            );
        }

        string word = family.FileName(Part.Word.Weight)[family.Prefix.Length..];
        string[] candidates =
        [
            "",
            .. weights
                .Tensors.Select(t => t.Name)
                .Where(n => n.EndsWith(word, StringComparison.Ordinal))
                .Select(n => n[..^word.Length])
                .Select(n =>
                    n.EndsWith(family.Prefix, StringComparison.Ordinal)
                        ? n[..^family.Prefix.Length]
                        : n
                )
                .Where(IsWrapper),
        ];
        bool Holds(string wrapper, string prefix) =>
            weights.Find(wrapper + prefix + word) is not null;
        _wrapper = candidates.FirstOrDefault(w => Holds(w, family.Prefix) || Holds(w, "")) ?? "";
        _isBare = !Holds(_wrapper, family.Prefix);
        HasEncoder = !_isBare || Holds(_wrapper, "");
        if (_wrapper.Length > 0)
        {
            Notes.Add(
                $"{weights.Path}: the names of tensors begin with '{_wrapper}', as a wrapper saved them; they were read without it."
            );
        }
    }

    /// <summary>Whether the word table of the family is there under any name that is known.</summary>
    public bool HasEncoder { get; }

    public List<string> Notes { get; } = [];

    /// <param name="file">As the family's files call it, its prefix included.</param>
    public TensorEntry? Find(string file)
    {
        // A bare encoder's file has no prefix, but for the classifier that is not part of it.
        bool stripped = _isBare && file.StartsWith(_family.Prefix, StringComparison.Ordinal);
        string name = stripped ? file[_family.Prefix.Length..] : file;
        return FindAs(_wrapper + name) ?? (_wrapper.Length > 0 ? FindAs(name) : null);
    }

    /// <summary>The refusal of a checkpoint that holds none of the family's tensors.</summary>
    public InvalidDataException Foreign()
    {
        string first =
            _weights.Tensors.Length == 0
                ? "there is no tensor at all"
                : $"the first of {_weights.Tensors.Length} is '{Printable.Escape(_weights.Tensors[0].Name)}'";
        return new(
            $"{_weights.Path}: tensor '{_family.FileName(Part.Word.Weight)}' of a {_family.ModelType} model is missing; {first}. "
                + "Rename the tensors as transformers saves them, or correct model_type in config.json."
        );
    }

    /// <summary>Checkpoints converted from TensorFlow call a norm's weight gamma and its bias beta.</summary>
    TensorEntry? FindAs(string name) =>
        _weights.Find(name)
        ?? _weights.Find(
            name.Replace("LayerNorm.weight", "LayerNorm.gamma", StringComparison.Ordinal)
                .Replace("LayerNorm.bias", "LayerNorm.beta", StringComparison.Ordinal)
        );

    static bool IsAdapter(string name) =>
        name.Contains(".lora_", StringComparison.Ordinal)
        || name.Contains(".base_layer.", StringComparison.Ordinal);

    static bool IsWrapper(string front) =>
        front.EndsWith('.') && front[..^1].Split('.').All(part => Wrappers.Contains(part));
}
