using Espalier.Text;

namespace Espalier.Models;

/// <summary>One operator that was applied, as it is written in a pipeline, with what made it repeatable.</summary>
/// <param name="Text">The operator with its options, for example <c>P(heads=8,ffn=0.5)</c>.</param>
public sealed record Applied(string Text, int Version, ulong Seed);

/// <summary>
/// A model is a value: config, full-precision parameters, traits, and what was done to get here. Nobody changes
/// the parameters of a model that was handed over; operators work on copies.
/// </summary>
public sealed record Model(ModelConfig Config, Parameters Parameters, Traits Traits)
{
    public IReadOnlyList<Applied> History { get; init; } = [];

    /// <summary>What turns text into this model's ids; null for a model that was never used with text.</summary>
    public Tokenizer? Tokenizer { get; init; }

    /// <summary>The model that answers behind its last layer alone.</summary>
    public Model WithoutExits()
    {
        Parameters parameters = new();
        foreach (string name in Parameters.Names.Where(n => Part.Of(n).Stretch != Stretch.Exit))
        {
            parameters.Add(name, Parameters.Stored(name));
        }

        return this with
        {
            Config = Config.WithoutExits(),
            Parameters = parameters,
        };
    }

    /// <exception cref="ArgumentException">Parameters are missing, too many, or of another shape than the config says.</exception>
    public void Check()
    {
        HashSet<string> wanted = [];
        foreach (var (name, shape) in Config.Shapes())
        {
            wanted.Add(name);
            if (!Parameters.Has(name) || !Parameters.Stored(name).Shape.Equals(shape))
            {
                string found = Parameters.Has(name)
                    ? Parameters.Stored(name).Shape.ToString()
                    : "missing";
                throw new ArgumentException(
                    $"Parameter '{name}' is {found}; the config says {shape}."
                );
            }
        }

        if (Parameters.Names.FirstOrDefault(n => !wanted.Contains(n)) is { } extra)
        {
            throw new ArgumentException($"Parameter '{extra}' has no place in the config.");
        }
    }
}
